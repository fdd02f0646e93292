"""One service for the tests of the pages; each has staff of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from domain.clock import system_clock
from domain.staff import Role
from storage.crypto import MasterKey
from storage.opening import open_storage
from tests.desk.service import Member, Running, running

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("desk")
    data, keys = (f"sqlite+aiosqlite:///{folder / name}" for name in ("data.db", "keys.db"))
    master = MasterKey.from_text(MasterKey.new_text())
    async with open_storage(data, keys, master, system_clock) as storage, running(storage, folder) as service:
        await service.parts.librarian.live()
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def http(desk: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.client() as opened:
        yield opened


Hire = Callable[..., Awaitable[Member]]


@pytest_asyncio.fixture(loop_scope="session")
async def hired(desk: Running) -> AsyncIterator[Hire]:
    """Make an account and sign it in."""
    opened: list[httpx.AsyncClient] = []

    async def hire(alias: str = "하늘", role: Role = Role.AGENT) -> Member:
        opened.append(desk.client())
        member = Member(opened[-1], await desk.hire(alias, role))
        assert (await member.sign_in()).status_code == 303
        return member

    yield hire
    for client in opened:
        await client.aclose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=20_000)
        opened = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        yield opened
        await opened.close()


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "desk-pictures"
    folder.mkdir(exist_ok=True)
    return folder
