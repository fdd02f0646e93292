"""What is live in a process: only what differs is opened, ahead of a publish where it can be, and kept for a start. On
both engines."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path

import pytest

from bot.engine.analysis import ThreadAnalysis
from bot.engine.librarian import Librarian
from bot.engine.signals import Signals
from bot.engine.workbench import ThreadBench
from bot.engine.workshop import open_workshop
from domain.clock import system_clock
from domain.knowledge import Entry
from handlers.catalogue import load_texts
from knowledge.analysis import Analyzer
from knowledge.packed import unpack
from knowledge.shelf import Shelf, parsed
from knowledge.workbench import Workbench
from storage.knowledge import Difference
from storage.opening import Storage
from storage.times import to_us
from tests.acceptance.process import until
from tests.conftest import Urls
from tests.knowledge.conftest import ADMIN
from tests.knowledge.test_editing import COUPON
from tests.knowledge.test_publishing import DELIVERY, REFUND

FIRST = {"delivery": DELIVERY, "refund": REFUND}
SECOND = {"coupon": COUPON, "refund": REFUND.replace("이레", "열흘")}
QUESTIONS = [("쿠폰은 어디서 받나요", None), ("택배는 언제 오나요", None), ("돈을 돌려받고 싶어요", None)]


class Watched(ThreadAnalysis):
    """Keeps what it was asked to open."""

    def __init__(self, analyzer: Analyzer) -> None:
        super().__init__(lambda: Shelf(analyzer))
        self.changes: list[tuple[int, list[str], tuple[str, ...]]] = []

    async def change(
        self, version: int, base: int, texts: Mapping[str, str], removed: Collection[str]
    ) -> dict[str, Entry]:
        self.changes.append((version, sorted(texts), tuple(removed)))
        return await super().change(version, base, texts, removed)


@pytest.fixture
async def analysis(analyzer: Analyzer) -> AsyncIterator[Watched]:
    made = Watched(analyzer)
    yield made
    made.close()


async def publish(storage: Storage, after: int, texts: Mapping[str, str]) -> None:
    now = to_us(system_clock())
    await storage.knowledge.publish(texts, after=after, by="test", note="", now=now, draft=True)


async def test_a_version_is_made_of_the_one_before_it(storage: Storage, analysis: Watched, analyzer: Analyzer) -> None:
    await publish(storage, 0, FIRST)
    librarian = Librarian(storage.knowledge, None, system_clock, analysis)
    old = await librarian.load()
    await publish(storage, 1, SECOND)
    new = await librarian.load()
    assert analysis.changes == [(2, ["coupon", "refund"], ("delivery",))]
    assert (new.version, dict(new.entries)) == (2, parsed(SECOND))
    afresh = Shelf(analyzer)
    for library, texts in ((old, FIRST), (new, SECOND)):  # messages that were begun with the old one end with it
        afresh.open(library.version, texts, [])
        assert await librarian.decide(library, QUESTIONS) == afresh.decide(library.version, QUESTIONS)


async def test_a_publish_in_this_process_is_ready_before_it_is_out(
    storage: Storage, analysis: Watched, analyzer: Analyzer
) -> None:
    await publish(storage, 0, FIRST)
    librarian, signals = Librarian(storage.knowledge, None, system_clock, analysis), Signals(storage.database)
    await librarian.load()
    workshop = open_workshop(
        storage,
        ThreadBench(Workbench(lambda: analyzer)),
        load_texts(),
        system_clock,
        signals,
        two_person=False,
        prepare=librarian.prepare,
    )
    await workshop.editing.save(ADMIN, COUPON, entry=None, based_on="")
    await workshop.publishing.publish(ADMIN)
    assert analysis.changes == [(2, ["coupon"], ())]
    assert (await librarian.live()).version == 1
    assert dict((await librarian.load()).entries) == parsed({**FIRST, "coupon": COUPON})
    await workshop.publishing.rollback(ADMIN, 1)
    library = await librarian.load()
    assert (library.version, dict(library.entries)) == (3, parsed(FIRST))
    assert len(analysis.changes) == 2  # neither was opened a second time
    assert (await librarian.decide(library, QUESTIONS[1:2]))[0][0].entry == "delivery"
    await signals.told()
    await workshop.close()


async def test_what_was_made_ready_and_not_published_is_not_used(storage: Storage, analysis: Watched) -> None:
    await publish(storage, 0, FIRST)
    librarian = Librarian(storage.knowledge, None, system_clock, analysis)
    first = await librarian.load()
    await librarian.prepare(2, Difference({"coupon": COUPON}, ()))
    assert (await librarian.load()).version == 1
    assert (await librarian.decide(first, QUESTIONS[1:2]))[0][0].entry == "delivery"
    await publish(storage, 1, SECOND)  # by another process
    library = await librarian.load()
    assert dict(library.entries) == parsed(SECOND)
    assert (await librarian.decide(library, QUESTIONS))[0][0].entry == "coupon"
    assert (await librarian.decide(first, QUESTIONS[1:2]))[0][0].entry == "delivery"
    await librarian.prepare(9, Difference({}, ()))  # not the next one
    assert [change[0] for change in analysis.changes] == [2, 2]


async def test_another_process_sees_it_and_keeps_it_for_its_next_start(
    urls: Urls, analysis: Watched, analyzer: Analyzer, tmp_path: Path
) -> None:
    cache = tmp_path / "cache" / "knowledge.npz"
    async with urls.open() as ours, urls.open() as theirs:
        await publish(theirs, 0, FIRST)
        signals = Signals(ours.database)
        librarian = Librarian(ours.knowledge, signals, system_clock, analysis, cache)
        loops = [asyncio.create_task(loop()) for loop in (signals.run, librarian.run)]
        await librarian.live()
        before = cache.read_bytes()
        await publish(theirs, 1, SECOND)

        async def kept_anew() -> bool:
            return (await librarian.live()).version == 2 and cache.read_bytes() != before

        await until(kept_anew, "the second version, kept")
        kept = unpack(cache.read_bytes(), analyzer, parsed(SECOND).values())
        assert kept is not None
        assert {e.id for e in kept.entries} == set(SECOND)
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops)
