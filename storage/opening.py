"""Opening the storage: migrate both stores, hold the master key against them, hand out the repositories."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
import sqlalchemy as sa

from domain.clock import Clock
from domain.errors import Conflict, KeyGone, Unreachable
from storage.access_log import AccessLog
from storage.conversations import Conversations
from storage.crypto import Hashes, MasterKey, WrongKey
from storage.database import Database
from storage.desk_views import DeskViews
from storage.drafts import Drafts
from storage.factors import SecondFactors
from storage.facts import ensure_fact
from storage.files import Files
from storage.gaps import Gaps
from storage.intake import NeedKeys
from storage.keys import KeyStore
from storage.knowledge import KnowledgeVersions
from storage.migrations.runner import migrate
from storage.presence import Presences
from storage.sessions import StaffSessions
from storage.sign_ins import SignInTries
from storage.staff import StaffAccounts
from storage.statements import Program
from storage.talks import Talks

T = TypeVar("T")
_CONFLICTS = 4


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything the upper layers reach the data through."""

    database: Database
    keys_database: Database
    keys: KeyStore
    hashes: Hashes
    conversations: Conversations
    knowledge: KnowledgeVersions
    drafts: Drafts
    talks: Talks
    accounts: StaffAccounts
    sessions: StaffSessions
    factors: SecondFactors
    sign_ins: SignInTries
    access_log: AccessLog
    desk: DeskViews
    files: Files
    presences: Presences
    gaps: Gaps

    async def run(self, make: Callable[[list[int]], Program[T]]) -> T:
        """Run a program of the hot path, fetching or making the keys it asks for first.

        make receives spare key ids and returns a fresh program. Raises KeyGone when a key was destroyed, and Conflict
        when the same row is in the way again and again.
        """
        spare: list[int] = []
        conflicts = 0
        while True:
            try:
                return await self.database.run(make(spare))
            except Conflict:
                conflicts += 1
                if conflicts == _CONFLICTS:
                    raise
                # Somebody wrote the same first; their row is visible to the next attempt.
            except NeedKeys as need:
                if gone := await self.keys.fetch(need.fetch):
                    raise KeyGone(f"keys {sorted(gone)} were destroyed; what they sealed is gone") from None
                if need.create > 0:
                    spare += await self.keys.create(need.create)


@contextlib.asynccontextmanager
async def open_storage(url: str, keys_url: str, master: MasterKey, clock: Clock) -> AsyncIterator[Storage]:
    """Open both stores, migrated.

    Raises Unreachable, and WrongKey when the master key is not the one they were made with.
    """
    database, keys_database = Database(url), Database(keys_url)
    try:
        await _migrate(database, "data", "SANGDAM_DATABASE_URL")
        await _migrate(keys_database, "keys", "SANGDAM_KEYS_URL")
        keys = KeyStore(keys_database, master, clock)
        try:
            hashes = await keys.hashes()
        except WrongKey:
            raise WrongKey("SANGDAM_MASTER_KEY is not the key of this installation; set the one you kept") from None
        if await ensure_fact(database, "keys", hashes.fingerprint) != hashes.fingerprint:
            raise WrongKey("SANGDAM_KEYS_URL is not the store of keys of this database; name its own")
        yield Storage(
            database=database,
            keys_database=keys_database,
            keys=keys,
            hashes=hashes,
            conversations=Conversations(database, keys, hashes),
            knowledge=KnowledgeVersions(database, hashes),
            drafts=Drafts(database, hashes),
            talks=Talks(database),
            accounts=StaffAccounts(database, hashes, clock),
            sessions=StaffSessions(database, clock),
            factors=SecondFactors(database, hashes, await keys.staff_key(), clock),
            sign_ins=SignInTries(database, hashes, clock),
            access_log=AccessLog(database, hashes, clock),
            desk=DeskViews(database, keys),
            files=Files(database, keys),
            presences=Presences(database, clock),
            gaps=Gaps(database, keys),
        )
    finally:
        await database.close()
        await keys_database.close()


async def _migrate(database: Database, store: str, setting: str) -> None:
    try:
        await migrate(database, store)
    except (OSError, sa.exc.SQLAlchemyError, asyncpg.PostgresError) as error:
        # The error's own words may carry the address, and with it a password.
        kind = type(error.orig if isinstance(error, sa.exc.DBAPIError) else error).__name__
        raise Unreachable(
            f"{setting}: the database cannot be opened ({kind}); check the address, the rights and that its server runs"
        ) from None
