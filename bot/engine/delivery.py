"""Delivery for one push channel: in order within a conversation, within the limits, settled by the answer."""

import asyncio
import heapq
import itertools
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import structlog

from bot.engine.leases import LeaseKeeper
from bot.engine.limits import Pace
from bot.engine.metrics import Metrics
from bot.engine.signals import OUTBOX, Signals, conversation_topic
from domain.channel import PushChannel
from domain.clock import Clock
from domain.errors import SendError
from domain.messages import Delivery as Said
from domain.work import Send
from storage.delivery import Settled, claim_sends, next_due, settle
from storage.opening import Storage
from storage.statements import Program
from storage.times import SECOND, to_us

AT_ONCE = 64  # requests to the platform under way at the same time
CLAIM = 500
GIVE_UP_AFTER = 40  # tries; with the longest pause that is about half an hour
LONGEST_PAUSE = 60.0
LAST_WORDS = 5.0  # seconds that sends under way have when the process stops
_LOOK_EVERY = 1.0
log = structlog.get_logger()


class Delivery:
    """Sends the outbox of one channel while this process holds the channel's lease."""

    def __init__(
        self,
        channel: PushChannel,
        storage: Storage,
        signals: Signals,
        metrics: Metrics,
        clock: Clock,
        lease: LeaseKeeper,
    ) -> None:
        self._channel, self._storage, self._signals = channel, storage, signals
        self._metrics, self._clock, self._lease = metrics, clock, lease
        self._pace = Pace(channel.limits)
        self._waiting: dict[int, deque[Send]] = {}
        self._ready: list[tuple[float, int, int, int]] = []  # time, priority, order, conversation
        self._order = itertools.count()
        self._busy: set[int] = set()
        self._settled: list[Settled] = []
        self._wake = asyncio.Event()
        self._settle_wake = asyncio.Event()
        self._token = ""
        self._senders: set[asyncio.Task[None]] = set()

    @property
    def token(self) -> str:
        """The token under which rows may be claimed for this delivery; "" when another process delivers."""
        return self._token if self._token and self._token == self._lease.token else ""

    def offer(self, sends: Sequence[Send], token: str) -> None:
        """Rows that were committed as claimed under `token`."""
        if not token or token != self._token:
            return  # the lease has changed hands; whoever holds it claims them
        for send in sends:
            self._add(send)
        if sends:
            self._wake.set()

    async def run(self) -> None:
        """Deliver for as long as the lease is held; begin anew with each holding."""
        while True:
            self._token = await self._lease.held()
            self._forget()
            loops = [asyncio.create_task(loop()) for loop in (self._claiming, self._sending, self._settling)]
            try:
                while self.token:
                    done, _ = await asyncio.wait(loops, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
                    for loop in done:
                        loop.result()
            finally:
                await self._stop(loops)
            log.warning("delivery_stopped", channel=self._channel.name)

    async def _stop(self, loops: list[asyncio.Task[None]]) -> None:
        self._token, token = "", self._token
        await _cancel(loops)
        if self._senders:
            # What the platform is being told now is heard to its end, or it would be told again after the next start.
            await asyncio.wait(self._senders, timeout=LAST_WORDS)
        await _cancel(list(self._senders))
        if self._settled:
            await asyncio.shield(self._storage.database.run(settle(self._settled, token, to_us(self._clock()))))

    def _forget(self) -> None:
        for held in (self._waiting, self._ready, self._busy, self._settled):
            held.clear()

    def _add(self, send: Send) -> None:
        queue = self._waiting.setdefault(send.conversation_id, deque())
        queue.append(send)
        if len(queue) == 1 and send.conversation_id not in self._busy:
            self._schedule(send)

    def _schedule(self, send: Send, not_before: float = 0.0) -> None:
        ready = self._pace.chat_ready(send.conversation_id, group=self._channel.is_group(send.address))
        at = max(ready, not_before)
        heapq.heappush(self._ready, (at, send.priority, next(self._order), send.conversation_id))

    async def _claiming(self) -> None:
        signal = self._signals.subscribe(OUTBOX)
        name, storage = self._channel.name, self._storage
        try:
            while True:
                now = to_us(self._clock())
                sends = await storage.run(partial(self._claim_program, now))
                for send in sends:
                    self._add(send)
                if sends:
                    self._wake.set()
                if len(sends) < CLAIM:
                    due = await storage.database.run(next_due(name, self._token))
                    pause = _LOOK_EVERY if due is None else (due - to_us(self._clock())) / SECOND
                    await signal.wait(min(_LOOK_EVERY, max(0.01, pause)))
        finally:
            self._signals.unsubscribe(signal, OUTBOX)

    def _claim_program(self, now: int, _spare: list[int]) -> Program[list[Send]]:
        return claim_sends(self._channel.name, self._token, CLAIM, self._storage.keys.cached, now)

    async def _sending(self) -> None:
        slots = asyncio.Semaphore(AT_ONCE)
        while True:
            self._wake.clear()
            now = time.monotonic()
            pause = _LOOK_EVERY
            while self._ready and self.token:
                at = max(self._ready[0][0], self._pace.overall_ready())
                if at > now:
                    pause = at - now
                    break
                _, _, _, conversation_id = heapq.heappop(self._ready)
                send = self._waiting[conversation_id][0]
                await slots.acquire()
                self._pace.sent(conversation_id, group=self._channel.is_group(send.address))
                self._busy.add(conversation_id)
                task = asyncio.create_task(self._send(send))
                self._senders.add(task)
                task.add_done_callback(self._senders.discard)
                task.add_done_callback(lambda _: slots.release())
            self._metrics.waiting.labels(self._channel.name).set(len(self._waiting))
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _send(self, send: Send) -> None:
        parts = self._channel.parts(send.message)
        part, ref = send.part, ""
        try:
            while part < len(parts):
                ref = await self._channel.send(send.address, parts[part])
                part += 1
        except SendError as error:
            self._failed(send, part, error)
        except Exception as error:
            log.exception("send_broke", channel=self._channel.name, error=type(error).__name__)
            self._failed(send, part, SendError(type(error).__name__, permanent=False))
        else:
            self._metrics.sent.labels(self._channel.name, "sent").inc()
            self._settle(Settled(send.conversation_id, send.seq, Said.SENT, ref=ref))

    def _failed(self, send: Send, part: int, error: SendError) -> None:
        self._metrics.sent.labels(self._channel.name, "failed" if error.permanent else "again").inc()
        log.warning(
            "send_failed",
            channel=self._channel.name,
            conversation=send.conversation_id,
            seq=send.seq,
            tries=send.tries + 1,
            permanent=error.permanent,
            reason=error.reason,
        )
        if error.permanent or send.tries + 1 >= GIVE_UP_AFTER:
            self._settle(Settled(send.conversation_id, send.seq, Said.FAILED, ref="", blocked=error.blocked))
            return
        pause = error.retry_after
        if pause is None:
            pause = min(LONGEST_PAUSE, 0.25 * 2 ** min(send.tries, 10)) * random.uniform(0.75, 1.25)  # noqa: S311
        # The chat waits with all that stands behind, so that nothing overtakes; other chats go on.
        again = replace(send, tries=send.tries + 1, part=part)
        self._waiting[send.conversation_id][0] = again
        later = to_us(self._clock()) + int(pause * SECOND)
        self._settle(Settled(send.conversation_id, send.seq, Said.PENDING, later=later, tries=again.tries, part=part))
        self._busy.discard(send.conversation_id)
        self._schedule(again, time.monotonic() + pause)
        self._wake.set()

    def _next(self, conversation_id: int) -> None:
        queue = self._waiting[conversation_id]
        queue.popleft()
        self._busy.discard(conversation_id)
        if queue:
            self._schedule(queue[0])
            self._wake.set()
        else:
            del self._waiting[conversation_id]

    def _settle(self, settled: Settled) -> None:
        self._settled.append(settled)
        self._settle_wake.set()

    async def _settling(self) -> None:
        while True:
            await self._settle_wake.wait()
            self._settle_wake.clear()
            batch, self._settled = self._settled, []
            try:
                await self._storage.database.run(settle(batch, self._token, to_us(self._clock())))
            except BaseException:
                self._settled = batch + self._settled
                raise
            # Only now the next one of a chat: a kill can make each chat hear one message twice, never more.
            for settled in batch:
                if settled.delivery is not Said.PENDING:
                    self._next(settled.conversation_id)
            self._signals.tell({conversation_topic(s.conversation_id) for s in batch})


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
