"""Candidates of the knowledge base put to work beside the program: tried, and judged by their regression questions."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.engine.analysis import Question, in_thread
from bot.engine.worker_process import WorkerProcess
from domain.errors import AnalysisGone
from domain.knowledge import Decision
from knowledge.changes import differing
from knowledge.vectors import TextVectors
from knowledge.workbench import Workbench

OPERATIONS = ("open", "decide", "group", "texts_to_embed", "fit")  # of knowledge.workbench.Workbench
_MODULE = "bot.engine.workbench_worker"
_IDLE = 300.0  # seconds without work after which its memory is given back
_OPEN = 3  # the live version, the draft, and what is being tried

ReadTexts = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version to try. key tells its content; hashes: of the texts, by entry id; unsaved: texts by hash that no
    storage has."""

    key: str
    hashes: Mapping[str, str]
    unsaved: Mapping[str, str] = field(default_factory=dict)


class Bench(Protocol):
    """Where a knowledge.workbench.Workbench does its work."""

    async def ready(self) -> int:
        """Have it there; a number that changes when it was begun anew and holds nothing."""

    async def call(self, operation: str, *arguments: Any) -> Any:
        """One of OPERATIONS. Raises AnalysisGone when it ended meanwhile."""

    async def close(self) -> None: ...


class ThreadBench:
    """In a thread of this process, for commands that end soon and for tests."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="workbench")

    async def ready(self) -> int:
        return 1

    async def call(self, operation: str, *arguments: Any) -> Any:
        return await in_thread(self._thread, getattr(self._workbench, operation), *arguments)

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


class ProcessBench:
    """In a process of its own, which is started when there is work and ended after `idle` seconds without any."""

    def __init__(self, idle: float = _IDLE) -> None:
        self._idle = idle
        self._process: WorkerProcess | None = None
        self._starts = 0
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[int]] = set()

    async def ready(self) -> int:
        if self._process is None or not self._process.alive:
            self._process = await WorkerProcess.start(_MODULE)
            self._starts += 1
            self._rest()
        return self._starts

    async def call(self, operation: str, *arguments: Any) -> Any:
        if self._process is None:
            raise AnalysisGone("the workbench was put away")
        self._busy += 1
        try:
            return await self._process.call(operation, *arguments)
        finally:
            self._busy -= 1
            self._rest()

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._process is not None:
            await self._process.stop()
        await asyncio.gather(*self._ending)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._idle, self._put_away)

    def _put_away(self) -> None:
        if not self._busy and self._process is not None:
            task = asyncio.create_task(self._process.end())
            self._process = None
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


class Trials:
    """Asks candidates, sending the workbench only the texts that differ from what it has. read: texts by hash."""

    def __init__(self, bench: Bench, read: ReadTexts) -> None:
        self._bench, self._read = bench, read
        self._turn = asyncio.Lock()
        self._begun = 0
        self._open: dict[str, Candidate] = {}

    async def decide(self, candidate: Candidate, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        """Decisions for each question. Raises AnalysisGone when deciding these ends the process again and again."""
        try:
            return await self._decide(candidate, questions)
        except AnalysisGone:
            return await self._decide(candidate, questions)

    async def group(self, questions: Sequence[str]) -> list[tuple[int, ...]]:
        """Questions of one meaning together: their places, most typical first. Raises AnalysisGone as decide does."""
        try:
            return await self._group(questions)
        except AnalysisGone:
            return await self._group(questions)

    async def texts_to_embed(self, candidate: Candidate) -> list[str]:
        """Texts whose vectors fitting can use. May raise AnalysisGone."""
        async with self._turn:
            await self._have(candidate)
            texts: list[str] = await self._bench.call("texts_to_embed", candidate.key)
        return texts

    async def fit(self, candidate: Candidate, vectors: TextVectors) -> str:
        """A model fitted to the candidate, as JSON; "" when there is too little to fit to. May raise AnalysisGone."""
        async with self._turn:
            await self._have(candidate)
            fitted: str = await self._bench.call("fit", candidate.key, vectors)
        return fitted

    async def _group(self, questions: Sequence[str]) -> list[tuple[int, ...]]:
        async with self._turn:
            await self._bench.ready()
            grouped: list[tuple[int, ...]] = await self._bench.call("group", questions)
        return grouped

    async def _decide(self, candidate: Candidate, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        async with self._turn:
            await self._have(candidate)
            decided: list[tuple[Decision, ...]] = await self._bench.call("decide", candidate.key, questions)
        return decided

    async def _have(self, candidate: Candidate) -> None:
        begun = await self._bench.ready()
        if begun != self._begun:
            self._begun, self._open = begun, {}
        if candidate.key in self._open:
            self._open[candidate.key] = self._open.pop(candidate.key)  # the last one used
            return
        base = next(reversed(self._open.values()), Candidate("", {}))
        found = differing(base.hashes, candidate.hashes)
        wanted = {entry: candidate.hashes[entry] for entry in (*found.added, *found.changed)}
        texts = dict(candidate.unsaved)
        texts |= await self._read([h for h in wanted.values() if h not in texts])
        put_in = {entry: texts[h] for entry, h in wanted.items()}
        keep = list(self._open)[-(_OPEN - 1) :]
        await self._bench.call("open", candidate.key, base.key, put_in, found.removed, keep)
        self._open = {key: self._open[key] for key in keep} | {candidate.key: candidate}

    async def close(self) -> None:
        with contextlib.suppress(AnalysisGone):
            await self._bench.close()
