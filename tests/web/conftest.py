"""One service and one browser for all tests of the page; each test is a customer of its own."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from domain.clock import system_clock
from storage.crypto import MasterKey
from storage.opening import Storage, open_storage
from tests.web.customer import Customer
from tests.web.service import Service, serving
from tests.web.shop import SECRET, ShopSite, Widget

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


# Playwright turns off the partitions in which a frame of another site may store; the last word on features counts.
PARTITIONS = "--disable-features=Translate"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with opened_storage(tmp_path_factory.mktemp("web")) as storage, serving(storage) as running:
        yield running


def opened_storage(folder: Path) -> AbstractAsyncContextManager[Storage]:
    data, keys = (f"sqlite+aiosqlite:///{folder / name}" for name in ("data.db", "keys.db"))
    return open_storage(data, keys, MasterKey.from_text(MasterKey.new_text()), system_clock)


@pytest_asyncio.fixture(loop_scope="session")
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with client(service) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def customer(http: httpx.AsyncClient) -> Customer:
    return await Customer.arrive(http)


def client(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=20)


@contextlib.asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=20_000)
        running = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*QUIET, *arguments])
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, service: Service) -> AsyncIterator[BrowserContext]:
    async with new_customer(browser, service.url) as opened:
        yield opened


@contextlib.asynccontextmanager
async def new_customer(browser: Browser, base_url: str) -> AsyncIterator[BrowserContext]:
    """A new customer's browser; a script error or a blocked resource in any of its windows fails the test."""
    opened = await browser.new_context(base_url=base_url, locale="ko-KR", viewport={"width": 1280, "height": 860})
    errors: list[str] = []
    opened.on("weberror", lambda error: errors.append(str(error.error)))
    opened.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    await opened.close()
    assert not errors


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop() -> AsyncIterator[ShopSite]:
    """The shop's own site, with the widget on its first page."""
    async with ShopSite().serving() as site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bot(shop: ShopSite, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service of its own for the shop's site."""
    async with (
        opened_storage(tmp_path_factory.mktemp("widget")) as storage,
        serving(storage, widget_origins=[shop.url], widget_secret=SECRET) as running,
    ):
        shop.bot = running.url
        shop.put("/")
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop_browser() -> AsyncIterator[Browser]:
    async with chromium(PARTITIONS) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def shop_context(shop_browser: Browser, shop: ShopSite, bot: Service) -> AsyncIterator[BrowserContext]:
    async with new_customer(shop_browser, shop.url) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def widget(shop_context: BrowserContext) -> Widget:
    """On the shop's first page, nobody signed in."""
    return await Widget(await shop_context.new_page()).visit("/")


@pytest.fixture
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "pictures"
    folder.mkdir(exist_ok=True)
    return folder
