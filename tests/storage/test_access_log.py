"""The access log is searched by its indexes and read page by page, on both engines."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.staff import Role
from storage.access_log import AccessLog, LookSearch, looks_query
from storage.opening import Storage
from storage.tables import access_log
from storage.times import SECOND, to_us

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
MANY = 100_000


@pytest.fixture
async def log(storage: Storage) -> AccessLog:
    """Looks of two people, one every minute."""
    people = [await storage.accounts.add(name, name, Role.AGENT) for name in ("haneul", "bada")]
    now = [START]
    log = AccessLog(storage.database, storage.hashes, lambda: now[0])
    for number in range(12):
        what = "conversation.opened" if number % 3 else "file.opened"
        whose = number % 4 or None
        await log.add(people[number % 2].id, "127.0.0.1", what, customer_id=whose, conversation_id=whose and whose + 10)
        now[0] += timedelta(minutes=1)
    return log


async def test_each_search_finds_its_looks_newest_first(storage: Storage, log: AccessLog) -> None:
    haneul, bada = sorted(await storage.accounts.all(), key=lambda person: person.id)

    async def minutes(**search: object) -> list[int]:
        found = await log.rows(None, 100, LookSearch(**search))  # type: ignore[arg-type]
        return [(look.at - START) // timedelta(minutes=1) for look in found]

    assert await minutes() == list(range(11, -1, -1))
    assert await minutes(staff_id=haneul.id) == [10, 8, 6, 4, 2, 0]
    assert await minutes(what="file.opened") == [9, 6, 3, 0]
    assert await minutes(customer_id=2) == await minutes(conversation_id=12) == [10, 6, 2]
    assert await minutes(since=START + timedelta(minutes=9)) == [11, 10, 9]
    assert await minutes(until=START + timedelta(minutes=2)) == [1, 0]
    assert await minutes(staff_id=bada.id, what="file.opened", since=START + timedelta(minutes=4)) == [9]
    assert await minutes(what="' OR 1=1 --") == []
    assert await minutes(customer_id=10**15) == []


async def test_pages_follow_each_other_without_a_gap(log: AccessLog) -> None:
    seen, before = [], None
    while page := await log.rows(before, 5):
        seen += [look.id for look in page]
        before = page[-1].place_in_order
    assert seen == [look.id for look in await log.rows()]
    assert [look.id async for looks in log.each(LookSearch()) for look in looks] == seen


async def test_a_hundred_thousand_looks_are_searched_by_an_index(storage: Storage, log: AccessLog) -> None:
    [first, *_] = await storage.accounts.all()
    numbers = sa.select(sa.literal(1, sa.BigInteger).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < MANY))
    row = {
        "at": sa.literal(to_us(START), sa.BigInteger) + numbers.c.n * SECOND,
        "staff_id": sa.literal(first.id),
        "place": sa.literal("127.0.0.1"),
        "customer_id": numbers.c.n % 1_000,
        "conversation_id": numbers.c.n % 1_000,
        "what": sa.literal("conversation.followed"),
    }
    async with storage.database.write() as connection:
        await connection.execute(sa.insert(access_log).from_select(list(row), sa.select(*row.values())))
        await connection.exec_driver_sql("ANALYZE")
    middle = START + timedelta(seconds=MANY // 2)
    searches = {
        "access_log_order": LookSearch(since=middle, until=middle + timedelta(hours=1)),
        "access_log_by": LookSearch(staff_id=first.id + 1),
        "access_log_what": LookSearch(what="file.opened"),
        "access_log_whose": LookSearch(customer_id=77),
        "access_log_where": LookSearch(conversation_id=77),
    }
    explain = "EXPLAIN QUERY PLAN " if storage.database.is_sqlite else "EXPLAIN "
    for index, search in searches.items():
        for before in (None, (to_us(middle), MANY // 2)):
            query = looks_query(search, before, 100)
            async with storage.database.read() as connection:
                text = str(query.compile(connection.engine, compile_kwargs={"literal_binds": True}))
                plan = "\n".join(str(line) for line in (await connection.exec_driver_sql(explain + text)).all())
            assert index in plan
            assert "SCAN access_log\n" not in plan
            assert "Seq Scan on access_log" not in plan
    found = await log.rows(None, 1_000, LookSearch(customer_id=77))
    assert len(found) == MANY // 1_000
