"""The chat page as a customer uses it, in Chromium."""

import asyncio

import httpx
import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from bot.channels.web import CHANNEL
from domain.messages import LoggedMessage
from tests.web.customer import Customer, until
from tests.web.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "선택 동의를 안 하면 어떻게 되나요?"
ANSWER = "부가 기능에 쓰는 개인정보는 따로 동의를 받으며"


def log_of(page: Page) -> Locator:
    return page.get_by_role("log")


async def open_chat(page: Page) -> Locator:
    await page.goto("/")
    await expect(page.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()
    return log_of(page)


async def say(page: Page, text: str) -> None:
    await page.get_by_label("메시지").fill(text)
    await page.keyboard.press("Enter")


async def logged(service: Service, page: Page) -> list[LoggedMessage]:
    token = await page.evaluate("localStorage.getItem('sangdam.token')")
    conversation = await service.storage.conversations.find(CHANNEL, token.partition(".")[0])
    return [] if conversation is None else await service.storage.conversations.log(conversation, 0)


async def shown(page: Page) -> list[str]:
    return await log_of(page).locator(".msg").all_inner_texts()


async def test_first_visit_greets_asks_and_answers_with_its_clause(page: Page) -> None:
    log = await open_chat(page)
    await expect(log.locator(".bubble").first).to_contain_text("온담상점 고객센터 챗봇입니다")
    await page.get_by_role("button", name="네, 18세 이상입니다").click()
    await page.get_by_role("button", name="동의합니다", exact=True).click()
    await expect(log).to_contain_text("동의해 주셔서 감사합니다")
    await say(page, QUESTION)
    await expect(log.locator("blockquote")).to_contain_text(ANSWER)
    await expect(log.locator(".cite")).to_contain_text("수집·이용 2 · 제1판 · ")
    assert await page.get_by_label("메시지").input_value() == ""


async def test_pressed_buttons_look_used_and_still_work(page: Page) -> None:
    log = await open_chat(page)
    adult, minor = (
        page.get_by_role("button", name=name) for name in ("네, 18세 이상입니다", "아니요, 18세 미만입니다")
    )
    await adult.click()
    await expect(adult).to_have_class("chosen")
    await minor.click()
    await expect(log).to_contain_text("이미 답해 주셨습니다")
    await page.reload()
    await expect(log.locator(".mine.pressed")).to_have_count(2)
    await expect(page.get_by_role("button", name="아니요, 18세 미만입니다")).to_have_class("chosen")


async def test_the_menu_is_always_there(page: Page) -> None:
    log = await open_chat(page)
    menu = page.get_by_role("navigation", name="메뉴")
    assert await menu.get_by_role("button").all_inner_texts() == [
        "질문하기",
        "동의 관리",
        "내 정보 요청",
        "상담원 연결",
    ]
    await menu.get_by_role("button", name="내 정보 요청").click()
    await expect(log).to_contain_text("어떤 요청을 하시겠습니까?")
    await menu.get_by_role("button", name="상담원 연결").click()
    await expect(log).to_contain_text("접수번호: ")
    await menu.get_by_role("button", name="질문하기").click()
    await expect(page.get_by_label("메시지")).to_be_focused()


async def test_a_reload_keeps_the_conversation(page: Page, service: Service) -> None:
    log = await open_chat(page)
    await say(page, QUESTION)
    await expect(log).to_contain_text(ANSWER)
    await page.get_by_label("메시지").fill("쓰다 만 글")
    before = await shown(page)
    await page.reload()
    await expect(log).to_contain_text(ANSWER)
    assert await shown(page) == before
    assert await page.get_by_label("메시지").input_value() == "쓰다 만 글"
    assert [m.kind for m in await logged(service, page)].count("start") == 1


async def test_what_is_shown_is_acknowledged(page: Page, service: Service) -> None:
    await open_chat(page)
    async with page.expect_response("**/chat/ack") as answered:
        await say(page, "감사합니다")
    assert (await answered.value).status == 204
    async with asyncio.timeout(10):
        while any(m.delivery != "sent" for m in await logged(service, page)):
            await page.wait_for_function("true")


async def test_two_windows_are_one_conversation(context: BrowserContext, service: Service) -> None:
    one, two = await context.new_page(), await context.new_page()
    await asyncio.gather(one.goto("/"), two.goto("/"))
    for window in (one, two):
        await expect(window.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()
    await say(one, QUESTION)
    for window in (one, two):
        await expect(log_of(window)).to_contain_text(ANSWER)
    assert await shown(one) == await shown(two)
    assert [m.kind for m in await logged(service, one)].count("start") == 1


async def test_a_lost_connection_is_told_and_nothing_is_lost(page: Page, service: Service) -> None:
    log = await open_chat(page)
    banner = page.locator("#banner")
    await service.stop_http()
    try:
        await expect(banner).to_contain_text("연결이 끊겼습니다")
        await say(page, QUESTION)
        await expect(log.locator(".mine")).to_contain_text("보내지 못했습니다.")
        await expect(log.get_by_role("button", name="다시 보내기")).to_be_visible()
    finally:
        await service.start_http()
    await page.get_by_role("button", name="지금 다시 연결").click()
    await expect(banner).to_be_hidden()
    await expect(log).to_contain_text(ANSWER)  # it was sent by itself
    await expect(log.locator(".mine")).to_have_count(1)
    await expect(log.get_by_role("button", name="다시 보내기")).to_have_count(0)
    seqs = [m.text for m in await logged(service, page) if m.author == "customer" and m.kind == "text"]
    assert seqs == [QUESTION]


async def test_an_answer_that_got_lost_on_the_way_makes_no_second_message(page: Page, service: Service) -> None:
    log = await open_chat(page)
    posted: list[str] = []

    async def lose_the_answer(route) -> None:  # type: ignore[no-untyped-def]
        posted.append(route.request.post_data)
        if len(posted) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/chat/messages", lose_the_answer)
    await say(page, QUESTION)
    await expect(log).to_contain_text(ANSWER)
    again = log.get_by_role("button", name="다시 보내기")
    if await again.count():
        await again.click()
    await expect(log.locator(".mine")).to_have_count(1)
    await expect(log.locator(".mine .meta")).to_contain_text(":")
    assert [m.text for m in await logged(service, page) if m.kind == "text" and m.author == "customer"] == [QUESTION]


async def test_what_was_not_sent_survives_a_reload(page: Page, service: Service) -> None:
    log = await open_chat(page)
    await page.route("**/chat/messages", lambda route: route.abort())
    await say(page, QUESTION)
    await expect(log).to_contain_text("보내지 못했습니다.")
    await page.unroute("**/chat/messages")
    await page.reload()
    await expect(log).to_contain_text(ANSWER)
    await expect(log.locator(".mine")).to_have_count(1)


async def test_a_refusal_is_shown_with_its_reason(page: Page) -> None:
    log = await open_chat(page)
    said = '{"error": "too_many", "message": "메시지가 너무 빠릅니다. 3초 뒤에 다시 보내 주세요."}'
    await page.route(
        "**/chat/messages", lambda route: route.fulfill(status=429, body=said, content_type="application/json")
    )
    await say(page, QUESTION)
    await expect(log.locator(".mine.failed")).to_contain_text("메시지가 너무 빠릅니다. 3초 뒤에 다시 보내 주세요.")
    await log.get_by_role("button", name="지우기").click()
    await expect(log.locator(".mine")).to_have_count(0)
    await page.reload()
    await expect(log.locator(".bubble").first).to_be_visible()
    await expect(log.locator(".mine")).to_have_count(0)


async def test_markup_is_text(page: Page) -> None:
    log = await open_chat(page)
    attack = (
        "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script> javascript:alert(1)"
    )
    await say(page, attack)
    await expect(log.locator(".mine .bubble")).to_have_text(attack)
    await page.reload()
    await expect(log.locator(".mine .bubble")).to_have_text(attack)
    assert await log.locator("img[src=x], script, a[href^=javascript]").count() == 0
    assert "hacked" not in await page.title()


async def test_removed_digits_leave_the_screen_too(page: Page) -> None:
    log = await open_chat(page)
    await say(page, "제 주민등록번호는 900101-1234568 입니다")
    await expect(log).to_contain_text("저장하지 않고 지웠습니다")
    await expect(log.locator(".mine")).to_have_count(1)
    await expect(log.locator(".mine")).not_to_contain_text("1234568")


async def test_enter_sends_but_not_while_korean_is_composed(page: Page) -> None:
    log = await open_chat(page)
    field = page.get_by_label("메시지")
    await field.fill("안녕하세")
    composing = "{key: 'Enter', isComposing: true, bubbles: true, cancelable: true}"
    left_alone = await field.evaluate(f"(field) => field.dispatchEvent(new KeyboardEvent('keydown', {composing}))")
    assert left_alone  # the syllable ends and nothing is sent
    await expect(log.locator(".mine")).to_have_count(0)
    await field.press("Shift+Enter")
    assert await field.input_value() == "안녕하세\n"
    await field.press("Enter")
    await expect(log.locator(".mine .bubble")).to_have_text("안녕하세")


async def test_too_long_a_text_is_not_sent(page: Page) -> None:
    await open_chat(page)
    field, send = page.get_by_label("메시지"), page.get_by_role("button", name="보내기")
    await expect(send).to_be_disabled()
    await field.fill("가" * 3_700)
    await expect(page.locator("#hint")).to_have_text("300자 더 쓰실 수 있습니다.")
    await field.fill("😀" * 4_001)
    await expect(page.locator("#hint")).to_contain_text("1자가 넘칩니다.")
    await expect(send).to_be_disabled()
    await field.fill("   ")
    await expect(send).to_be_disabled()


async def test_the_clause_opens_beside_the_chat(page: Page) -> None:
    log = await open_chat(page)
    await say(page, QUESTION)
    cite = log.locator(".cite")
    await cite.click()
    panel = page.get_by_role("dialog")
    await expect(panel.get_by_role("heading", name="부가 기능과 선택 동의")).to_be_visible()
    await expect(panel).to_contain_text("제1판 (지금 적용)")
    chat, beside = await page.locator(".talk").bounding_box(), await panel.bounding_box()
    assert chat is not None
    assert beside is not None
    assert chat["x"] + chat["width"] <= beside["x"] + 1
    await expect(page.get_by_label("메시지")).to_be_enabled()
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(cite).to_be_focused()


async def test_the_clause_is_a_sheet_on_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 700})
    await page.emulate_media(reduced_motion="reduce")
    log = await open_chat(page)
    await say(page, QUESTION)
    await log.locator(".cite").click()
    panel = page.get_by_role("dialog")
    await expect(panel.get_by_role("heading", name="부가 기능과 선택 동의")).to_be_visible()
    box = await panel.bounding_box()
    assert box is not None
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 360, 700)
    await page.mouse.click(180, 40)  # beside the sheet
    await expect(panel).to_be_hidden()


