"""Applying migrations at start, under a lock, in one transaction."""

from pathlib import Path

import sqlalchemy as sa

from storage.database import Database

VERSION_TABLES = {"data": "schema_version", "keys": "keys_schema_version"}
_LOCK = 0x53414E47  # any constant: the advisory lock under which PostgreSQL migrates


async def migrate(database: Database, store: str) -> None:
    """Bring a database up to date. store is "data" or "keys". Several processes may start at once: one migrates."""
    scripts = Path(__file__).parent / store
    newest = max(path.name for path in (scripts / "versions").glob("[0-9]*.py"))
    async with database.write() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if await connection.run_sync(_revision, VERSION_TABLES[store]) != newest.partition("_")[0]:
            await connection.run_sync(_upgrade, scripts)


def _revision(connection: sa.Connection, table: str) -> str | None:
    if not sa.inspect(connection).has_table(table):
        return None
    return connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(table)))


def _upgrade(connection: sa.Connection, scripts: Path) -> None:
    from storage.migrations.upgrading import upgrade  # alembic is large, and most starts have nothing to apply

    upgrade(connection, scripts)
