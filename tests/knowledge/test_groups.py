"""Questions put together by their meaning, held against groups that people made."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.analysis import Analyzer
from knowledge.groups import group

LINES = (Path(__file__).parents[1] / "data" / "questions" / "groups.jsonl").read_text("utf-8").splitlines()
ROWS = [json.loads(line) for line in LINES]
HELD_OUT = [row for row in ROWS if row["heldout"]]


def measured(analyzer: Analyzer, rows: list[dict[str, str]]) -> tuple[float, float]:
    """Of pairs of questions: how many that were put together belong together, and the other way round."""
    of = {place: n for n, places in enumerate(group(analyzer, [r["q"] for r in rows])) for place in places}
    right = together = belong = 0
    for one, row in enumerate(rows):
        for two in range(one):
            same, found = rows[two]["group"] == row["group"], of[one] == of[two]
            belong, together, right = belong + same, together + found, right + (same and found)
    return right / together, right / belong


def test_there_is_enough_to_measure_with() -> None:
    assert len({row["group"] for row in ROWS}) >= 40
    assert len({row["q"] for row in ROWS}) == len(ROWS) >= 150
    assert len({row["group"] for row in HELD_OUT}) * 2 == len({row["group"] for row in ROWS})


def test_groups_that_nothing_was_chosen_by_are_found(analyzer: Analyzer) -> None:
    precision, recall = measured(analyzer, HELD_OUT)
    assert precision >= 0.93
    assert recall >= 0.37


def test_many_subjects_near_each_other_stay_apart(analyzer: Analyzer) -> None:
    precision, recall = measured(analyzer, ROWS)
    assert precision >= 0.84
    assert recall >= 0.35


def test_the_order_of_the_questions_changes_nothing(analyzer: Analyzer) -> None:
    questions = [row["q"] for row in ROWS]
    mixed = random.Random(1).sample(questions, len(questions))
    found = [[questions[n] for n in places] for places in group(analyzer, questions)]
    assert [[mixed[n] for n in places] for places in group(analyzer, mixed)] == found
    assert [len(places) for places in found] == sorted((len(places) for places in found), reverse=True)


def test_the_same_question_again_is_in_its_group_and_the_most_typical_is_first(analyzer: Analyzer) -> None:
    shipping = [
        "해외 배송 되나요",
        "해외배송되나요",
        "해외 배송 되나요??",
        "혹시 해외로 배송도 해 주시는지 문의드립니다",
    ]
    (largest, other) = group(analyzer, [*shipping, "세금계산서 발행해 주세요"])
    assert sorted(largest) == [0, 1, 2, 3]
    assert largest[-1] == 3
    assert other == (4,)


@pytest.mark.parametrize("questions", [[], ["쿠폰"], [""], ["", "?!", "ㅋㅋ", ""], ["🙂", "𓀀", "쿠폰 쿠폰 쿠폰"]])
def test_little_or_nothing_is_grouped_too(analyzer: Analyzer, questions: list[str]) -> None:
    assert sorted(n for places in group(analyzer, questions) for n in places) == list(range(len(questions)))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(questions=st.lists(st.text(max_size=20), max_size=12))
def test_every_question_is_in_one_group(analyzer: Analyzer, questions: list[str]) -> None:
    assert sorted(n for places in group(analyzer, questions) for n in places) == list(range(len(questions)))
