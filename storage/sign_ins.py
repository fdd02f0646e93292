"""Tries to sign in, by the name that was tried: after a few, each wrong one locks the name for longer."""

import sqlalchemy as sa

from domain.clock import Clock
from storage.crypto import Hashes
from storage.database import Database
from storage.tables import sign_in_failures
from storage.times import SECOND, to_us

FREE_TRIES = 5
_LONGEST_LOCK = 15 * 60 * SECOND
_FORGET_FAILURES = 24 * 3600 * SECOND


class SignInTries:
    def __init__(self, database: Database, hashes: Hashes, clock: Clock) -> None:
        self._database, self._hashes, self._clock = database, hashes, clock

    async def count(self, name: str) -> float:
        """Count a try before its password is looked at, so that many at once count too.

        0.0, or the seconds for which the name is locked: alike for names that nobody has.
        """
        now, hashed = to_us(self._clock()), self._hashes.address("staff-name", name)
        async with self._database.write() as connection:
            old = sa.delete(sign_in_failures).where(sign_in_failures.c.last_at < now - _FORGET_FAILURES)
            await connection.execute(old)
            insert = self._database.insert(sign_in_failures).values(name=hashed, failed=0, last_at=now, locked_until=0)
            await connection.execute(insert.on_conflict_do_nothing())
            where = sign_in_failures.c.name == hashed
            row = (await connection.execute(sa.select(sign_in_failures).where(where).with_for_update())).one()
            if row.locked_until > now:
                return float(row.locked_until - now) / SECOND
            failed = row.failed + 1
            over = failed - FREE_TRIES
            locked = now + min(_LONGEST_LOCK, 30 * SECOND * 2 ** min(over, 10)) if over >= 0 else 0
            change = sa.update(sign_in_failures).where(where).values(failed=failed, last_at=now, locked_until=locked)
            await connection.execute(change)
        return 0.0

    async def forget(self, name: str) -> None:
        """The password was right: its failed tries are forgotten."""
        hashed = self._hashes.address("staff-name", name)
        async with self._database.write() as connection:
            await connection.execute(sa.delete(sign_in_failures).where(sign_in_failures.c.name == hashed))
