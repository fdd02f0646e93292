"""A Bot API server and a runner for each test; what the processes log is searched for personal text at the end."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.process import Runner, closing, leaks
from tests.botapi import BotApiServer
from tests.conftest import Urls


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Writes a measured figure onto the terminal."""

    def write(words: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f" [{words}] ")

    return write


@pytest.fixture
async def runner(api: BotApiServer, urls: Urls, tmp_path: Path) -> AsyncIterator[Runner]:
    """On both databases; without limits unless a test asks for them."""
    async for found in _runner(api, urls, tmp_path):
        yield found


@pytest.fixture
async def sqlite_runner(api: BotApiServer, sqlite_urls: Urls, tmp_path: Path) -> AsyncIterator[Runner]:
    async for found in _runner(api, sqlite_urls, tmp_path):
        yield found


@pytest.fixture
async def postgres_runner(api: BotApiServer, postgres_urls: Urls, tmp_path: Path) -> AsyncIterator[Runner]:
    async for found in _runner(api, postgres_urls, tmp_path):
        yield found


async def _runner(api: BotApiServer, urls: Urls, folder: Path) -> AsyncIterator[Runner]:
    settings = urls.environment | {
        "SANGDAM_DATA_DIR": str(folder),
        "SANGDAM_HTTP_PORT": "0",
        "SANGDAM_PUBLIC_URL": "https://shop.example",
        "SANGDAM_TELEGRAM_TOKEN": api.token,
        "SANGDAM_TELEGRAM_API_URL": api.url,
        "SANGDAM_TELEGRAM_LIMITS": "off",
        "SANGDAM_TELEGRAM_WEBHOOK_SECRET": "shop-secret_1",
    }
    async with closing(Runner(folder, settings)) as runner:
        yield runner
        written = runner.lines
    secrets = [api.token, api.token.partition(":")[2], "shop-secret_1", settings["SANGDAM_MASTER_KEY"]]
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
