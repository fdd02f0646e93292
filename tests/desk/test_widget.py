"""One customer in the widget on the shop's own page, and two agents at the desk, in Chromium at once."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from domain.clock import system_clock
from storage.crypto import MasterKey
from storage.opening import open_storage
from tests.desk.service import Running, running
from tests.desk.test_pages import NOTE, Windows, answers
from tests.web.conftest import PARTITIONS, chromium
from tests.web.shop import ShopSite, Widget

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def visitors() -> AsyncIterator[Browser]:
    """A browser that keeps a frame's storage by the site around it, as every customer's does."""
    async with chromium(PARTITIONS) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def shop() -> AsyncIterator[ShopSite]:
    async with ShopSite().serving() as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def service(shop: ShopSite, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """Chat, widget and desk of one shop, whose site is another origin."""
    folder = tmp_path_factory.mktemp("shop")
    data, keys = (f"sqlite+aiosqlite:///{folder / name}" for name in ("data.db", "keys.db"))
    master = MasterKey.from_text(MasterKey.new_text())
    async with (
        open_storage(data, keys, master, system_clock) as storage,
        running(storage, folder, widget_origins=shop.url) as started,
    ):
        await started.parts.librarian.live()
        shop.bot = started.url
        shop.put("/")
        yield started


async def test_two_agents_and_a_customer_on_the_shops_page(
    browser: Browser, visitors: Browser, shop: ShopSite, service: Running
) -> None:
    windows = Windows(browser, service)
    visitor = await visitors.new_context(base_url=shop.url, locale="ko-KR")
    widget = await Widget(await visitor.new_page()).visit("/")
    log = await widget.open()
    await widget.chat.get_by_role("button", name="네, 18세 이상입니다").click()
    await widget.chat.get_by_role("navigation", name="메뉴").get_by_role("button", name="상담원 연결").click()
    await expect(log).to_contain_text("접수번호")
    found = re.search(r"접수번호: (\d{6}-\d{6})", await log.inner_text())
    assert found is not None
    first, second = [await windows.agent(await service.hire(alias)) for alias in ("하늘", "바다")]
    for agent in (first, second):
        await agent.locator("#waiting").get_by_role("link", name=found[1]).click()
        await expect(agent.get_by_role("log")).to_contain_text("상담원에게 연결하고 있습니다")
    await first.get_by_role("button", name="맡기").click()
    await expect(log).to_contain_text(f"상담원 하늘입니다. 접수번호 {found[1]}번")
    await expect(second.locator("#loading")).to_contain_text("하늘 상담원이 상담하고 있습니다")
    await widget.say("주문한 물건이 안 왔어요")
    await expect(first.get_by_role("log")).to_contain_text("주문한 물건이 안 왔어요")
    await answers(first, NOTE, "내부 메모")
    await answers(first, "오늘 출발했습니다.")
    await expect(log).to_contain_text("오늘 출발했습니다.")
    await widget.page.reload()
    await widget.launcher.click()
    await expect(log).to_contain_text("오늘 출발했습니다.")
    await first.get_by_role("button", name="마치기").click()
    await expect(log).to_contain_text("상담을 마쳤습니다.")
    assert NOTE not in await log.inner_text()
    await visitor.close()
    await windows.close()
    assert windows.errors == []
