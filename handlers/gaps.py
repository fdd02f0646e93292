"""What the knowledge base is missing: questions it did not answer, and answers that did not help, noted as they occur.

A person whom the customer asks for is no gap: the answer before may have been right and help needed all the same.
"""

import re

from domain.conversation import Owner
from domain.gaps import GapKind, NewGap, QuestionPlace
from domain.knowledge import Decision, DecisionKind, Entry, EntryKind
from domain.messages import Button
from handlers import people
from handlers.catalogue import Texts
from handlers.library import Library, entry_handle
from handlers.turn import Turn

_QUOTING = (EntryKind.ANSWER, EntryKind.ACTION)
_REMEMBERED = 20  # answers marked in one conversation that are known as marked when the button is pressed again
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_PLACE = re.compile(r"([0-9]{1,15})\.([0-9]{1,2})")


def place_of(turn: Turn, decision: Decision) -> QuestionPlace:
    return QuestionPlace(turn.prepared.seq, decision.part)


def note(turn: Turn, decision: Decision) -> None:
    """Note a question that found nothing, that has to be clarified, or about which the policy is silent."""
    library, entry = turn.context.library, decision.entry or ""
    if decision.kind is DecisionKind.CLARIFY:
        kind = GapKind.CLARIFY
    elif decision.kind is not DecisionKind.HANDOVER:
        return
    elif entry not in library.entries:
        kind = GapKind.HANDOVER
    elif library.entries[entry].kind is EntryKind.NOT_COVERED:
        kind = GapKind.NOT_COVERED
    else:
        return
    if any(c.isalpha() for c in decision.text):  # "…?!" asks nothing that an entry could answer
        nearest = decision.candidates[0].entry if decision.candidates else ""
        turn.note_gap(NewGap(place_of(turn, decision), kind, entry or nearest, library.version))


def choice_data(place: QuestionPlace | None, entry: Entry) -> str:
    """The data of a choice's button: its question, where that stands in a conversation, and its entry."""
    verb = f"ask:{place.seq}.{place.part}:" if place else "ask:"
    return verb + entry_handle(entry.id, verb)


def read_choice(rest: str) -> tuple[QuestionPlace | None, str]:
    """The question and the entry's handle of what stands behind "ask:"; a choice may come without its question."""
    where, _, handle = rest.rpartition(":")
    return _read_place(where), handle


def unhelpful_rows(
    place: QuestionPlace, entry: Entry, library: Library, texts: Texts
) -> tuple[tuple[Button, ...], ...]:
    """What goes below an answer in the policy's words: one quiet button. Nothing below anything else."""
    if entry.kind not in _QUOTING:
        return ()
    verb = f"unhelpful:{place.seq}.{place.part}:{library.version}:"
    return ((Button(texts("unhelpful.offer"), verb + entry_handle(entry.id, verb), quiet=True),),)


def marked_unhelpful(turn: Turn, rest: str) -> bool:
    """The customer says that an answer did not help. False for data that no button of ours has."""
    where, _, answer = rest.partition(":")
    version, _, handle = answer.partition(":")
    place, library = _read_place(where), turn.context.library
    if place is None or place.seq >= turn.prepared.seq or not _NUMBER.fullmatch(version):
        return False
    if int(version) > library.version:
        return False
    entry = library.by_handle(handle)
    mark = f"{place.seq}.{place.part}"
    again = mark in turn.state.unhelpful
    if not again:
        turn.note_gap(NewGap(place, GapKind.UNHELPFUL, entry.id if entry else "", int(version)))
        turn.remember(unhelpful=(*turn.state.unhelpful, mark)[-_REMEMBERED:], unsure=turn.state.unsure + 1)
    if turn.owner is not Owner.BOT:
        turn.say(turn.texts("unhelpful.with_person"))
    else:
        turn.say(turn.texts("unhelpful.again" if again else "unhelpful.sorry"), [people.offer(turn.texts)])
    return True


def _read_place(text: str) -> QuestionPlace | None:
    found = _PLACE.fullmatch(text)
    return QuestionPlace(int(found[1]), int(found[2])) if found else None
