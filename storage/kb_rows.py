"""Rows of the knowledge base that several steps of a transaction share: texts, versions' entries, the draft's lock.

Every change of the draft takes the draft's lock first and counts its revision up, so that whoever looked at a revision
can tell whether it still stands. The order of locks: draft, versions, ledger.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.tables import facts, kb_entries, kb_texts

T = TypeVar("T")
DRAFT = 0
_REVISION = "kb_draft"
_AT_ONCE = 500  # values of one IN


def hash_of(text: str) -> str:
    """Under which a text is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


async def read_revision(connection: AsyncConnection) -> int:
    """How often the draft has changed."""
    value = (await connection.execute(sa.select(facts.c.value).where(facts.c.name == _REVISION))).scalar()
    return int(value or 0)


async def lock_draft(database: Database, connection: AsyncConnection) -> int:
    """Hold the draft until the transaction ends; its revision."""
    first = database.insert(facts).values(name=_REVISION, value="0").on_conflict_do_nothing()
    await connection.execute(first)
    query = sa.select(facts.c.value).where(facts.c.name == _REVISION).with_for_update()
    return int((await connection.execute(query)).scalar_one())


async def count_up(connection: AsyncConnection, revision: int) -> int:
    """The revision after a change; the caller holds the draft."""
    change = sa.update(facts).where(facts.c.name == _REVISION).values(value=str(revision + 1))
    await connection.execute(change)
    return revision + 1


async def read_hashes(connection: AsyncConnection, version: int) -> dict[str, str]:
    """Hash of the text by entry id, in the order of ids."""
    query = (
        sa.select(kb_entries.c.entry, kb_entries.c.hash)
        .where(kb_entries.c.version == version)
        .order_by(kb_entries.c.entry)
    )
    return {row[0]: row[1] for row in (await connection.execute(query)).all()}


async def store_texts(database: Database, connection: AsyncConnection, texts: Sequence[str]) -> None:
    if texts:
        unique = {hash_of(text): text for text in texts}
        await connection.execute(
            database.insert(kb_texts).on_conflict_do_nothing(),
            [{"hash": h, "text": t} for h, t in sorted(unique.items())],
        )


async def store_entries(connection: AsyncConnection, version: int, hashes: Mapping[str, str]) -> None:
    if hashes:
        rows = [{"version": version, "entry": entry, "hash": hashed} for entry, hashed in hashes.items()]
        await connection.execute(sa.insert(kb_entries), rows)


async def copy_entries(connection: AsyncConnection, version: int, into: int) -> None:
    """Make version `into`, which has no entries, hold what `version` holds."""
    held = sa.select(sa.literal(into), kb_entries.c.entry, kb_entries.c.hash).where(kb_entries.c.version == version)
    await connection.execute(sa.insert(kb_entries).from_select(["version", "entry", "hash"], held))


def in_portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as one IN takes."""
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
