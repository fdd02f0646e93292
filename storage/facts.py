"""Single values of the installation."""

from sqlalchemy import insert, select, update

from storage.database import Database
from storage.tables import facts


async def get_fact(database: Database, name: str) -> str | None:
    async with database.read() as connection:
        value: str | None = (await connection.execute(select(facts.c.value).where(facts.c.name == name))).scalar()
    return value


async def ensure_fact(database: Database, name: str, value: str) -> str:
    """Write the value unless there is one; return the one that stands."""
    async with database.write() as connection:
        standing: str | None = (
            await connection.execute(select(facts.c.value).where(facts.c.name == name).with_for_update())
        ).scalar()
        if standing is None:
            await connection.execute(insert(facts).values(name=name, value=value))
    return value if standing is None else standing


async def set_fact(database: Database, name: str, value: str) -> None:
    """Change a value that ensure_fact has made."""
    async with database.write() as connection:
        await connection.execute(update(facts).where(facts.c.name == name).values(value=value))
