"""Handling: claim a batch, prepare it with no transaction open, then load, decide and write in one transaction."""

import asyncio
import secrets
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from bot.engine.analysis import Question
from bot.engine.delivery import Delivery
from bot.engine.intake import LEASE_SECONDS, Backlog
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.signals import DESK, INBOX, OUTBOX, Signals, conversation_topic
from domain.clock import Clock
from domain.conversation import Owner
from domain.deadlines import Calendar
from domain.desk_plan import DeskPlan
from domain.effects import Effects
from domain.work import Work
from handlers.catalogue import Texts
from handlers.entrance import TEXT_LIMIT, give_up, handle, needs_analysis
from handlers.library import Library
from handlers.turn import Context, NeedsAnalysis, Prepared, Shop, Turn
from knowledge.vectors import TextVectors
from storage.claims import ALONE, claim, claimed_work, count_try, release
from storage.handling import Loaded
from storage.handling import handle as handling_program
from storage.intake import Lease
from storage.opening import Storage
from storage.times import SECOND, from_us, to_us

BATCH = 64
TRIES = ALONE + 3  # that many and it is set aside: three deaths of a process at it, or one exception when alone
_LOOK_EVERY = 1.0
_CLAIM_EVERY = 0.02
log = structlog.get_logger()


class QuestionVectors(Protocol):
    """Vectors for (conversation, question) pairs, asked by a version, by text: bot.engine.embeddings.Embeddings."""

    async def of_messages(self, version: int, asked: Sequence[tuple[int, Question]]) -> TextVectors: ...


