"""Migrations end equal to the tables in the code, however many start at once."""

import asyncio
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from storage.database import Database
from storage.migrations.runner import migrate
from storage.opening import Storage
from storage.tables import keys_metadata, metadata
from tests.conftest import Urls
from tests.postgres import PostgresServer

STORES = {"data": (metadata, "schema_version"), "keys": (keys_metadata, "keys_schema_version")}


@pytest.mark.parametrize("store", STORES)
async def test_migrations_end_equal_to_the_tables(urls: Urls, store: str) -> None:
    tables, version_table = STORES[store]

    def differences(connection: sa.Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True, "version_table": version_table}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), tables))

    database = Database(getattr(urls, store))
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_several_processes_may_migrate_at_once(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if engine == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"new_{uuid.uuid4().hex}"
        server.create(name)
        url = server.url(name)
    databases = [Database(url) for _ in range(4)]
    await asyncio.gather(*(migrate(d, "data") for d in databases))
    await asyncio.gather(*(migrate(d, "data") for d in databases))
    async with databases[0].read() as connection:
        tables = await connection.run_sync(lambda c: set(sa.inspect(c).get_table_names()))
        heads = (await connection.execute(sa.text("SELECT chain FROM ledger_heads ORDER BY chain"))).scalars().all()
    assert tables == {*metadata.tables, "schema_version"}
    assert heads == ["access", "rights"]
    for database in databases:
        await database.close()
    if engine == "postgresql":
        server.drop(name)


async def test_the_two_stores_share_no_table(storage: Storage) -> None:
    assert not set(metadata.tables) & set(keys_metadata.tables)
    async with storage.keys_database.read() as connection:
        tables = await connection.run_sync(lambda c: set(sa.inspect(c).get_table_names()))
    assert tables == {*keys_metadata.tables, "keys_schema_version"}
