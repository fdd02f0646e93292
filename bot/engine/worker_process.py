"""One process of a worker module, from the program's side: asked over its pipes, never started twice."""

import asyncio
import contextlib
import itertools
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

from bot.engine.frames import HEAD, pack, unpack
from domain.errors import AnalysisGone

_CLOSING = 0.5  # seconds the process gets to end by itself


class WorkerProcess:
    """Use `start`. Whoever holds it starts another when it has died."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, module: str) -> "WorkerProcess":
        return cls(await asyncio.create_subprocess_exec(sys.executable, "-m", module, stdin=PIPE, stdout=PIPE))

    @property
    def alive(self) -> bool:
        return not self._reader.done()

    async def died(self) -> None:
        """Wait until it has; whoever waited for a reply knows it then."""
        await asyncio.wait([self._reader])

    async def call(self, operation: str, *arguments: Any) -> Any:
        """Raises AnalysisGone when the process dies meanwhile, RuntimeError with the kind of what went wrong in it."""
        if not self.alive or self._process.stdin is None:
            raise AnalysisGone("the process is not there")
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._process.stdin.write(pack(number, operation, arguments))
            with contextlib.suppress(OSError):  # the reader finds out, and says so to all who wait
                await self._process.stdin.drain()
            return await future
        finally:
            self._waiting.pop(number, None)

    async def end(self) -> int:
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
        """End it without waiting for what it is doing."""
        self._reader.cancel()
        await self.end()

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            while True:
                head = await stdout.readexactly(HEAD.size)
                frame = await stdout.readexactly(*HEAD.unpack(head))
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
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(AnalysisGone("the process died"))
