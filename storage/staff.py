"""Staff accounts, their sessions, and what is good for one use: links that set a password, codes that join Telegram."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clock import Clock
from domain.effects import LedgerEvent
from domain.staff import ACCESS_CHAIN, Role, Staff, StaffError
from storage.crypto import Hashes
from storage.database import Database
from storage.ledger import append_events
from storage.sign_ins import insert_of
from storage.tables import staff, staff_links, staff_sessions
from storage.times import SECOND, to_us

FIRST, PASSWORD, TELEGRAM = "first", "password", "telegram"  # purposes of a link
SESSION_LASTS = 12 * 3600 * SECOND
SESSION_IDLE = 2 * 3600 * SECOND
LINK_LASTS = 24 * 3600 * SECOND
_TOUCH = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is held against. password is an argon2id hash, "" while none is set."""

    staff: Staff
    password: str


class StaffAccounts:
    """Tokens and codes come in plain and are stored as hashes only. Changes of accounts go to the ledger."""

    def __init__(self, database: Database, hashes: Hashes, clock: Clock) -> None:
        self._database, self._hashes, self._clock = database, hashes, clock

    async def all(self) -> list[Staff]:
        async with self._database.read() as connection:
            return [_staff(row) for row in (await connection.execute(sa.select(staff).order_by(staff.c.name))).all()]

    async def find(self, name: str) -> Credentials | None:
        query = sa.select(staff).where(staff.c.name == name)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Credentials(_staff(row), row.password)

    async def anybody(self) -> bool:
        """Whether somebody can sign in."""
        query = sa.select(staff.c.id).where(staff.c.disabled_at.is_(None), staff.c.password != "").limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def add(self, name: str, alias: str, role: Role) -> Staff:
        """A new account that has no password yet. Raises StaffError when the name is taken."""
        async with self._database.write() as connection:
            return await self._add(connection, name, alias, role, "")

    async def disable(self, name: str) -> Staff:
        """Nobody signs in with it any more, and its sessions end. Raises StaffError."""
        async with self._database.write() as connection:
            rows = (await connection.execute(sa.select(staff).order_by(staff.c.id).with_for_update())).all()
            found = next((_staff(row) for row in rows if row.name == name), None)
            if found is None:
                raise StaffError(f"{name}: 그런 계정이 없습니다.")
            admins = [r.name for r in rows if r.role == Role.ADMIN.value and r.disabled_at is None and r.password]
            if admins == [name]:
                raise StaffError(f"{name}: 마지막 관리자는 끌 수 없습니다. 다른 관리자를 먼저 추가하세요.")
            if not found.disabled:
                now = self._now()
                change = sa.update(staff).where(staff.c.id == found.id).values(disabled_at=now, telegram=None)
                await connection.execute(change)
                await self._end_all(connection, found.id)
                await self._record(connection, "staff.disabled", found)
        return found

    async def new_link(self, purpose: str, staff_id: int | None, token: str, lasts: int) -> None:
        """A link for one use, good for `lasts` microseconds."""
        now = self._now()
        async with self._database.write() as connection:
            if staff_id is not None:  # the newest one counts
                await connection.execute(
                    sa.update(staff_links)
                    .where(
                        staff_links.c.staff_id == staff_id,
                        staff_links.c.purpose == purpose,
                        staff_links.c.used_at.is_(None),
                    )
                    .values(used_at=now)
                )
            await connection.execute(
                sa.insert(staff_links).values(
                    token=digest(token), purpose=purpose, staff_id=staff_id, created_at=now, expires_at=now + lasts
                )
            )

    async def link(self, token: str) -> tuple[str, Staff | None] | None:
        """Purpose and owner of a link that can still be used; None for any other."""
        async with self._database.read() as connection:
            row = await self._open_link(connection, token)
            if row is None or row.purpose == TELEGRAM:
                return None
            return row.purpose, await _by_id(connection, row.staff_id)

    async def use_link(self, token: str, password: str, name: str, alias: str) -> Staff | None:
        """Set a password (a hash) by a link, once; the first account is made by it, with this name and alias.

        None when the link is unknown, old or used. Raises StaffError when the name is taken.
        """
        async with self._database.write() as connection:
            link = await self._open_link(connection, token, lock=True)
            if link is None or link.purpose == TELEGRAM:
                return None
            if link.purpose == FIRST:
                if (await connection.execute(sa.select(staff.c.id).where(staff.c.password != "").limit(1))).first():
                    return None
                found = await self._add(connection, name, alias, Role.ADMIN, password)
            else:
                owner = await _by_id(connection, link.staff_id)
                if owner is None or owner.disabled:
                    return None
                found = owner
                change = sa.update(staff).where(staff.c.id == found.id).values(password=password)
                await connection.execute(change)
                await self._end_all(connection, found.id)
                await self._record(connection, "staff.password_set", found)
            await self._use(connection, link.token)
        return found

    async def join_telegram(self, code: str, user: str) -> Staff | None:
        """Join a Telegram user to the account that showed the code; again by the same user says the same."""
        hashed = self.telegram_hash(user)
        async with self._database.write() as connection:
            query = sa.select(staff_links).where(staff_links.c.token == digest(code), staff_links.c.purpose == TELEGRAM)
            link = (await connection.execute(query.with_for_update())).first()
            owner = None if link is None else await _by_id(connection, link.staff_id)
            if link is None or owner is None or owner.disabled:
                return None
            if link.used_at is not None or link.expires_at < self._now():
                joined = sa.select(staff.c.id).where(staff.c.telegram == hashed, staff.c.id == owner.id)
                return owner if (await connection.execute(joined)).first() else None
            await connection.execute(sa.update(staff).where(staff.c.telegram == hashed).values(telegram=None))
            await connection.execute(sa.update(staff).where(staff.c.id == owner.id).values(telegram=hashed))
            await self._use(connection, link.token)
            await self._record(connection, "staff.telegram_joined", owner)
        return owner

    async def leave_telegram(self, person: Staff) -> None:
        async with self._database.write() as connection:
            await connection.execute(sa.update(staff).where(staff.c.id == person.id).values(telegram=None))
            await self._record(connection, "staff.telegram_left", person)

    async def has_telegram(self, staff_id: int) -> bool:
        query = sa.select(staff.c.telegram).where(staff.c.id == staff_id)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar() is not None

    async def by_telegram(self, user: str) -> Staff | None:
        """The account a Telegram user was joined to, unless it is disabled."""
        hashed = self.telegram_hash(user)
        query = sa.select(staff).where(staff.c.telegram == hashed, staff.c.disabled_at.is_(None))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _staff(row)

    async def joined_telegram(self) -> frozenset[str]:
        """What `telegram_hash` makes of the users who are joined to an account that can be used."""
        query = sa.select(staff.c.telegram).where(staff.c.telegram.is_not(None), staff.c.disabled_at.is_(None))
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars().all())

    def telegram_hash(self, user: str) -> str:
        return self._hashes.address("staff-telegram", user)

    async def change_hash(self, staff_id: int, password: str) -> None:
        """The same password, hashed anew."""
        async with self._database.write() as connection:
            await connection.execute(sa.update(staff).where(staff.c.id == staff_id).values(password=password))

    async def open_session(self, staff_id: int, token: str) -> None:
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
                    expires_at=now + SESSION_LASTS,
                )
            )

    async def session(self, token: str, *, touch: bool = True) -> Staff | None:
        """Who holds this session; None when it has ended, is too old or idle, or the account is disabled.

        touch counts this as something the person did.
        """
        now = self._now()
        query = (
            sa.select(staff, staff_sessions.c.seen_at)
            .join(staff_sessions, staff_sessions.c.staff_id == staff.c.id)
            .where(
                staff_sessions.c.token == digest(token),
                staff_sessions.c.ended_at.is_(None),
                staff_sessions.c.expires_at > now,
                staff_sessions.c.seen_at > now - SESSION_IDLE,
                staff.c.disabled_at.is_(None),
            )
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        if touch and row.seen_at < now - _TOUCH:
            seen = sa.update(staff_sessions).where(staff_sessions.c.token == digest(token)).values(seen_at=now)
            async with self._database.write() as connection:
                await connection.execute(seen)
        return _staff(row)

    async def end_session(self, token: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                sa.update(staff_sessions)
                .where(staff_sessions.c.token == digest(token), staff_sessions.c.ended_at.is_(None))
                .values(ended_at=self._now())
            )

    async def end_sessions(self, staff_id: int) -> None:
        """Sign out everywhere."""
        async with self._database.write() as connection:
            await self._end_all(connection, staff_id)

    async def _end_all(self, connection: AsyncConnection, staff_id: int) -> None:
        theirs = (staff_sessions.c.staff_id == staff_id) & staff_sessions.c.ended_at.is_(None)
        await connection.execute(sa.update(staff_sessions).where(theirs).values(ended_at=self._now()))

    async def _add(self, connection: AsyncConnection, name: str, alias: str, role: Role, password: str) -> Staff:
        values = {"name": name, "alias": alias, "role": role.value, "password": password, "created_at": self._now()}
        insert = insert_of(self._database)(staff).values(values).on_conflict_do_nothing().returning(staff.c.id)
        made = (await connection.execute(insert)).scalar()
        if made is None:
            raise StaffError(f"{name}: 이미 있는 이름입니다. 다른 이름을 고르세요.")
        person = Staff(made, name, alias, role)
        await self._record(connection, "staff.added", person)
        return person

    async def _open_link(self, connection: AsyncConnection, token: str, *, lock: bool = False) -> Any:
        query = sa.select(staff_links).where(
            staff_links.c.token == digest(token),
            staff_links.c.used_at.is_(None),
            staff_links.c.expires_at > self._now(),
        )
        return (await connection.execute(query.with_for_update() if lock else query)).first()

    async def _use(self, connection: AsyncConnection, token: str) -> None:
        change = sa.update(staff_links).where(staff_links.c.token == token).values(used_at=self._now())
        await connection.execute(change)

    async def _record(self, connection: AsyncConnection, event: str, person: Staff) -> None:
        link = LedgerEvent(ACCESS_CHAIN, event, f"staff/{person.id}/{person.role.value}")
        await append_events(connection, [link], self._hashes, self._now())

    def _now(self) -> int:
        return to_us(self._clock())


def digest(token: str) -> str:
    """Under which a token is stored. Tokens are random, so that a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def staff_of(row: Sequence[Any]) -> Staff:
    """A Staff from id, name, alias, role, disabled_at."""
    return Staff(row[0], row[1], row[2], Role(row[3]), row[4] is not None)


def _staff(row: Any) -> Staff:
    return staff_of((row.id, row.name, row.alias, row.role, row.disabled_at))


async def _by_id(connection: AsyncConnection, staff_id: int | None) -> Staff | None:
    row = (await connection.execute(sa.select(staff).where(staff.c.id == staff_id))).first()
    return None if row is None else _staff(row)
