"""Where questions are decided: beside the event loop, which Korean analysis would hold up."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar, TypeVarTuple, Unpack

from domain.knowledge import Decision, Entry
from knowledge.vectors import TextVectors

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Question = tuple[str, str | None]  # text, and the customer's question before it


class Shelf(Protocol):
    """Versions that can be opened and asked: knowledge.shelf.Shelf."""

    def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]: ...

    def change(
        self, version: int, base: int, texts: Mapping[str, str], removed: Collection[str]
    ) -> dict[str, Entry]: ...

    def keep(self, version: int, path: Path) -> None: ...

    def decide(
        self, version: int, questions: Sequence[Question], vectors: TextVectors | None = None
    ) -> list[tuple[Decision, ...]]: ...

    def lacking(self, version: int) -> dict[str, str]: ...

    def give(self, version: int, vectors: Mapping[str, bytes]) -> None: ...


class Analysis(Protocol):
    """A shelf, asked without waiting in the event loop."""

    async def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        """Make a version ready (see knowledge.shelf.Shelf.open); the one before goes on answering meanwhile."""

    async def change(
        self, version: int, base: int, texts: Mapping[str, str], removed: Collection[str]
    ) -> dict[str, Entry]:
        """Make a version ready that differs in these entries from `base`, which is open; gives the entries put in."""

    async def keep(self, version: int, path: Path) -> None:
        """Write what was built for a version to a file, for the next start."""

    async def decide(
        self, version: int, questions: Sequence[Question], vectors: TextVectors | None = None
    ) -> list[tuple[Decision, ...]]:
        """Decisions for each question. Raises AnalysisGone when deciding these ends the analysis again and again."""

    async def lacking(self, version: int) -> dict[str, str]:
        """Texts of a version that have no vector yet, by hash (see knowledge.shelf.Shelf.lacking)."""

    async def give(self, version: int, vectors: Mapping[str, bytes]) -> None:
        """Vectors of a version's texts, by hash. May raise AnalysisGone, as `lacking` may."""

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

    async def change(
        self, version: int, base: int, texts: Mapping[str, str], removed: Collection[str]
    ) -> dict[str, Entry]:
        assert self._shelf is not None, "change comes after open"
        return await in_thread(self._builder, self._shelf.change, version, base, texts, removed)

    async def keep(self, version: int, path: Path) -> None:
        assert self._shelf is not None, "keep comes after open"
        await in_thread(self._builder, self._shelf.keep, version, path)

    async def decide(
        self, version: int, questions: Sequence[Question], vectors: TextVectors | None = None
    ) -> list[tuple[Decision, ...]]:
        assert self._shelf is not None, "decide comes after open"
        return await in_thread(self._thread, self._shelf.decide, version, questions, vectors)

    async def lacking(self, version: int) -> dict[str, str]:
        assert self._shelf is not None, "lacking comes after open"
        return await in_thread(self._builder, self._shelf.lacking, version)

    async def give(self, version: int, vectors: Mapping[str, bytes]) -> None:
        assert self._shelf is not None, "give comes after open"
        await in_thread(self._builder, self._shelf.give, version, vectors)

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
