"""What the page makes of a log, whoever wrote it and wherever it is read."""

import json
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.web.service import Service
from tests.web.test_page import ANSWER, QUESTION, log_of, open_chat, say

pytestmark = pytest.mark.asyncio(loop_scope="session")


def message(seq: int, author: str, at: str, text: str, **more: Any) -> dict[str, Any]:
    base = {"kind": "text", "button": "", "buttons": [], "source": None, "attachments": [], "delivery": "sent"}
    return base | {"seq": seq, "author": author, "at": at, "text": text} | more


async def show(page: Page, *log: dict[str, Any]) -> None:
    """Open the page with a log from elsewhere."""
    events = "".join(f"event: message\ndata: {json.dumps(m)}\n\n" for m in log)
    body = f"{events}event: ready\ndata: {json.dumps({'seq': len(log)})}\n\n"

    async def answer(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/event-stream", body=body)

    await page.route("**/chat/stream?after=0", answer)
    await page.route("**/chat/stream?after=[1-9]", lambda _: None)  # connected, and silent
    await page.goto("/")
    await expect(log_of(page).locator(".msg")).to_have_count(len(log))


async def test_days_and_times_are_those_of_seoul(browser: Browser, service: Service) -> None:
    context = await browser.new_context(base_url=service.url, timezone_id="America/New_York", locale="en-US")
    page = await context.new_page()
    await show(
        page,
        message(1, "bot", "2026-03-01T14:59:00+00:00", "하나"),
        message(2, "customer", "2026-03-01T14:59:30+00:00", "둘"),
        message(3, "bot", "2026-03-01T15:00:00+00:00", "셋"),
        message(4, "agent", "2026-03-02T03:05:00+00:00", "넷"),
    )
    log = log_of(page)
    assert await log.locator(".day").all_inner_texts() == ["2026년 3월 1일 일요일", "2026년 3월 2일 월요일"]
    assert await log.locator("time").all_inner_texts() == ["오후 11:59", "오후 11:59", "오전 12:00", "오후 12:05"]
    assert await log.locator(".name").all_inner_texts() == ["챗봇", "챗봇", "상담원"]
    await context.close()


async def test_messages_of_one_minute_stand_together(page: Page) -> None:
    at = "2026-03-02T03:05:00+00:00"
    await show(page, *(message(n, author, at, str(n)) for n, author in enumerate(["bot", "bot", "agent", "bot"], 1)))
    log = log_of(page)
    await expect(log.locator(".joined")).to_have_count(1)
    await expect(log.locator("time")).to_have_count(3)


async def test_markup_from_anybody_is_text(page: Page) -> None:
    attack = "<img src=x onerror=alert(1)>"
    await show(
        page,
        message(1, "agent", "2026-03-02T03:05:00+00:00", f"- {attack}\n- 이름: {attack}\n\n{attack}"),
        message(
            2,
            "bot",
            "2026-03-02T03:05:00+00:00",
            attack,
            buttons=[[{"label": attack, "data": attack}]],
            source={"label": attack, "entry": "x", "version": 1, "href": "policy/1#x"},
            attachments=[{"kind": "photo", "name": attack, "size": 1}],
        ),
    )
    await expect(log_of(page).locator(".bubble").first.locator("li")).to_have_text([attack, f"이름: {attack}"])
    await expect(log_of(page).get_by_role("button")).to_have_text(attack)
    await expect(log_of(page).locator(".file")).to_contain_text(attack)
    assert await page.locator("img[src=x]").count() == 0


async def test_what_the_customer_wrote_stays_as_written(page: Page) -> None:
    text = "- 하나\n\n\n  둘: 셋"
    await show(page, message(1, "customer", "2026-03-02T03:05:00+00:00", text))
    assert await log_of(page).locator(".bubble").evaluate("(e) => e.textContent") == text


async def test_a_long_history_opens_at_its_end(page: Page) -> None:
    at = "2026-03-02T03:05:00+00:00"
    await show(page, *(message(n, "bot" if n % 2 else "customer", at, f"{n}번째 말입니다.") for n in range(1, 301)))
    await expect(log_of(page).get_by_text("300번째 말입니다.")).to_be_in_viewport()
    await expect(page.locator("#below")).to_be_hidden()


async def test_a_silent_connection_is_taken_for_lost(page: Page) -> None:
    await page.clock.install()
    await open_chat(page)
    async with page.expect_request("**/chat/stream?after=3"):
        await page.clock.fast_forward(41_000)
        await page.clock.run_for(2_000)


HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_one_hidden_window_listens_and_the_others_catch_up(context: BrowserContext) -> None:
    seen, first, second = [await context.new_page() for _ in range(3)]
    await open_chat(seen)
    await open_chat(first)
    await open_chat(second)
    await first.evaluate(HIDDEN, True)
    async with second.expect_event("requestfailed"):  # it gives up its stream
        await second.evaluate(HIDDEN, True)
    await say(seen, QUESTION)
    await expect(log_of(seen)).to_contain_text(ANSWER)
    await expect(log_of(first)).to_contain_text(ANSWER)
    assert (await first.title()).startswith("(1) ")
    assert ANSWER not in await log_of(second).inner_text()
    for window in (first, second):
        await window.evaluate(HIDDEN, False)
        await expect(log_of(window)).to_contain_text(ANSWER)
        assert not (await window.title()).startswith("(")
