"""Reading cases."""

from collections.abc import AsyncIterator

import sqlalchemy as sa

from domain.cases import Case
from storage.database import Database
from storage.handling import case_of
from storage.tables import cases


async def all_cases(database: Database) -> AsyncIterator[Case]:
    """Every case, the one due first at the top, those without a date last."""
    query = sa.select(
        cases.c.number,
        cases.c.kind,
        cases.c.state,
        cases.c.opened_at,
        cases.c.due_at,
        cases.c.closed_at,
        cases.c.reason,
    ).order_by(cases.c.due_at.is_(None), cases.c.due_at, cases.c.id)
    async with database.read() as connection:
        async for row in await connection.stream(query):
            yield case_of(tuple(row))
