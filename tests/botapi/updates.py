"""The queue of unconfirmed updates: numbering, allowed_updates, long polling, redelivery until confirmed."""
# ruff: noqa: ASYNC109  (the callers say how long they wait)

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError

Json = dict[str, Any]

ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
KEPT_SECONDS = 24 * 3600
POLL_SECONDS = 50
FIRST_ID = 482_193_007


@dataclass(frozen=True, slots=True)
class Pending:
    id: int
    chat_id: int | None
    time: float
    body: Json


class UpdateQueue:
    """What getUpdates and the webhook read. A raw update passes every filter and may repeat an update_id."""

    def __init__(self, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self.pending: deque[Pending] = deque()
        self.allowed: frozenset[str] | None = None
        self.confirmed = 0
        self.filtered = 0
        self._now, self._changed = now, changed
        self._next_id = FIRST_ID
        self._poll: asyncio.Future[str] | None = None
        self._wake: Callable[[], None] | None = None

    def put(self, kind: str, body: Json, chat_id: int | None) -> int | None:
        """The new update's id, or None when the bot did not ask for this kind."""
        if kind in ON_REQUEST if self.allowed is None else kind not in self.allowed:
            self.filtered += 1
            return None
        return self.put_raw({kind: body}, chat_id)

    def put_raw(self, update: Json, chat_id: int | None = None) -> int:
        number = int(update.get("update_id", self._next_id))
        self._next_id = max(self._next_id, number + 1)
        self.pending.append(Pending(number, chat_id, self._now(), {"update_id": number} | update))
        self.notify()
        return number

    def allow(self, kinds: list[str] | None) -> None:
        if kinds is not None:
            self.allowed = frozenset(kinds) or None

    async def take(self, offset: int, limit: int, timeout: float) -> list[Json]:
        """Confirm everything below offset and return what is next, waiting up to timeout seconds for it."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result("terminated")
        self._confirm(offset)
        self._expire()
        if not self.pending and timeout > 0:
            mine = self._poll = asyncio.get_running_loop().create_future()
            self._changed()
            try:
                async with asyncio.timeout(min(timeout, POLL_SECONDS)):
                    if await mine == "terminated":
                        raise ApiError(
                            409,
                            "Conflict: terminated by other getUpdates request; make sure that only one bot instance"
                            " is running",
                        )
            except TimeoutError:
                return []
            finally:
                if self._poll is mine:
                    self._poll = None
        return [update.body for update, _ in zip(self.pending, range(limit), strict=False)]

    def polling(self) -> bool:
        return self._poll is not None and not self._poll.done()

    def on_wake(self, wake: Callable[[], None] | None) -> None:
        self._wake = wake

    def notify(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result("ready")
        if self._wake is not None:
            self._wake()

    def settle(self, update: Pending) -> None:
        """The webhook is done with this one."""
        self.pending.remove(update)
        self.confirmed += 1
        self._changed()

    def drop(self) -> None:
        self.pending.clear()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
                self.confirmed += 1
            return
        while self.pending and self.pending[0].id < offset:
            self.pending.popleft()
            self.confirmed += 1

    def _expire(self) -> None:
        oldest = self._now() - KEPT_SECONDS
        while self.pending and self.pending[0].time < oldest:
            self.pending.popleft()
