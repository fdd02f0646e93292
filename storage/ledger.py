"""The ledger: append-only chains in which each link is an HMAC over the link before it.

A changed, removed or inserted row breaks every link after it. The rows hold ids and digests, never personal text.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.effects import LedgerEvent
from storage.crypto import Hashes
from storage.database import Database
from storage.statements import Program, Row, Statement, in_list
from storage.tables import ledger, ledger_heads
from storage.times import from_us

_p = sa.bindparam

LOCK_HEADS = Statement(
    sa.select(ledger_heads.c.chain, ledger_heads.c.n, ledger_heads.c.link)
    .where(in_list(ledger_heads.c.chain, "chains"))
    .order_by(ledger_heads.c.chain)
    .with_for_update()
)
ADD_LINK = Statement(sa.insert(ledger).values({c.name: _p(c.name) for c in ledger.c}))
MOVE_HEAD = Statement(
    sa.update(ledger_heads).where(ledger_heads.c.chain == _p("head")).values(n=_p("new_n"), link=_p("new_link"))
)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    chain: str
    n: int
    at: datetime
    event: str
    subject: str
    digest: str
    link: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where a chain does not hold."""

    chain: str
    n: int
    why: str


def append(events: Sequence[LedgerEvent], hashes: Hashes, now: int) -> Program[None]:
    """Append events to their chains. The heads are the last rows a transaction locks. Every chain must have a head."""
    heads = yield LOCK_HEADS, {"chains": sorted({e.chain for e in events})}
    state = {row[0]: (row[1], row[2]) for row in heads}
    rows = []
    for event in events:
        n, before = state[event.chain]
        n += 1
        link = _link(hashes, before, event.chain, n, now, event.event, event.subject, event.digest)
        state[event.chain] = n, link
        rows.append(
            {
                "chain": event.chain,
                "n": n,
                "at": now,
                "event": event.event,
                "subject": event.subject,
                "digest": event.digest,
                "link": link,
            }
        )
    yield ADD_LINK, rows
    yield MOVE_HEAD, [{"head": chain, "new_n": n, "new_link": link} for chain, (n, link) in state.items()]


async def append_events(connection: AsyncConnection, events: Sequence[LedgerEvent], hashes: Hashes, now: int) -> None:
    """The same in a transaction that is written in Core; its last statements."""
    if not events:
        return
    postgresql = connection.dialect.name == "postgresql"
    program = append(events, hashes, now)
    rows: list[Row] = []
    while True:
        try:
            statement, params = program.send(rows) if rows else next(program)
        except StopIteration:
            return
        bind = statement.postgresql_params if postgresql else statement.sqlite_params
        bound: Any = [bind(p) for p in params] if isinstance(params, list) else bind(params)
        text = statement.for_postgresql if postgresql else statement.for_sqlite
        result = await connection.exec_driver_sql(text, bound)
        rows = list(result.all()) if result.returns_rows else []


def record(events: Sequence[LedgerEvent], hashes: Hashes, now: int) -> Program[None]:
    """A transaction of its own for events that change nothing else."""
    yield from append(events, hashes, now)


async def verify(database: Database, hashes: Hashes) -> list[Broken]:
    """Walk every chain from its start. Empty when all hold; else the first broken place of each chain."""
    broken: dict[str, Broken] = {}
    last: dict[str, tuple[int, str]] = {}
    async with database.read() as connection:
        heads = (await connection.execute(sa.select(ledger_heads))).all()
        result = await connection.stream(sa.select(ledger).order_by(ledger.c.chain, ledger.c.n))
        async for row in result:
            if row.chain in broken:
                continue
            n, before = last.get(row.chain, (0, ""))
            expected = _link(hashes, before, row.chain, n + 1, row.at, row.event, row.subject, row.digest)
            if row.n != n + 1:
                broken[row.chain] = Broken(row.chain, n + 1, "a link is missing")
            elif row.link != expected:
                broken[row.chain] = Broken(row.chain, row.n, "the link does not match its content")
            last[row.chain] = row.n, row.link
    for head in heads:
        if head.chain not in broken and last.get(head.chain, (0, "")) != (head.n, head.link):
            broken[head.chain] = Broken(head.chain, head.n, "the chain does not end where its head says")
    return list(broken.values())


async def rows(database: Database) -> AsyncIterator[LedgerRow]:
    """Every link, chain by chain, in order."""
    async with database.read() as connection:
        result = await connection.stream(sa.select(ledger).order_by(ledger.c.chain, ledger.c.n))
        async for row in result:
            yield LedgerRow(row.chain, row.n, from_us(row.at), row.event, row.subject, row.digest, row.link)


def _link(hashes: Hashes, before: str, chain: str, n: int, at: int, event: str, subject: str, digest: str) -> str:
    return hashes.ledger_link("\n".join((before, chain, str(n), str(at), event, subject, digest)))
