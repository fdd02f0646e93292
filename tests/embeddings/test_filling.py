"""Vectors of the knowledge base: each text sent once, whoever dies or changes something meanwhile. On both engines."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.engine.breaker import Breaker
from bot.engine.vector_filling import VectorFilling
from bot.engine.vector_source import VectorSource
from knowledge.analysis import Analyzer
from storage.opening import Storage
from storage.tables import kb_vectors
from storage.vectors import VectorStore
from tests.conftest import Urls
from tests.embeddings.meaning import Meaning
from tests.embeddings.process import Process, process, publish, texts_in
from tests.embeddings.server import Embedder
from tests.knowledge.shop import SHOP


async def kept(storage: Storage) -> int:
    async with storage.database.read() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(kb_vectors))).scalar_one()


def filling(one: Process, breaker: Breaker) -> VectorFilling:
    """As the process has it, with a breaker of the test's."""
    parts, plug = one.parts, one.plug
    source = VectorSource(plug.client, VectorStore(parts.storage.database), parts.metrics, breaker)
    return VectorFilling(source, parts.storage, parts.librarian, one.analysis, parts.clock)


async def test_every_text_is_sent_once_and_never_again(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    version = await publish(storage)
    async with process(storage, analyzer, tmp_path, embedder) as first:
        assert not first.plug.filling.serves(version)
        assert await first.fill()
        assert first.plug.filling.serves(version)
        assert await first.fill()
    assert sorted(embedder.texts) == texts_in()
    assert await kept(storage) == len(texts_in())
    async with process(storage, analyzer, tmp_path, embedder) as second:
        assert await second.fill()
        assert second.plug.filling.serves(version)
    assert sorted(embedder.texts) == texts_in()


async def test_of_a_version_with_one_other_alias_that_alias_is_sent(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    first = await publish(storage)
    changed = replace(SHOP[0], aliases=(*SHOP[0].aliases[:-1], "탈퇴하면 기록도 지워지나요"))
    async with process(storage, analyzer, tmp_path, embedder) as one:
        assert await one.fill()
        embedder.requests.clear()
        second = await publish(storage, (changed, *SHOP[1:]))
        assert await one.fill()
        assert embedder.texts == ["탈퇴하면 기록도 지워지나요"]
        assert one.plug.filling.serves(first)  # for what is being decided by it
        assert one.plug.filling.serves(second)
        third = await publish(storage, SHOP)
        assert await one.fill()
        assert one.plug.filling.serves(third)
    assert embedder.texts == ["탈퇴하면 기록도 지워지나요"]


async def test_identifiers_in_entries_do_not_leave(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    await publish(storage, (*SHOP, replace(SHOP[0], id="call", aliases=("010-1234-5678로 전화하면 되나요",))))
    async with process(storage, analyzer, tmp_path, embedder) as one:
        assert await one.fill()
    assert "[번호]로 전화하면 되나요" in embedder.texts
    assert "1234" not in str(embedder.requests)


async def test_what_was_there_before_a_failure_stays_and_the_rest_follows(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    version = await publish(storage)
    embedder.most, embedder.fails_after = 4, 3
    async with process(storage, analyzer, tmp_path, embedder) as one:
        with capture_logs() as logs:
            assert not await one.fill()
        assert not one.plug.filling.serves(version)
        (failure,) = [line for line in logs if line["event"] == "embeddings_failed"]
        assert failure["reason"] == "status 500"
        assert not any(text in str(logs) for text in texts_in())
        asked = len(embedder.requests)
        assert not await one.fill()
        assert len(embedder.requests) == asked  # left alone for a while
    some = await kept(storage)
    assert 0 < some < len(texts_in())
    embedder.fails_after = None
    async with process(storage, analyzer, tmp_path, embedder) as two:
        assert await two.fill()
    accepted = Counter(embedder.accepted)
    assert sorted(accepted) == texts_in()
    assert set(accepted.values()) == {1}


async def test_it_tries_again_after_a_pause(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    await publish(storage)
    now = 0.0
    embedder.fault = "429"
    async with process(storage, analyzer, tmp_path, embedder) as one:
        await one.parts.librarian.load()
        again = filling(one, Breaker(1, 5.0, 60.0, lambda: now, lambda: 0.0))
        assert not await again.fill()
        embedder.fault = ""
        now = 6.9  # the service asked for seven seconds
        assert not await again.fill()
        now = 7.1
        assert await again.fill()


@pytest.mark.parametrize("most", [1, 5])
async def test_a_service_that_takes_fewer_texts_gets_fewer(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path, most: int
) -> None:
    await publish(storage)
    embedder.most = most
    async with process(storage, analyzer, tmp_path, embedder) as one:
        assert await one.fill()
    assert sorted(embedder.accepted) == texts_in()


async def test_vectors_of_another_length_are_not_mixed_in(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    await publish(storage, SHOP[:4])
    async with process(storage, analyzer, tmp_path, embedder) as one:
        assert await one.fill()
    before = await kept(storage)
    embedder.meaning = Meaning(spare=3)
    version = await publish(storage)
    async with process(storage, analyzer, tmp_path, embedder) as two:
        assert not await two.fill()
        assert not two.plug.filling.serves(version)
    assert await kept(storage) == before
    async with process(storage, analyzer, tmp_path, embedder, embeddings_dimensions=205) as three:
        assert await three.fill()  # under a name of its own


async def test_of_several_processes_one_sends(
    urls: Urls, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    async with urls.open() as a, urls.open() as b:
        version = await publish(a)
        async with process(a, analyzer, tmp_path, embedder) as one, process(b, analyzer, tmp_path, embedder) as two:
            await one.parts.librarian.load()
            await two.parts.librarian.load()
            embedder.fault = "hangs"
            first = asyncio.create_task(one.fill())
            await embedder.asked.wait()
            assert not await two.fill()
            assert len(embedder.requests) == 1
            embedder.fault = ""
            embedder.released.set()
            assert await first
            assert await two.fill()
            assert two.plug.filling.serves(version)
    assert sorted(embedder.texts) == texts_in()


async def test_the_loop_notices_a_new_version(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    await publish(storage)
    async with process(storage, analyzer, tmp_path, embedder) as one:
        parts = one.parts
        loops = [parts.librarian.run(), one.plug.filling.run(parts.signals)]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            for entries in (SHOP, SHOP[:-1]):
                version = await publish(storage, entries)
                parts.signals.tell(["kb"])
                async with asyncio.timeout(30):
                    while not one.plug.filling.serves(version):  # noqa: ASYNC110 - two loops have to come round
                        await asyncio.sleep(0.01)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(embedder.texts) == texts_in()
