"""The written lines themselves: enough of them, consistent, and fairly split."""

import json
import re
import unicodedata
from pathlib import Path

from moderation import Category, Target

ROWS = [
    json.loads(row)
    for path in sorted((Path(__file__).parent.parent / "data" / "abuse").glob("*.jsonl"))
    for row in path.read_text("utf-8").splitlines()
]


def test_there_are_enough_of_both_sorts() -> None:
    abusive = sum(row["abusive"] for row in ROWS)
    assert len(ROWS) >= 3000
    assert min(abusive, len(ROWS) - abusive) >= 1300


def test_a_quarter_is_held_out_of_training() -> None:
    held_out = sum(row["split"] == "heldout" for row in ROWS)
    assert {row["split"] for row in ROWS} == {"train", "heldout"}
    assert 0.2 <= held_out / len(ROWS) <= 0.3


def test_no_line_is_there_twice() -> None:
    keys = [re.sub(r"\s", "", unicodedata.normalize("NFC", row["text"])) for row in ROWS]
    assert len(keys) == len(set(keys))


def test_labels_agree_with_each_other() -> None:
    for row in ROWS:
        assert Category(row["category"])
        assert Target(row["target"])
        assert row["abusive"] == (row["category"] != "none") == (row["severity"] > 0), row
        assert row["severity"] == 3 or row["category"] not in {"threat", "sexual"}, row
