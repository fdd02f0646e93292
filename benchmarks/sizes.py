"""How a decision's time, the memory and the wait for a publish grow with the knowledge base, beside bm25s on Kiwi.

Every size and peer is a process of its own, so that memory is counted apart. A question is decided alone, as for a
single customer, its analysis included.
"""

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
from kiwipiepy import Kiwi

from benchmarks.options import Options
from benchmarks.process import ROOT
from benchmarks.report import table
from benchmarks.search_rivals import Bm25, morphemes
from benchmarks.sizes_data import made_up, questions
from bot.engine.analysis_process import starting
from bot.engine.librarian import Librarian, ensure_published
from bot.engine.signals import Signals
from bot.engine.workbench import ThreadBench
from bot.engine.workshop import open_workshop
from domain.clock import system_clock
from domain.knowledge import Entry
from domain.staff import Role, Staff
from handlers.catalogue import load_texts
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.files import dump
from knowledge.workbench import Workbench
from storage.crypto import MasterKey
from storage.opening import open_storage

SIZES = (1_000, 10_000, 100_000)
PUBLISHED = 10_000
QUESTIONS = 400
PUBLISHES = 20
ADMIN = Staff(0, "bench", "bench", Role.ADMIN)


def run(options: Options) -> dict[str, object]:
    figures: dict[str, object] = {}
    rows = []
    for size in SIZES:
        for peer in ("sangdam", "bm25s"):
            found = _apart(peer, str(size))
            figures[f"{peer} {size}"] = found
            rows.append([f"{size:,} entries, {peer}", *(f"{value:,.2f}" for value in found.values())])
    table(["", "p50 ms", "p95 ms", "KB an entry", "built in s"], rows)
    figures["publish"] = visible = _apart("publish", str(PUBLISHED))
    print(f"A publish of one changed entry among {PUBLISHED:,}, from its commit until it is what customers get:")
    table(["", *visible], [["ms", *(f"{value:,.1f}" for value in visible.values())]])
    return figures


def _apart(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sizes", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _decisions(peer: str, size: int) -> dict[str, float]:
    ready = _sangdam() if peer == "sangdam" else _bm25s()
    gc.collect()
    before = psutil.Process().memory_info().rss
    entries = made_up(size)
    asked = questions(entries, QUESTIONS * 2)
    began = time.perf_counter()
    find = ready(entries)
    built = time.perf_counter() - began
    gc.collect()
    memory = psutil.Process().memory_info().rss - before
    for question in asked[:QUESTIONS]:
        find(question)
    times = []
    for question in asked[QUESTIONS:]:
        began = time.perf_counter()
        find(question)
        times.append((time.perf_counter() - began) * 1e3)
    p50, p95 = np.percentile(times, (50, 95))
    return {"p50": p50, "p95": p95, "kb": memory / 1024 / size, "built": built}


Find = Callable[[str], object]


def _sangdam() -> Callable[[Sequence[Entry]], Find]:
    analyzer = Analyzer()
    return lambda entries: Answerer(analyzer, entries).decide


def _bm25s() -> Callable[[Sequence[Entry]], Find]:
    kiwi = Kiwi(load_multi_dict=False)
    return lambda entries: Bm25("bm25s", entries, morphemes(kiwi)).find


async def _publishes(size: int) -> dict[str, float]:
    """One process with its analysis beside it, as the service runs; the draft is changed and published repeatedly."""
    with tempfile.TemporaryDirectory() as folder:
        data, keys = (f"sqlite+aiosqlite:///{Path(folder) / name}" for name in ("data.db", "keys.db"))
        async with starting() as analysis, open_storage(data, keys, MasterKey(b"k" * 32), system_clock) as storage:
            signals = Signals(storage.database)
            librarian = Librarian(storage.knowledge, signals, system_clock, analysis)
            workshop = open_workshop(
                storage,
                ThreadBench(Workbench(Analyzer)),
                load_texts(),
                system_clock,
                signals,
                two_person=False,
                prepare=librarian.prepare,
            )
            await ensure_published(storage.knowledge, system_clock)
            files = {f"{e.id}.md": dump(e) for e in made_up(size)}
            await workshop.editing.put_in(ADMIN, files, merge=False)
            loops = [asyncio.create_task(loop()) for loop in (signals.run, librarian.run)]
            times = []
            for number in range(PUBLISHES + 1):
                found = await workshop.editing.entry(ADMIN, f"e{number}")
                text = found.text.rstrip("\n") + f" {number}번째로 고쳤습니다.\n"
                await workshop.editing.save(ADMIN, text, entry=found.id, based_on=found.etag)
                version, _ = await workshop.publishing.publish(ADMIN)
                began = time.perf_counter()  # just after the commit, and after those who wait were told
                while not librarian.ready or (await librarian.live()).version != version:  # noqa: ASYNC110
                    await asyncio.sleep(0.0005)
                times.append((time.perf_counter() - began) * 1e3)
            await workshop.close()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
        p50, p95 = np.percentile(times[1:], (50, 95))
        return {"p50": p50, "p95": p95, "largest": max(times[1:])}


def main() -> None:
    what, size = sys.argv[1], int(sys.argv[2])
    found = asyncio.run(_publishes(size)) if what == "publish" else _decisions(what, size)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
