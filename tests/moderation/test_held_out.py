"""The lines that were never trained or tuned on: what the screener owes to staff and to angry customers."""

from pathlib import Path

import pytest

from moderation import Screener
from moderation.evaluate import Report, as_text, evaluate, main, read_lines

LINES = Path(__file__).parent.parent / "data" / "abuse"


@pytest.fixture(scope="module")
def report(screener: Screener) -> Report:
    return evaluate(screener, [line for path in sorted(LINES.glob("*.jsonl")) for line in read_lines(path, "heldout")])


def test_abuse_is_found_without_many_false_alarms(report: Report) -> None:
    assert report.total.precision is not None
    assert report.total.precision >= 0.94
    assert report.total.recall is not None
    assert report.total.recall >= 0.78


@pytest.mark.parametrize("kind", ["threat", "sexual_harassment", "attack_noswear", "hate", "swear_obfuscated"])
def test_every_kind_of_abuse_is_found(report: Report, kind: str) -> None:
    recall = report.kinds[kind].recall
    assert recall is not None
    assert recall >= 0.65


@pytest.mark.parametrize("kind", ["angry_complaint", "law_announce", "question", "lookalike", "quote_report"])
def test_legitimate_customers_are_left_alone(report: Report, kind: str) -> None:
    alarms = report.kinds[kind].false_alarm_rate
    assert alarms is not None
    assert alarms <= 0.02


def test_category_and_target_are_right(report: Report) -> None:
    assert report.category_right is not None
    assert report.category_right >= 0.85
    assert report.target_right is not None
    assert report.target_right >= 0.85


def test_counts_by_hand(screener: Screener) -> None:
    lines = [
        {"text": "개새끼야 환불해", "abusive": True, "kind": "a", "category": "profanity", "target": "other"},
        {"text": "배송 언제 와요", "abusive": True, "kind": "a"},
        {"text": "씨발놈들아 사과해", "abusive": False, "kind": "b"},
        {"text": "감사합니다", "abusive": False, "kind": "b"},
    ]
    report = evaluate(screener, lines)
    assert (report.total.precision, report.total.recall, report.total.false_alarm_rate) == (0.5, 0.5, 0.5)
    assert (report.kinds["a"].false_alarm_rate, report.kinds["b"].recall) == (None, None)
    assert (report.category_right, report.target_right) == (1.0, 0.0)
    assert as_text(report).splitlines()[1].split() == ["all", "4", "2", "0.500", "0.500", "0.500"]


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(LINES / "law_announce.jsonl"), "--split", "heldout"]) == 0
    assert "law_announce" in capsys.readouterr().out
