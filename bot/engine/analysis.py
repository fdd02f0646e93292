"""Where questions are decided: beside the event loop, which Korean analysis would hold up."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar, TypeVarTuple, Unpack

from domain.knowledge import Decision, Entry

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Question = tuple[str, str | None]  # text, and the customer's question before it


class Shelf(Protocol):
    """Versions that can be opened and asked: knowledge.shelf.Shelf."""

    def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]: ...

    def decide(self, version: int, questions: Sequence[Question]) -> list[tuple[Decision, ...]]: ...


class Analysis(Protocol):
    """A shelf, asked without waiting in the event loop."""

    async def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        """Make a version ready (see knowledge.shelf.Shelf.open); the one before goes on answering meanwhile."""

    async def decide(self, version: int, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        """Decisions for each question. Raises AnalysisGone when deciding these ends the analysis again and again."""

    def close(self) -> None: ...


class ThreadAnalysis:
    """Analysis in two threads of this process, for commands that end soon and for tests.

    make: gives the shelf; it is called in the thread, because loading Kiwi takes seconds.
    """

    def __init__(self, make: Callable[[], Shelf]) -> None:
        self._make = make
        self._shelf: Shelf | None = None
        self._builder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="knowledge")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")

    async def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        return await in_thread(self._builder, self._open, version, texts, kept)

    async def decide(self, version: int, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        assert self._shelf is not None, "decide comes after open"
        return await in_thread(self._thread, self._shelf.decide, version, questions)

    def close(self) -> None:
        self._builder.shutdown(wait=False, cancel_futures=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        if self._shelf is None:
            self._shelf = self._make()
        return self._shelf.open(version, texts, kept)


async def in_thread(thread: Executor, function: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
    """Run a function in a thread of one's own."""
    return await asyncio.get_running_loop().run_in_executor(thread, function, *arguments)
