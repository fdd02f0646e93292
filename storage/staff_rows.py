"""What the stores of staff share: how a row is read, how a token is kept, what goes to the ledger."""

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.effects import LedgerEvent
from domain.staff import ACCESS_CHAIN, Role, Staff
from storage.crypto import Hashes
from storage.ledger import append_events
from storage.tables import staff, staff_links, staff_sessions


def digest(token: str) -> str:
    """Under which a token is stored. Tokens are random, so that a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def staff_of(row: Sequence[Any]) -> Staff:
    """A Staff from id, name, alias, role, disabled_at."""
    return Staff(row[0], row[1], row[2], Role(row[3]), row[4] is not None)


def read_staff(row: Any) -> Staff:
    return staff_of((row.id, row.name, row.alias, row.role, row.disabled_at))


async def staff_by_id(connection: AsyncConnection, staff_id: int | None) -> Staff | None:
    row = (await connection.execute(sa.select(staff).where(staff.c.id == staff_id))).first()
    return None if row is None else read_staff(row)


async def end_sessions(connection: AsyncConnection, staff_id: int, now: int, *, but: str = "") -> int:
    """End all sessions of a person, those that await a code too; `but` is the token of one that goes on. How many."""
    theirs = (staff_sessions.c.staff_id == staff_id) & staff_sessions.c.ended_at.is_(None)
    if but:
        theirs &= staff_sessions.c.token != digest(but)
    ended = await connection.execute(sa.update(staff_sessions).where(theirs).values(ended_at=now))
    return int(ended.rowcount)


async def void_links(connection: AsyncConnection, staff_id: int, purpose: str, now: int) -> int:
    """Links of this purpose that were not used are good for nothing any more. How many there were that still worked."""
    theirs = sa.and_(
        staff_links.c.staff_id == staff_id, staff_links.c.purpose == purpose, staff_links.c.used_at.is_(None)
    )
    working = sa.select(sa.func.count()).where(theirs, staff_links.c.expires_at > now)
    count = (await connection.execute(working)).scalar_one()
    await connection.execute(sa.update(staff_links).where(theirs).values(used_at=now))
    return int(count)


async def record(
    connection: AsyncConnection, hashes: Hashes, now: int, event: str, person: Staff, by: Staff | None = None
) -> None:
    """The transaction's last statements: what happened to an account, and by whom when somebody else did it."""
    subject = f"staff/{person.id}/{person.role.value}"
    if by is not None and by.id != person.id:
        subject += f"/by/{by.id}"
    await append_events(connection, [LedgerEvent(ACCESS_CHAIN, event, subject)], hashes, now)
