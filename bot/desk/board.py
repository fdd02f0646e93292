"""Who waits and who is with whom, read once for all pages that ask at the same time."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.desk.presence import person_json
from domain.queue import Handover
from domain.staff import MOVERS, Staff
from handlers.staff_steps import preview
from storage.desk_views import Staffed
from storage.opening import Storage
from storage.presence import Attending


@dataclass(frozen=True, slots=True)
class Seen:
    """What the desk looks like at one moment."""

    rows: list[Staffed]
    people: list[Attending]


class Board:
    """Whoever asks while a look is under way gets the next one, which is shared: never a state too old."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[Seen] | None = None

    async def seen(self) -> Seen:
        if self._next is None:
            self._next = asyncio.create_task(self._look())
        return await asyncio.shield(self._next)

    async def _look(self) -> Seen:
        async with self._turn:
            self._next = None
            return Seen(await self._storage.desk.staffed(), await self._storage.presences.everybody())


def board_json(seen: Seen, staff: Staff, remind: timedelta) -> dict[str, Any]:
    """What one person's lists show; words are masked until somebody takes the conversation. Those who may move
    conversations see also who has what, without its words. remind: so long before it is due a row says so."""
    rows = seen.rows
    held = [row for row in rows if not row.waits] if staff.role in MOVERS else []
    people = [person_json(one) for one in seen.people]
    return {
        "waiting": [_row(row, preview(row.text), remind) for row in rows if row.waits],
        "mine": [
            _row(row, preview(row.text), remind) for row in rows if row.agent is not None and row.agent.id == staff.id
        ],
        "me": next((person for person in people if person["id"] == staff.id), None),
        "team": people,
        "held": [_row(row, "", remind) | {"agent": row.agent.id} for row in held if row.agent is not None],
    }


def _due(handover: Handover | None, remind: timedelta) -> dict[str, str] | None:
    """What is due next, and from when the page says so."""
    if handover is None:
        return None
    what = "first" if handover.first_due and handover.answered is None else "resolve"
    at = handover.first_due if what == "first" else handover.resolve_due
    return {"what": what, "at": at.isoformat(), "from": (at - remind).isoformat()} if at else None


def _row(row: Staffed, words: str, remind: timedelta) -> dict[str, Any]:
    handover = row.handover
    return {
        "id": row.conversation_id,
        "number": row.number,
        "channel": row.channel,
        "reason": row.reason,
        "since": row.since.isoformat(),
        "at": row.at.isoformat(),
        "words": words,
        "unanswered": row.unanswered,
        "urgent": handover is not None and handover.urgent,
        "skill": handover.skill if handover else "",
        "due": _due(handover, remind),
        "snoozed": handover.snoozed_until.isoformat() if handover and handover.snoozed_until else None,
    }
