"""The draft of the knowledge base, its history, and its reviews."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.editing import Edit, Review
from domain.effects import LedgerEvent
from domain.errors import Conflict
from domain.gaps import Settling
from storage.crypto import Hashes
from storage.database import Database
from storage.gaps import settle_gaps
from storage.kb_rows import DRAFT, count_up, in_portions, lock_draft, read_hashes, read_revision, store_texts
from storage.ledger import append_events
from storage.tables import kb_edits, kb_entries, kb_reviews
from storage.times import from_us


class DraftMoved(Conflict):
    """The draft is not the one that was looked at any more."""

    def __init__(self) -> None:
        super().__init__("그사이 초안이 바뀌었습니다. 지금 초안을 확인하고 다시 시도해 주세요.")


@dataclass(frozen=True, slots=True)
class Change:
    """Of one entry: hashes of its text before and after, "" for no entry."""

    entry: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DraftState:
    """One look at the draft: its revision, and hash of the text by entry id."""

    revision: int
    hashes: dict[str, str]


class Drafts:
    """Changes say which revision they were made for; on any other they raise DraftMoved and change nothing."""

    def __init__(self, database: Database, hashes: Hashes) -> None:
        self._database, self._hashes = database, hashes

    async def revision(self) -> int:
        """How often the draft has changed."""
        async with self._database.read() as connection:
            return await read_revision(connection)

    async def state(self) -> DraftState:
        async with self._database.read() as connection:
            revision = await read_revision(connection)  # first: hashes that are newer only mean another look
            return DraftState(revision, await read_hashes(connection, DRAFT))

    async def change(
        self,
        changes: Sequence[Change],
        texts: Sequence[str],
        *,
        revision: int,
        by: str,
        now: int,
        settling: Settling | None = None,
    ) -> list[Edit]:
        """Change the draft; texts: those that the changes bring; settling: the gaps that the change takes care of. All
        or nothing; what is written to the history. Raises GapsSettled."""
        async with self._database.write() as connection:
            await self._hold(connection, revision)
            await store_texts(self._database, connection, texts)
            first = await write_changes(connection, changes, by, now)
            await count_up(connection, revision)
            if settling is not None:
                await settle_gaps(connection, settling, by=by, now=now)
        return [Edit(first + n, c.entry, c.before, c.after, by, from_us(now)) for n, c in enumerate(changes)]

    async def edits(self, entry: str, most: int) -> list[Edit]:
        """What became of one entry, newest first."""
        query = sa.select(kb_edits).where(kb_edits.c.entry == entry).order_by(kb_edits.c.id.desc()).limit(most)
        async with self._database.read() as connection:
            return [_edit(row) for row in (await connection.execute(query)).all()]

    async def last_edits(self, since: int = 0) -> dict[str, Edit]:
        """The newest change by entry, of changes with ids above `since`."""
        newest = sa.select(sa.func.max(kb_edits.c.id)).where(kb_edits.c.id > since).group_by(kb_edits.c.entry)
        query = sa.select(kb_edits).where(kb_edits.c.id.in_(newest))
        async with self._database.read() as connection:
            return {row.entry: _edit(row) for row in (await connection.execute(query)).all()}

    async def authors(self, live: Mapping[str, str]) -> frozenset[str]:
        """Who had a hand in what differs from the live version. live: hash of the live text ("" for none) of every
        entry that differs."""
        names: set[str] = set()
        done: set[str] = set()
        async with self._database.read() as connection:
            for some in in_portions(sorted(live)):
                query = sa.select(kb_edits).where(kb_edits.c.entry.in_(some)).order_by(kb_edits.c.id.desc())
                for row in (await connection.execute(query)).all():
                    if row.entry not in done and row.after != live[row.entry]:
                        names.add(row.edited_by)
                    else:  # what came before it has been live
                        done.add(row.entry)
        return frozenset(names)

    async def submit(self, digest: str, *, revision: int, by: str, note: str, now: int) -> Review:
        """Hand the draft in for review."""
        row = {
            "digest": digest,
            "submitted_by": by,
            "submitted_at": now,
            "note": note,
            "verdict": "",
            "decided_by": "",
            "remark": "",
        }
        async with self._database.write() as connection:
            await self._hold(connection, revision)
            added = (await connection.execute(sa.insert(kb_reviews).values(row).returning(kb_reviews))).one()
        return _review(added)

    async def decide(
        self, review: int, verdict: str, *, revision: int, by: str, remark: str, now: int, event: LedgerEvent
    ) -> Review | None:
        """Approve or return it; None when somebody has decided already."""
        decided = {"verdict": verdict, "decided_by": by, "decided_at": now, "remark": remark}
        change = sa.update(kb_reviews).where(kb_reviews.c.id == review, kb_reviews.c.verdict == "").values(decided)
        async with self._database.write() as connection:
            await self._hold(connection, revision)
            row = (await connection.execute(change.returning(kb_reviews))).first()
            if row is not None:
                await append_events(connection, [event], self._hashes, now)
        return None if row is None else _review(row)

    async def reviews(self, most: int = 1) -> list[Review]:
        """Newest first."""
        query = sa.select(kb_reviews).order_by(kb_reviews.c.id.desc()).limit(most)
        async with self._database.read() as connection:
            return [_review(row) for row in (await connection.execute(query)).all()]

    async def _hold(self, connection: AsyncConnection, revision: int) -> None:
        if await lock_draft(self._database, connection) != revision:
            raise DraftMoved


async def write_changes(connection: AsyncConnection, changes: Collection[Change], by: str, now: int) -> int:
    """Change the draft's entries and write the history; the caller holds the draft. Id of the first edit."""
    if not changes:
        return 0
    gone = sa.delete(kb_entries).where(kb_entries.c.version == DRAFT, kb_entries.c.entry == sa.bindparam("gone"))
    await connection.execute(gone, [{"gone": c.entry} for c in changes])
    made = [{"version": DRAFT, "entry": c.entry, "hash": c.after} for c in changes if c.after]
    if made:
        await connection.execute(sa.insert(kb_entries), made)
    last = (await connection.execute(sa.select(sa.func.max(kb_edits.c.id)))).scalar() or 0
    rows = [
        {"id": last + n, "entry": c.entry, "before": c.before, "after": c.after, "edited_by": by, "at": now}
        for n, c in enumerate(changes, 1)
    ]
    await connection.execute(sa.insert(kb_edits), rows)
    return last + 1


def _edit(row: sa.Row[Any]) -> Edit:
    return Edit(row.id, row.entry, row.before, row.after, row.edited_by, from_us(row.at))


def _review(row: sa.Row[Any]) -> Review:
    return Review(
        row.id,
        row.digest,
        row.submitted_by,
        from_us(row.submitted_at),
        row.note,
        row.verdict,
        row.decided_by,
        None if row.decided_at is None else from_us(row.decided_at),
        row.remark,
    )
