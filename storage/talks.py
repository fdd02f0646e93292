"""Where admins are who edit the knowledge base in a messenger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from domain.messages import Outgoing
from storage.codec import outgoing_from_bytes, outgoing_to_bytes
from storage.database import Database
from storage.tables import kb_talks
from storage.times import from_us


@dataclass(frozen=True, slots=True)
class Talk:
    """handled: the platform's order of the newest message that was taken in; said: what it was answered with."""

    handled: int
    at: datetime
    state: Mapping[str, Any]
    said: tuple[Outgoing, ...]


class Talks:
    """One talk for each account. Nothing of a customer's is in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, staff_id: int) -> Talk | None:
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(kb_talks).where(kb_talks.c.staff_id == staff_id))).first()
        if row is None:
            return None
        said = tuple(outgoing_from_bytes(orjson.dumps(message)) for message in orjson.loads(row.said))
        return Talk(row.handled, from_us(row.at), orjson.loads(row.state), said)

    async def save(
        self, staff_id: int, state: Mapping[str, Any], said: Sequence[Outgoing], *, handled: int, now: int
    ) -> None:
        body = orjson.dumps([orjson.loads(outgoing_to_bytes(message)) for message in said])
        values = {"handled": handled, "at": now, "state": orjson.dumps(state), "said": body}
        insert = self._database.insert(kb_talks).values(staff_id=staff_id, **values)
        async with self._database.write() as connection:
            await connection.execute(insert.on_conflict_do_update(index_elements=["staff_id"], set_=values))