async def test_the_citation_is_a_plain_link_as_well(page: Page, context: BrowserContext) -> None:
    log = await open_chat(page)
    await say(page, QUESTION)
    async with context.expect_page() as opened:
        await log.locator(".cite").click(modifiers=["Control"])
    policy = await opened.value
    await expect(policy.locator("#optional_collection")).to_be_in_viewport()
    assert policy.url.endswith("/policy/1#optional_collection")


async def test_an_unknown_session_is_begun_anew(page: Page) -> None:
    log = await open_chat(page)
    await page.evaluate("localStorage.setItem('sangdam.token', 'forged.0123456789abcdef')")
    await page.reload()
    await expect(log).to_contain_text("대화를 새로 시작합니다.")
    await expect(page.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()


async def test_an_erased_conversation_is_told_and_begun_anew(page: Page, service: Service) -> None:
    log = await open_chat(page)
    await say(page, QUESTION)
    await expect(log).to_contain_text(ANSWER)
    newest = max(service.storage.keys.cached)
    await service.storage.keys.destroy(newest)
    await page.reload()
    await expect(log).to_contain_text("이전 대화는 지워졌습니다.")
    await expect(page.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()
    await expect(log.locator(".mine")).to_have_count(0)


async def test_what_is_written_into_an_erased_conversation_begins_a_new_one(page: Page, service: Service) -> None:
    log = await open_chat(page)
    await service.storage.keys.destroy(max(service.storage.keys.cached))
    await say(page, QUESTION)
    await expect(log).to_contain_text("이전 대화는 지워졌습니다.")
    await expect(log).to_contain_text(ANSWER)
    await expect(log.locator(".mine")).to_have_count(1)
    await expect(page.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()


async def test_dots_show_while_an_answer_is_prepared(page: Page, service: Service) -> None:
    log = await open_chat(page)
    typing = page.get_by_text("답변을 준비하고 있습니다.").locator("..")
    await expect(typing).to_be_hidden()
    await service.stop_handling()
    try:
        await say(page, QUESTION)
        await expect(typing).to_be_visible()
    finally:
        await service.start_handling()
    await expect(log).to_contain_text(ANSWER)
    await expect(typing).to_be_hidden()


async def test_without_javascript_there_is_a_way(page: Page, service: Service) -> None:
    assert page.context.browser is not None
    context = await page.context.browser.new_context(base_url=service.url, java_script_enabled=False)
    plain = await context.new_page()
    await plain.goto("/")
    await expect(plain.get_by_text("자바스크립트가 켜져 있는지")).to_be_visible()
    await plain.get_by_role("link", name="이용 정책").last.click()
    await expect(plain.get_by_role("heading", name="이용 정책", exact=True)).to_be_visible()
    await context.close()


async def test_a_session_that_another_window_began_is_taken_over(
    page: Page, context: BrowserContext, http: httpx.AsyncClient
) -> None:
    await open_chat(page)
    customer = await Customer.arrive(http)
    await customer.say(text="다른 창에서 쓴 말입니다")
    other = await context.new_page()
    await other.goto("/static/mark.svg")
    await other.evaluate("(token) => localStorage.setItem('sangdam.token', token)", customer.token)
    await expect(log_of(page)).to_contain_text("다른 창에서 쓴 말입니다")
    await say(page, QUESTION)
    await expect(log_of(page)).to_contain_text(ANSWER)
    async with customer.listening() as events:
        assert (await until(events, "message", author="customer", text=QUESTION))[0][1]["seq"] == 1
