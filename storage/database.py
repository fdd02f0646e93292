"""One way to read and one way to write, on SQLite and PostgreSQL alike.

Lost updates are silent unless writers take turns: on SQLite every write transaction of this process uses one connection
and begins with BEGIN IMMEDIATE; on PostgreSQL shared rows are locked by the statements (FOR UPDATE).
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import Conflict
from storage.statements import Program, Row, Statement

T = TypeVar("T")
BUSY_TIMEOUT_MS = 15_000  # for other processes on the same file; within this one, writers wait in turn


class Database:
    """An open database. read() may not write; write() is one transaction; run() is a program of the hot path."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._turn = asyncio.Lock()
        self._writer: AsyncConnection | None = None
        if self.is_sqlite:
            self._writers = _sqlite_engine(url, read_only=False)
            self._readers = _sqlite_engine(url, read_only=True)
        else:
            self._writers = self._readers = create_async_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True)

    def insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """An insert of this engine's dialect, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()
            self._writer = None
        await self._readers.dispose()
        await self._writers.dispose()

    async def answers(self) -> bool:
        """Whether the database can be reached."""
        try:
            async with self.read() as connection:
                await connection.execute(sa.select(1))
        except (sa.exc.SQLAlchemyError, OSError):
            return False
        return True

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._readers.connect() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction; committed at the end, rolled back by an exception."""
        if not self.is_sqlite:
            async with self._writers.begin() as connection:
                yield connection
            return
        async with self._turn:
            connection = await self._open_writer()
            async with connection.begin():
                yield connection

    async def run(self, program: Program[T]) -> T:
        """Run one transaction written as a program. An exception inside it rolls back and is raised here.

        Raises Conflict when another process wrote the same unique row first.
        """
        if not self.is_sqlite:
            return await self._run_postgresql(program)
        async with self._turn:
            driver = await _driver_connection(await self._open_writer())
            try:
                # aiosqlite's own way to run a function in its thread; there is no public name for it.
                done: T = await driver._execute(_run_sqlite, driver._conn, program)
            except sqlite3.IntegrityError as error:
                raise Conflict(str(error)) from error
            return done

    async def _run_postgresql(self, program: Program[T]) -> T:
        async with self._writers.connect() as connection:
            driver = await _driver_connection(connection)
            async with driver.transaction():
                try:
                    statement, params = next(program)
                    while True:
                        if isinstance(params, list):
                            await driver.executemany(
                                statement.for_postgresql, [statement.postgresql_params(p) for p in params]
                            )
                            rows: list[Row] = []
                        else:
                            rows = await driver.fetch(statement.for_postgresql, *statement.postgresql_params(params))
                        statement, params = program.send(rows)
                except StopIteration as end:
                    value: T = end.value
                    return value
                except asyncpg.UniqueViolationError as error:
                    raise Conflict(str(error)) from error
                finally:
                    program.close()

    async def _open_writer(self) -> AsyncConnection:
        if self._writer is None:
            self._writer = await self._writers.connect()
        return self._writer


class SqliteConnection(sqlite3.Connection):
    """Lets go of its locks when it is closed.

    A task that is cancelled while the driver's thread works for it has its connection closed by SQLAlchemy, in the
    middle of a transaction. SQLite then keeps connection and lock for as long as anybody holds a cursor of it.
    """

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # closed already
            if self.in_transaction:
                self.rollback()
        super().close()


def _run_sqlite(connection: sqlite3.Connection, program: Program[T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        statement, params = next(program)
        while True:
            statement, params = program.send(_execute(connection, statement, params))
    except StopIteration as end:
        connection.execute("COMMIT")
        value: T = end.value
        return value
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    finally:
        program.close()


def _execute(connection: sqlite3.Connection, statement: Statement, params: Any) -> list[Row]:
    if isinstance(params, list):
        connection.executemany(statement.for_sqlite, [statement.sqlite_params(p) for p in params])
        return []
    return connection.execute(statement.for_sqlite, statement.sqlite_params(params)).fetchall()


def _sqlite_engine(url: str, *, read_only: bool) -> AsyncEngine:
    # isolation_level=None keeps the driver from opening transactions of its own; "begin" below does it.
    engine = create_async_engine(
        url,
        pool_size=4 if read_only else 1,
        max_overflow=0,
        connect_args={"isolation_level": None, "factory": SqliteConnection},
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        _switch_to_wal(cursor)
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-65536",
            "wal_autocheckpoint=8000",  # pages, 32 MB: most are written several times before they move to the file
            "temp_store=MEMORY",
            "query_only=ON" if read_only else "query_only=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _switch_to_wal(cursor: Any) -> None:
    """Once for each file. SQLite does not wait for others while a file changes its mode, so several first openers try
    again."""
    for again in reversed(range(100)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.fetchone()
        except sqlite3.OperationalError:
            if not again:
                raise
            time.sleep(0.02)
        else:
            return


async def _driver_connection(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection
