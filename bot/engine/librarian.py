"""Which version of the knowledge base is live in this process."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, TypeVarTuple, Unpack

import structlog

from bot.engine.signals import KNOWLEDGE, Signals
from domain.clock import Clock
from domain.deadlines import SEOUL
from domain.errors import Conflict
from domain.knowledge import Decision, Entry
from handlers.library import Library
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.files import default_dir, dump, load_dir, parse
from knowledge.packed import pack, unpack
from storage.knowledge import KbVersion, KnowledgeVersions
from storage.times import to_us

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_LOOK_EVERY = 1.0  # seconds; a version that another process published is seen within this time
_SLICE = 8  # messages analysed in one go, so that a waiting loop gets its turn
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Edition:
    """A published version, ready to answer."""

    library: Library
    answerer: Answerer


class Librarian:
    """Loads the published version and keeps up with it.

    Questions are decided in one thread of their own and the next version is built in another, so that answers go on
    meanwhile. cache: file that keeps what was built, for a faster next start; None to build anew each time.
    analyzer: one that is loaded already.
    """

    def __init__(
        self,
        versions: KnowledgeVersions,
        signals: Signals | None,
        clock: Clock,
        cache: Path | None = None,
        analyzer: Analyzer | None = None,
    ) -> None:
        self._versions, self._signals, self._clock, self._cache = versions, signals, clock, cache
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
        self._builder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="knowledge")
        self._analyzer = analyzer
        self._edition: Edition | None = None
        self._ready = asyncio.Event()

    async def edition(self) -> Edition:
        """The live version; waits for the first one to be ready."""
        await self._ready.wait()
        assert self._edition is not None
        return self._edition

    @property
    def ready(self) -> bool:
        return self._ready.is_set()

    async def load(self) -> Edition:
        """Bring the latest published version in; a new database gets the default knowledge base first."""
        version = await self.ensure_published()
        if self._edition is None or self._edition.library.version != version.version:
            texts = await self._versions.texts(version.version)
            edition, fresh = await in_thread(self._builder, self._build, version, texts)
            self._edition = edition
            self._ready.set()
            log.info("knowledge_live", version=version.version, entries=len(texts))
            if fresh:
                await in_thread(self._builder, self._to_cache, edition.answerer)
        return self._edition

    async def ensure_published(self) -> KbVersion:
        """The latest published version; the default knowledge base in a new database."""
        version = await self._versions.latest()
        if version is None:
            await self._publish_default()
            version = await self._versions.latest()
            assert version is not None
        return version

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

    async def decide(self, edition: Edition, questions: Sequence[tuple[str, str | None]]) -> list[tuple[Decision, ...]]:
        """Decide (text, question before) pairs, in the analysis thread."""
        decided: list[tuple[Decision, ...]] = []
        for start in range(0, len(questions), _SLICE):
            decided += await in_thread(self._thread, edition.answerer.decide_many, questions[start : start + _SLICE])
        return decided

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._builder.shutdown(wait=False, cancel_futures=True)

    async def _publish_default(self) -> None:
        entries = load_dir(default_dir())
        texts = {entry.id: dump(entry) for entry in entries}
        now = to_us(self._clock())
        try:
            await self._versions.publish(texts, after=0, by="sangdam", note="기본 지식", now=now, draft=True)
        except Conflict:
            return  # another process was first; its version is the same

    def _build(self, version: KbVersion, texts: dict[str, str]) -> tuple[Edition, bool]:
        if self._analyzer is None:
            self._analyzer = Analyzer()
        entries: dict[str, Entry] = {entry_id: parse(f"{entry_id}.md", text) for entry_id, text in texts.items()}
        published = version.published_at.astimezone(SEOUL).date()
        library = Library(version.version, published, entries)
        kept = self._from_cache(self._analyzer, entries)
        return Edition(library, kept or self._answerer(self._analyzer, entries)), kept is None

    def _answerer(self, analyzer: Analyzer, entries: dict[str, Entry]) -> Answerer:
        if self._edition is not None:
            old = self._edition.library.entries
            changed = [e for e in entries.values() if old.get(e.id) != e]
            return self._edition.answerer.replaced(changed, old.keys() - entries.keys())
        return Answerer(analyzer, entries.values())

    def _from_cache(self, analyzer: Analyzer, entries: dict[str, Entry]) -> Answerer | None:
        try:
            data = self._cache.read_bytes() if self._cache else b""
        except OSError:
            return None
        return unpack(data, analyzer, entries.values()) if data else None

    def _to_cache(self, answerer: Answerer) -> None:
        if self._cache is None:
            return
        try:
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._cache.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(pack(answerer))
            unfinished.replace(self._cache)
        except OSError as error:
            log.warning("knowledge_not_cached", error=type(error).__name__)


async def in_thread(thread: Executor, function: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
    """Run a function in a thread of one's own."""
    return await asyncio.get_running_loop().run_in_executor(thread, function, *arguments)
