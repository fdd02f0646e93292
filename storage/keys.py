"""The store of the persons' keys. It is a database of its own: no backup of the data contains a key."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from os import urandom

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clock import Clock
from storage.crypto import Hashes, Key, MasterKey
from storage.database import Database
from storage.tables import installation_keys, person_keys
from storage.times import to_us

_CACHED = 50_000
_HASH_KEYS = ("address", "ledger")
_STAFF = "staff"


class KeyStore:
    """Keys by id. A key is durable before anything is sealed with it. Destroying it makes what it sealed unreadable."""

    def __init__(self, database: Database, master: MasterKey, clock: Clock) -> None:
        self._database, self._master, self._clock = database, master, clock
        self._cache: OrderedDict[int, Key] = OrderedDict()

    @property
    def cached(self) -> Mapping[int, Key]:
        """Keys at hand without I/O."""
        return self._cache

    async def create(self, count: int) -> list[int]:
        """Make new keys; their ids, in order. They are in the cache when this returns.

        Raises WrongKey when the master key was changed since this process started.
        """
        raws = [urandom(32) for _ in range(count)]
        now = to_us(self._clock())
        async with self._database.write() as connection:
            await self._hold_master(connection)
            ids = [
                (
                    await connection.execute(
                        sa.insert(person_keys)
                        .values(wrapped=self._master.wrap(raw), created_at=now)
                        .returning(person_keys.c.id)
                    )
                ).scalar_one()
                for raw in raws
            ]
        for key_id, raw in zip(ids, raws, strict=True):
            self._remember(key_id, Key(raw))
        return ids

    async def fetch(self, ids: Iterable[int]) -> set[int]:
        """Bring keys into the cache. Returns the ids whose key was destroyed."""
        wanted = {i for i in ids if i not in self._cache}
        if not wanted:
            return set()
        query = sa.select(person_keys.c.id, person_keys.c.wrapped).where(person_keys.c.id.in_(wanted))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        for key_id, wrapped in rows:
            self._remember(key_id, Key(self._master.unwrap(wrapped)))
        return wanted - {row[0] for row in rows}

    async def destroy(self, key_id: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(sa.delete(person_keys).where(person_keys.c.id == key_id))
        self._cache.pop(key_id, None)

    async def hashes(self) -> Hashes:
        """The installation's keyed hashes, made at first use. Raises WrongKey with another master key."""
        return Hashes(**await self._installation(_HASH_KEYS))

    async def staff_key(self) -> Key:
        """What the staff's secrets are sealed with, made at first use. Raises WrongKey with another master key."""
        return Key((await self._installation((_STAFF,)))[_STAFF])

    async def _installation(self, names: Iterable[str]) -> dict[str, bytes]:
        found = {}
        async with self._database.write() as connection:
            for name in names:
                new = self._database.insert(installation_keys).values(name=name, wrapped=self._master.wrap(urandom(32)))
                await connection.execute(new.on_conflict_do_nothing())
                where = installation_keys.c.name == name
                wrapped = (await connection.execute(sa.select(installation_keys.c.wrapped).where(where))).scalar_one()
                found[name] = self._master.unwrap(wrapped)
        return found

    async def rotate(self, new: MasterKey) -> int:
        """Wrap every key anew under another master key, in one transaction. Returns how many."""
        count = 0
        async with self._database.write() as connection:
            for table, name in ((installation_keys, "name"), (person_keys, "id")):
                identity = table.c[name]
                for row in (await connection.execute(sa.select(identity, table.c.wrapped).with_for_update())).all():
                    wrapped = new.wrap(self._master.unwrap(row.wrapped))
                    await connection.execute(sa.update(table).where(identity == row[0]).values(wrapped=wrapped))
                    count += 1
        self._master = new
        return count

    async def _hold_master(self, connection: AsyncConnection) -> None:
        """Nothing may be wrapped under a master key that a rotation has replaced: it could never be opened again."""
        query = sa.select(installation_keys.c.wrapped).where(installation_keys.c.name == _HASH_KEYS[0])
        wrapped = (await connection.execute(query.with_for_update(read=True))).scalar()
        if wrapped is not None:
            self._master.unwrap(wrapped)

    def _remember(self, key_id: int, key: Key) -> None:
        self._cache[key_id] = key
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
