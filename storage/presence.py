"""Who of the staff is there, and how much each has."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from domain.clock import Clock
from domain.conversation import Owner
from domain.presence import Attendance, Presence
from domain.staff import Staff
from storage.database import Database
from storage.queue import attendance_of
from storage.staff_rows import staff_of
from storage.tables import conversations, handovers, staff, staff_presence
from storage.times import SECOND, to_us

_SEEN_EVERY = 30 * SECOND  # how exact "seen" is


@dataclass(frozen=True, slots=True)
class Attending:
    """attendance None: never been at the desk."""

    staff: Staff
    attendance: Attendance | None


class Presences:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def everybody(self) -> list[Attending]:
        """All accounts in force, by alias."""
        load = (
            sa.select(conversations.c.agent_id, sa.func.count().label("load"))
            .outerjoin(handovers, (handovers.c.conversation_id == conversations.c.id) & handovers.c.closed_at.is_(None))
            .where(conversations.c.owner != sa.literal_column("'bot'"), handovers.c.snoozed_until.is_(None))
            .where(conversations.c.owner == Owner.AGENT.value)
            .group_by(conversations.c.agent_id)
            .subquery()
        )
        query = (
            sa.select(staff.c.id, staff.c.name, staff.c.alias, staff.c.role, staff.c.disabled_at)
            .add_columns(
                staff_presence.c.presence,
                staff_presence.c.seen_at,
                staff_presence.c.load_limit,
                staff_presence.c.skills,
                sa.func.coalesce(load.c.load, 0),
            )
            .outerjoin(staff_presence, staff_presence.c.staff_id == staff.c.id)
            .outerjoin(load, load.c.agent_id == staff.c.id)
            .where(staff.c.disabled_at.is_(None))
            .order_by(staff.c.alias, staff.c.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Attending(staff_of(tuple(row[:5])), attendance_of(row[5:9], row[9]) if row[5] is not None else None)
            for row in rows
        ]

    async def set(self, staff_id: int, presence: Presence) -> None:
        """What somebody says of himself."""
        await self._put(staff_id, presence=presence.value, seen_at=to_us(self._clock()))

    async def configure(self, staff_id: int, limit: int, skills: tuple[str, ...]) -> None:
        """limit: conversations at a time, 0 for any number."""
        await self._put(staff_id, load_limit=limit, skills=",".join(skills))

    async def seen(self, staff_id: int) -> None:
        """A page of theirs is open."""
        now = to_us(self._clock())
        old = (staff_presence.c.staff_id == staff_id) & (staff_presence.c.seen_at < now - _SEEN_EVERY)
        async with self._database.read() as connection:
            known = (await connection.execute(sa.select(staff_presence.c.staff_id).where(old))).first()
        if known is not None:
            async with self._database.write() as connection:
                await connection.execute(sa.update(staff_presence).where(old).values(seen_at=now))

    async def leave_silent(self, away: timedelta) -> list[int]:
        """Set off whoever was not heard for so long; who that was."""
        since = to_us(self._clock() - away)
        gone = (staff_presence.c.presence != Presence.OFF.value) & (staff_presence.c.seen_at < since)
        async with self._database.read() as connection:
            found = (await connection.execute(sa.select(staff_presence.c.staff_id).where(gone))).scalars().all()
        if found:
            async with self._database.write() as connection:
                rows = sa.update(staff_presence).where(gone, staff_presence.c.staff_id.in_(found))
                await connection.execute(rows.values(presence=Presence.OFF.value))
        return list(found)

    async def wake(self, now: int) -> list[int]:
        """End the snoozes that are over; their conversations."""
        over = handovers.c.closed_at.is_(None) & (handovers.c.snoozed_until <= now)
        async with self._database.read() as connection:
            found = (await connection.execute(sa.select(handovers.c.conversation_id).where(over))).scalars().all()
        if found:
            async with self._database.write() as connection:
                await connection.execute(sa.update(handovers).where(over).values(snoozed_until=None))
        return list(found)

    async def _put(self, staff_id: int, **values: object) -> None:
        fresh = {"presence": Presence.OFF.value, "seen_at": to_us(self._clock()), "load_limit": 0, "skills": ""}
        insert = self._database.insert(staff_presence).values(staff_id=staff_id, **(fresh | values))
        async with self._database.write() as connection:
            await connection.execute(insert.on_conflict_do_update(index_elements=["staff_id"], set_=values))
