"""From a question that nobody could answer to the published answer, and back: a customer and an admin in Chromium."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import orjson
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from domain.staff import Role
from storage.knowledge import DRAFT
from tests.desk.knowing import POLICY, Admin, admin, knowing
from tests.desk.service import Running
from tests.desk.test_knowledge_page import OVERFLOW
from tests.desk.test_pages import Windows
from tests.web.customer import Customer, messages

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED = ("쿠폰은 몇 장까지 쓸 수 있어요?", "쿠폰 몇 장 쓸 수 있나요")
OTHER = "양자역학 방정식 풀이"
ANSWER = "쿠폰은 한 번에 한 장씩 쓰십니다."


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with knowing(tmp_path_factory.mktemp("gaps")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def rooms(browser: Browser, service: Running) -> AsyncIterator[Windows]:
    opened = Windows(browser, service)
    yield opened
    await opened.close()
    assert opened.errors == []


async def arrive(page: Page) -> Locator:
    """A customer who has been through the welcome; the log."""
    await page.goto("/")
    await page.get_by_role("button", name="네, 18세 이상입니다").click()
    await page.get_by_role("button", name="동의합니다", exact=True).click()
    await expect(page.get_by_role("log")).to_contain_text("동의해 주셔서 감사합니다")
    return page.get_by_role("log")


async def say(page: Page, text: str) -> None:
    """Returns when the bot has spoken."""
    said = page.get_by_role("log").locator(".msg.bot")
    before = await said.count()
    await page.get_by_label("메시지").fill(text)
    await page.keyboard.press("Enter")
    await expect(said.nth(before)).to_be_visible()


async def test_from_gap_to_published_and_back(service: Running, rooms: Windows, pictures: Path) -> None:
    customer = await rooms.open(390, 800)
    log = await arrive(customer)
    for text in ASKED:
        await say(customer, text)
        await expect(log.locator(".msg").last).to_contain_text("상담원")
        await say(customer, "배송 며칠 걸려요")  # or the bot, unsure twice, would give up
        await expect(log.locator(".msg").last).to_contain_text("다음 날")
    page = await rooms.agent(await service.hire("하늘", Role.ADMIN))
    await page.get_by_role("link", name="지식").click()
    await page.get_by_role("link", name="답하지 못한 질문").click()
    group = page.locator(".group").filter(has_text="쿠폰")
    await expect(group).to_have_count(1)
    await expect(group).to_contain_text("2번")
    await expect(group).to_contain_text("고객 1명")
    await page.screenshot(path=pictures / "gaps-wide.png", full_page=True)
    await group.get_by_role("button", name="새 항목 쓰기").click()
    await expect(page.locator("#news")).to_contain_text("고객의 물음 2개에 답할 새 항목")
    assert "쿠폰" in await page.get_by_label("별칭").input_value()
    await page.get_by_role("button", name="저장하기").click()
    await expect(page.locator("#wrong")).to_contain_text("본문이 비어 있습니다")
    await expect(page.get_by_label("본문")).to_be_focused()
    await page.get_by_label("본문").fill(ANSWER)
    await page.get_by_label("제목").fill("쿠폰 쓰기")
    await page.get_by_label("문서").fill(POLICY)
    await page.get_by_label("조항").fill("제14조")
    await page.get_by_label("시험할 질문").fill("쿠폰 여러 장 쓸 수 있나요?")
    await page.get_by_role("button", name="물어보기").click()
    await expect(page.locator("#answer .decided").first).to_contain_text("쿠폰 쓰기")
    await expect(page.locator("#preview")).to_contain_text(ANSWER)
    await page.get_by_role("button", name="저장하기").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("쿠폰 쓰기")
    await page.get_by_role("link", name="답하지 못한 질문").click()
    await expect(page.get_by_role("main")).to_contain_text("답하지 못한 질문이 없습니다")
    await page.get_by_role("link", name="게시", exact=True).click()
    await page.get_by_role("button", name="확인하기").click()
    await expect(page.locator("#report")).to_contain_text("틀리게 되는 질문이 없습니다")
    await page.get_by_role("button", name="제2판으로 게시하기").click()
    await expect(page.locator("#news")).to_contain_text("제2판을 게시했습니다")
    await say(customer, ASKED[0])
    await expect(log.locator("blockquote").last).to_contain_text(ANSWER)
    await expect(log.locator(".cite").last).to_contain_text(f"{POLICY} 제14조 · 제2판")
    await page.get_by_role("button", name="되돌리기 제1판으로").click()
    await page.get_by_role("button", name="네, 되돌립니다").click()
    await expect(page.locator("#news")).to_contain_text("제1판의 내용을 제3판으로")
    answers = await log.locator("blockquote").count()
    await say(customer, ASKED[0])
    await expect(log.locator(".msg").last).to_contain_text("상담원")
    assert await log.locator("blockquote").count() == answers
    await log.locator(".cite").last.click()  # the old answer still shows the words it quoted
    await expect(customer.get_by_role("dialog")).to_contain_text(ANSWER)


async def test_a_question_becomes_an_alias_or_is_left_out_without_loading_the_page_anew(
    service: Running, rooms: Windows, pictures: Path
) -> None:
    customer = await rooms.open(390, 800)
    log = await arrive(customer)
    await say(customer, OTHER)  # choices or nothing: no answer
    await expect(log.locator("blockquote")).to_have_count(0)
    await say(customer, "반품하고 싶어요")
    await log.get_by_role("button", name="도움이 안 됐어요").click()
    await expect(log.locator(".msg").last).to_contain_text("상담원")
    staff = await service.hire("하늘", Role.ADMIN)
    page = await rooms.agent(staff, 390, 800)
    await page.emulate_media(color_scheme="dark")
    await page.goto("/desk/knowledge/gaps")
    group = page.locator(".group").filter(has_text="반품하고 싶어요")
    await expect(group).to_contain_text("도움이 안 됨 1")
    await expect(group.get_by_role("link", name="반품 기한")).to_be_visible()
    await group.get_by_text("있는 항목에 더하거나 제외하기").click()
    await page.screenshot(path=pictures / "gaps-dark-phone.png", full_page=True)
    assert await page.evaluate(OVERFLOW) <= 0
    field = group.get_by_label("항목 제목이나 id로")
    await expect(field).to_have_value("returns")
    await field.fill("배송")
    await expect(page.locator("#entries option")).to_have_count(1)
    await expect(page.locator("#entries option")).to_have_attribute("value", "delivery")
    await field.fill("nowhere")
    await group.get_by_role("button", name="별칭으로 더하기").click()
    await expect(group.get_by_role("alert")).to_contain_text("'nowhere' 항목이 없습니다")
    await field.fill("returns")
    await group.get_by_label("더할 질문").fill("택배 상자가 찢어졌어요")
    await group.get_by_role("button", name="별칭으로 더하기").click()
    settled = page.locator(".settled")
    await expect(settled).to_contain_text("별칭으로 더했습니다")
    other = page.locator(".group").filter(has_text=OTHER)
    await other.get_by_text("있는 항목에 더하거나 제외하기").click()
    await other.get_by_role("button", name="제외하기").click()
    await expect(other.get_by_role("alert")).to_contain_text("이유를")
    await other.get_by_label("제외하는 이유").fill("우리 일이 아닙니다")
    await other.get_by_role("button", name="제외하기").click()
    await expect(settled).to_have_count(2)
    await page.reload()
    await expect(page.get_by_role("main")).to_contain_text("답하지 못한 질문이 없습니다")
    assert "택배 상자가 찢어졌어요" in (await service.storage.knowledge.texts(DRAFT))["returns"]
    looks = [look.what for look in await service.storage.access_log.rows(None, 20)]
    assert looks.count("gaps.read") == 2  # once for each time the page was opened


async def asks_in_vain(http: httpx.AsyncClient, text: str) -> None:
    """A customer without a screen, who gets no answer."""
    customer = await Customer.arrive(http)
    async with customer.listening() as events:
        await customer.say(text=text)
        answer = (await messages(events, 3))[2]  # behind the question and the greeting
    assert not answer["source"]


async def keys_of(who: Admin) -> list[str]:
    """Those of the first group on the page."""
    page = (await who.http.get("/desk/knowledge/gaps")).text
    found: list[str] = orjson.loads(unescape(page.partition('data-keys="')[2].partition('"')[0]))
    return found


async def test_steps_on_gaps_are_taken_once_and_by_one_admin(service: Running) -> None:
    async with service.client() as http, service.client() as one, service.client() as two:
        await asks_in_vain(http, "쿠폰은 몇 장까지 쓸 수 있어요?")
        me, other = await admin(service, one), await admin(service, two)
        keys = await keys_of(me)
        body = {"keys": keys, "entry": "delivery", "texts": "쿠폰 질문\n\n"}
        done, again = [await me.post("gaps/question", **body) for _ in range(2)]
        assert done.json() == again.json()
        assert done.json()["fields"]["questions"] == "배송은 며칠 걸려요?\n쿠폰 질문"
        late = await other.post("gaps/dismiss", keys=keys, reason="관계없음")
        assert (late.status_code, late.json()["error"]) == (409, "conflict")
        for body in ({}, {"keys": []}, {"keys": ["x"]}, {"keys": [1]}, {"keys": keys, "entry": 1}):
            assert (await me.post("gaps/alias", **body)).status_code == 400
        assert (await me.post("gaps/jump", keys=keys)).status_code == 404
        assert (await me.http.get("/desk/knowledge/gaps?kind=x")).status_code == 400
        found = (await me.http.get("/desk/knowledge/find?q=반품")).json()
        assert found == [{"id": "returns", "title": "반품 기한"}]
