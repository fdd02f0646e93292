"""Who waits and who is with whom, read once for all pages that ask at the same time."""

import asyncio
from typing import Any

from domain.staff import Staff
from handlers.staff_steps import preview
from storage.desk_views import DeskViews, Staffed


class Board:
    """Whoever asks while a look is under way gets the next one, which is shared: never a state too old."""

    def __init__(self, views: DeskViews) -> None:
        self._views = views
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[list[Staffed]] | None = None

    async def rows(self) -> list[Staffed]:
        if self._next is None:
            self._next = asyncio.create_task(self._look())
        return await asyncio.shield(self._next)

    async def _look(self) -> list[Staffed]:
        async with self._turn:
            self._next = None
            return await self._views.staffed()


def board_json(rows: list[Staffed], staff: Staff) -> dict[str, Any]:
    """What one person's lists show; words are masked until somebody takes the conversation."""
    return {
        "waiting": [_row(row, preview(row.text)) for row in rows if row.waits],
        "mine": [_row(row, preview(row.text)) for row in rows if row.agent is not None and row.agent.id == staff.id],
    }


def _row(row: Staffed, words: str) -> dict[str, Any]:
    return {
        "id": row.conversation_id,
        "number": row.number,
        "channel": row.channel,
        "reason": row.reason,
        "since": row.since.isoformat(),
        "at": row.at.isoformat(),
        "words": words,
        "unanswered": row.unanswered,
        "urgent": row.handover is not None and row.handover.urgent,
        "skill": row.handover.skill if row.handover else "",
    }
