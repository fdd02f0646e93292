"""The widget on a page of the shop, in Chromium: another origin, whose content security policy allows nothing else."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Request, expect

from tests.web.conftest import chromium
from tests.web.service import Service
from tests.web.shop import ShopSite, Widget, signed
from tests.web.test_look import contrast
from tests.web.test_page import ANSWER, QUESTION

pytestmark = pytest.mark.asyncio(loop_scope="session")

GREETING = "온담상점 고객센터 챗봇입니다"


async def test_a_question_is_asked_and_answered_on_the_shops_page(widget: Widget) -> None:
    log = await widget.open()
    await expect(log).to_contain_text(GREETING)
    await widget.say(QUESTION)
    await expect(log.locator("blockquote")).to_contain_text(ANSWER)
    await log.locator(".cite").click()
    clause = widget.chat.get_by_role("dialog")
    await expect(clause.get_by_role("heading", name="부가 기능과 선택 동의")).to_be_visible()
    await clause.press("Escape")  # closes the clause and nothing else
    await expect(clause).to_be_hidden()
    await expect(widget.window).to_be_visible()


async def test_the_frame_comes_with_the_first_opening_and_stays(shop_context: BrowserContext, shop: ShopSite) -> None:
    page = await shop_context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(shop.bot)))
    widget = await Widget(page).visit("/")
    await expect(widget.launcher).to_have_text("상담")
    assert [url for url in asked if not url.startswith(shop.url)] == ["/widget.js"]
    await widget.open()
    await widget.launcher.click()
    await expect(widget.window).to_be_hidden()
    await widget.launcher.click()
    await expect(widget.log).to_contain_text(GREETING)
    assert asked.count("/widget") == 1


async def test_a_reload_of_the_shops_page_keeps_the_conversation(widget: Widget) -> None:
    log = await widget.open()
    await widget.say(QUESTION)
    await expect(log).to_contain_text(ANSWER)
    await widget.chat.get_by_label("메시지").fill("쓰다 만 글")
    await widget.page.reload()
    await widget.launcher.click()
    await expect(log).to_contain_text(ANSWER)
    await expect(log.locator(".mine .bubble")).to_have_text(QUESTION)
    await expect(widget.chat.get_by_label("메시지")).to_have_value("쓰다 만 글")


async def test_a_browser_that_closes_storage_to_frames_has_a_chat_all_the_same(shop: ShopSite, bot: Service) -> None:
    async with chromium() as closed:
        widget = await Widget(await closed.new_page()).visit(f"{shop.url}/")
        log = await widget.open()
        denied = "() => { try { return String(localStorage.length) } catch (error) { return error.name } }"
        assert await widget.chat.locator("body").evaluate(denied) == "SecurityError"
        await widget.say(QUESTION)
        await expect(log).to_contain_text(ANSWER)
        await widget.page.keyboard.press("Escape")
        await widget.launcher.click()
        await expect(log).to_contain_text(ANSWER)


async def test_no_token_is_in_an_address_and_no_cookie_is_set(shop_context: BrowserContext, shop: ShopSite) -> None:
    page = await shop_context.new_page()
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    token = signed("손님-주소")
    widget = await Widget(page).visit(shop.put("/addresses", visitor=token))
    await widget.open()
    await widget.say(QUESTION)
    await expect(widget.log).to_contain_text(ANSWER)
    sent = next(r for r in requests if r.url.endswith("/chat/messages"))
    bearer = (await sent.all_headers())["authorization"].removeprefix("Bearer ")
    assert len(bearer) > 60
    for request in requests:
        assert token not in request.url
        assert bearer not in request.url
    assert await shop_context.cookies() == []
    assert "localhost" not in str([await r.all_headers() for r in requests if r.url.endswith("/widget")])
    stored = await widget.chat.locator("body").evaluate("() => JSON.stringify([localStorage, sessionStorage])")
    assert bearer not in stored


async def test_the_keyboard_opens_writes_and_comes_back(widget: Widget) -> None:
    page, launcher = widget.page, widget.launcher
    await page.locator("#goods").focus()
    await page.keyboard.press("Tab")
    await expect(launcher).to_be_focused()
    await expect(launcher).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Enter")
    await expect(launcher).to_have_attribute("aria-expanded", "true")
    await expect(widget.chat.get_by_label("메시지")).to_be_focused()
    await expect(widget.chat.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()
    await page.keyboard.type("안녕하세요")
    await page.keyboard.press("Enter")
    await expect(widget.log.locator(".mine .bubble")).to_have_text("안녕하세요")
    await page.keyboard.press("Escape")
    await expect(widget.window).to_be_hidden()
    await expect(launcher).to_be_focused()
    await expect(launcher).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Space")
    await expect(widget.chat.get_by_label("메시지")).to_be_focused()
    await widget.window.get_by_role("button", name="상담 창 닫기").press("Escape")
    await expect(launcher).to_be_focused()


async def test_the_button_of_the_shop_opens_it_and_gets_the_focus_back(widget: Widget) -> None:
    goods = widget.page.locator("#goods")
    await goods.focus()
    await widget.page.evaluate("Sangdam.open()")
    await expect(widget.chat.get_by_label("메시지")).to_be_focused()
    await widget.window.get_by_role("button", name="상담 창 닫기").click()
    await expect(goods).to_be_focused()


async def test_what_comes_while_it_is_closed_is_counted(widget: Widget, bot: Service, pictures: Path) -> None:
    await widget.open()
    await bot.stop_handling()
    try:
        await widget.say(QUESTION)
        await expect(widget.log.locator(".mine .meta")).to_contain_text(":")
        await widget.page.keyboard.press("Escape")
        await expect(widget.window).to_be_hidden()
    finally:
        await bot.start_handling()
    await expect(widget.launcher).to_have_accessible_name(re.compile(r"^상담, 읽지 않은 메시지 \d+개$"))
    await expect(widget.launcher.locator(".count")).to_have_text(re.compile(r"^\d+$"))
    await widget.page.screenshot(path=pictures / "widget-unread.png")
    await widget.launcher.click()
    await expect(widget.log).to_contain_text(ANSWER)
    await expect(widget.launcher.locator(".count")).to_be_hidden()
    await expect(widget.launcher).to_have_accessible_name("상담")


async def test_a_message_that_is_not_the_frames_is_not_believed(widget: Widget) -> None:
    await widget.open()
    forged = """(name) => new Promise((heard) => {
        addEventListener("message", heard, { once: true });
        postMessage({ sangdam: name, count: 7 }, "*");
    }).then(() => null)"""
    for name in ("unread", "close"):
        await widget.page.evaluate(forged, name)
    await expect(widget.window).to_be_visible()
    await expect(widget.launcher.locator(".count")).to_be_hidden()


async def test_the_script_twice_is_one_widget(shop_context: BrowserContext, shop: ShopSite) -> None:
    page = await shop_context.new_page()
    widget = await Widget(page).visit(shop.put("/twice", times=2))
    await expect(widget.launcher).to_have_count(1)
    await widget.open()


async def test_the_shop_chooses_word_side_and_height(
    shop_context: BrowserContext, shop: ShopSite, pictures: Path
) -> None:
    page = await shop_context.new_page()
    widget = await Widget(page).visit(shop.put("/left", label="문의하기", side="left", bottom="70"))
    await expect(widget.launcher).to_have_text("문의하기")
    box = await widget.launcher.bounding_box()
    assert box is not None
    assert (box["x"], box["y"] + box["height"]) == (20, 860 - 20 - 70)
    await widget.open()
    window = await widget.window.bounding_box()
    assert window is not None
    assert window["y"] >= 0
    assert window["y"] + window["height"] < box["y"]
    await page.screenshot(path=pictures / "widget-left.png")


@pytest.mark.parametrize("size", [(390, 800), (320, 568), (740, 360)], ids=["phone", "small", "turned"])
async def test_it_fills_a_phone_and_closes(widget: Widget, size: tuple[int, int]) -> None:
    page = widget.page
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.emulate_media(reduced_motion="reduce")
    await widget.open()
    box = await widget.window.bounding_box()
    assert box == {"x": 0, "y": 0, "width": size[0], "height": size[1]}
    assert await page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"
    for inside in (widget.window.get_by_role("button", name="상담 창 닫기"), widget.chat.get_by_label("메시지")):
        await expect(inside).to_be_in_viewport(ratio=1)
    await widget.window.get_by_role("button", name="상담 창 닫기").click()
    await expect(widget.window).to_be_hidden()
    await expect(widget.launcher).to_be_focused()
    assert await page.evaluate("getComputedStyle(document.documentElement).overflow") == "visible"


async def test_a_phone_that_is_turned_keeps_the_chat(widget: Widget) -> None:
    await widget.open()
    await widget.chat.get_by_label("메시지").fill("돌려도 남는 글")
    await widget.page.set_viewport_size({"width": 390, "height": 800})
    await expect(widget.window).to_have_css("width", "390px")
    await expect(widget.chat.get_by_label("메시지")).to_have_value("돌려도 남는 글")
    await expect(widget.window).to_be_visible()


async def test_a_frame_that_does_not_come_is_told_and_tried_again(widget: Widget, pictures: Path) -> None:
    page = widget.page
    await page.route("**/widget", lambda route: route.abort())
    await widget.launcher.click()
    await expect(widget.window).to_contain_text("상담 창을 열지 못했습니다.")
    await expect(page.locator("iframe")).not_to_be_visible()
    await page.screenshot(path=pictures / "widget-failed.png")
    await page.unroute("**/widget")
    await widget.window.get_by_role("button", name="다시 시도").click()
    await expect(widget.log).to_contain_text(GREETING)


async def test_the_page_of_the_frame_is_a_chat_by_itself_too(shop_context: BrowserContext, bot: Service) -> None:
    page = await shop_context.new_page()
    await page.goto(f"{bot.url}/widget")
    await expect(page.get_by_role("log")).to_contain_text(GREETING)
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("메시지")).to_be_visible()


async def test_a_site_that_is_not_allowed_sees_nothing(shop_browser: Browser, bot: Service, shop: ShopSite) -> None:
    context = await shop_browser.new_context()
    page = await context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    shop.put("/stranger", visitor=signed("손님-1"))
    async with page.expect_console_message() as warned:
        await page.goto(f"{shop.stranger}/stranger")
    warning: ConsoleMessage = await warned.value
    assert shop.stranger in warning.text
    assert "SANGDAM_WIDGET_ORIGINS" in warning.text
    assert "\n" not in warning.text
    await expect(Widget(page).launcher).to_have_count(0)
    assert not await page.evaluate("'Sangdam' in window")
    assert f"{bot.url}/widget" not in asked
    await context.close()


async def test_a_stranger_that_frames_the_chat_itself_gets_no_chat(
    shop_browser: Browser, bot: Service, shop: ShopSite
) -> None:
    context = await shop_browser.new_context()
    page = await context.new_page()
    for path in ("/widget", "/"):
        shop.put_html("/framed", f'<iframe src="{bot.url}{path}"></iframe>')
        async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            await page.goto(f"{shop.stranger}/framed")
        assert page.frames[1].url.startswith("chrome-error:")
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 860), (390, 800)], ids=["wide", "phone"])
async def test_how_it_looks(shop_context: BrowserContext, pictures: Path, scheme: str, size: tuple[int, int]) -> None:
    page = await shop_context.new_page()
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    widget = await Widget(page).visit("/")
    await expect(widget.launcher).to_be_visible()
    await page.screenshot(path=pictures / f"widget-{scheme}-{size[0]}-1.png")
    await widget.open()
    await widget.say(QUESTION)
    await expect(widget.log).to_contain_text(ANSWER)
    await page.screenshot(path=pictures / f"widget-{scheme}-{size[0]}-2.png")
    background = await widget.window.evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(28, 35, 33)"}[scheme]
    inside = await widget.chat.locator("body").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert inside == {"light": "rgb(244, 244, 240)", "dark": "rgb(18, 22, 21)"}[scheme]
    overflow = "(e) => e.scrollWidth - e.clientWidth"
    assert await widget.chat.locator("html").evaluate(overflow) <= 0
    assert await page.locator("html").evaluate(overflow) <= 0


async def test_the_button_wears_the_colours_of_the_chat() -> None:
    web = Path(__file__).parents[2] / "bot/channels/web"
    for half in (0, 1):
        page, button = (
            dict(
                re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+);", (web / name).read_text().split("color-scheme: dark")[half])
            )
            for name in ("static/base.css", "launcher.css")
        )
        assert button.items() - {("unread", "#b3261e")} <= page.items()
        assert contrast("#ffffff", "#b3261e") >= 4.5
