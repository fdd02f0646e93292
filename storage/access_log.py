"""Who looked at whose personal data, when and from where. Rows are only ever added; retention is 1 to 2 years.

Each look is also a link of the ledger's access chain, so that a row taken away or changed is found.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.clock import Clock
from domain.effects import LedgerEvent
from domain.staff import ACCESS_CHAIN
from storage.crypto import Hashes
from storage.database import Database
from storage.ledger import append_events
from storage.tables import access_log, ledger, staff
from storage.times import from_us, to_us

_LOOK = "access.looked"
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Look:
    """One row. customer_id and conversation_id are None where a look was at no single person's data."""

    id: int
    at: datetime
    name: str
    alias: str
    place: str
    customer_id: int | None
    conversation_id: int | None
    what: str

    @property
    def place_in_order(self) -> tuple[int, int]:
        """Where the next page goes on."""
        return to_us(self.at), self.id


@dataclass(frozen=True, slots=True)
class LookSearch:
    """Which looks are wanted; None or "" asks for no such thing. until is exclusive."""

    staff_id: int | None = None
    what: str = ""
    customer_id: int | None = None
    conversation_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERY_LOOK = LookSearch()


class AccessLog:
    def __init__(self, database: Database, hashes: Hashes, clock: Clock) -> None:
        self._database, self._hashes, self._clock = database, hashes, clock

    async def add(
        self,
        staff_id: int,
        place: str,
        what: str,
        *,
        customer_id: int | None = None,
        conversation_id: int | None = None,
    ) -> None:
        """Write a look down, before what is looked at is shown. place is a network address."""
        now = to_us(self._clock())
        values = {
            "at": now,
            "staff_id": staff_id,
            "place": place,
            "customer_id": customer_id,
            "conversation_id": conversation_id,
            "what": what,
        }
        async with self._database.write() as connection:
            added = await connection.execute(sa.insert(access_log).values(values).returning(access_log.c.id))
            number = added.scalar_one()
            digest = _digest(number, now, staff_id, place, customer_id, conversation_id, what)
            link = LedgerEvent(ACCESS_CHAIN, _LOOK, f"look/{number}", digest)
            await append_events(connection, [link], self._hashes, now)

    async def broken(self) -> list[str]:
        """Looks ("look/<id>") that were changed, taken away or put in by hand, held against the ledger's links.

        Whoever changes the links too is found by `ledger verify`. Below the oldest row nothing is missed: retention
        takes rows from there.
        """
        links = sa.select(ledger.c.subject, ledger.c.digest).where(
            ledger.c.chain == ACCESS_CHAIN, ledger.c.event == _LOOK
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(access_log).order_by(access_log.c.id))).all()
            kept = {row.subject: row.digest for row in (await connection.execute(links)).all()}
        return await asyncio.to_thread(_differences, rows, kept)

    async def rows(
        self, before: tuple[int, int] | None = None, most: int = 100, search: LookSearch = EVERY_LOOK
    ) -> Sequence[Look]:
        """Newest first; before is `place_in_order` of the last row of the page before."""
        query = looks_query(search, before, most)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [
            Look(r.id, from_us(r.at), r.name, r.alias, r.place, r.customer_id, r.conversation_id, r.what) for r in found
        ]

    async def each(self, search: LookSearch) -> AsyncIterator[Sequence[Look]]:
        """All of them in pieces, newest first, without holding a transaction open between two."""
        before = None
        while looks := await self.rows(before, _CHUNK, search):
            yield looks
            before = looks[-1].place_in_order


def looks_query(search: LookSearch, before: tuple[int, int] | None, most: int) -> sa.Select[Any]:
    """In the order of the indexes, so that a page costs its rows and not the table's."""
    query = (
        sa.select(access_log, staff.c.name, staff.c.alias)
        .join(staff, staff.c.id == access_log.c.staff_id)
        .where(*_wanted(search))
        .order_by(access_log.c.at.desc(), access_log.c.id.desc())
        .limit(most)
    )
    if before is not None:
        place = sa.tuple_(*(sa.literal(value, sa.BigInteger) for value in before))
        query = query.where(sa.tuple_(access_log.c.at, access_log.c.id) < place)
    return query


def _wanted(search: LookSearch) -> list[sa.ColumnElement[bool]]:
    equal = {
        access_log.c.staff_id: search.staff_id,
        access_log.c.what: search.what or None,
        access_log.c.customer_id: search.customer_id,
        access_log.c.conversation_id: search.conversation_id,
    }
    wanted: list[sa.ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if search.since is not None:
        wanted.append(access_log.c.at >= to_us(search.since))
    if search.until is not None:
        wanted.append(access_log.c.at < to_us(search.until))
    return wanted


def _differences(rows: Sequence[Any], kept: Mapping[str, str]) -> list[str]:
    found = {
        f"look/{r.id}": _digest(r.id, r.at, r.staff_id, r.place, r.customer_id, r.conversation_id, r.what) for r in rows
    }
    oldest = rows[0].id if rows else 0
    missing = [s for s in kept if s not in found and int(s.partition("/")[2]) >= oldest]
    return sorted([s for s, digest in found.items() if kept.get(s) != digest] + missing)


def _digest(*fields: object) -> str:
    return hashlib.sha256(repr(fields).encode()).hexdigest()
