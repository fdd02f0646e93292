"""Buttons: 64 bytes at most, whatever the shop calls its entries, and each finds its way back."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.knowledge import Candidate, Decision, DecisionKind, Entry, EntryKind
from domain.messages import IncomingKind, Outgoing
from handlers.catalogue import load_texts
from handlers.entrance import handle
from handlers.library import Library, entry_handle
from handlers.questions import entry_message, render
from tests.handlers.making import NOW, default_entries, turn

TEXTS = load_texts()
_ids = st.from_regex(re.compile(r"\A[A-Za-z0-9가-힣][A-Za-z0-9가-힣_.-]{0,99}\Z"))


def _entry(entry_id: str) -> Entry:
    return Entry(entry_id, f"제목 {entry_id}", EntryKind.ANSWER, "본문입니다.", "문서", "제1조")


def _choices(*entries: Entry) -> Outgoing:
    candidates = tuple(Candidate(e.id, 0.3) for e in entries)
    unclear = Decision("무엇인가요", DecisionKind.CLARIFY, None, None, candidates, 0.3)
    (message,) = render(unclear, Library(1, NOW.date(), {e.id: e for e in entries}), TEXTS)
    return message


def test_the_buttons_of_every_default_entry_fit() -> None:
    entries = default_entries()
    library = Library(1, NOW.date(), entries)
    for entry in entries.values():
        messages = [entry_message(entry, library, TEXTS), _choices(entry)]
        for button in (b for m in messages for row in m.buttons for b in row):
            assert len(button.data.encode()) <= 64
            assert button.data.isascii()
            assert 0 < len(button.label) <= 40


def test_every_action_of_the_default_knowledge_has_a_label_and_does_something() -> None:
    actions = {e.action for e in default_entries().values() if e.action}
    assert len(actions) > 8
    for action in actions:
        assert f"action.{action}" in TEXTS.keys
        effects = handle(turn(IncomingKind.BUTTON, button=f"act:{action}"))
        assert effects.outgoing
        assert effects.outgoing[0].text != TEXTS("button.unknown")


@given(entry_id=_ids)
def test_a_choice_of_any_entry_fits_and_leads_to_it(entry_id: str) -> None:
    entry = _entry(entry_id)
    button = _choices(entry).buttons[0][0]
    assert button.data.startswith("ask:")
    assert len(button.data.encode()) <= 64
    effects = handle(turn(IncomingKind.BUTTON, button=button.data, entries={entry_id: entry, "other": _entry("other")}))
    assert effects.outgoing[0].text == "본문입니다."
    assert effects.outgoing[0].source is not None
    assert effects.outgoing[0].source.entry == entry_id


def test_long_names_that_begin_alike_have_handles_of_their_own() -> None:
    ids = ["가" * 90 + str(i) for i in range(50)] + ["a" * 90 + str(i) for i in range(50)]
    assert len({entry_handle(i) for i in ids}) == 100


def test_no_more_than_three_choices_and_a_person() -> None:
    message = _choices(*(_entry(f"e{i}") for i in range(5)))
    assert [b.data for row in message.buttons for b in row] == ["ask:e0", "ask:e1", "ask:e2", "agent:connect"]


def test_an_action_this_program_does_not_know_is_left_out() -> None:
    entry = replace(_entry("e"), action="open_wallet")
    assert entry_message(entry, Library(1, NOW.date(), {"e": entry}), TEXTS).buttons == ()


def test_small_talk_and_the_person_who_is_offered_anyway_are_no_choices() -> None:
    hello = replace(_entry("hello"), kind=EntryKind.CHAT)
    person = replace(_entry("human_agent"), kind=EntryKind.HANDOVER)
    message = _choices(hello, person, _entry("a"), _entry("b"), _entry("c"), _entry("d"))
    assert [row[0].data for row in message.buttons] == ["ask:a", "ask:b", "ask:c", "agent:connect"]
    assert _choices(hello, person).text == TEXTS("answer.not_found")
