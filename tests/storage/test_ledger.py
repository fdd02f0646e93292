"""The ledger: a changed byte, a row that is missing and a row that was put in are all found."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from domain.effects import LedgerEvent
from storage.ledger import Broken, append, rows, verify
from storage.opening import Storage
from storage.statements import Program
from storage.tables import ledger, ledger_heads
from tests.conftest import Urls
from tests.storage.helpers import NOW


def _events(count: int, chain: str = "rights") -> list[LedgerEvent]:
    return [LedgerEvent(chain, "case.received", f"case/{i}", "ab" * 32) for i in range(1, count + 1)]


async def _write(storage: Storage, events: Sequence[LedgerEvent]) -> None:
    def program() -> Program[None]:
        yield from append(events, storage.hashes, NOW)

    await storage.database.run(program())


async def test_a_chain_that_nobody_touched_holds(storage: Storage) -> None:
    assert await verify(storage.database, storage.hashes) == []
    await _write(storage, _events(3))
    await _write(storage, [*_events(2, "access"), *_events(2)])
    assert await verify(storage.database, storage.hashes) == []
    listed = [(r.chain, r.n, r.subject) async for r in rows(storage.database)]
    assert [n for chain, n, _ in listed if chain == "rights"] == [1, 2, 3, 4, 5]
    assert [n for chain, n, _ in listed if chain == "access"] == [1, 2]


_nth = (ledger.c.chain == "rights") & (ledger.c.n == 3)
TAMPERING: dict[str, tuple[Callable[[], Sequence[sa.Executable]], int]] = {
    "subject": (lambda: [sa.update(ledger).where(_nth).values(subject="case/4")], 3),
    "event": (lambda: [sa.update(ledger).where(_nth).values(event="case.cancelled")], 3),
    "time": (lambda: [sa.update(ledger).where(_nth).values(at=NOW + 1)], 3),
    "digest": (lambda: [sa.update(ledger).where(_nth).values(digest="ab" * 31 + "ac")], 3),
    "link": (lambda: [sa.update(ledger).where(_nth).values(link="00" * 32)], 3),
    "removed": (lambda: [sa.delete(ledger).where(_nth)], 3),
    "removed and counted anew": (
        lambda: [
            sa.delete(ledger).where(_nth),
            sa.update(ledger).where(ledger.c.n == 4).values(n=3),
            sa.update(ledger).where(ledger.c.n == 5).values(n=4),
            sa.update(ledger_heads).where(ledger_heads.c.chain == "rights").values(n=4),
        ],
        3,
    ),
    "last one removed": (lambda: [sa.delete(ledger).where(ledger.c.n == 5)], 5),
    "put in at the end": (
        lambda: [
            sa.insert(ledger).values(
                chain="rights", n=6, at=NOW, event="case.received", subject="case/6", digest="", link="11" * 32
            )
        ],
        6,
    ),
    "two changed places": (
        lambda: [
            sa.update(ledger).where(_nth).values(n=99),
            sa.update(ledger).where(ledger.c.n == 4).values(n=3),
            sa.update(ledger).where(ledger.c.n == 99).values(n=4),
        ],
        3,
    ),
    "all removed": (lambda: [sa.delete(ledger)], 5),
    "head": (lambda: [sa.update(ledger_heads).where(ledger_heads.c.chain == "rights").values(n=7)], 7),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_found_where_it_happened(storage: Storage, what: str) -> None:
    await _write(storage, _events(5))
    statements, place = TAMPERING[what]
    async with storage.database.write() as connection:
        for statement in statements():
            await connection.execute(statement)
    (broken,) = await verify(storage.database, storage.hashes)
    assert isinstance(broken, Broken)
    assert (broken.chain, broken.n) == ("rights", place)


async def test_a_broken_chain_says_nothing_of_the_other(storage: Storage) -> None:
    await _write(storage, [*_events(3), *_events(3, "access")])
    async with storage.database.write() as connection:
        await connection.execute(sa.delete(ledger).where(ledger.c.chain == "access", ledger.c.n == 1))
    assert [b.chain for b in await verify(storage.database, storage.hashes)] == ["access"]


async def test_two_processes_make_one_chain(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as two:
        await asyncio.gather(*(_write(s, _events(2)) for _ in range(10) for s in (one, two)))
        assert await verify(two.database, two.hashes) == []
        assert [r.n async for r in rows(one.database)] == list(range(1, 41))
