"""Opening the storage: migrate both stores, hold the master key against them, hand out the repositories."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from domain.clock import Clock
from domain.errors import KeyGone
from storage.conversations import Conversations
from storage.crypto import MasterKey, WrongKey
from storage.database import Database
from storage.facts import ensure_fact
from storage.intake import NeedKeys
from storage.keys import KeyStore
from storage.knowledge import KnowledgeVersions
from storage.migrations.runner import migrate
from storage.statements import Program

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything the upper layers reach the data through."""

    database: Database
    keys_database: Database
    keys: KeyStore
    master: MasterKey
    conversations: Conversations
    knowledge: KnowledgeVersions

    async def run(self, make: Callable[[list[int]], Program[T]]) -> T:
        """Run a program of the hot path, fetching or making the keys it asks for first.

        make receives spare key ids and returns a fresh program. Raises KeyGone when a key was destroyed.
        """
        spare: list[int] = []
        while True:
            try:
                return await self.database.run(make(spare))
            except NeedKeys as need:
                if gone := await self.keys.fetch(need.fetch):
                    raise KeyGone(f"keys {sorted(gone)} were destroyed; what they sealed is gone") from None
                if need.create > 0:
                    spare += await self.keys.create(need.create)


@contextlib.asynccontextmanager
async def open_storage(url: str, keys_url: str, master: MasterKey, clock: Clock) -> AsyncIterator[Storage]:
    """Open both stores, migrated. Raises WrongKey when the master key is not the one they were made with."""
    database, keys_database = Database(url), Database(keys_url)
    try:
        await migrate(database, "data")
        await migrate(keys_database, "keys")
        standing = await ensure_fact(database, "master_key", master.fingerprint)
        if standing != master.fingerprint:
            raise WrongKey("SANGDAM_MASTER_KEY is not the key this database was made with; set the one you kept")
        keys = KeyStore(keys_database, master, clock)
        yield Storage(
            database=database,
            keys_database=keys_database,
            keys=keys,
            master=master,
            conversations=Conversations(database, keys, master),
            knowledge=KnowledgeVersions(database),
        )
    finally:
        await database.close()
        await keys_database.close()
