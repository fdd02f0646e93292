"""Published versions of the knowledge base. Entries are kept as their Markdown text, byte for byte."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from storage.database import Database
from storage.tables import kb_entries, kb_texts, kb_versions
from storage.times import from_us

DRAFT = 0


@dataclass(frozen=True, slots=True)
class KbVersion:
    version: int
    published_at: datetime
    published_by: str
    note: str


class KnowledgeVersions:
    """The draft and the published versions; a version once published never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

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

    async def replace_draft(self, texts: Mapping[str, str], *, keep_others: bool) -> None:
        """Make the draft what `texts` holds; with keep_others entries that it does not name stay."""
        async with self._database.write() as connection:
            await self._store(connection, texts)
            gone = sa.delete(kb_entries).where(kb_entries.c.version == DRAFT)
            if keep_others:
                gone = gone.where(kb_entries.c.entry.in_(list(texts)))
            await connection.execute(gone)
            if texts:
                await connection.execute(sa.insert(kb_entries), _rows(DRAFT, texts))

    async def publish(
        self, texts: Mapping[str, str], *, after: int, by: str, note: str, now: int, draft: bool = False
    ) -> int:
        """Publish texts as version after + 1; with draft they are the new draft too.

        Raises Conflict when the latest version is not `after` any more.
        """
        async with self._database.write() as connection:
            await connection.execute(sa.select(kb_versions.c.version).with_for_update())
            latest = (await connection.execute(sa.select(sa.func.max(kb_versions.c.version)))).scalar() or 0
            if latest != after:
                raise Conflict(f"version {latest} was published meanwhile; look at it and publish again")
            version = after + 1
            await self._store(connection, texts)
            try:
                await connection.execute(
                    sa.insert(kb_versions).values(version=version, published_at=now, published_by=by, note=note)
                )
            except sa.exc.IntegrityError:  # on PostgreSQL: of the first version there is no row yet to lock
                raise Conflict(f"version {version} was published meanwhile; look at it and publish again") from None
            if draft:
                await connection.execute(sa.delete(kb_entries).where(kb_entries.c.version == DRAFT))
            for made in (version, DRAFT) if draft else (version,):
                if texts:
                    await connection.execute(sa.insert(kb_entries), _rows(made, texts))
        return version

    async def _store(self, connection: AsyncConnection, texts: Mapping[str, str]) -> None:
        if not texts:
            return
        unique = {_hash(text): text for text in texts.values()}
        await connection.execute(
            self._database.insert(kb_texts).on_conflict_do_nothing(),
            [{"hash": h, "text": t} for h, t in sorted(unique.items())],
        )


def _version(row: sa.Row[tuple[int, int, str, str]]) -> KbVersion:
    return KbVersion(row.version, from_us(row.published_at), row.published_by, row.note)


def _rows(version: int, texts: Mapping[str, str]) -> list[dict[str, object]]:
    return [{"version": version, "entry": entry, "hash": _hash(text)} for entry, text in texts.items()]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
