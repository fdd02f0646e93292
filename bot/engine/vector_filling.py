"""Vectors of the knowledge base: fetched in the background for the live version, each text once and for all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import islice

import structlog

from bot.engine.analysis import Analysis
from bot.engine.breaker import Breaker
from bot.engine.embeddings_client import AT_ONCE, EmbeddingsClient, EmbeddingsError
from bot.engine.leases import LeaseKeeper
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.signals import KNOWLEDGE, Signals
from domain.clock import Clock
from domain.errors import AnalysisGone
from storage.opening import Storage
from storage.vectors import VectorStore

LEASE = "embeddings"
_PATIENCE = 30.0  # seconds for a batch: nobody waits for it
_FIRST, _LONGEST = 5.0, 600.0  # seconds of the pauses after failures
_LOOK_EVERY = 5.0
_LACKING_LOOK_EVERY = 1.0  # while another process fetches
_TAKES = 2.0  # seconds to wait for the lease
_GIVEN = 500  # vectors handed to the analysis at once: 2 MB at 1,024 numbers, so that nothing waits for the pipe
log = structlog.get_logger()


class VectorFilling:
    """Sees to it that the analysis has the vectors of the live version.

    One process at a time, by a lease, sends what was never embedded; each batch is kept as soon as it is there, so that
    one that dies leaves only the rest to do. All others read what it kept.
    """

    def __init__(
        self,
        client: EmbeddingsClient,
        storage: Storage,
        librarian: Librarian,
        analysis: Analysis,
        metrics: Metrics,
        clock: Clock,
        breaker: Breaker | None = None,
    ) -> None:
        self._client, self._storage, self._vectors = client, storage, VectorStore(storage.database)
        self._librarian, self._analysis, self._metrics, self._clock = librarian, analysis, metrics, clock
        self._breaker = breaker or Breaker(1, _FIRST, _LONGEST)
        self._batch = AT_ONCE
        self._whole: tuple[int, ...] = ()

    def serves(self, version: int) -> bool:
        """Whether all vectors of the version are there. So long nothing that customers write need leave."""
        return version in self._whole

    async def run(self, signals: Signals) -> None:
        """Keep up with the live version."""
        signal = signals.subscribe(KNOWLEDGE)
        try:
            while True:
                whole = await self.fill()
                await signal.wait(_LOOK_EVERY if whole else max(_LACKING_LOOK_EVERY, min(self._breaker.pause, 5.0)))
        finally:
            signals.unsubscribe(signal, KNOWLEDGE)

    async def fill(self) -> bool:
        """Give the analysis what is there, and fetch what nobody has yet, as far as the service goes along. Whether the
        live version is whole then."""
        version = (await self._librarian.live()).version
        try:
            lacking = await self._give_kept(version)
            if lacking and self._breaker.allows():
                async with self._alone() as keeper:
                    if keeper is not None:
                        lacking = await self._give_kept(version)  # what the holder before kept
                        await self._fetch(version, lacking, keeper)
                        lacking = await self._analysis.lacking(version)
        except AnalysisGone:  # it comes back without vectors, and is given them again
            return False
        if not lacking and version not in self._whole:
            self._whole = (*self._whole[-1:], version)
            log.info("vectors_live", version=version, model=self._client.service.name)
        return not lacking

    async def _give_kept(self, version: int) -> dict[str, str]:
        """Hand over what the database has; text by hash of what it has not."""
        lacking = await self._analysis.lacking(version)
        hashes = iter(lacking)
        given = 0
        while some := list(islice(hashes, _GIVEN)):
            kept = await self._vectors.of(self._client.service.name, some)
            if kept:
                await self._analysis.give(version, kept)
            given += len(kept)
        return await self._analysis.lacking(version) if given else lacking

    async def _fetch(self, version: int, lacking: dict[str, str], keeper: LeaseKeeper) -> None:
        """Embed, keep and hand over, batch by batch, until something fails or the lease is lost."""
        name = self._client.service.name
        if self._client.dimension is None:
            self._client.dimension = await self._vectors.dimension(name)
        rest = list(lacking.items())
        while rest and keeper.token:
            some = rest[: self._batch]
            try:
                matrix = await self._client.embed([text for _, text in some], _PATIENCE)
            except EmbeddingsError as error:
                if error.too_much and self._batch > 1:
                    self._batch //= 2
                    continue
                self._breaker.failed(error.retry_after)
                self._metrics.embeddings.labels("knowledge", "failed").inc()
                pause = round(self._breaker.pause, 1)
                log.warning("embeddings_failed", of="knowledge", texts=len(some), reason=error.reason, again_in=pause)
                break
            self._breaker.succeeded()
            self._metrics.embeddings.labels("knowledge", "done").inc()
            vectors = {h: row.astype("<f4").tobytes() for (h, _), row in zip(some, matrix, strict=True)}
            await self._vectors.add(name, vectors)
            await self._analysis.give(version, vectors)
            rest = rest[len(some) :]
        if len(rest) < len(lacking):
            log.info("vectors_fetched", version=version, texts=len(lacking) - len(rest))

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[LeaseKeeper | None]:
        """The lease, renewed for as long as it is needed; None when another process has it."""
        keeper = LeaseKeeper(self._storage, LEASE, self._clock)
        renewing = asyncio.create_task(keeper.run())
        try:
            async with asyncio.timeout(_TAKES):
                await keeper.held()
        except TimeoutError:
            await _ended(renewing)
            yield None
            return
        try:
            yield keeper
        finally:
            await _ended(renewing)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
