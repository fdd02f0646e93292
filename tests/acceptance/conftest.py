"""A Bot API server and a runner for each test; what the processes log is searched for personal text at the end."""

import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.acceptance.house import House
from tests.acceptance.process import PATIENCE, Runner, closing, leaks
from tests.botapi import BotApiServer
from tests.conftest import Urls
from tests.postgres import PostgresServer

SECRET = "shop-secret_1"


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Writes a measured figure onto the terminal."""

    def write(words: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f" [{words}] ")

    return write


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


@pytest.fixture
async def sqlite_runner(api: BotApiServer, sqlite_urls: Urls, tmp_path: Path) -> AsyncIterator[Runner]:
    """Without limits unless a test asks for them."""
    async for found in _runner(api, sqlite_urls, tmp_path):
        yield found


@pytest.fixture
async def postgres_runner(api: BotApiServer, postgres_urls: Urls, tmp_path: Path) -> AsyncIterator[Runner]:
    async for found in _runner(api, postgres_urls, tmp_path):
        yield found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house_urls(
    request: pytest.FixtureRequest,
    sqlite_templates: Path,
    postgres: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Urls]:
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("house")
        for store in ("data", "keys"):
            shutil.copy(sqlite_templates / f"{store}.db", folder / f"{store}.db")
        yield Urls(*(f"sqlite+aiosqlite:///{folder / store}.db" for store in ("data", "keys")))
        return
    names = postgres.new_name(), postgres.new_name()
    for name, store in zip(names, ("data", "keys"), strict=True):
        postgres.create(name, template=f"template_{store}")
    yield Urls(*(postgres.url(name) for name in names))
    for name in names:
        postgres.drop(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(house_urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A service that polls, where a webhook was set before."""
    async with BotApiServer() as api, aiohttp.ClientSession() as http:
        await http.post(f"{api.url}/bot{api.token}/setWebhook", json={"url": "http://127.0.0.1:9/old"})
        async for found in _house(api, house_urls, tmp_path_factory.mktemp("runner")):
            yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hooked(house_urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A service that receives updates by webhook."""
    async with BotApiServer() as api:
        async for found in _house(api, house_urls, tmp_path_factory.mktemp("runner"), **webhook_settings()):
            await api.wait_for(lambda: api.webhook.hook, PATIENCE)
            yield found


def webhook_settings() -> dict[str, str]:
    """For a service whose webhook the platform reaches on a port that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    return {"TELEGRAM_MODE": "webhook", "HTTP_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}


async def _house(api: BotApiServer, urls: Urls, folder: Path, **settings: str) -> AsyncIterator[House]:
    async for runner in _runner(api, urls, folder):
        service = await runner.start(**settings)
        await service.ready()
        async with urls.open() as storage:
            yield House(api, runner, service, storage)
        assert await service.stop() == 0


async def _runner(api: BotApiServer, urls: Urls, folder: Path) -> AsyncIterator[Runner]:
    settings = urls.environment | {
        "SANGDAM_DATA_DIR": str(folder),
        "SANGDAM_HTTP_PORT": "0",
        "SANGDAM_PUBLIC_URL": "https://shop.example",
        "SANGDAM_TELEGRAM_TOKEN": api.token,
        "SANGDAM_TELEGRAM_API_URL": api.url,
        "SANGDAM_TELEGRAM_LIMITS": "off",
        "SANGDAM_TELEGRAM_WEBHOOK_SECRET": SECRET,
    }
    async with closing(Runner(folder, settings)) as runner:
        yield runner
        written = runner.lines
    secrets = [api.token, api.token.partition(":")[2], SECRET, settings["SANGDAM_MASTER_KEY"]]
    assert leaks(written, [*secrets, *_personal(api)]) == []


def _personal(api: BotApiServer) -> list[str]:
    """What customers wrote, their names and the ids of their chats."""
    found: list[str] = []
    for chat in api.world.chats.values():
        found.append(str(chat.id))
        for number, message in chat.messages.items():
            if number not in chat.sent:
                found += [_text(message), str(message["from"].get("first_name", ""))]
    return [text for text in found if len(text) > 3]


def _text(message: dict[str, Any]) -> str:
    return str(message.get("text") or message.get("caption") or "")
