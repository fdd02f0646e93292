"""Hints from other processes that something changed. Only hints: whoever waits also looks by itself now and then.

PostgreSQL tells by LISTEN/NOTIFY. On SQLite the file's data_version changes when another process has written.
"""

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg
import sqlalchemy as sa

from storage.database import Database

_CHANNEL = "sangdam"
_EVERY = 0.2  # seconds between two looks at SQLite's data_version
_MOST = 7_000  # bytes; NOTIFY takes less than 8,000

Heard = Callable[[str], None]
ANYTHING = "*"


class Wakeups:
    """run() calls `heard` with a topic that another process told, or ANYTHING when it is not known which."""

    def __init__(self, database: Database, heard: Heard) -> None:
        self._database, self._heard = database, heard
        self._connection: asyncpg.Connection | None = None

    async def run(self) -> None:
        if self._database.is_sqlite:
            await self._watch_file()
        else:
            await self._listen()

    async def tell(self, topics: list[str]) -> None:
        """Tell other processes, after the commit. On SQLite they see it by themselves. Never raises."""
        if self._database.is_sqlite or not topics:
            return
        payload = " ".join(topics)
        payload = payload if len(payload) < _MOST else ANYTHING
        with contextlib.suppress(sa.exc.SQLAlchemyError, OSError):
            async with self._database.write() as connection:
                await connection.execute(sa.select(sa.func.pg_notify(_CHANNEL, payload)))

    async def _watch_file(self) -> None:
        async with self._database.read() as connection:
            seen = None
            while True:
                version = (await connection.exec_driver_sql("PRAGMA data_version")).scalar()
                await connection.rollback()
                if seen is not None and version != seen:
                    self._heard(ANYTHING)
                seen = version
                await asyncio.sleep(_EVERY)

    async def _listen(self) -> None:
        while True:
            lost = asyncio.Event()
            try:
                async with self._database.read() as connection:
                    driver = (await connection.get_raw_connection()).driver_connection
                    assert isinstance(driver, asyncpg.Connection)
                    driver.add_termination_listener(lambda _c, gone=lost: gone.set())
                    await driver.add_listener(_CHANNEL, self._received)
                    self._heard(ANYTHING)
                    await lost.wait()
            except (OSError, asyncpg.PostgresError, sa.exc.SQLAlchemyError):
                await asyncio.sleep(1)

    def _received(self, _connection: object, pid: int, _channel: str, payload: str) -> None:
        for topic in payload.split(" "):
            self._heard(topic)
