"""Vectors of the knowledge base: fetched in the background for the live version, each text once and for all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

import structlog

from bot.engine.analysis import Analysis
from bot.engine.embeddings_client import EmbeddingsError
from bot.engine.leases import LeaseKeeper
from bot.engine.librarian import Librarian
from bot.engine.signals import KNOWLEDGE, Signals
from bot.engine.vector_source import VectorSource
from domain.clock import Clock
from domain.errors import AnalysisGone
from storage.opening import Storage

LEASE = "embeddings"
_LOOK_EVERY = 5.0
_LACKING_LOOK_EVERY = 1.0  # while another process fetches
_TAKES = 2.0  # seconds to wait for the lease
log = structlog.get_logger()


class VectorFilling:
    """Sees to it that the analysis has the vectors of the live version.

    One process at a time, by a lease, sends what was never embedded; each batch is kept as soon as it is there, so that
    one that dies leaves only the rest to do. All others read what it kept.
    """

    def __init__(
        self, source: VectorSource, storage: Storage, librarian: Librarian, analysis: Analysis, clock: Clock
    ) -> None:
        self._source, self._storage, self._clock = source, storage, clock
        self._librarian, self._analysis = librarian, analysis
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
                pause = max(_LACKING_LOOK_EVERY, min(self._source.breaker.pause, _LOOK_EVERY))
                await signal.wait(_LOOK_EVERY if whole else pause)
        finally:
            signals.unsubscribe(signal, KNOWLEDGE)

    async def fill(self) -> bool:
        """Give the analysis what is there, and fetch what nobody has yet, as far as the service goes along. Whether the
        live version is whole then."""
        if await self.hand_over():
            return True
        if self._source.breaker.allows():
            with contextlib.suppress(AnalysisGone):
                async with self._alone() as keeper:
                    if keeper is not None:
                        version = (await self._librarian.live()).version
                        await self._fetch(version, await self._give_kept(version), keeper)
        return await self.hand_over()

    async def hand_over(self) -> bool:
        """Give the analysis what is kept. Whether the live version is whole then."""
        version = (await self._librarian.live()).version
        try:
            lacking = await self._give_kept(version)
        except AnalysisGone:  # it comes back without vectors, and is given them again
            return False
        if not lacking and version not in self._whole:
            self._whole = (*self._whole[-1:], version)
            log.info("vectors_live", version=version, model=self._source.name)
        return not lacking

    async def _give_kept(self, version: int) -> Mapping[str, str]:
        """Hand over what the database has; text by hash of what it has not."""
        lacking = await self._analysis.lacking(version)
        given = False
        async for vectors in self._source.kept(lacking):
            await self._analysis.give(version, vectors)
            given = True
        return await self._analysis.lacking(version) if given else lacking

    async def _fetch(self, version: int, lacking: Mapping[str, str], keeper: LeaseKeeper) -> None:
        """Fetch and hand over until all is there, something fails or the lease is lost."""
        fetched = 0
        with contextlib.suppress(EmbeddingsError):  # it is in the log, and tried again after a pause
            async for vectors in self._source.fetched(lacking):
                await self._analysis.give(version, vectors)
                fetched += len(vectors)
                if not keeper.token:
                    break
        if fetched:
            log.info("vectors_fetched", version=version, texts=fetched)

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
