"""What is noted as asked in vain, and the button that says so."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conversation import BotState, Owner
from domain.gaps import GapKind, NewGap, QuestionPlace
from domain.knowledge import Candidate, Decision, DecisionKind, Entry, EntryKind
from domain.messages import Button, IncomingKind
from handlers.catalogue import load_texts
from handlers.entrance import handle
from tests.handlers.making import INTRODUCED, turn

TEXTS = load_texts()
ENTRIES = {
    kind.value: Entry(kind.value, f"제목 {kind.value}", kind, "본문입니다.", "문서", "제1조") for kind in EntryKind
}
_ids = st.from_regex(re.compile(r"\A[A-Za-z0-9가-힣][A-Za-z0-9가-힣_.-]{0,99}\Z"))


def decision(kind: DecisionKind, entry: str | None = None, text: str = "무엇인가요", part: int = 0) -> Decision:
    return Decision(text, kind, entry, None, (Candidate(entry or "answer", 0.4),), 0.4, part)


def noted(*decisions: Decision) -> list[tuple[GapKind, str, int]]:
    effects = handle(turn(text="무엇인가요", entries=ENTRIES, decisions=decisions))
    assert all(gap.place.seq == gap.version == 1 for gap in effects.gaps)
    return [(gap.kind, gap.entry, gap.place.part) for gap in effects.gaps]


@pytest.mark.parametrize(
    ("made", "gap"),
    [
        (decision(DecisionKind.HANDOVER), (GapKind.HANDOVER, "answer", 0)),
        (Decision("무엇인가요", DecisionKind.HANDOVER, None, None, (), 0.0), (GapKind.HANDOVER, "", 0)),
        (decision(DecisionKind.CLARIFY), (GapKind.CLARIFY, "answer", 0)),
        (decision(DecisionKind.HANDOVER, "not_covered"), (GapKind.NOT_COVERED, "not_covered", 0)),
        (decision(DecisionKind.HANDOVER, "handover"), None),
        (decision(DecisionKind.ANSWER, "answer"), None),
        (decision(DecisionKind.START, "action"), None),
        (decision(DecisionKind.CHAT, "chat"), None),
        (decision(DecisionKind.HANDOVER, text="?! 123 …"), None),
    ],
)
def test_what_is_asked_in_vain(made: Decision, gap: tuple[GapKind, str, int] | None) -> None:
    assert noted(made) == ([gap] if gap else [])


def test_of_several_questions_the_right_ones_are_noted() -> None:
    asked = [decision(DecisionKind.ANSWER, "answer", part=1), decision(DecisionKind.HANDOVER, part=2)]
    assert noted(*asked, decision(DecisionKind.CLARIFY, part=4)) == [
        (GapKind.HANDOVER, "answer", 2),
        (GapKind.CLARIFY, "answer", 4),
    ]


@pytest.mark.parametrize("owner", [Owner.QUEUE, Owner.AGENT])
def test_what_is_said_to_a_person_is_not_noted(owner: Owner) -> None:
    made = turn(text="무엇인가요", owner=owner, entries=ENTRIES, decisions=(decision(DecisionKind.HANDOVER),))
    assert handle(made).gaps == ()


@pytest.mark.parametrize("kind", EntryKind)
def test_only_answers_in_the_policys_words_can_be_marked(kind: EntryKind) -> None:
    given_as = {EntryKind.ANSWER: DecisionKind.ANSWER, EntryKind.ACTION: DecisionKind.START}
    made = decision(given_as.get(kind, DecisionKind.HANDOVER), kind.value, part=2)
    said = handle(turn(text="?", entries=ENTRIES, decisions=(made,))).outgoing
    buttons = [b for message in said for row in message.buttons for b in row]
    quiet = [b for b in buttons if b.quiet]
    if kind in given_as:
        assert quiet == [Button("도움이 안 됐어요", f"unhelpful:1.2:1:{kind.value}", quiet=True)] == buttons[-1:]
    else:
        assert quiet == []


@given(entry_id=_ids)
def test_the_mark_of_any_entry_fits_and_names_it(entry_id: str) -> None:
    entries = {entry_id: Entry(entry_id, "제목", EntryKind.ANSWER, "본문입니다.")}
    answered = handle(turn(text="?", entries=entries, decisions=(decision(DecisionKind.ANSWER, entry_id),)))
    data = answered.outgoing[0].buttons[-1][0].data
    assert data.isascii()
    assert len(data) <= 64
    later = data.replace("unhelpful:1.", "unhelpful:0.")  # in these tests every message is the first
    effects = handle(turn(IncomingKind.BUTTON, button=later, entries=entries))
    assert effects.gaps == (NewGap(QuestionPlace(0, 0), GapKind.UNHELPFUL, entry_id, 1),)


def test_an_entry_that_went_is_noted_as_none() -> None:
    effects = handle(turn(IncomingKind.BUTTON, button="unhelpful:0.3:1:gone", entries=ENTRIES))
    assert effects.gaps == (NewGap(QuestionPlace(0, 3), GapKind.UNHELPFUL, "", 1),)
    assert effects.outgoing[0].text == TEXTS("unhelpful.sorry")


def test_what_was_marked_is_remembered_for_a_while() -> None:
    state = INTRODUCED
    for part in range(30):
        effects = handle(turn(IncomingKind.BUTTON, button=f"unhelpful:0.{part}:1:answer", state=state, entries=ENTRIES))
        assert len(effects.gaps) == 1
        state = effects.state
    assert len(state.unhelpful) == 20
    again = handle(turn(IncomingKind.BUTTON, button="unhelpful:0.29:1:answer", state=state, entries=ENTRIES))
    assert (again.gaps, again.outgoing[0].text, again.state) == ((), TEXTS("unhelpful.again"), state)


def test_a_choice_settles_its_question_and_one_without_a_place_settles_nothing() -> None:
    made = decision(DecisionKind.CLARIFY, part=3)
    (shown,) = handle(turn(text="?", entries=ENTRIES, decisions=(made,))).outgoing
    assert shown.buttons[0][0].data == "ask:1.3:answer"
    pressed = handle(turn(IncomingKind.BUTTON, button="ask:1.3:answer", entries=ENTRIES))
    assert (pressed.chosen, pressed.gaps) == ((QuestionPlace(1, 3),), ())
    assert pressed.outgoing[0].buttons[-1][0].data == "unhelpful:1.3:1:answer"
    assert handle(turn(IncomingKind.BUTTON, button="ask:answer", entries=ENTRIES)).chosen == ()


def test_an_edited_question_is_asked_anew_and_a_new_one_is_not() -> None:
    made = (decision(DecisionKind.HANDOVER),)
    assert handle(turn(IncomingKind.EDIT, text="무엇인가요", decisions=made)).asked_anew
    assert not handle(turn(text="무엇인가요", decisions=made)).asked_anew
    assert not handle(turn(IncomingKind.EDIT, text="/help")).asked_anew


@given(rest=st.one_of(st.text(max_size=40), st.from_regex(r"\A[0-9]{0,4}\.[0-9]{0,3}:[0-9]{0,3}:[a-z]{0,6}\Z")))
def test_no_data_however_forged_notes_what_was_not_shown(rest: str) -> None:
    effects = handle(turn(IncomingKind.BUTTON, button=f"unhelpful:{rest}", state=BotState(introduced=1)))
    for gap in effects.gaps:
        assert gap.place.seq < 1
        assert gap.version == 1
    assert len(effects.outgoing) == 1
