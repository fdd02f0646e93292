"""What every test may ask for: both databases, each test with its own, migrated once and copied."""

import asyncio
import os
import random
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.clock import Clock, system_clock
from storage.crypto import MasterKey
from storage.database import Database
from storage.migrations.runner import migrate
from storage.opening import Storage, open_storage
from tests.postgres import PostgresServer

MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@dataclass(frozen=True)
class Urls:
    """An empty, migrated data database and its store of keys."""

    data: str
    keys: str

    @property
    def environment(self) -> dict[str, str]:
        """For a process of its own."""
        return {
            "SANGDAM_DATABASE_URL": self.data,
            "SANGDAM_KEYS_URL": self.keys,
            "SANGDAM_MASTER_KEY": MASTER_KEY,
        }

    def open(self, clock: Clock = system_clock) -> AbstractAsyncContextManager[Storage]:
        return open_storage(self.data, self.keys, MasterKey.from_text(MASTER_KEY), clock)


@pytest.fixture(scope="session", autouse=True)
def seed() -> int:
    """The seed of everything random in the tests; SEED repeats a run."""
    number = int(os.environ.get("SEED", random.SystemRandom().randrange(1_000_000)))
    sys.stdout.write(f"SEED={number}\n")
    random.seed(number)
    return number


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    # Not below pytest's own folder: another run of pytest takes its rights away, and the server is another user.
    with tempfile.TemporaryDirectory(prefix="sangdam-tests-") as folder, PostgresServer(Path(folder)) as server:
        for store in ("data", "keys"):
            server.create(f"template_{store}")
            _migrated(server.url(f"template_{store}"), store)
        yield server


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sqlite")
    for store in ("data", "keys"):
        _migrated(f"sqlite+aiosqlite:///{folder / store}.db", store)
    return folder


@pytest.fixture
def sqlite_urls(sqlite_templates: Path, tmp_path: Path) -> Urls:
    for store in ("data", "keys"):
        shutil.copy(sqlite_templates / f"{store}.db", tmp_path / f"{store}.db")
    return Urls(f"sqlite+aiosqlite:///{tmp_path / 'data.db'}", f"sqlite+aiosqlite:///{tmp_path / 'keys.db'}")


@pytest.fixture
def postgres_urls(postgres: PostgresServer) -> Urls:
    data, keys = postgres.new_name(), postgres.new_name()
    postgres.create_many({data: "template_data", keys: "template_keys"})
    return Urls(postgres.url(data), postgres.url(keys))


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> Urls:
    """Each storage test runs on both engines."""
    found: Urls = request.getfixturevalue("sqlite_urls" if request.param == "sqlite" else "postgres_urls")
    return found


@pytest.fixture
async def storage(urls: Urls) -> AsyncIterator[Storage]:
    async with urls.open() as opened:
        yield opened


def _migrated(url: str, store: str) -> None:
    # In a thread of its own: the first test that asks for a database may have a loop running already.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(_migrate(url, store))).result()


async def _migrate(url: str, store: str) -> None:
    database = Database(url)
    await migrate(database, store)
    await database.close()
