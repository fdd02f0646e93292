"""Whose message it is: an admin's who works on the knowledge base, or a customer's like any other."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.engine.guide.guide import Guide
from bot.engine.guide.state import PREFIX, Later, Shown, State, from_plain, to_plain
from domain.clock import Clock
from domain.messages import Incoming, IncomingKind, Outgoing
from domain.staff import Role, Staff
from storage.opening import Storage
from storage.talks import Talk
from storage.times import to_us

_LASTS = timedelta(hours=1)  # of silence, after which an admin is a customer again until the next /kb
_LOOK_EVERY = 5.0  # seconds between two looks at who is joined
_KINDS = (IncomingKind.TEXT, IncomingKind.BUTTON, IncomingKind.EDIT, IncomingKind.ATTACHMENT)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """What is said at once; later: work that takes long and gives more to say."""

    said: tuple[Outgoing, ...]
    later: Callable[[], Awaitable[tuple[Outgoing, ...]]] | None = None


class Door:
    """For messengers whose users staff join by a code. Asked before a message is taken in: what admins say in the guide
    is in no customer's conversation. A message that the platform brings twice is answered the same and done once."""

    def __init__(self, storage: Storage, guide: Guide, clock: Clock) -> None:
        self._storage, self._guide, self._clock = storage, guide, clock
        self._joined: frozenset[str] = frozenset()
        self._looked = float("-inf")
        self._turns: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def take(self, user: str, incoming: Incoming) -> Taken | None:
        """None: it is a customer's. user: who sent it, as the platform names people."""
        opens = _opens(incoming)
        if incoming.kind not in _KINDS or not (opens or await self._may_be_staff(user)):
            return None
        staff = await self._storage.accounts.by_telegram(user)
        if staff is None:
            return None
        if staff.role is not Role.ADMIN:
            return Taken((Outgoing(self._guide.texts("guide.not_admin")),)) if opens else None
        async with self._turns[staff.id]:
            return await self._take(staff, incoming, opens=opens)

    async def _take(self, staff: Staff, incoming: Incoming, *, opens: bool) -> Taken | None:
        talk = await self._storage.talks.load(staff.id)
        if talk and incoming.order and incoming.order <= talk.handled:
            return Taken(talk.said)
        state = from_plain(talk.state) if talk else State()
        if not opens and not self._goes_on(talk, state, incoming):
            return None
        shown = await self._guide.take(staff, state, incoming)
        await self._save(staff, shown, incoming.order)
        return Taken(shown.said, self._later(staff, shown) if shown.later else None)

    def _goes_on(self, talk: Talk | None, state: State, incoming: Incoming) -> bool:
        if talk is None or not state.place or incoming.text.startswith("/"):
            return incoming.text.strip() == "/cancel" and bool(state.place)
        return self._clock() - talk.at < _LASTS

    async def _save(self, staff: Staff, shown: Shown, order: int) -> None:
        await self._storage.talks.save(
            staff.id, to_plain(shown.state), shown.said, handled=order, now=to_us(self._clock())
        )

    def _later(self, staff: Staff, begun: Shown) -> Callable[[], Awaitable[tuple[Outgoing, ...]]]:
        work = begun.later
        assert work is not None
        return lambda: self._finish(staff, begun.state, work)

    async def _finish(self, staff: Staff, begun: State, work: Later) -> tuple[Outgoing, ...]:
        try:
            shown = await work()
        except Exception as error:  # the work goes on beside everything else, and nobody else would say so
            log.error("guide_failed", error=type(error).__name__)
            return (Outgoing(self._guide.texts("guide.failed")),)
        async with self._turns[staff.id]:
            talk = await self._storage.talks.load(staff.id)
            if talk and from_plain(talk.state) == begun:  # else the admin has gone elsewhere meanwhile, and stays there
                await self._save(staff, shown, talk.handled)
        return shown.said

    async def _may_be_staff(self, user: str) -> bool:
        if time.monotonic() - self._looked > _LOOK_EVERY:
            self._joined = await self._storage.accounts.joined_telegram()
            self._looked = time.monotonic()
        return bool(self._joined) and self._storage.accounts.telegram_hash(user) in self._joined


def _opens(incoming: Incoming) -> bool:
    if incoming.kind is IncomingKind.BUTTON:
        return incoming.button.startswith(PREFIX)
    return incoming.kind is IncomingKind.TEXT and incoming.text.split("@")[0].strip() == "/kb"
