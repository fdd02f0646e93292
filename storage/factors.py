"""The staff's second factor: one-time codes from a secret, and recovery codes for when the phone is gone."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clock import Clock
from domain.staff import Staff
from domain.totp import RECOVERY_CODES, is_code, new_letters, new_secret, plain_code, step_of
from storage.crypto import Hashes, Key
from storage.database import Database
from storage.staff_rows import end_sessions, record
from storage.tables import staff_factors, staff_recovery_codes
from storage.times import SECOND, to_us

SETUP_LASTS = 30 * 60 * SECOND


@dataclass(frozen=True, slots=True)
class Factor:
    """Whether a person has a second factor, and how many recovery codes are left."""

    on: bool
    recovery_left: int


class SecondFactors:
    """Secrets are sealed under the installation's key for staff. Every code, of either kind, is good for one use."""

    def __init__(self, database: Database, hashes: Hashes, key: Key, clock: Clock) -> None:
        self._database, self._hashes, self._key, self._clock = database, hashes, key, clock

    async def of(self, staff_id: int) -> Factor:
        unused = sa.select(sa.func.count()).where(
            staff_recovery_codes.c.staff_id == staff_id, staff_recovery_codes.c.used_at.is_(None)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(_row(staff_id))).first()
            if row is None or row.confirmed_at is None:
                return Factor(False, 0)
            return Factor(True, (await connection.execute(unused)).scalar_one())

    async def begin(self, person: Staff) -> str | None:
        """A new secret, in force once a code of it was given; one that was begun before is forgotten.

        None while a second factor is in force.
        """
        secret, now = new_secret(), self._now()
        values = {"secret": self._seal(person.id, secret), "made_at": now, "last_step": 0}
        insert = self._database.insert(staff_factors).values(staff_id=person.id, **values)
        open_only = staff_factors.c.confirmed_at.is_(None)
        async with self._database.write() as connection:
            written = await connection.execute(
                insert.on_conflict_do_update(index_elements=["staff_id"], set_=values, where=open_only).returning(
                    staff_factors.c.staff_id
                )
            )
            return None if written.first() is None else secret

    async def begun(self, person: Staff) -> str | None:
        """The secret of a set-up that is under way, to be shown again after a wrong code."""
        async with self._database.read() as connection:
            row = (await connection.execute(_row(person.id))).first()
        return None if not self._is_begun(row) else self._open(person.id, row.secret)

    async def confirm(self, person: Staff, code: str, token: str) -> list[str] | None:
        """Put the begun secret in force by a code of it: the recovery codes, which nobody can read again.

        Ends the person's other sessions than the one of this token. None when the code is wrong or nothing was begun.
        """
        now = self._now()
        async with self._database.write() as connection:
            row = (await connection.execute(_row(person.id).with_for_update())).first()
            if not self._is_begun(row):
                return None
            step = step_of(self._open(person.id, row.secret), plain_code(code), self._clock())
            if step is None:
                return None
            change = sa.update(staff_factors).where(staff_factors.c.staff_id == person.id)
            await connection.execute(change.values(confirmed_at=now, last_step=step))
            codes = await self._renew(connection, person)
            await end_sessions(connection, person.id, now, but=token)
            await record(connection, self._hashes, now, "staff.factor_on", person)
        return codes

    async def prove(self, person: Staff, text: str) -> bool:
        """Whether it is a code that was not used yet, or a recovery code; it is used up by this."""
        code, now = plain_code(text), self._now()
        async with self._database.write() as connection:
            row = (await connection.execute(_row(person.id).with_for_update())).first()
            if row is None or row.confirmed_at is None:
                return False
            if is_code(code):
                step = step_of(self._open(person.id, row.secret), code, self._clock())
                if step is None or step <= row.last_step:
                    return False
                change = sa.update(staff_factors).where(staff_factors.c.staff_id == person.id)
                await connection.execute(change.values(last_step=step))
                return True
            used = await connection.execute(
                sa.update(staff_recovery_codes)
                .where(
                    staff_recovery_codes.c.staff_id == person.id,
                    staff_recovery_codes.c.code == self._hash(person.id, code),
                    staff_recovery_codes.c.used_at.is_(None),
                )
                .values(used_at=now)
            )
            if not used.rowcount:
                return False
            await record(connection, self._hashes, now, "staff.recovery_used", person)
        return True

    async def renew(self, person: Staff) -> list[str] | None:
        """New recovery codes; the old ones are good for nothing any more. None without a second factor."""
        async with self._database.write() as connection:
            row = (await connection.execute(_row(person.id).with_for_update())).first()
            if row is None or row.confirmed_at is None:
                return None
            codes = await self._renew(connection, person)
            await record(connection, self._hashes, self._now(), "staff.recovery_renewed", person)
        return codes

    async def remove(self, person: Staff) -> None:
        """The person's own wish."""
        await self._remove(person, "staff.factor_off", None)

    async def reset(self, person: Staff, by: Staff | None) -> None:
        """An admin's help (None: the command line's) for somebody who has lost everything. Ends all sessions."""
        await self._remove(person, "staff.factor_reset", by, ends=True)

    async def _remove(self, person: Staff, event: str, by: Staff | None, *, ends: bool = False) -> None:
        now = self._now()
        async with self._database.write() as connection:
            await connection.execute(
                sa.delete(staff_recovery_codes).where(staff_recovery_codes.c.staff_id == person.id)
            )
            gone = await connection.execute(sa.delete(staff_factors).where(staff_factors.c.staff_id == person.id))
            if ends:
                await end_sessions(connection, person.id, now)
            if gone.rowcount:
                await record(connection, self._hashes, now, event, person, by)

    async def _renew(self, connection: AsyncConnection, person: Staff) -> list[str]:
        codes = [new_letters() for _ in range(RECOVERY_CODES)]
        await connection.execute(sa.delete(staff_recovery_codes).where(staff_recovery_codes.c.staff_id == person.id))
        rows = [{"staff_id": person.id, "code": self._hash(person.id, code)} for code in codes]
        await connection.execute(sa.insert(staff_recovery_codes), rows)
        return codes

    def _is_begun(self, row: Any) -> bool:
        return row is not None and row.confirmed_at is None and row.made_at > self._now() - SETUP_LASTS

    def _seal(self, staff_id: int, secret: str) -> bytes:
        return self._key.seal(secret.encode(), _bound(staff_id))

    def _open(self, staff_id: int, sealed: bytes) -> str:
        return self._key.open(sealed, _bound(staff_id)).decode()

    def _hash(self, staff_id: int, code: str) -> str:
        return self._hashes.address("staff-recovery", f"{staff_id}/{code}")

    def _now(self) -> int:
        return to_us(self._clock())


def _row(staff_id: int) -> sa.Select[Any]:
    return sa.select(staff_factors).where(staff_factors.c.staff_id == staff_id)


def _bound(staff_id: int) -> bytes:
    return f"staff-factor/{staff_id}".encode()
