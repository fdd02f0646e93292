"""The chat page as a customer uses it, in Chromium."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_first_visit_greets_and_answers(page: Page, pictures: Path) -> None:
    await page.goto("/")
    log = page.get_by_role("log")
    await expect(log.get_by_text("온담상점 고객센터 챗봇입니다")).to_be_visible()
    await page.screenshot(path=pictures / "greeting.png")
    await page.get_by_role("button", name="네, 18세 이상입니다").click()
    await page.get_by_role("button", name="동의합니다").click()
    await page.get_by_label("메시지").fill("선택 동의를 안 하면 어떻게 되나요?")
    await page.keyboard.press("Enter")
    await expect(log.locator(".cite")).to_contain_text("수집·이용 2")
    await page.screenshot(path=pictures / "answer.png")
