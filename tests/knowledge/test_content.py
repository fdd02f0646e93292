"""The default Korean knowledge base and the labelled questions, judged as files."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.knowledge import EntryKind

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "knowledge" / "content" / "ko"
QUESTIONS = ROOT / "tests" / "data" / "questions"

KEYS = ("id", "title", "kind", "document", "clause", "effective", "action", "aliases", "questions")
ACTIONS = {
    "start_access",
    "start_correction",
    "start_deletion",
    "start_suspension",
    "start_portability",
    "start_withdrawal",
    "start_automated_decision",
    "start_appeal",
    "manage_consent",
    "unsubscribe_email",
    "contact_agent",
    "minor_consent",
}
# Measurements, links and stored decisions name these; an entry may be added, none of these may go.
STABLE = {
    "essential_collection": None,
    "optional_collection": "manage_consent",
    "sensitive_info": None,
    "sharing_legal": None,
    "sharing_consent": "manage_consent",
    "sharing_contract": None,
    "restriction_attack_ads": None,
    "restriction_reviews": None,
    "restriction_staff_abuse": None,
    "restriction_refuse_delivery": None,
    "restriction_false_info": "start_correction",
    "restriction_multi_account": None,
    "restriction_scope": None,
    "policy_update": None,
    "email_unsubscribe": "unsubscribe_email",
    "minors": "minor_consent",
    "data_access": "start_access",
    "data_correction": "start_correction",
    "data_deletion": "start_deletion",
    "data_suspend": "start_suspension",
    "data_portability": "start_portability",
    "consent_withdrawal": "start_withdrawal",
    "human_agent": "contact_agent",
    "automated_decision": "start_automated_decision",
    "restriction_appeal": "start_appeal",
    "request_deadline": None,
}
POLITE = re.compile(r"(니다|세요)\.$")
# The clause numbers and counting rules nobody has confirmed: a reader must not meet them as facts.
UNCONFIRMED = re.compile(r"제\s?(8|9|10)호|공휴일|토요일|초일|첫날")


def read(path: Path) -> tuple[dict[str, Any], str]:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta: dict[str, Any] = yaml.safe_load(front)
    return meta, body.strip()


PATHS = sorted(CONTENT.glob("*.md"))
ENTRIES = {path.stem: read(path) for path in PATHS}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (QUESTIONS / name).read_text(encoding="utf-8").splitlines()]


def key(text: str) -> str:
    return re.sub(r"[\s.,?!~]", "", text).lower()


@pytest.mark.parametrize("name", ENTRIES)
def test_front_matter_is_complete_and_in_order(name: str) -> None:
    meta, body = ENTRIES[name]
    assert list(meta) == [k for k in KEYS if k in meta]
    assert meta["id"] == name
    assert meta["title"]
    assert body
    assert "effective" not in meta
    assert ("document" in meta) == ("clause" in meta)
    assert meta.get("action", "contact_agent") in ACTIONS
    kind = EntryKind(meta["kind"])
    if kind is EntryKind.ANSWER:
        assert meta["clause"]
    if kind in (EntryKind.ACTION, EntryKind.HANDOVER):
        assert meta["action"]
    assert all(isinstance(text, str) and text == text.strip() for text in meta["aliases"] + meta["questions"])
    assert 8 <= len(meta["aliases"]) <= 20
    assert 5 <= len(meta["questions"]) <= 12


def test_stable_entries_exist_with_their_action() -> None:
    assert {name: ENTRIES[name][0].get("action") for name in STABLE} == STABLE


@pytest.mark.parametrize("name", ENTRIES)
def test_body_is_short_polite_and_confirmed(name: str) -> None:
    body = ENTRIES[name][1]
    assert len(body) <= 700
    assert not UNCONFIRMED.search(body)
    prose = [line for line in body.splitlines() if not line.startswith("- ")]
    for sentence in re.split(r"(?<=[.?!])\s+", " ".join(prose)):
        assert POLITE.search(sentence), sentence


def test_not_covered_leads_to_a_person() -> None:
    silent = [body for meta, body in ENTRIES.values() if meta["kind"] == EntryKind.NOT_COVERED]
    assert len(silent) >= 20
    assert [body for body in silent if "상담원" not in body] == []


def test_a_phrase_belongs_to_one_entry() -> None:
    phrases = Counter(key(text) for meta, _ in ENTRIES.values() for text in meta["aliases"] + meta["questions"])
    assert [phrase for phrase, n in phrases.items() if n > 1] == []


LABELLED = ("tune.jsonl", "heldout.jsonl", "elsewhere_tune.jsonl", "elsewhere_heldout.jsonl")


@pytest.mark.parametrize("name", LABELLED)
def test_labelled_questions_are_well_formed(name: str) -> None:
    for row in rows(name):
        assert set(row) - {"either"} == {"q", "topic", "answerable", "note"}, row
        assert row["q"] == row["q"].strip() != ""
        assert row["answerable"] == (row["topic"] in ENTRIES), row
        if not row["answerable"]:
            assert row["topic"].startswith("oos_"), row
        if "multi:" in row["note"]:
            others = row["note"].split("multi:")[1].split(";")[0].strip().split(",")
            assert set(others) <= set(ENTRIES), row


def test_labelled_questions_are_not_learned() -> None:
    every = [row for name in LABELLED for row in rows(name)]
    asked = Counter(key(row["q"]) for row in every if "prev:" not in row["note"])
    known = {key(text) for meta, _ in ENTRIES.values() for text in meta["aliases"] + meta["questions"]}
    assert [q for q, n in asked.items() if n > 1] == []
    assert sorted(set(asked) & known) == []


def test_labelled_questions_are_enough() -> None:
    tune, heldout = rows("tune.jsonl"), rows("heldout.jsonl")
    every = tune + heldout
    assert len(every) >= 450
    assert 0.35 <= len(heldout) / len(every) <= 0.45
    assert 0.2 <= sum(not row["answerable"] for row in every) / len(every) <= 0.3
    for part in (tune, heldout):
        assert set(STABLE) <= {row["topic"] for row in part}
