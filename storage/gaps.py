"""Open gaps of the knowledge base with the sealed messages that hold their words, and settling them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.gaps import GapKey, GapKind, GapsSettled, Settling
from storage.database import Database
from storage.intake import message_binding
from storage.keys import KeyStore
from storage.tables import conversations, customers, kb_gaps, messages
from storage.times import from_us, to_us

_AT_ONCE = 300  # gaps in one statement


@dataclass(frozen=True, slots=True)
class SealedGap:
    """An open gap, its message still sealed."""

    key: GapKey
    kind: GapKind
    entry: str
    version: int
    at: datetime
    customer_id: int
    key_id: int
    body: bytes


class Gaps:
    def __init__(self, database: Database, keys: KeyStore) -> None:
        self._database, self._keys = database, keys

    async def open(
        self, kinds: Collection[GapKind] = (), since: datetime | None = None, most: int = 5_000
    ) -> list[SealedGap]:
        """What nobody has settled, newest first, up to `most`; only these kinds, or all for none. What is sealed under
        a key that was destroyed is left out."""
        query = (
            sa.select(kb_gaps, messages.c.body, conversations.c.customer_id, customers.c.key_id)
            .join(
                messages,
                (messages.c.conversation_id == kb_gaps.c.conversation_id) & (messages.c.seq == kb_gaps.c.seq),
            )
            .join(conversations, conversations.c.id == kb_gaps.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .where(kb_gaps.c.settled_at.is_(None))
            .order_by(kb_gaps.c.at.desc(), kb_gaps.c.conversation_id, kb_gaps.c.seq, kb_gaps.c.part)
            .limit(most)
        )
        if kinds:
            query = query.where(kb_gaps.c.kind.in_(sorted(kinds)))
        if since is not None:
            query = query.where(kb_gaps.c.at >= to_us(since))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        gone = await self._keys.fetch({row.key_id for row in rows})
        return [_sealed(row) for row in rows if row.key_id not in gone]

    def texts(self, gaps: Sequence[SealedGap]) -> list[str]:
        """The whole messages that the gaps are in. Costs about 5 µs each: to be called beside the event loop."""
        cached = self._keys.cached
        out = []
        for gap in gaps:
            binding = message_binding(gap.key.conversation_id, gap.key.seq)
            key = cached.get(gap.key_id)  # erased since it was fetched
            out.append(orjson.loads(key.open(gap.body, binding))["text"] if key else "")
        return out

    async def settle(self, settling: Settling, *, by: str, now: int) -> int:
        """Settle what is open of these; how many were. Raises GapsSettled when none was."""
        async with self._database.write() as connection:
            return await settle_gaps(connection, settling, by=by, now=now)

    async def settled(self, keys: Collection[GapKey]) -> dict[GapKey, tuple[str, str]]:
        """Who settled each of these, and as what; open and unknown ones are left out."""
        found: dict[GapKey, tuple[str, str]] = {}
        async with self._database.read() as connection:
            for some in _portions(keys):
                query = sa.select(kb_gaps).where(_among(some), kb_gaps.c.settled_at.is_not(None))
                for row in (await connection.execute(query)).all():
                    found[GapKey(row.conversation_id, row.seq, row.part)] = (row.settled_by, row.settled_as)
        return found


async def settle_gaps(connection: AsyncConnection, settling: Settling, *, by: str, now: int) -> int:
    """Gaps.settle in the transaction of whoever calls.

    The conversations are locked first, in the order in which handling locks them.
    """
    count = 0
    ids = sorted({key.conversation_id for key in settling.keys})
    for start in range(0, len(ids), _AT_ONCE):
        held = sa.select(conversations.c.id).where(conversations.c.id.in_(ids[start : start + _AT_ONCE]))
        await connection.execute(held.order_by(conversations.c.id).with_for_update())
    done = {"settled_at": now, "settled_by": by, "settled_as": settling.how}
    for some in _portions(settling.keys):
        change = sa.update(kb_gaps).where(_among(some), kb_gaps.c.settled_at.is_(None))
        count += (await connection.execute(change.values(done))).rowcount
    if not count:
        raise GapsSettled
    return count


def _portions(keys: Collection[GapKey]) -> list[list[GapKey]]:
    ordered = sorted(set(keys))
    return [ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE)]


def _among(keys: Sequence[GapKey]) -> sa.ColumnElement[bool]:
    columns = sa.tuple_(kb_gaps.c.conversation_id, kb_gaps.c.seq, kb_gaps.c.part)
    return columns.in_([(k.conversation_id, k.seq, k.part) for k in keys])


def _sealed(row: sa.Row[Any]) -> SealedGap:
    return SealedGap(
        key=GapKey(row.conversation_id, row.seq, row.part),
        kind=GapKind(row.kind),
        entry=row.entry,
        version=row.version,
        at=from_us(row.at),
        customer_id=row.customer_id,
        key_id=row.key_id,
        body=row.body,
    )
