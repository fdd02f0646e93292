"""Visitors whom the shop has signed, in Chromium: whose conversation is shown, and what is left when they go."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from bot.channels.web import CHANNEL
from tests.web.conftest import new_customer
from tests.web.service import Service
from tests.web.shop import ShopSite, Widget, signed
from tests.web.test_page import ANSWER, QUESTION

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANONYMOUS = "비회원으로 상담합니다."
HEARD = """() => { window.heard = []; addEventListener("sangdam:visitor", (event) => heard.push(event.detail)); }"""


async def asked(widget: Widget) -> Widget:
    """Open it and ask the question that only this visitor has asked."""
    log = await widget.open()
    await widget.say(QUESTION)
    await expect(log).to_contain_text(ANSWER)
    return widget


async def expect_nothing_of_before(widget: Widget) -> None:
    await expect(widget.chat.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()
    await expect(widget.log.locator(".mine")).to_have_count(0)
    await expect(widget.chat.get_by_label("메시지")).to_have_value("")


async def kept(page: Page) -> dict[str, Any]:
    """What this browser keeps for the bot."""
    script = "() => ({ ...localStorage, ...sessionStorage })"
    return dict(await page.frame_locator("iframe").locator("html").evaluate(script))


async def test_a_visitor_has_one_conversation_on_two_devices(
    shop_browser: Browser, shop_context: BrowserContext, shop: ShopSite, bot: Service
) -> None:
    one = Widget(await shop_context.new_page())
    await asked(await one.visit(shop.put("/one", visitor=signed("회원 7", name="온담 손님"))))
    async with new_customer(shop_browser, shop.url) as second:
        two = await Widget(await second.new_page()).visit(shop.put("/two", visitor=signed("회원 7")))
        await two.launcher.click()
        await expect(two.log).to_contain_text(ANSWER)
        await two.say("다른 기기에서 씁니다")
        await expect(one.log).to_contain_text("다른 기기에서 씁니다")
    conversation = await bot.storage.conversations.find(CHANNEL, "visitor:회원 7")
    assert conversation is not None
    log = await bot.storage.conversations.log(conversation, 0)
    assert [m.text for m in log if m.author == "customer" and m.kind == "text"] == [QUESTION, "다른 기기에서 씁니다"]
    assert [m.kind for m in log].count("start") == 1


async def test_signing_out_leaves_nothing_of_the_visitor(shop_context: BrowserContext, shop: ShopSite) -> None:
    page = await shop_context.new_page()
    widget = await asked(await Widget(page).visit(shop.put("/in", visitor=signed("나갈 손님"))))
    await widget.chat.get_by_label("메시지").fill("쓰다 만 비밀")
    assert "쓰다 만 비밀" in (await kept(page)).values()
    await widget.visit("/")
    await widget.launcher.click()
    await expect_nothing_of_before(widget)
    left = await kept(page)
    assert "쓰다 만 비밀" not in left.values()
    token = left["sangdam.token"]
    assert not token.startswith("v.")
    await widget.say("비회원의 말입니다")
    await expect(widget.log.locator(".mine .bubble")).to_have_text("비회원의 말입니다")

    await widget.visit(shop.put("/in", visitor=signed("나갈 손님")))
    await widget.launcher.click()
    await expect(widget.log).to_contain_text(ANSWER)
    await expect(widget.log.locator(".mine .bubble")).to_have_text(QUESTION)
    await widget.visit("/")
    await widget.launcher.click()
    await expect(widget.log.locator(".mine .bubble")).to_have_text("비회원의 말입니다")
    assert (await kept(page))["sangdam.token"] == token


async def test_visitors_change_on_one_page(shop_context: BrowserContext, shop: ShopSite) -> None:
    page = await shop_context.new_page()
    widget = await asked(await Widget(page).visit(shop.put("/spa", visitor=signed("하나"))))
    await page.evaluate(HEARD)
    change = "(token) => Sangdam.visitor(token)"
    await page.evaluate(change, signed("둘"))
    await expect_nothing_of_before(widget)
    await widget.say("둘이 한 말")
    await expect(widget.log.locator(".mine .bubble")).to_have_text("둘이 한 말")
    await page.evaluate(change, None)
    await expect_nothing_of_before(widget)
    await page.evaluate(change, signed("하나"))
    await expect(widget.log.locator(".mine .bubble")).to_have_text(QUESTION)
    assert {said["state"] for said in await page.evaluate("heard")} == {"accepted"}
    await expect(widget.window).to_be_visible()


async def test_a_newer_signature_of_the_same_visitor_disturbs_nothing(
    shop_context: BrowserContext, shop: ShopSite
) -> None:
    page = await shop_context.new_page()
    widget = await asked(await Widget(page).visit(shop.put("/renewed", visitor=signed("오래 있는 손님"))))
    frame = page.frames[1]
    await frame.evaluate("() => { window.sameLife = true; }")
    await page.evaluate(HEARD)
    async with page.expect_response("**/widget/session") as answered:
        await page.evaluate("(token) => Sangdam.visitor(token)", signed("오래 있는 손님", jti="2"))
    assert (await answered.value).status == 201
    await widget.say("이어서 씁니다")
    await expect(widget.log).to_contain_text("이어서 씁니다")
    assert await frame.evaluate("() => window.sameLife") is True


async def test_the_shop_may_give_a_function_that_fetches_the_signature(
    shop_context: BrowserContext, shop: ShopSite
) -> None:
    page = await shop_context.new_page()
    widget = await Widget(page).visit("/")
    await expect(widget.launcher).to_be_visible()
    token = signed("함수로 온 손님")
    await page.evaluate("(token) => Sangdam.visitor(async () => token)", token)
    await asked(widget)
    await page.evaluate("() => Sangdam.visitor(async () => { throw new Error('no'); })")
    await expect_nothing_of_before(widget)


async def test_a_page_that_comes_back_asks_again_who_is_there(shop_context: BrowserContext) -> None:
    page = await shop_context.new_page()
    widget = await Widget(page).visit("/")
    await expect(widget.launcher).to_be_visible()
    await page.evaluate("(token) => { window.who = token; Sangdam.visitor(async () => who); }", signed("돌아온 손님"))
    await asked(widget)
    await page.evaluate("who = ''; dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await expect_nothing_of_before(widget)


def unsigned(subject: str) -> str:
    return signed(subject, secret="", algorithm="none")


REFUSED = {
    "expired": lambda: signed("옛 손님", iat=1_700_000_000, exp=1_700_000_600),
    "forged": lambda: signed("옛 손님", secret="another-secret-that-is-long-enough-to-sign"),
    "none": lambda: unsigned("옛 손님"),
    "nonsense": lambda: "이것은 서명이 아닙니다",
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_who_is_not_truly_signed_goes_on_without_a_name(
    shop_context: BrowserContext, shop: ShopSite, pictures: Path, kind: str
) -> None:
    page = await shop_context.new_page()
    await asked(await Widget(page).visit(shop.put("/true", visitor=signed("옛 손님"))))
    async with page.expect_console_message(lambda message: "[상담]" in message.text) as warned:
        widget = await Widget(page).visit(shop.put("/false", visitor=REFUSED[kind]()))
        await widget.launcher.click()
        await expect(widget.log).to_contain_text(ANONYMOUS)
        await expect(widget.log.locator(".remark")).to_be_in_viewport(ratio=1)
    await page.screenshot(path=pictures / f"widget-{kind}.png")
    reason = "visitor_expired" if kind == "expired" else "visitor_refused"
    assert reason in (await warned.value).text
    await expect_nothing_of_before(widget)
    await widget.say(QUESTION)
    await expect(widget.log).to_contain_text(ANSWER)


async def test_a_session_that_ends_is_begun_again_with_what_the_shop_has(
    shop_context: BrowserContext, shop: ShopSite
) -> None:
    page = await shop_context.new_page()
    widget = await asked(await Widget(page).visit(shop.put("/ended", visitor=signed("하루 종일"))))
    await page.evaluate(HEARD)
    body = '{"error": "no_session", "message": "대화 정보를 확인하지 못했습니다."}'
    await page.route("**/chat/messages", lambda route: route.fulfill(status=401, body=body), times=1)
    await widget.say("이 말은 남습니다")
    # It ended right after it began: then it is no use to ask for the same again.
    await expect(widget.log).to_contain_text(ANONYMOUS)
    await expect_nothing_of_before(widget)
    assert {"state": "ended", "reason": ""} in await page.evaluate("heard")
    await page.reload()
    await widget.launcher.click()
    await expect(widget.log.locator(".mine .bubble").last).to_have_text("이 말은 남습니다")


async def test_a_session_that_ends_after_a_while_goes_on_by_itself(
    shop_context: BrowserContext, shop: ShopSite
) -> None:
    page = await shop_context.new_page()
    await page.clock.install()
    widget = await asked(await Widget(page).visit(shop.put("/long", visitor=signed("반나절"))))
    await page.clock.fast_forward("02:00")
    await page.route("**/chat/messages", lambda route: route.fulfill(status=401, body="{}"), times=1)
    await widget.say("끊기지 않는 말")
    await expect(widget.log.locator(".mine .bubble")).to_have_text([QUESTION, "끊기지 않는 말"])
    await expect(widget.log.locator(".mine .meta").last).to_contain_text(":")  # the server has it
    await expect(widget.log).not_to_contain_text(ANONYMOUS)


async def test_an_erased_visitor_goes_on_without_a_name(
    shop_context: BrowserContext, shop: ShopSite, bot: Service
) -> None:
    page = await shop_context.new_page()
    widget = await asked(await Widget(page).visit(shop.put("/erased", visitor=signed("지워질 손님"))))
    await bot.storage.keys.destroy(max(bot.storage.keys.cached))
    await widget.say("지워진 뒤의 말")
    await expect(widget.log).to_contain_text("이전 대화는 지워졌습니다.")
    await expect_nothing_of_before(widget)


async def test_without_an_answer_about_the_visitor_the_chat_goes_on(
    shop_context: BrowserContext, shop: ShopSite
) -> None:
    page = await shop_context.new_page()
    await page.route("**/widget/session", lambda route: route.abort())
    widget = await Widget(page).visit(shop.put("/unanswered", visitor=signed("누구일까")))
    await widget.open()
    await expect(widget.log).to_contain_text(ANONYMOUS)
