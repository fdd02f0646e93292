"""Files that customers sent to us directly, sealed under their person's key.

A file is first uploaded, then held for a message, then referred to by it. Uploads that no message came for are purged.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from domain.consent import ConsentAct, ConsentPurpose
from domain.errors import KeyGone, SangdamError
from domain.messages import OURS
from storage.crypto import Key
from storage.database import Database
from storage.keys import KeyStore
from storage.tables import conversations, customers, files, inbox
from storage.times import SECOND

KEPT = 3600 * SECOND  # how long an upload waits for its message
MOST_WAITING = 20  # uploads of one conversation that no message refers to yet


class TooManyFiles(SangdamError):
    """A conversation has too many uploads that no message refers to."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file without opening it. seq: the message that refers to it, None while there is none.

    shared: the customer has agreed that the staff see files.
    """

    id: str
    type: str
    size: int
    seq: int | None
    shared: bool


class Files:
    """Every look-up names the conversation: an id alone opens nothing."""

    def __init__(self, database: Database, keys: KeyStore) -> None:
        self._database, self._keys = database, keys

    async def add(self, conversation_id: int, content: bytes, mime: str, now: int) -> str:
        """Keep an upload; its id. Raises TooManyFiles, and KeyGone when the customer was erased."""
        key_of = (
            sa.select(customers.c.key_id)
            .join(conversations, conversations.c.customer_id == customers.c.id)
            .where(conversations.c.id == conversation_id)
        )
        async with self._database.read() as connection:
            key = await self._key((await connection.execute(key_of)).scalar_one())
        file_id = secrets.token_urlsafe(18)
        sealed = key.seal(content, _binding(conversation_id, file_id))
        waiting = sa.select(sa.func.count()).where(files.c.conversation_id == conversation_id, files.c.seq.is_(None))
        async with self._database.write() as connection:
            if (await connection.execute(waiting)).scalar_one() >= MOST_WAITING:
                raise TooManyFiles("too many files that no message refers to")
            await connection.execute(
                sa.insert(files).values(
                    id=file_id,
                    conversation_id=conversation_id,
                    type=mime,
                    size=len(content),
                    platform_id="",
                    touched_at=now,
                    content=sealed,
                )
            )
        return file_id

    async def remove(self, conversation_id: int, file_id: str) -> None:
        """Forget an upload that no message was sent with; others stay."""
        unsent = (files.c.conversation_id == conversation_id) & (files.c.id == file_id) & (files.c.platform_id == "")
        async with self._database.write() as connection:
            await connection.execute(sa.delete(files).where(unsent))

    async def hold(
        self, conversation_id: int, ids: Sequence[str], platform_id: str, now: int
    ) -> list[FileFacts] | None:
        """Hold uploads for one message before it is taken in, so that no other message and no purge gets them.

        In the order of the ids; None when one is not there, not of this conversation or another message's.
        """
        ours = files.c.id.in_(ids) & (files.c.conversation_id == conversation_id)
        ours &= files.c.platform_id.in_(["", platform_id])
        change = (
            sa.update(files)
            .where(ours)
            .values(platform_id=platform_id, touched_at=now)
            .returning(files.c.id, files.c.type, files.c.size, files.c.seq)
        )
        try:
            async with self._database.write() as connection:
                rows = (await connection.execute(change)).all()
                found = {row.id: FileFacts(row.id, row.type, row.size, row.seq, False) for row in rows}
                held = [found[file_id] for file_id in ids]
        except KeyError:  # rolled back: the others are not held either
            return None
        return held

    async def refer(self, conversation_id: int, ids: Sequence[str], seq: int) -> None:
        """The message was taken in: its files stay."""
        theirs = files.c.id.in_(ids) & (files.c.conversation_id == conversation_id)
        async with self._database.write() as connection:
            await connection.execute(sa.update(files).where(theirs).values(seq=seq))

    async def facts(self, conversation_id: int, file_id: str) -> FileFacts | None:
        """None when this conversation has no such file."""
        query = (
            sa.select(files.c.id, files.c.type, files.c.size, files.c.seq, customers.c.consents)
            .join(conversations, conversations.c.id == files.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .where(files.c.id == file_id, files.c.conversation_id == conversation_id)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        shared = orjson.loads(row.consents).get(ConsentPurpose.ATTACHMENTS) == ConsentAct.GRANTED
        return FileFacts(row.id, row.type, row.size, row.seq, shared)

    async def content(self, conversation_id: int, file_id: str) -> bytes | None:
        """None when this conversation has no such file. Raises KeyGone when the customer was erased."""
        query = (
            sa.select(files.c.content, customers.c.key_id)
            .join(conversations, conversations.c.id == files.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .where(files.c.id == file_id, files.c.conversation_id == conversation_id)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return (await self._key(row.key_id)).open(row.content, _binding(conversation_id, file_id))

    async def purge(self, channel: str, now: int) -> int:
        """Remove uploads that no message of the channel came for; how many.

        A message may have been taken in by a process that died before it said so: the inbox knows.
        """
        taken = sa.select(inbox.c.seq).where(
            inbox.c.channel == channel,
            inbox.c.platform_id == files.c.platform_id,
            inbox.c.conversation_id == files.c.conversation_id,
        )
        waiting = files.c.seq.is_(None)
        old = waiting & (files.c.touched_at < now - KEPT)
        async with self._database.write() as connection:
            held = waiting & (files.c.platform_id != "")
            await connection.execute(sa.update(files).where(held, taken.exists()).values(seq=taken.scalar_subquery()))
            gone = await connection.execute(sa.delete(files).where(old))
        return gone.rowcount

    async def _key(self, key_id: int) -> Key:
        if await self._keys.fetch({key_id}):
            raise KeyGone("this customer was erased")
        return self._keys.cached[key_id]


def reference(file_id: str) -> str:
    """The file_id of an Attachment whose file we keep ourselves."""
    return OURS + file_id


def _binding(conversation_id: int, file_id: str) -> bytes:
    return b"file:%d:%s" % (conversation_id, file_id.encode())
