"""Sessions of staff: who is signed in, where, and since when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clock import Clock
from domain.staff import Staff
from storage.database import Database
from storage.staff_rows import digest, end_sessions, read_staff
from storage.tables import staff, staff_factors, staff_sessions
from storage.times import SECOND, from_us, to_us

SESSION_LASTS = 12 * 3600 * SECOND
SESSION_IDLE = 2 * 3600 * SECOND
CODE_LASTS = 10 * 60 * SECOND
_CODE = "code"  # the password was right, the second factor is still to come
_TOUCH = 60 * SECOND
_ID_LENGTH = 24


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who holds a session and since when. secured: whether the account has a second factor in force."""

    staff: Staff
    since: datetime
    secured: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One of a person's open sessions. id names it to its owner and signs nobody in; place is a network address."""

    id: str
    place: str
    device: str
    since: datetime
    seen: datetime
    here: bool


class StaffSessions:
    """Tokens come in plain and are stored as hashes only."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def open(
        self, staff_id: int, token: str, *, place: str = "", device: str = "", awaits_code: bool = False
    ) -> None:
        """One that awaits a code is good for `give_code` alone, and for ten minutes."""
        now = self._now()
        async with self._database.write() as connection:
            old = sa.delete(staff_sessions).where(staff_sessions.c.expires_at < now - SESSION_LASTS)
            await connection.execute(old)
            await connection.execute(
                sa.insert(staff_sessions).values(
                    token=digest(token),
                    staff_id=staff_id,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + (CODE_LASTS if awaits_code else SESSION_LASTS),
                    awaits=_CODE if awaits_code else "",
                    place=place,
                    device=device,
                )
            )
            if not awaits_code:
                await connection.execute(sa.update(staff).where(staff.c.id == staff_id).values(seen_at=now))

    async def awaiting_code(self, token: str) -> Staff | None:
        """Who has given the password here and not yet the second factor."""
        async with self._database.read() as connection:
            row = await self._find(connection, token, _CODE)
        return None if row is None else read_staff(row)

    async def find(self, token: str, *, touch: bool = True) -> SignedIn | None:
        """None when it has ended, is too old or idle, awaits a code, or the account is disabled.

        touch counts this as something the person did.
        """
        now = self._now()
        async with self._database.read() as connection:
            row = await self._find(connection, token, "")
        if row is None:
            return None
        if touch and row.touched < now - _TOUCH:
            seen = sa.update(staff_sessions).where(staff_sessions.c.token == digest(token)).values(seen_at=now)
            async with self._database.write() as connection:
                await connection.execute(seen)
                await connection.execute(sa.update(staff).where(staff.c.id == row.id).values(seen_at=now))
        return SignedIn(read_staff(row), from_us(row.since), row.confirmed_at is not None)

    async def of(self, staff_id: int, token: str) -> list[Session]:
        """A person's open sessions, the one of this token first, then the last seen."""
        query = (
            sa.select(staff_sessions)
            .where(staff_sessions.c.staff_id == staff_id, *self._open(""))
            .order_by(staff_sessions.c.seen_at.desc(), staff_sessions.c.token)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        own = digest(token)
        found = [
            Session(r.token[:_ID_LENGTH], r.place, r.device, from_us(r.created_at), from_us(r.seen_at), r.token == own)
            for r in rows
        ]
        return sorted(found, key=lambda session: not session.here)

    async def end(self, token: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                sa.update(staff_sessions)
                .where(staff_sessions.c.token == digest(token), staff_sessions.c.ended_at.is_(None))
                .values(ended_at=self._now())
            )

    async def end_one(self, staff_id: int, session_id: str) -> bool:
        """End one of a person's own sessions by its id; False when there is none such any more."""
        if len(session_id) != _ID_LENGTH or not session_id.isalnum():
            return False
        theirs = sa.and_(
            staff_sessions.c.staff_id == staff_id,
            staff_sessions.c.token.startswith(session_id),
            staff_sessions.c.ended_at.is_(None),
        )
        async with self._database.write() as connection:
            ended = await connection.execute(sa.update(staff_sessions).where(theirs).values(ended_at=self._now()))
        return bool(ended.rowcount)

    async def end_all(self, staff_id: int, *, but: str = "") -> int:
        """Sign out everywhere, but where this token is held. How many sessions ended."""
        async with self._database.write() as connection:
            return await end_sessions(connection, staff_id, self._now(), but=but)

    async def _find(self, connection: AsyncConnection, token: str, awaits: str) -> Any:
        query = (
            sa.select(
                staff,
                staff_sessions.c.seen_at.label("touched"),
                staff_sessions.c.created_at.label("since"),
                staff_factors.c.confirmed_at,
            )
            .join(staff_sessions, staff_sessions.c.staff_id == staff.c.id)
            .outerjoin(staff_factors, staff_factors.c.staff_id == staff.c.id)
            .where(staff_sessions.c.token == digest(token), staff.c.disabled_at.is_(None), *self._open(awaits))
        )
        return (await connection.execute(query)).first()

    def _open(self, awaits: str) -> list[sa.ColumnElement[bool]]:
        now = self._now()
        return [
            staff_sessions.c.awaits == awaits,
            staff_sessions.c.ended_at.is_(None),
            staff_sessions.c.expires_at > now,
            staff_sessions.c.seen_at > now - SESSION_IDLE,
        ]

    def _now(self) -> int:
        return to_us(self._clock())