class Handling:
    """Handles the inbox of the channels this process serves."""

    def __init__(
        self,
        storage: Storage,
        librarian: Librarian,
        signals: Signals,
        metrics: Metrics,
        clock: Clock,
        *,
        backlog: Backlog,
        channels: Sequence[str],
        deliveries: Mapping[str, Delivery],
        texts: Texts,
        shop: Shop,
        desk: DeskPlan = DeskPlan(),  # noqa: B008 - frozen
        embeddings: QuestionVectors | None = None,
    ) -> None:
        self._storage, self._librarian, self._signals = storage, librarian, signals
        self._metrics, self._clock, self._backlog = metrics, clock, backlog
        self._channels, self._deliveries = list(channels), deliveries
        self._texts, self._shop, self._embeddings = texts, shop, embeddings
        self._desk, self._calendar = desk, Calendar()
        self._claimed_at = 0.0
        self._asked: dict[int, str] = {}  # by conversation: the last question of the batch that was prepared last

    async def run(self) -> None:
        await asyncio.to_thread(self._calendar.is_working_day, self._clock().date())  # reads its holidays
        await self._librarian.live()
        batches: asyncio.Queue[_Batch] = asyncio.Queue(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._preparing(batches))
            group.create_task(self._writing(batches))

    async def _preparing(self, batches: "asyncio.Queue[_Batch]") -> None:
        """Analyse the next batch while the one before it is written."""
        signal = self._signals.subscribe(INBOX)
        while True:
            works = await self._next()
            if works:
                await batches.put(await self._batch(works))
            elif not await signal.wait(_LOOK_EVERY):
                self._backlog.left_behind = True

    async def _writing(self, batches: "asyncio.Queue[_Batch]") -> None:
        while True:
            await self._process(await batches.get())

    async def _next(self) -> list[Work]:
        """What was claimed at intake, and now and then what was not: the backlog alone could starve it."""
        works = self._backlog.take(BATCH)
        due = time.monotonic() - self._claimed_at > _CLAIM_EVERY
        if self._backlog.left_behind and (due or not works):
            claimed = await self._claim()
            self._claimed_at = time.monotonic()
            self._backlog.left_behind = bool(works or claimed)
            works += claimed
        return works

    async def _batch(self, works: Sequence[Work]) -> "_Batch":
        self._metrics.batch.observe(len(works))
        library = await self._librarian.live()
        fresh = [w for w in works if w.tries < ALONE]
        try:
            prepared = await self._prepare(fresh, library)
        except Exception as error:
            log.warning("batch_taken_apart", messages=len(fresh), error=_place(error))
            prepared = None  # one of them is at fault: alone it shows which
        return _Batch(fresh, [w for w in works if w.tries >= ALONE], library, prepared)

    async def _process(self, batch: "_Batch") -> None:
        """Handle claimed rows; those that were tried before go alone. Never raises for a message's own fault."""
        alone = batch.suspect
        if batch.prepared is None:
            alone = [*batch.fresh, *batch.suspect]
        elif batch.fresh:
            try:
                await self._write(batch.fresh, batch.library, batch.prepared)
            except Exception as error:
                log.warning("batch_taken_apart", messages=len(batch.fresh), error=_place(error))
                alone = [*batch.fresh, *batch.suspect]
        await self._one_by_one(alone)

    async def _one_by_one(self, works: Sequence[Work]) -> None:
        failed: set[int] = set()
        for work in works:
            if work.conversation_id in failed:
                continue  # its turn comes when the one before it is done or set aside
            try:
                if work.tries >= TRIES:
                    await self._set_aside(work)
                else:
                    if work.tries >= ALONE:
                        await self._storage.database.run(count_try(work))
                    library = await self._librarian.live()
                    await self._write([work], library, await self._prepare([work], library))
            except Exception as error:
                failed.add(work.conversation_id)
                place = _place(error)
                log.error(
                    "handling_failed", conversation=work.conversation_id, seq=work.seq, tries=work.tries, error=place
                )
                self._metrics.handled.labels("failed").inc()
                await self._release(work, place)

    async def _release(self, work: Work, error: str) -> None:
        tries = TRIES if work.tries >= ALONE else work.tries
        try:
            await self._storage.database.run(release(work, to_us(self._clock()), tries, error))
        except Exception as again:  # the lease runs out by itself
            log.error("release_failed", conversation=work.conversation_id, error=type(again).__name__)

    async def _claim(self) -> list[Work]:
        now = to_us(self._clock())
        lease = Lease(secrets.token_hex(8), now + LEASE_SECONDS * SECOND)
        claimed = await self._storage.database.run(claim(self._channels, BATCH, lease, now))
        if not claimed:
            return []
        return await self._storage.run(lambda _: claimed_work(claimed, lease.token, self._storage.keys.cached))

    async def _write(self, works: Sequence[Work], library: Library, prepared: "Prepareds") -> None:
        context = self._context(library)
        try:
            await self._transaction(works, partial(_decide, context, prepared))
        except NeedsAnalysis:  # the hint from the time of the claim was out of date
            prepared = await self._prepare(works, library, analyse_all=True)
            await self._transaction(works, partial(_decide, context, prepared))

    async def _set_aside(self, work: Work) -> None:
        library = await self._librarian.live()
        prepared = {(work.conversation_id, work.seq): _prepared(work)}
        await self._transaction([work], partial(_decide_give_up, self._context(library), prepared), aside=True)
        log.error("message_set_aside", conversation=work.conversation_id, seq=work.seq)

    async def _prepare(self, works: Sequence[Work], library: Library, *, analyse_all: bool = False) -> "Prepareds":
        prepared = {(w.conversation_id, w.seq): _prepared(w) for w in works}
        asked = [
            w
            for w in works
            if needs_analysis(Owner.BOT if analyse_all else w.owner, w.incoming.kind, w.incoming.text, self._texts)
        ]
        if asked:
            before = self._asked  # the batch before may still be on its way to the database
            self._asked = {}
            questions: list[Question] = []
            for work in asked:
                text = work.incoming.text[:TEXT_LIMIT]
                last = self._asked.get(work.conversation_id) or before.get(work.conversation_id) or work.question
                questions.append((text, last or None))
                self._asked[work.conversation_id] = text
            vectors = await self._vectors_of(asked, questions, library)
            for work, decisions in zip(asked, await self._librarian.decide(library, questions, vectors), strict=True):
                prepared[work.conversation_id, work.seq] = _prepared(work, decisions)
                for decision in decisions:
                    self._metrics.decisions.labels(decision.kind.value).inc()
        return prepared

    async def _vectors_of(self, works: Sequence[Work], questions: Sequence[Question], library: Library) -> TextVectors:
        if self._embeddings is None:
            return {}
        asked = [(work.conversation_id, question) for work, question in zip(works, questions, strict=True)]
        return await self._embeddings.of_messages(library.version, asked)

    async def _transaction(self, works: Sequence[Work], decide, *, aside: bool = False) -> None:  # type: ignore[no-untyped-def]
        now = to_us(self._clock())
        push = {name: delivery.token for name, delivery in self._deliveries.items()}
        storage = self._storage
        handled = await storage.run(
            lambda _: handling_program(
                works,
                decide,
                hashes=storage.hashes,
                keys=storage.keys.cached,
                now=now,
                push=push,
                aside=aside,
            )
        )
        for channel, delivery in self._deliveries.items():
            delivery.offer([s for s in handled.sends if s.channel == channel], push[channel])
        if handled.touched:
            desk = [DESK] if handled.staffed else []
            self._signals.tell([OUTBOX, *desk, *(conversation_topic(i) for i in handled.touched)])
        self._metrics.handled.labels("aside" if aside else "done").inc(len(works))
        for work in works:
            self._metrics.latency.observe(max(0.0, (now - to_us(work.incoming.at)) / SECOND))

    def _context(self, library: Library) -> Context:
        return Context(self._shop, self._texts, library, self._calendar, from_us(to_us(self._clock())), self._desk)


def _place(error: Exception) -> str:
    """Kind and place of an error; its words may quote a customer."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"


Prepareds = Mapping[tuple[int, int], Prepared]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Claimed rows. suspect: tried before, to be handled alone. prepared: of the fresh ones by `library`, or None."""

    fresh: Sequence[Work]
    suspect: Sequence[Work]
    library: Library
    prepared: Prepareds | None


def _prepared(work: Work, decisions=None) -> Prepared:  # type: ignore[no-untyped-def]
    return Prepared(
        incoming=work.incoming,
        seq=work.seq,
        nonce=secrets.randbelow(1_000_000_000),
        redacted=work.redacted,
        decisions=decisions,
        truncated=len(work.incoming.text) > TEXT_LIMIT,
    )


def _decide(context: Context, prepared: Prepareds, work: Work, loaded: Loaded) -> Effects:
    return handle(_turn(context, prepared, work, loaded))


def _decide_give_up(context: Context, prepared: Prepareds, work: Work, loaded: Loaded) -> Effects:
    return give_up(_turn(context, prepared, work, loaded))


def _turn(context: Context, prepared: Prepareds, work: Work, loaded: Loaded) -> Turn:
    return Turn(
        context,
        prepared[work.conversation_id, work.seq],
        loaded.conversation,
        loaded.customer,
        loaded.cases,
        loaded.queue,
    )
