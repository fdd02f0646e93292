"""Intake: updates are committed before their platform is told that they arrived."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.engine.metrics import Metrics
from bot.engine.signals import INBOX, Signals, conversation_topic
from domain.clock import Clock
from domain.identifiers import redact
from domain.messages import Incoming
from domain.work import Receipt, Work
from storage.intake import Arrival, Lease, take_in
from storage.opening import Storage
from storage.times import SECOND, to_us

LEASE_SECONDS = 15
_PATIENCE = 1.0  # seconds a channel waits for room
KEEP = 16_000  # characters of one message that are kept; platforms allow fewer
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
log = structlog.get_logger()


class Backlog:
    """Rows claimed at intake, waiting in memory for the handling loop of this process. Past `most` the rows that come
    are not claimed: reading them again later costs more, so a channel that can wait should wait for room.

    left_behind: rows may be open that are not here (an earlier process's, or behind another message).
    """

    def __init__(self, most: int = 512) -> None:
        self._most = most
        self._works: list[Work] = []
        self.left_behind = True
        self._taken = asyncio.Event()

    @property
    def has_room(self) -> bool:
        return len(self._works) < self._most

    def put(self, works: Sequence[Work]) -> None:
        self._works += works

    def take(self, most: int) -> list[Work]:
        taken, self._works = self._works[:most], self._works[most:]
        self._taken.set()
        return taken

    async def room(self, seconds: float) -> None:
        """Wait until there is room, at most so long: what handles them may be stuck, and intake goes on without it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.has_room:
                    self._taken.clear()
                    await self._taken.wait()


class Intake:
    """Takes updates in. put() serves channels that bring them one by one and commits those that wait together."""

    def __init__(
        self,
        storage: Storage,
        signals: Signals,
        metrics: Metrics,
        clock: Clock,
        backlog: Backlog | None,
    ) -> None:
        self._storage, self._signals, self._metrics, self._clock = storage, signals, metrics, clock
        self._backlog = backlog
        self._pending: dict[str, list[tuple[Incoming, asyncio.Future[Receipt]]]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def room(self) -> None:
        """Wait a little while what came before is being handled. For channels that keep what they have not given."""
        if self._backlog is not None:
            await self._backlog.room(_PATIENCE)

    async def put(self, incoming: Incoming) -> Receipt:
        """Take one update in; returns after the commit."""
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        channel = incoming.channel
        self._pending.setdefault(channel, []).append((incoming, future))
        if channel not in self._running:
            self._running[channel] = asyncio.create_task(self._drain(channel))
        return await future

    async def take(
        self, channel: str, incoming: Sequence[Incoming], cursor: tuple[str, str] | None = None
    ) -> list[Receipt]:
        """Take a batch of one channel in, in its order, and move the platform's cursor in the same transaction."""
        arrivals = [_arrival(i) for i in incoming]
        now = to_us(self._clock())
        backlog = self._backlog
        room = backlog is not None and backlog.has_room
        lease = Lease(secrets.token_hex(8), now + LEASE_SECONDS * SECOND) if room else None
        receipts, works = await self._storage.run(
            lambda spare: take_in(
                channel,
                arrivals,
                hashes=self._storage.hashes,
                keys=self._storage.keys.cached,
                spare_keys=spare,
                now=now,
                cursor=cursor,
                lease=lease,
            )
        )
        if backlog is not None:
            backlog.put(works)
            backlog.left_behind = backlog.left_behind or len(works) < sum(not r.duplicate for r in receipts)
        topics = {conversation_topic(r.conversation_id) for r in receipts if not r.duplicate}
        if topics:
            self._signals.tell([INBOX, *topics])
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            if receipt.duplicate:
                self._metrics.duplicates.labels(channel).inc()
            else:
                self._metrics.received.labels(channel, arrival.incoming.kind.value).inc()
        return receipts

    async def _drain(self, channel: str) -> None:
        try:
            while waiting := self._pending.pop(channel, []):
                try:
                    receipts = await self.take(channel, [incoming for incoming, _ in waiting])
                except Exception as error:
                    log.error("intake_failed", channel=channel, error=type(error).__name__)
                    for _, future in waiting:
                        if not future.done():
                            future.set_exception(error)
                    continue
                for (_, future), receipt in zip(waiting, receipts, strict=True):
                    if not future.done():
                        future.set_result(receipt)
        finally:
            del self._running[channel]


def _arrival(incoming: Incoming) -> Arrival:
    """Clean and redact every field a person could have written into."""
    found = redact(clean(incoming.text))
    files = [(a, redact(clean(a.name)[:200])) for a in incoming.attachments]
    kinds = dict.fromkeys(k for f in (found, *(name for _, name in files)) for k in f.kinds)
    cleaned = replace(
        incoming,
        text=found.text,
        name=redact(clean(incoming.name)[:200]).text,
        button=clean(incoming.button)[:200],
        ref=clean(incoming.ref)[:200],
        attachments=tuple(
            replace(a, name=name.text, file_id=clean(a.file_id), mime=clean(a.mime)[:200], group=clean(a.group)[:200])
            for a, name in files
        ),
    )
    return Arrival(cleaned, tuple(kinds))


def clean(text: str) -> str:
    """Text without control characters and lone surrogates, at most KEEP characters."""
    return _CONTROL.sub("", text[:KEEP])
