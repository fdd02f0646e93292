"""Analysis in a process of its own: it has the other core, its seconds of loading hold nothing up, and a text that
breaks the native code takes down neither intake nor delivery."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path

import structlog

from bot.engine.analysis import Question
from bot.engine.worker_process import WorkerProcess
from domain.errors import AnalysisGone
from domain.knowledge import Decision, Entry
from knowledge.vectors import TextVectors

_MODULE = "bot.engine.analysis_worker"
_KEPT = 2  # versions opened again in a new process: what the shelf holds
_DEATHS, _WITHIN = 10, 60.0  # that many deaths in so many seconds, and the program ends for its supervisor to see
log = structlog.get_logger()


class AnalysisProcess:
    """Starts the process anew when it dies. Use `starting`; `run` is the loop that watches."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process
        self._opened: dict[int, tuple[Mapping[str, str], Sequence[Path]]] = {}
        self._deaths: deque[float] = deque(maxlen=_DEATHS)
        self._up = asyncio.Event()
        self._up.set()

    async def run(self) -> None:
        """Watch over the process; raises AnalysisGone when it dies too often."""
        while True:
            await self._process.died()
            self._up.clear()
            code = await self._process.end()
            self._deaths.append(time.monotonic())
            log.error("analysis_died", code=code)
            if len(self._deaths) == _DEATHS and self._deaths[-1] - self._deaths[0] < _WITHIN:
                raise AnalysisGone(f"the analysis process died {_DEATHS} times in a row (exit code {code})")
            self._process = await WorkerProcess.start(_MODULE)
            with contextlib.suppress(AnalysisGone):
                for version, (texts, kept) in list(self._opened.items()):
                    await self._process.call("open", version, texts, kept)
                self._up.set()

    async def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        while True:
            await self._up.wait()
            try:
                entries: dict[str, Entry] = await self._process.call("open", version, texts, kept)
            except AnalysisGone:
                await self._gone()
            else:
                self._remember(version, texts, kept)
                return entries

    async def change(
        self, version: int, base: int, texts: Mapping[str, str], removed: Collection[str]
    ) -> dict[str, Entry]:
        while True:
            await self._up.wait()
            try:
                entries: dict[str, Entry] = await self._process.call("change", version, base, texts, removed)
            except AnalysisGone:
                await self._gone()
            else:
                gone = frozenset(removed)
                before, kept = self._opened[base]
                self._remember(version, {i: t for i, t in before.items() if i not in gone} | dict(texts), kept)
                return entries

    async def keep(self, version: int, path: Path) -> None:
        with contextlib.suppress(AnalysisGone):
            await self._process.call("keep", version, path)

    async def decide(
        self, version: int, questions: Sequence[Question], vectors: TextVectors | None = None
    ) -> list[tuple[Decision, ...]]:
        """Asks a second time when the process dies: the fault may have been another's, or the machine's."""
        await self._up.wait()
        try:
            return await self._process.call("decide", version, questions, vectors)  # type: ignore[no-any-return]
        except AnalysisGone:
            await self._gone()
            await self._up.wait()
            return await self._process.call("decide", version, questions, vectors)  # type: ignore[no-any-return]

    async def lacking(self, version: int) -> dict[str, str]:
        await self._up.wait()
        return await self._process.call("lacking", version)  # type: ignore[no-any-return]

    async def give(self, version: int, vectors: Mapping[str, bytes]) -> None:
        await self._up.wait()
        await self._process.call("give", version, vectors)

    def close(self) -> None:
        """Nothing to do here: `starting` ends the process."""

    def _remember(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> None:
        others = [(v, opened) for v, opened in self._opened.items() if v != version]
        self._opened = dict([*others, (version, (texts, kept))][-_KEPT:])

    async def _gone(self) -> None:
        """Of a process that is gone nothing is asked until the next one is up."""
        if not self._process.alive:
            self._up.clear()
        await asyncio.sleep(0)

    async def stop(self) -> None:
        await self._process.stop()


@contextlib.asynccontextmanager
async def starting() -> AsyncIterator[AnalysisProcess]:
    """An analysis process that has begun to load, ended at the end."""
    analysis = AnalysisProcess(await WorkerProcess.start(_MODULE))
    try:
        yield analysis
    finally:
        await analysis.stop()
