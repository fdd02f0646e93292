"""The workbench's process: a real one, begun when there is work, ended when there is none, and killed."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace

import psutil
import pytest

from bot.engine.draft import digest_of
from bot.engine.workbench import Candidate, ProcessBench, ThreadBench, Trials
from knowledge.analysis import Analyzer
from knowledge.files import default_texts
from knowledge.workbench import Workbench
from storage.kb_rows import hash_of

QUESTIONS = [("환불은 며칠 안에 해 주나요?", None), ("안녕하세요", None)]
TEXTS = default_texts()


class Library:
    """Texts by hash, and which were asked for."""

    def __init__(self) -> None:
        self.texts = {hash_of(t): t for t in TEXTS.values()}
        self.read: list[str] = []

    async def __call__(self, hashes: Collection[str]) -> Mapping[str, str]:
        self.read += hashes
        return {h: self.texts[h] for h in hashes}


def candidate(**changed: str) -> Candidate:
    hashes = {i: hash_of(t) for i, t in TEXTS.items()} | {i: hash_of(t) for i, t in changed.items()}
    return Candidate(digest_of(hashes), hashes, {hash_of(t): t for t in changed.values()})


def children() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "bot.engine.workbench_worker" in p.cmdline()]


async def test_it_is_there_for_work_and_gone_after(tmp_path: object) -> None:
    bench = ProcessBench(idle=0.2)
    trials = Trials(bench, Library())
    assert children() == []
    first = await trials.decide(candidate(), QUESTIONS)
    (process,) = children()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [process], 20)
    assert gone == [process]
    assert await trials.decide(candidate(), QUESTIONS) == first
    await trials.close()
    assert children() == []


async def test_it_decides_as_this_process_would_and_is_asked_again_when_it_dies() -> None:
    here = Trials(ThreadBench(Workbench(Analyzer)), Library())
    there = Trials(ProcessBench(), Library())
    expected = await here.decide(candidate(), QUESTIONS)
    assert await there.decide(candidate(), QUESTIONS) == expected
    (process,) = children()
    asked = asyncio.create_task(there.decide(candidate(), QUESTIONS * 200))
    await asyncio.sleep(0)  # the request is on its way
    process.kill()
    assert [d[0].entry for d in await asked] == [d[0].entry for d in expected * 200]
    await there.close()
    await here.close()


async def test_only_what_differs_is_read() -> None:
    library = Library()
    trials = Trials(ThreadBench(Workbench(Analyzer)), library)
    await trials.decide(candidate(), QUESTIONS)
    assert sorted(library.read) == sorted(library.texts)
    library.read.clear()
    greeting = TEXTS["greeting"].replace("title: ", "title: 반가운 ")
    changed = candidate(greeting=greeting)
    await trials.decide(changed, QUESTIONS)
    assert library.read == []  # what nobody has saved comes with the candidate
    await trials.decide(candidate(), QUESTIONS)
    assert library.read == []
    saved = replace(changed, key="another", unsaved={})
    library.texts[hash_of(greeting)] = greeting
    for other in ("하나", "둘", "셋"):  # more than are kept open
        await trials.decide(replace(candidate(), key=other), QUESTIONS)
    await trials.decide(saved, QUESTIONS)
    assert library.read == [hash_of(greeting)]
    await trials.close()


async def test_a_wrong_key_is_an_error_and_no_death() -> None:
    bench = ProcessBench()
    await bench.ready()
    with pytest.raises(RuntimeError, match="KeyError"):
        await bench.call("decide", "nothing", QUESTIONS)
    assert len(children()) == 1
    await bench.close()
