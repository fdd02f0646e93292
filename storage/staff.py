"""Staff accounts, and what is good for one use: links that set a password, codes that join Telegram."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clock import Clock
from domain.staff import Role, Staff, StaffError
from storage.crypto import Hashes
from storage.database import Database
from storage.staff_rows import digest, end_sessions, read_staff, record, staff_by_id, void_links
from storage.tables import staff, staff_factors, staff_links
from storage.times import SECOND, from_us, to_us

FIRST, PASSWORD, TELEGRAM = "first", "password", "telegram"  # purposes of a link
LINK_LASTS = 24 * 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is held against. password is an argon2id hash, "" while none is set."""

    staff: Staff
    password: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account as an admin sees it. secured: it has a second factor; link_until: when its open link ends."""

    staff: Staff
    has_password: bool
    secured: bool
    seen: datetime | None
    link_until: datetime | None


class StaffAccounts:
    """Tokens and codes come in plain and are stored as hashes only. Changes of accounts go to the ledger."""

    def __init__(self, database: Database, hashes: Hashes, clock: Clock) -> None:
        self._database, self._hashes, self._clock = database, hashes, clock

    async def all(self) -> list[Staff]:
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(staff).order_by(staff.c.name))).all()
        return [read_staff(row) for row in rows]

    async def overview(self) -> list[Account]:
        """All accounts as an admin sees them, those that can be used first, by name."""
        now = self._now()
        invited = (
            sa.select(staff_links.c.staff_id, sa.func.max(staff_links.c.expires_at).label("until"))
            .where(staff_links.c.purpose == PASSWORD, staff_links.c.used_at.is_(None), staff_links.c.expires_at > now)
            .group_by(staff_links.c.staff_id)
            .subquery()
        )
        query = (
            sa.select(staff, staff_factors.c.confirmed_at, invited.c.until)
            .outerjoin(staff_factors, staff_factors.c.staff_id == staff.c.id)
            .outerjoin(invited, invited.c.staff_id == staff.c.id)
            .order_by(staff.c.disabled_at.is_not(None), staff.c.name)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Account(read_staff(r), r.password != "", r.confirmed_at is not None, _time(r.seen_at), _time(r.until))
            for r in rows
        ]

    async def find(self, name: str) -> Credentials | None:
        query = sa.select(staff).where(staff.c.name == name)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Credentials(read_staff(row), row.password)

    async def anybody(self) -> bool:
        """Whether somebody can sign in."""
        query = sa.select(staff.c.id).where(staff.c.disabled_at.is_(None), staff.c.password != "").limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def add(self, name: str, alias: str, role: Role, by: Staff | None = None) -> Staff:
        """A new account that has no password yet. Raises StaffError when the name is taken."""
        async with self._database.write() as connection:
            return await self._add(connection, name, alias, role, "", by)

    async def disable(self, name: str, by: Staff | None = None) -> Staff:
        """Nobody signs in with it any more; its sessions and open links end. by: the admin, None for the command line.

        Raises StaffError, also for one's own account and for the last admin's.
        """
        async with self._database.write() as connection:
            found, admins = await self._lock(connection, name, by)
            if admins == [name]:
                raise StaffError(f"{name}: 마지막 관리자는 끌 수 없습니다. 다른 관리자를 먼저 추가하세요.")
            if not found.disabled:
                now = self._now()
                change = sa.update(staff).where(staff.c.id == found.id).values(disabled_at=now, telegram=None)
                await connection.execute(change)
                await void_links(connection, found.id, PASSWORD, now)
                await end_sessions(connection, found.id, now)
                await self._record(connection, "staff.disabled", found, by)
        return found

    async def enable(self, name: str, by: Staff | None = None) -> Staff:
        """A disabled account may be used again, with the password it had. Raises StaffError."""
        async with self._database.write() as connection:
            found, _ = await self._lock(connection, name, by)
            if found.disabled:
                await connection.execute(sa.update(staff).where(staff.c.id == found.id).values(disabled_at=None))
                await self._record(connection, "staff.enabled", found, by)
        return replace(found, disabled=False)

    async def change_role(self, name: str, role: Role, by: Staff | None = None) -> Staff:
        """Every request and open stream sees the new role from the next look on. Raises StaffError."""
        async with self._database.write() as connection:
            found, admins = await self._lock(connection, name, by)
            if admins == [name] and role is not Role.ADMIN:
                raise StaffError(f"{name}: 마지막 관리자의 역할은 바꿀 수 없습니다. 다른 관리자를 먼저 추가하세요.")
            changed = replace(found, role=role)
            if changed != found:
                await connection.execute(sa.update(staff).where(staff.c.id == found.id).values(role=role.value))
                await self._record(connection, "staff.role_changed", changed, by)
        return changed

    async def set_password(self, person: Staff, password: str) -> None:
        """A new password (a hash) by the person's own wish. All sessions and open links end."""
        now = self._now()
        async with self._database.write() as connection:
            await connection.execute(sa.update(staff).where(staff.c.id == person.id).values(password=password))
            await void_links(connection, person.id, PASSWORD, now)
            await end_sessions(connection, person.id, now)
            await self._record(connection, "staff.password_changed", person)

    async def new_link(
        self, purpose: str, staff_id: int | None, token: str, lasts: int, by: Staff | None = None
    ) -> None:
        """A link for one use, good for `lasts` microseconds. by: the admin who hands it out."""
        now = self._now()
        async with self._database.write() as connection:
            if staff_id is not None:  # the newest one counts
                await void_links(connection, staff_id, purpose, now)
            await connection.execute(
                sa.insert(staff_links).values(
                    token=digest(token), purpose=purpose, staff_id=staff_id, created_at=now, expires_at=now + lasts
                )
            )
            if purpose == PASSWORD and (person := await staff_by_id(connection, staff_id)) is not None:
                await self._record(connection, "staff.link_made", person, by)

    async def revoke_link(self, name: str, by: Staff | None = None) -> None:
        """The link that was given out for this account's password is good for nothing any more. Raises StaffError."""
        async with self._database.write() as connection:
            found, _ = await self._lock(connection, name)
            if not await void_links(connection, found.id, PASSWORD, self._now()):
                raise StaffError(f"{name}: 쓸 수 있는 링크가 없습니다. 이미 쓰였거나 기한이 지났습니다.")
            await self._record(connection, "staff.link_revoked", found, by)

    async def link(self, token: str) -> tuple[str, Staff | None] | None:
        """Purpose and owner of a link that can still be used; None for any other."""
        async with self._database.read() as connection:
            row = await self._open_link(connection, token)
            if row is None or row.purpose == TELEGRAM:
                return None
            return row.purpose, await staff_by_id(connection, row.staff_id)

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
                owner = await staff_by_id(connection, link.staff_id)
                if owner is None or owner.disabled:
                    return None
                found = owner
                change = sa.update(staff).where(staff.c.id == found.id).values(password=password)
                await connection.execute(change)
                await end_sessions(connection, found.id, self._now())
                await self._record(connection, "staff.password_set", found)
            await self._use(connection, link.token)
        return found

    async def join_telegram(self, code: str, user: str) -> Staff | None:
        """Join a Telegram user to the account that showed the code; again by the same user says the same."""
        hashed = self.telegram_hash(user)
        async with self._database.write() as connection:
            query = sa.select(staff_links).where(staff_links.c.token == digest(code), staff_links.c.purpose == TELEGRAM)
            link = (await connection.execute(query.with_for_update())).first()
            owner = None if link is None else await staff_by_id(connection, link.staff_id)
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
        return None if row is None else read_staff(row)

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

    async def _lock(self, connection: AsyncConnection, name: str, by: Staff | None = None) -> tuple[Staff, list[str]]:
        """Lock all accounts: the one of this name, and the names of the admins who can sign in. Raises StaffError."""
        rows = (await connection.execute(sa.select(staff).order_by(staff.c.id).with_for_update())).all()
        found = next((read_staff(row) for row in rows if row.name == name), None)
        if found is None:
            raise StaffError(f"{name}: 그런 계정이 없습니다.")
        if by is not None and by.id == found.id:
            raise StaffError("자기 계정은 여기서 바꿀 수 없습니다. 다른 관리자에게 부탁해 주세요.")
        return found, [r.name for r in rows if r.role == Role.ADMIN.value and r.disabled_at is None and r.password]

    async def _add(
        self, connection: AsyncConnection, name: str, alias: str, role: Role, password: str, by: Staff | None = None
    ) -> Staff:
        values = {"name": name, "alias": alias, "role": role.value, "password": password, "created_at": self._now()}
        insert = self._database.insert(staff).values(values).on_conflict_do_nothing().returning(staff.c.id)
        made = (await connection.execute(insert)).scalar()
        if made is None:
            raise StaffError(f"{name}: 이미 있는 이름입니다. 다른 이름을 고르세요.")
        person = Staff(made, name, alias, role)
        await self._record(connection, "staff.added", person, by)
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

    async def _record(self, connection: AsyncConnection, event: str, person: Staff, by: Staff | None = None) -> None:
        await record(connection, self._hashes, self._now(), event, person, by)

    def _now(self) -> int:
        return to_us(self._clock())


def _time(at: int | None) -> datetime | None:
    return None if at is None else from_us(at)
