"""Analysis in a process of its own: it has the other core, its seconds of loading hold nothing up, and a text that
breaks the native code takes down neither intake nor delivery."""

import asyncio
import contextlib
import itertools
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from bot.engine.analysis import Question
from bot.engine.frames import HEAD, pack, unpack
from domain.errors import AnalysisGone
from domain.knowledge import Decision, Entry

_KEPT = 2  # versions opened again in a new process: what the shelf holds
_DEATHS, _WITHIN = 10, 60.0  # that many deaths in so many seconds, and the program ends for its supervisor to see
_CLOSING = 0.5  # seconds the process gets to end by itself
log = structlog.get_logger()


class AnalysisProcess:
    """Starts the process, and starts it anew when it dies. Use `starting`; `run` is the loop that watches."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._opened: dict[int, tuple[Mapping[str, str], Sequence[Path]]] = {}
        self._deaths: deque[float] = deque(maxlen=_DEATHS)
        self._up = asyncio.Event()
        self._up.set()
        self._reader = asyncio.create_task(self._read(process))

    async def run(self) -> None:
        """Watch over the process; raises AnalysisGone when it dies too often."""
        while True:
            await asyncio.wait([self._reader])
            code = await self._end()
            self._deaths.append(time.monotonic())
            log.error("analysis_died", code=code)
            if len(self._deaths) == _DEATHS and self._deaths[-1] - self._deaths[0] < _WITHIN:
                raise AnalysisGone(f"the analysis process died {_DEATHS} times in a row (exit code {code})")
            self._process = await _start()
            self._reader = asyncio.create_task(self._read(self._process))
            with contextlib.suppress(AnalysisGone):
                for version, (texts, kept) in list(self._opened.items()):
                    await self._call("open", version, texts, kept)
                self._up.set()

    async def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        while True:
            await self._up.wait()
            with contextlib.suppress(AnalysisGone):
                entries: dict[str, Entry] = await self._call("open", version, texts, kept)
                self._opened = dict([*self._opened.items(), (version, (texts, kept))][-_KEPT:])
                return entries

    async def decide(self, version: int, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        """Asks a second time when the process dies: the fault may have been another's, or the machine's."""
        await self._up.wait()
        try:
            return await self._call("decide", version, questions)  # type: ignore[no-any-return]
        except AnalysisGone:
            await self._up.wait()
            return await self._call("decide", version, questions)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Nothing to do here: `starting` ends the process."""

    async def _call(self, operation: str, *arguments: Any) -> Any:
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._reader.done() or self._process.stdin is None:
            raise AnalysisGone("the analysis process is not there")
        self._waiting[number] = future
        try:
            self._process.stdin.write(pack(number, operation, arguments))
            with contextlib.suppress(OSError):  # the reader finds out, and says so to all who wait
                await self._process.stdin.drain()
            return await future
        finally:
            self._waiting.pop(number, None)

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        try:
            while True:
                head = await process.stdout.readexactly(HEAD.size)
                frame = await process.stdout.readexactly(*HEAD.unpack(head))
                number, result, error = unpack(frame)
                waiting = self._waiting.get(number)
                if waiting is None or waiting.done():
                    continue
                if error:
                    waiting.set_exception(RuntimeError(f"analysis failed: {error}"))
                else:
                    waiting.set_result(result)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the process is gone
        finally:
            self._up.clear()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(AnalysisGone("the analysis process died"))

    async def _end(self) -> int:
        """Let the process end, or kill it; its exit code."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_CLOSING):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    async def stop(self) -> None:
        self._reader.cancel()
        await self._end()


@contextlib.asynccontextmanager
async def starting() -> AsyncIterator[AnalysisProcess]:
    """An analysis process that has begun to load, ended at the end."""
    analysis = AnalysisProcess(await _start())
    try:
        yield analysis
    finally:
        await analysis.stop()


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.engine.analysis_worker", stdin=PIPE, stdout=PIPE
    )
