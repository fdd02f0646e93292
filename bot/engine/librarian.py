"""Which version of the knowledge base is live in this process."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.engine.analysis import Analysis, Question
from bot.engine.signals import KNOWLEDGE, Signals
from domain.clock import Clock
from domain.deadlines import SEOUL
from domain.errors import Conflict
from domain.knowledge import Decision, Entry
from handlers.library import Library
from knowledge.files import default_texts, prepared_index
from knowledge.vectors import TextVectors
from storage.knowledge import Difference, KbVersion, KnowledgeVersions
from storage.times import to_us

_LOOK_EVERY = 1.0  # seconds; a version that another process published is seen within this time
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A version that may be published next: how it differs from the live one, and its entries."""

    version: int
    found: Difference
    entries: Mapping[str, Entry]


class Librarian:
    """Loads the published version and keeps up with it; questions go to `analysis`.

    cache: file that keeps what was built, for a faster next start; None to build anew each time.
    """

    def __init__(
        self,
        versions: KnowledgeVersions,
        signals: Signals | None,
        clock: Clock,
        analysis: Analysis,
        cache: Path | None = None,
    ) -> None:
        self._versions, self._signals, self._clock, self._analysis = versions, signals, clock, analysis
        self._cache = cache
        self._unkept = False
        self._live: Library | None = None
        self._prepared: Prepared | None = None
        self._opening = asyncio.Lock()
        self._ready = asyncio.Event()

    async def live(self) -> Library:
        """The live version; waits for the first one to be ready."""
        await self._ready.wait()
        assert self._live is not None
        return self._live

    @property
    def ready(self) -> bool:
        return self._ready.is_set()

    async def load(self) -> Library:
        """Bring the latest published version in; a new database gets the default knowledge base first."""
        version = await ensure_published(self._versions, self._clock)
        async with self._opening:
            if self._live is None or self._live.version != version.version:
                published = version.published_at.astimezone(SEOUL).date()
                self._live = Library(version.version, published, await self._entries(version.version))
                self._ready.set()
                log.info("knowledge_live", version=version.version, entries=len(self._live.entries))
            return self._live

    async def prepare(self, version: int, found: Difference) -> None:
        """Make a version ready that is about to be published, and differs so from the one that is live: then it answers
        as soon as it is. It does not before."""
        async with self._opening:
            if self._live is not None and self._live.version == version - 1:
                self._prepared = Prepared(version, found, await self._changed(self._live, version, found))

    async def _entries(self, version: int) -> Mapping[str, Entry]:
        """Open a version: what differs from the one before, or the whole."""
        if self._live is None:
            kept = (self._cache, prepared_index()) if self._cache else ()
            return await self._analysis.open(version, await self._versions.texts(version), kept)
        found = await self._versions.difference(self._live.version, version)
        self._unkept = True
        prepared, self._prepared = self._prepared, None
        if prepared is not None and (prepared.version, prepared.found) == (version, found):
            return prepared.entries
        return await self._changed(self._live, version, found)

    async def _changed(self, live: Library, version: int, found: Difference) -> Mapping[str, Entry]:
        changed = await self._analysis.change(version, live.version, found.texts, found.removed)
        gone = frozenset(found.removed)
        return {i: entry for i, entry in live.entries.items() if i not in gone} | changed

    async def run(self) -> None:
        """Keep up with what is published, here or by another process."""
        if self._signals is None:
            return
        signal = self._signals.subscribe(KNOWLEDGE)
        try:
            while True:
                await self.load()
                told = await signal.wait(_LOOK_EVERY)
                if self._unkept and not told and self._cache and self._live:
                    self._unkept = False  # nothing was published for a second: time to keep what was built
                    await self._analysis.keep(self._live.version, self._cache)
        finally:
            self._signals.unsubscribe(signal, KNOWLEDGE)

    async def decide(
        self, library: Library, questions: Sequence[Question], vectors: TextVectors | None = None
    ) -> list[tuple[Decision, ...]]:
        """Decide (text, question before) pairs by a version that `live` or `load` gave. vectors: of their texts."""
        return await self._analysis.decide(library.version, questions, vectors)


async def ensure_published(versions: KnowledgeVersions, clock: Clock) -> KbVersion:
    """The latest published version; a new database gets the default knowledge base as its first."""
    version = await versions.latest()
    if version is None:
        try:
            now = to_us(clock())
            await versions.publish(default_texts(), after=0, by="sangdam", note="기본 지식", now=now, draft=True)
        except Conflict:
            pass  # another process was first; its version is the same
        version = await versions.latest()
        assert version is not None
    return version
