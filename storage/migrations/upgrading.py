"""Alembic, run on a connection that the caller has opened and will commit."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config

from storage.migrations.runner import VERSION_TABLES


def upgrade(connection: sa.Connection, scripts: Path) -> None:
    """Apply what the database has not had yet. scripts: the folder of a store's env.py and versions."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run_environment(metadata: sa.MetaData, store: str) -> None:
    """Called by each store's env.py."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=VERSION_TABLES[store],
        transactional_ddl=False,  # the surrounding transaction is the caller's
    )
    context.run_migrations()
