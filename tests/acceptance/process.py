"""Running `python -m bot …` as its users do, and looking at it from outside."""
# ruff: noqa: ASYNC109  (the callers say how long they wait)

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds; far more than anything here takes, for machines that do other things as well
_ADDRESS = "http://"
T = TypeVar("T")


@dataclass(slots=True)
class Service:
    """A started `run`: what it wrote on standard error so far, and its end."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _reader: asyncio.Task[None] | None = None
    _ended: bool = False

    async def line(self, contains: str, timeout: float = PATIENCE, *, count: int = 1) -> str:
        """The count-th line with this in it, once it is there. Fails when the process ends before."""

        def found() -> list[str]:
            return [line for line in self.lines if contains in line]

        def there() -> bool:
            return len(found()) >= count or self._ended

        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(there)
        assert len(found()) >= count, f"no {contains!r} before the end: {self.lines[-20:]}"
        return found()[count - 1]

    async def url(self) -> str:
        """The address of the pages, as the process prints it."""
        line = await self.line(_ADDRESS)
        return line[line.index(_ADDRESS) :].rstrip("/")

    async def ready(self) -> None:
        """Until it can answer."""
        await self.line("knowledge_live")

    async def kill(self) -> None:
        """SIGKILL: no handler, no flush, no goodbye."""
        self.process.kill()
        await self._end()

    async def stop(self, timeout: float = PATIENCE) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._end(), timeout)

    async def _end(self) -> int:
        code = await self.process.wait()
        if self._reader is not None:
            await self._reader
        return code

    async def read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._changed:
                self.lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()
        async with self._changed:
            self._ended = True
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Runner:
    """Starts services and commands for one test, remembers what they logged, and leaves none behind."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder, self.settings = folder, dict(settings)
        self.services: list[Service] = []

    async def start(self, *, module: str = "bot", **changes: str) -> Service:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, "run",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env=self.environment(changes), cwd=self.folder, limit=2**20,
        )  # fmt: skip
        service = Service(process)
        service._reader = asyncio.create_task(service.read())
        self.services.append(service)
        return service

    async def command(self, *arguments: str, text: str | bytes = "", timeout: float = PATIENCE, **changes: str) -> Ran:
        """Run a command to its end with text on standard input."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=self.environment(changes), cwd=self.folder,
        )  # fmt: skip
        given = text.encode() if isinstance(text, str) else text
        try:
            out, err = await asyncio.wait_for(process.communicate(given), timeout)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    def environment(self, changes: Mapping[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SANGDAM_")}
        return kept | {"PYTHONPATH": str(ROOT)} | self.settings | {f"SANGDAM_{k}": v for k, v in changes.items()}

    @property
    def lines(self) -> list[str]:
        """Everything all services wrote on standard error."""
        return [line for service in self.services for line in service.lines]

    async def close(self) -> None:
        for service in self.services:
            if service.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    await service.kill()
        for number, service in enumerate(self.services):
            (self.folder / f"service-{number}.log").write_text("\n".join(service.lines))


@contextlib.asynccontextmanager
async def closing(runner: Runner) -> AsyncIterator[Runner]:
    try:
        yield runner
    finally:
        await runner.close()


async def until(condition: Callable[[], Awaitable[T]], what: str, timeout: float = PATIENCE) -> T:
    """The condition's first true value; for what nothing here can tell of when it changes."""
    try:
        async with asyncio.timeout(timeout):
            while not (value := await condition()):  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.05)
            return value
    except TimeoutError:
        raise AssertionError(f"{what} did not come true in {timeout} s") from None


def leaks(lines: Sequence[str], private: Iterable[str]) -> list[str]:
    """Which of these strings stand in the logs."""
    whole = "\n".join(lines)
    return sorted({word for word in private if word and word in whole})
