"""One conversation as the desk shows it: its state, its messages, its notes."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from domain.conversation import Owner
from domain.messages import LoggedMessage
from domain.staff import MOVERS, Staff, may_see
from handlers.catalogue import Texts
from handlers.summary import Asked
from storage.desk_views import Note, Opened

_REASONS = ("asked", "unsure", "set_aside", "agent")


def visible(opened: Opened, staff: Staff) -> bool:
    return may_see(staff, opened.owner, opened.agent.id if opened.agent else None)


def state_json(opened: Opened, staff: Staff, texts: Texts) -> dict[str, Any]:
    """Who has it and what this person may do with it now."""
    mine = opened.agent is not None and opened.agent.id == staff.id
    free = opened.owner is not Owner.AGENT or opened.agent is None or opened.agent.disabled
    sees = visible(opened, staff)
    return {
        "owner": opened.owner.value,
        "alias": opened.agent.alias if opened.agent else "",
        "mine": mine,
        "sees": sees,
        "blocked": opened.blocked and sees,
        "number": opened.number,
        "reason": reason_text(opened.reason, texts) if opened.number else "",
        "may": _may(opened, staff, mine=mine, free=free, sees=sees),
        "snoozed": snoozed.isoformat() if (snoozed := opened.handover and opened.handover.snoozed_until) else None,
        "cases": [_case(c.number, texts(f"request.{c.kind.value}")) for c in opened.cases] if sees else [],
    }


def _may(opened: Opened, staff: Staff, *, mine: bool, free: bool, sees: bool) -> list[str]:
    if mine:
        asleep = opened.handover is not None and opened.handover.snoozed_until is not None
        return ["answer", "note", "return", "close", "transfer", "queue", "wake" if asleep else "snooze"]
    moves = staff.role in MOVERS
    return [
        *(["take"] * free),
        *(["note"] * sees),
        *(["transfer"] * moves),
        *(["queue"] * (moves and opened.owner is Owner.AGENT)),
    ]


def brief_json(opened: Opened, asked: Sequence[Asked], texts: Texts) -> dict[str, Any]:
    """What stands above a conversation that was handed over: why, since when, and what was asked before."""
    handover = opened.handover
    return {
        "reason": reason_text(opened.reason, texts),
        "urgent": handover is not None and handover.urgent,
        "skill": handover.skill if handover else "",
        "since": handover.entered.isoformat() if handover else None,
        "asked": [{"question": one.question, "answers": one.answers} for one in asked],
    }


def reason_text(reason: str, texts: Texts) -> str:
    return texts(f"staff.reason_{reason if reason in _REASONS else 'other'}")


def message_json(message: LoggedMessage, conversation: int) -> dict[str, Any]:
    """A message; each href is relative to the program's address, and empty where a platform keeps the file."""
    source = message.source
    return {
        "seq": message.seq,
        "author": message.author.value,
        "sender": message.sender,
        "kind": message.kind,
        "at": message.at.isoformat(),
        "text": message.text,
        "buttons": [b.label for row in message.buttons for b in row if not b.quiet],
        "source": source and {"label": source.label, "href": f"/policy/{source.version}#{quote(source.entry)}"},
        "attachments": [
            {"kind": a.kind, "name": a.name, "size": a.size, "href": file_href(conversation, a.kept_id)}
            for a in message.attachments
        ],
        "delivery": message.delivery.value,
    }


def file_href(conversation: int, file_id: str) -> str:
    return f"/desk/c/{conversation}/files/{file_id}" if file_id else ""


def note_json(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "after": note.after_seq,
        "sender": note.alias,
        "at": note.at.isoformat(),
        "text": note.text,
    }


def _case(number: str, kind: str) -> dict[str, str]:
    return {"number": number, "kind": kind}
