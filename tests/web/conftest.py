"""One service and one browser for all tests of the page; each test is a customer of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from domain.clock import system_clock
from storage.crypto import MasterKey
from storage.opening import open_storage
from tests.web.customer import Customer
from tests.web.service import Service, serving

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
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("web")
    data, keys = (f"sqlite+aiosqlite:///{folder / name}" for name in ("data.db", "keys.db"))
    master = MasterKey.from_text(MasterKey.new_text())
    async with open_storage(data, keys, master, system_clock) as storage, serving(storage) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with client(service) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def customer(http: httpx.AsyncClient) -> Customer:
    return await Customer.arrive(http)


def client(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=20)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=20_000)
        running = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, service: Service) -> AsyncIterator[BrowserContext]:
    """A new customer's browser; a script error or a blocked resource in any of its windows fails the test."""
    opened = await browser.new_context(base_url=service.url, locale="ko-KR", viewport={"width": 1280, "height": 860})
    errors: list[str] = []
    opened.on("weberror", lambda error: errors.append(str(error.error)))
    opened.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    await opened.close()
    assert not errors


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "pictures"
    folder.mkdir(exist_ok=True)
    return folder
