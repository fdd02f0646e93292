"""Which version of the knowledge base is live in this process."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot.engine.analysis import Analysis, Question
from bot.engine.signals import KNOWLEDGE, Signals
from domain.clock import Clock
from domain.deadlines import SEOUL
from domain.errors import Conflict
from domain.knowledge import Decision
from handlers.library import Library
from knowledge.files import default_texts, prepared_index
from storage.knowledge import KbVersion, KnowledgeVersions
from storage.times import to_us

_LOOK_EVERY = 1.0  # seconds; a version that another process published is seen within this time
log = structlog.get_logger()


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
        self._kept = (cache, prepared_index()) if cache else ()
        self._live: Library | None = None
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
        if self._live is None or self._live.version != version.version:
            texts = await self._versions.texts(version.version)
            entries = await self._analysis.open(version.version, texts, self._kept)
            published = version.published_at.astimezone(SEOUL).date()
            self._live = Library(version.version, published, entries)
            self._ready.set()
            log.info("knowledge_live", version=version.version, entries=len(texts))
        return self._live

    async def run(self) -> None:
        """Keep up with what is published, here or by another process."""
        if self._signals is None:
            return
        signal = self._signals.subscribe(KNOWLEDGE)
        try:
            while True:
                await self.load()
                await signal.wait(_LOOK_EVERY)
        finally:
            self._signals.unsubscribe(signal, KNOWLEDGE)

    async def decide(self, library: Library, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        """Decide (text, question before) pairs by a version that `live` or `load` gave."""
        return await self._analysis.decide(library.version, questions)


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
