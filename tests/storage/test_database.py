"""Writers take turns, readers write nothing, and a rollback leaves the writer usable."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from domain.errors import Conflict
from storage.database import BUSY_TIMEOUT_MS, SqliteConnection
from storage.facts import ensure_fact, get_fact, set_fact
from storage.opening import Storage
from storage.statements import Program, Statement, in_list
from storage.tables import facts
from tests.conftest import Urls

INSERT = Statement(sa.insert(facts).values(name=sa.bindparam("fact"), value=sa.bindparam("new_value")))
FIND = Statement(sa.select(facts.c.name).where(in_list(facts.c.name, "names")).order_by(facts.c.name))


async def test_no_increment_of_forty_at_once_is_lost(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as two:
        await ensure_fact(one.database, "counter", "0")

        async def increment(storage: Storage) -> None:
            async with storage.database.write() as connection:
                query = sa.select(facts.c.value).where(facts.c.name == "counter").with_for_update()
                value = int((await connection.execute(query)).scalar_one())
                await asyncio.sleep(0)  # let the others in, if they can come in
                await connection.execute(sa.update(facts).where(facts.c.name == "counter").values(value=str(value + 1)))

        await asyncio.gather(*(increment(s) for _ in range(20) for s in (one, two)))
        assert await get_fact(two.database, "counter") == "40"


async def test_an_exception_rolls_back_and_the_next_writer_works(storage: Storage) -> None:
    await ensure_fact(storage.database, "a", "1")

    async def fails() -> None:
        async with storage.database.write() as connection:
            await connection.execute(sa.update(facts).where(facts.c.name == "a").values(value="2"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await get_fact(storage.database, "a") == "1"
    await set_fact(storage.database, "a", "3")
    assert await get_fact(storage.database, "a") == "3"


async def test_a_writer_that_is_cancelled_leaves_nothing_and_blocks_nobody(storage: Storage) -> None:
    await ensure_fact(storage.database, "a", "1")
    inside = asyncio.Event()

    async def waits() -> None:
        async with storage.database.write() as connection:
            await connection.execute(sa.update(facts).where(facts.c.name == "a").values(value="2"))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(waits())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await set_fact(storage.database, "a", "3")
    assert await get_fact(storage.database, "a") == "3"


async def test_a_program_that_fails_rolls_back_what_it_wrote(storage: Storage) -> None:
    def program(broken: bool) -> Program[int]:
        yield INSERT, {"fact": "one", "new_value": "1"}
        yield INSERT, [{"fact": "two", "new_value": "2"}, {"fact": "three", "new_value": "3"}]
        if broken:
            raise ZeroDivisionError
        found = yield FIND, {"names": ["one", "three", "nine"]}
        return len(found)

    with pytest.raises(ZeroDivisionError):
        await storage.database.run(program(broken=True))
    assert await get_fact(storage.database, "one") is None
    assert await storage.database.run(program(broken=False)) == 2
    with pytest.raises(Conflict):
        await storage.database.run(program(broken=False))
    assert await get_fact(storage.database, "two") == "2"


async def test_readers_of_sqlite_cannot_write(storage: Storage) -> None:
    if not storage.database.is_sqlite:
        return  # PostgreSQL's readers share the pool; the statements are what keeps them from writing
    async with storage.database.read() as connection:
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            await connection.execute(sa.insert(facts).values(name="x", value="y"))


async def test_a_fact_is_set_once_and_by_one(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as two:
        await ensure_fact(one.database, "offset", "5")
        assert await ensure_fact(two.database, "offset", "9") == "5"


def test_a_connection_that_is_closed_in_a_transaction_lets_go_of_its_lock(tmp_path: Path) -> None:
    def half_way(factory: type[sqlite3.Connection]) -> sqlite3.Cursor:
        connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None, factory=factory)
        connection.execute("CREATE TABLE IF NOT EXISTS t (a)")
        connection.execute("BEGIN IMMEDIATE")
        cursor = connection.execute("INSERT INTO t VALUES (1), (2) RETURNING a")
        connection.close()
        return cursor

    def other_writes() -> None:
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None, timeout=0)
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")

    cursor = half_way(SqliteConnection)
    other_writes()
    del cursor
    cursor = half_way(sqlite3.Connection)  # what the driver would do
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other_writes()
    del cursor


@pytest.mark.parametrize("moments", range(0, 24, 3))
async def test_a_write_that_is_cancelled_keeps_nobody_waiting(urls: Urls, moments: int) -> None:
    async with urls.open() as one, urls.open() as two:
        await ensure_fact(one.database, "a", "0")
        free = asyncio.Event()

        async def holds() -> None:
            async with one.database.write() as connection:
                await connection.execute(sa.update(facts).where(facts.c.name == "a").values(value="1"))
                await free.wait()

        async def waits() -> None:
            async with two.database.write() as connection:
                await connection.execute(sa.update(facts).where(facts.c.name == "a").values(value="2"))

        holding, waiting = asyncio.create_task(holds()), asyncio.create_task(waits())
        for _ in range(moments):
            await asyncio.sleep(0.002)  # to be cancelled at one moment or another of its way to the lock
        waiting.cancel()
        free.set()
        await asyncio.wait([holding, waiting])
        async with asyncio.timeout(BUSY_TIMEOUT_MS / 2000):
            await set_fact(one.database, "a", "3")
            await set_fact(two.database, "a", "4")
        assert await get_fact(one.database, "a") == "4"
        assert waiting.done()  # it is still at hand, with its frames and what they hold
