"""Published versions of the knowledge base. Entries are kept as their Markdown text, byte for byte."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.effects import LedgerEvent
from domain.errors import Conflict
from storage.crypto import Hashes
from storage.database import Database
from storage.drafts import Change, DraftMoved, write_changes
from storage.kb_rows import (
    DRAFT,
    copy_entries,
    count_up,
    hash_of,
    in_portions,
    lock_draft,
    read_hashes,
    store_entries,
    store_texts,
)
from storage.ledger import append_events
from storage.tables import kb_entries, kb_texts, kb_versions
from storage.times import from_us

__all__ = ["DRAFT", "Difference", "KbVersion", "KnowledgeVersions", "Publication"]


@dataclass(frozen=True, slots=True)
class KbVersion:
    version: int
    published_at: datetime
    published_by: str
    note: str
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """What is written beside a version that goes live. now: microseconds; events: for the ledger."""

    by: str
    note: str
    now: int
    approved_by: str = ""
    events: Sequence[LedgerEvent] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """From one version to another: texts of entries added or changed, by id, and ids that went."""

    texts: dict[str, str]
    removed: tuple[str, ...]


class KnowledgeVersions:
    """A version once published never changes."""

    def __init__(self, database: Database, hashes: Hashes) -> None:
        self._database, self._hashes = database, hashes

    async def latest(self) -> KbVersion | None:
        query = sa.select(kb_versions).order_by(kb_versions.c.version.desc()).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _version(row)

    async def history(self) -> list[KbVersion]:
        """Newest first."""
        query = sa.select(kb_versions).order_by(kb_versions.c.version.desc())
        async with self._database.read() as connection:
            return [_version(row) for row in (await connection.execute(query)).all()]

    async def hashes(self, version: int) -> dict[str, str]:
        """Hash of the text by entry id of one version (DRAFT for the draft)."""
        async with self._database.read() as connection:
            return await read_hashes(connection, version)

    async def texts_of(self, hashes: Collection[str]) -> dict[str, str]:
        """Texts by their hashes, without those that are not stored."""
        found: dict[str, str] = {}
        async with self._database.read() as connection:
            for some in in_portions(sorted(set(hashes))):
                query = sa.select(kb_texts.c.hash, kb_texts.c.text).where(kb_texts.c.hash.in_(some))
                found |= {row[0]: row[1] for row in (await connection.execute(query)).all()}
        return found

    async def texts(self, version: int) -> dict[str, str]:
        """Markdown text by entry id of one version (DRAFT for the draft)."""
        query = (
            sa.select(kb_entries.c.entry, kb_texts.c.text)
            .join(kb_texts, kb_texts.c.hash == kb_entries.c.hash)
            .where(kb_entries.c.version == version)
            .order_by(kb_entries.c.entry)
        )
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in (await connection.execute(query)).all()}

    async def difference(self, before: int, after: int) -> Difference:
        """What makes version `after` of version `before`; reads the texts that differ and no others."""
        old, new = kb_entries.alias("old"), kb_entries.alias("new")
        changed = (
            sa.select(new.c.entry, new.c.hash, old.c.hash.is_(None).label("added"))
            .outerjoin(old, (old.c.version == before) & (old.c.entry == new.c.entry))
            .where(new.c.version == after, old.c.hash.is_(None) | (old.c.hash != new.c.hash))
            .subquery()  # in one piece with the texts, they would be looked up for every entry
        )
        texts = sa.select(changed, kb_texts.c.text).join(kb_texts, kb_texts.c.hash == changed.c.hash)
        sizes = sa.select(_size(before), _size(after))
        gone = (
            sa.select(old.c.entry)
            .outerjoin(new, (new.c.version == after) & (new.c.entry == old.c.entry))
            .where(old.c.version == before, new.c.entry.is_(None))
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(texts)).all()
            had, has = (await connection.execute(sizes)).one()
            some_went = had + sum(bool(row.added) for row in rows) != has
            removed = (await connection.execute(gone)).scalars().all() if some_went else ()
        return Difference({row.entry: row.text for row in rows}, tuple(sorted(removed)))

    async def publish(
        self, texts: Mapping[str, str], *, after: int, by: str, note: str, now: int, draft: bool = False
    ) -> int:
        """Publish texts as version after + 1; with draft they are the new draft too.

        Raises Conflict when the latest version is not `after` any more.
        """
        hashes = {entry: hash_of(text) for entry, text in texts.items()}
        async with self._database.write() as connection:
            revision = await lock_draft(self._database, connection) if draft else 0
            await store_texts(self._database, connection, list(texts.values()))
            version = await self._add(connection, after, Publication(by, note, now))
            await store_entries(connection, version, hashes)
            if draft:
                await connection.execute(sa.delete(kb_entries).where(kb_entries.c.version == DRAFT))
                await store_entries(connection, DRAFT, hashes)
                await count_up(connection, revision)
        return version

    async def publish_draft(self, *, after: int, revision: int, publication: Publication) -> int:
        """Publish the draft as version after + 1.

        Raises Conflict when the latest version is not `after`, DraftMoved when the draft is not `revision` any more.
        """
        async with self._database.write() as connection:
            if await lock_draft(self._database, connection) != revision:
                raise DraftMoved
            version = await self._add(connection, after, publication)
            await copy_entries(connection, DRAFT, version)
            await append_events(connection, publication.events, self._hashes, publication.now)
        return version

    async def restore(self, old: int, *, after: int, publication: Publication) -> int:
        """Publish what version `old` held as version after + 1, and make the draft the same.

        Raises Conflict when the latest version is not `after` any more.
        """
        async with self._database.write() as connection:
            revision = await lock_draft(self._database, connection)
            version = await self._add(connection, after, publication)
            await copy_entries(connection, old, version)
            standing, made = await read_hashes(connection, DRAFT), await read_hashes(connection, version)
            changes = [
                Change(entry, standing.get(entry, ""), made.get(entry, ""))
                for entry in sorted(standing.keys() | made.keys())
                if standing.get(entry) != made.get(entry)
            ]
            await write_changes(connection, changes, publication.by, publication.now)
            await count_up(connection, revision)
            await append_events(connection, publication.events, self._hashes, publication.now)
        return version

    async def _add(self, connection: AsyncConnection, after: int, publication: Publication) -> int:
        await connection.execute(sa.select(kb_versions.c.version).with_for_update())
        latest = (await connection.execute(sa.select(sa.func.max(kb_versions.c.version)))).scalar() or 0
        if latest != after:
            raise _published_meanwhile(latest)
        row = {
            "version": after + 1,
            "published_at": publication.now,
            "published_by": publication.by,
            "note": publication.note,
            "approved_by": publication.approved_by,
        }
        try:
            await connection.execute(sa.insert(kb_versions).values(row))
        except sa.exc.IntegrityError:  # on PostgreSQL: of the first version there is no row yet to lock
            raise _published_meanwhile(after + 1) from None
        return after + 1


def _size(version: int) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(kb_entries.c.version == version).scalar_subquery()


def _published_meanwhile(version: int) -> Conflict:
    return Conflict(f"그사이 제{version}판이 게시되었습니다. 확인하고 다시 게시해 주세요.")


def _version(row: sa.Row[Any]) -> KbVersion:
    return KbVersion(row.version, from_us(row.published_at), row.published_by, row.note, row.approved_by)
