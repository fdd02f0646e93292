"""Questions: the policy's own words with their clause, choices when it is unclear, a person when it is silent."""

from collections.abc import Sequence

from domain.gaps import QuestionPlace
from domain.knowledge import Decision, DecisionKind, Entry, EntryKind
from domain.messages import Button, Outgoing, Source
from handlers import gaps, people
from handlers.catalogue import Texts
from handlers.library import Library
from handlers.turn import Turn

CHOICES = 3
PERSON = "human_agent"  # the entry that says no more than the receipt of a hand-over


def answer_all(turn: Turn, decisions: Sequence[Decision]) -> None:
    """Answer every question of one message, each in a message of its own. Whoever gets no answer to two messages in a
    row is handed over."""
    asked = [d for d in decisions if d.kind is not DecisionKind.CHAT and any(c.isalpha() for c in d.text)]
    missed = bool(asked) and all(d.kind is DecisionKind.CLARIFY or _found_nothing(d) for d in asked)
    again = missed and turn.state.unsure > 0
    for decision in decisions:
        place = gaps.place_of(turn, decision)
        for message in render(decision, turn.context.library, turn.texts, unsure=again, place=place):
            turn.say(message.text, message.buttons, source=message.source)
        gaps.note(turn, decision)
    if asked:
        last = asked[-1]
        turn.remember(unsure=turn.state.unsure + 1 if missed else 0, question=last.text, topic=_topic(last))
    if again:
        if decisions[-1].kind is DecisionKind.CLARIFY:
            turn.say(turn.texts("answer.still_unclear"))
        people.hand_over(turn, "unsure")


def advise(turn: Turn, decision: Decision) -> None:
    """What an entry has to say before a person comes, such as whom to call when somebody is in danger."""
    entry = turn.context.library.entries.get(decision.entry or "")
    if entry is not None and entry.id != PERSON:
        turn.say(entry.body.strip(), source=source_of(entry, turn.context.library, turn.texts))


def answer_choice(turn: Turn, rest: str) -> None:
    """The customer chose an entry by its button; rest is what stands behind its verb."""
    place, handle = gaps.read_choice(rest)
    library = turn.context.library
    entry = library.by_handle(handle)
    if entry is None:
        turn.say(turn.texts("answer.gone"))
        return
    if place is not None:
        turn.settle_choice(place)
    message = entry_message(entry, library, turn.texts, place=place)
    turn.say(message.text, message.buttons, source=message.source)
    turn.remember(unsure=0, question=entry.title, topic=entry.id)


def render(
    decision: Decision, library: Library, texts: Texts, *, unsure: bool = False, place: QuestionPlace | None = None
) -> list[Outgoing]:
    """The reply to one decision. unsure: the message before was not answered either, so a person comes. place: of the
    question, which its choices name and whose answer can be marked as no help; None outside of a conversation."""
    entry = library.entries.get(decision.entry) if decision.entry else None
    choices = _choices(decision, library, place) if decision.kind is DecisionKind.CLARIFY else ()
    if choices:
        return [Outgoing(texts("answer.clarify"), (*choices, people.offer(texts)))]
    if entry is None:
        if unsure:  # a person comes without being asked
            return [Outgoing(texts("answer.still_not_found"))]
        return [Outgoing(texts("answer.not_found"), (people.offer(texts),))]
    return [entry_message(entry, library, texts, place=place)]


def entry_message(entry: Entry, library: Library, texts: Texts, *, place: QuestionPlace | None = None) -> Outgoing:
    """An entry as the customer reads it, with its clause and a button for what can be done about it. place: as in
    render."""
    rows: list[tuple[Button, ...]] = []
    # The shop's own entries may name an action that this program does not know; the answer is right all the same.
    if entry.action and f"action.{entry.action}" in texts.keys:
        data = "agent:connect" if entry.action == "contact_agent" else f"act:{entry.action}"
        rows.append((Button(texts(f"action.{entry.action}"), data),))
    elif entry.kind is EntryKind.NOT_COVERED:
        rows.append(people.offer(texts))
    if place is not None:
        rows += gaps.unhelpful_rows(place, entry, library, texts)
    return Outgoing(entry.body.strip(), tuple(rows), source_of(entry, library, texts))


def source_of(entry: Entry, library: Library, texts: Texts) -> Source | None:
    cited = library.citation(entry)
    if cited is None:
        return None
    label = texts(
        "answer.source",
        document=cited.document,
        clause=cited.clause,
        version=cited.version,
        effective=cited.effective.isoformat(),
    )
    return Source(label, entry.id, cited.version)


def _choices(decision: Decision, library: Library, place: QuestionPlace | None) -> tuple[tuple[Button, ...], ...]:
    """A button for each subject that may be meant. Small talk is none, and a person is offered anyway."""
    near = [library.entries[c.entry] for c in decision.candidates if c.entry in library.entries]
    found = [entry for entry in near if entry.kind is not EntryKind.CHAT and entry.id != PERSON][:CHOICES]
    return tuple((Button(entry.title, gaps.choice_data(place, entry)),) for entry in found)


def _topic(decision: Decision) -> str:
    return decision.entry or (decision.candidates[0].entry if decision.candidates else "")


def _found_nothing(decision: Decision) -> bool:
    return decision.kind is DecisionKind.HANDOVER and decision.entry is None
