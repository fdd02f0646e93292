"""Questions: the policy's own words with their clause, choices when it is unclear, a person when it is silent."""

import hashlib
from collections.abc import Sequence

from domain.knowledge import Decision, DecisionKind, Entry, EntryKind
from domain.messages import Button, Outgoing, Source
from handlers.catalogue import Texts
from handlers.library import Library
from handlers.turn import Turn

CHOICES = 3
PERSON = "human_agent"  # the entry that says no more than the receipt of a hand-over
MOST_BUTTON = 64  # bytes of a button's data (Telegram's callback_data)


def answer_all(turn: Turn, decisions: Sequence[Decision]) -> None:
    """Answer every question of one message, each in a message of its own."""
    for decision in decisions:
        for message in render(decision, turn.context.library, turn.texts, unsure=turn.state.unsure):
            turn.say(message.text, message.buttons, source=message.source)
        unsure = decision.kind is DecisionKind.CLARIFY or _found_nothing(decision)
        if decision.kind is not DecisionKind.CHAT:
            turn.remember(unsure=turn.state.unsure + 1 if unsure else 0, question=decision.text)


def advise(turn: Turn, decision: Decision) -> None:
    """What an entry has to say before a person comes, such as whom to call when somebody is in danger."""
    entry = turn.context.library.entries.get(decision.entry or "")
    if entry is not None and entry.id != PERSON:
        turn.say(entry.body.strip(), source=source_of(entry, turn.context.library, turn.texts))


def answer_entry(turn: Turn, handle: str) -> None:
    """The customer chose an entry by its button; handle is what entry_handle made of its id."""
    entries = turn.context.library.entries
    entry = entries.get(handle)
    if entry is None and handle.startswith("~"):
        entry = next((e for e in entries.values() if entry_handle(e.id) == handle), None)
    if entry is None:
        turn.say(turn.texts("answer.gone"))
        return
    message = entry_message(entry, turn.context.library, turn.texts)
    turn.say(message.text, message.buttons, source=message.source)
    turn.remember(unsure=0, question=entry.title)


def render(decision: Decision, library: Library, texts: Texts, *, unsure: int = 0) -> list[Outgoing]:
    """The reply to one decision. unsure: how often in a row the bot did not know before this."""
    entry = library.entries.get(decision.entry) if decision.entry else None
    if decision.kind is DecisionKind.CLARIFY:
        return [_choices(decision, library, texts)]
    if entry is None:
        key = "answer.still_not_found" if unsure else "answer.not_found"
        return [Outgoing(texts(key), (_agent_row(texts),))]
    return [entry_message(entry, library, texts)]


def entry_message(entry: Entry, library: Library, texts: Texts) -> Outgoing:
    """An entry as the customer reads it, with its clause and a button for what can be done about it."""
    rows: list[tuple[Button, ...]] = []
    # The shop's own entries may name an action that this program does not know; the answer is right all the same.
    if entry.action and f"action.{entry.action}" in texts.keys:
        data = "agent:connect" if entry.action == "contact_agent" else f"act:{entry.action}"
        rows.append((Button(texts(f"action.{entry.action}"), data),))
    elif entry.kind is EntryKind.NOT_COVERED:
        rows.append(_agent_row(texts))
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


def entry_handle(entry_id: str) -> str:
    """An entry's id as it stands in a button: itself, or a digest where its bytes do not fit (ids never hold a "~")."""
    if entry_id.isascii() and len("ask:" + entry_id) <= MOST_BUTTON:
        return entry_id
    return "~" + hashlib.sha256(entry_id.encode()).hexdigest()[:24]


def _choices(decision: Decision, library: Library, texts: Texts) -> Outgoing:
    found = [library.entries[c.entry] for c in decision.candidates if c.entry in library.entries][:CHOICES]
    rows = [(Button(entry.title, f"ask:{entry_handle(entry.id)}"),) for entry in found]
    return Outgoing(texts("answer.clarify"), (*rows, _agent_row(texts)))


def _agent_row(texts: Texts) -> tuple[Button, ...]:
    return (Button(texts("agent.offer"), "agent:connect"),)


def _found_nothing(decision: Decision) -> bool:
    return decision.kind is DecisionKind.HANDOVER and decision.entry is None
