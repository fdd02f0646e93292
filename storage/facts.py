"""Single values of the installation."""

from sqlalchemy import select, update

from storage.database import Database
from storage.tables import facts


async def get_fact(database: Database, name: str) -> str | None:
    async with database.read() as connection:
        value: str | None = (await connection.execute(select(facts.c.value).where(facts.c.name == name))).scalar()
    return value


async def ensure_fact(database: Database, name: str, value: str) -> str:
    """Write the value unless there is one; return the one that stands."""
    async with database.write() as connection:
        # Several processes may start at once on a new database.
        await connection.execute(database.insert(facts).values(name=name, value=value).on_conflict_do_nothing())
        standing = await connection.execute(select(facts.c.value).where(facts.c.name == name))
        found: str = standing.scalar_one()
    return found


async def set_fact(database: Database, name: str, value: str) -> None:
    """Change a value that ensure_fact has made."""
    async with database.write() as connection:
        await connection.execute(update(facts).where(facts.c.name == name).values(value=value))
