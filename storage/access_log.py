"""Who looked at whose personal data, when and from where. Rows are only ever added; retention is 1 to 2 years.

Each look is also a link of the ledger's access chain, so that a row taken away or changed is found.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
        found = {
            f"look/{r.id}": _digest(r.id, r.at, r.staff_id, r.place, r.customer_id, r.conversation_id, r.what)
            for r in rows
        }
        oldest = rows[0].id if rows else 0
        missing = [s for s in kept if s not in found and int(s.partition("/")[2]) >= oldest]
        return sorted([s for s, digest in found.items() if kept.get(s) != digest] + missing)

    async def rows(self, before: int | None = None, most: int = 100) -> Sequence[Look]:
        """Newest first; before is the id of the last row of the page before."""
        query = (
            sa.select(access_log, staff.c.name, staff.c.alias)
            .join(staff, staff.c.id == access_log.c.staff_id)
            .order_by(access_log.c.id.desc())
            .limit(most)
        )
        if before is not None:
            query = query.where(access_log.c.id < before)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return [
            Look(r.id, from_us(r.at), r.name, r.alias, r.place, r.customer_id, r.conversation_id, r.what) for r in found
        ]


def _digest(*fields: object) -> str:
    return hashlib.sha256(repr(fields).encode()).hexdigest()
