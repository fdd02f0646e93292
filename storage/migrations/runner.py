"""Applying migrations at start, under a lock, in one transaction; and alembic's environment."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config

from storage.database import Database

_LOCK = 0x53414E47  # any constant: the advisory lock under which PostgreSQL migrates


async def migrate(database: Database, store: str) -> None:
    """Bring a database up to date. store is "data" or "keys". Several processes may start at once: one migrates."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / store))
    async with database.write() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        await connection.run_sync(_upgrade, config)


def _upgrade(connection: sa.Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run_environment(metadata: sa.MetaData, version_table: str) -> None:
    """Called by each store's env.py, on the connection that the caller has opened and will commit."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=version_table,
        transactional_ddl=False,  # the surrounding transaction is ours
    )
    context.run_migrations()
