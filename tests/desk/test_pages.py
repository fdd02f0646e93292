"""The desk in Chromium: two agents and one customer at once."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from domain.conversation import Owner
from domain.staff import Role, Staff
from tests.desk.service import SECRET, Running

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCRIPT = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
NOTE = "지난주에도 같은 문의가 있었습니다"


class Windows:
    """Browser windows of several people; a script error or a blocked resource in any of them fails the test."""

    def __init__(self, browser: Browser, desk: Running) -> None:
        self._browser, self._desk = browser, desk
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    async def open(self, width: int = 1280, height: int = 860) -> Page:
        context = await self._browser.new_context(
            base_url=self._desk.url, locale="ko-KR", viewport={"width": width, "height": height}
        )
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on(
            "console", lambda said: self.errors.append(said.text) if "Content Security Policy" in said.text else None
        )
        self._contexts.append(context)
        return await context.new_page()

    async def agent(self, staff: Staff, width: int = 1280, height: int = 860) -> Page:
        page = await self.open(width, height)
        await sign_in(page, staff)
        return page

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def windows(browser: Browser, desk: Running) -> AsyncIterator[Windows]:
    opened = Windows(browser, desk)
    yield opened
    await opened.close()
    assert opened.errors == []


async def sign_in(page: Page, staff: Staff) -> None:
    await page.goto("/desk/")
    await page.get_by_label("이름").fill(staff.name)
    await page.get_by_label("비밀번호").fill(SECRET)
    await page.get_by_role("button", name="로그인").click()
    await expect(page.get_by_role("heading", name="상담함")).to_be_visible()


async def asks_for_a_person(page: Page) -> str:
    """Open the chat page, ask for a person; the number."""
    await page.goto("/")
    await page.get_by_role("button", name="네, 18세 이상입니다").click()
    await page.get_by_role("navigation", name="메뉴").get_by_role("button", name="상담원 연결").click()
    log = page.get_by_role("log")
    await expect(log).to_contain_text("접수번호")
    found = re.search(r"접수번호: (\d{6}-\d{6})", await log.inner_text())
    assert found is not None
    return found[1]


async def says(page: Page, text: str) -> None:
    await page.get_by_label("메시지").fill(text)
    await page.keyboard.press("Enter")


async def answers(page: Page, text: str, kind: str = "고객에게 답변") -> None:
    await page.get_by_label(kind).check()
    await page.locator("#text").fill(text)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#text")).to_have_value("")


async def test_two_agents_and_a_customer(desk: Running, windows: Windows) -> None:
    first, second = [await windows.agent(await desk.hire(alias)) for alias in ("하늘", "바다")]
    customer = await windows.open(390, 800)
    number = await asks_for_a_person(customer)
    for agent in (first, second):
        await expect(agent.locator("#waiting").get_by_role("link", name=number)).to_be_visible()
        await agent.locator("#waiting").get_by_role("link", name=number).click()
        await expect(agent.get_by_role("log")).to_contain_text("상담원에게 연결하고 있습니다")
    await first.get_by_role("button", name="맡기").click()
    await expect(first.locator("#state")).to_contain_text("내가 상담하고 있습니다")
    await expect(customer.get_by_role("log")).to_contain_text(f"상담원 하늘입니다. 접수번호 {number}번")
    await expect(second.locator("#loading")).to_contain_text("하늘 상담원이 상담하고 있습니다")
    await expect(second.get_by_role("button", name="맡기")).to_be_hidden()
    await expect(second.locator("#log li")).to_have_count(0)
    await says(customer, f"주문한 물건이 안 왔어요 {SCRIPT}")
    await expect(first.get_by_role("log")).to_contain_text(SCRIPT)
    await answers(first, "확인해 보겠습니다. 잠시만 기다려 주세요.")
    await expect(customer.get_by_role("log")).to_contain_text("확인해 보겠습니다.")
    await expect(first.locator(".msg.agent .receipt").last).to_have_text("전달됨")
    await answers(first, NOTE, "내부 메모")
    await expect(first.locator(".msg.note")).to_contain_text(NOTE)
    await answers(first, f"오늘 출발했습니다. {SCRIPT}")
    await expect(customer.get_by_role("log")).to_contain_text("오늘 출발했습니다.")
    await first.get_by_role("button", name="마치기").click()
    await expect(customer.get_by_role("log")).to_contain_text("상담을 마쳤습니다.")
    await expect(first.locator("#state")).to_contain_text("챗봇이 응대하고 있습니다")
    await expect(first.locator("#mine-empty")).to_be_visible()
    assert NOTE not in await customer.content()
    await customer.reload()
    await expect(customer.get_by_role("log")).to_contain_text("상담을 마쳤습니다.")
    assert NOTE not in await customer.get_by_role("log").inner_text()
    await says(customer, "그런데 아직도 안 왔어요")
    await expect(customer.get_by_role("log")).to_contain_text("상담을 다시 열었습니다.")
    await customer.get_by_role("button", name="그만 기다리고 챗봇에게 묻기").last.click()
    await expect(customer.get_by_role("log")).to_contain_text("상담원 연결을 취소했습니다.")
    await says(customer, "선택 동의를 안 하면 어떻게 되나요?")
    await expect(customer.get_by_role("log").locator(".cite")).to_be_visible()  # the bot is back
    for page in (first, second, customer):
        assert await page.title() != "broken"


async def test_the_one_who_is_second_is_told_who_has_it(desk: Running, windows: Windows) -> None:
    staff = [await desk.hire(alias) for alias in ("하늘", "바다")]
    customer = await windows.open()
    number = await asks_for_a_person(customer)
    pages = [await windows.agent(person) for person in staff]
    for page in pages:
        await page.locator("#waiting").get_by_role("link", name=number).click()
        await expect(page.get_by_role("button", name="맡기")).to_be_visible()
    # The second has not heard yet: its stream is held back while the first takes it.
    await pages[1].route("**/desk/stream*", lambda route: route.abort())
    await pages[1].evaluate("performance.now()")
    conversation = int(pages[0].url.rsplit("/", 1)[1])
    await pages[0].get_by_role("button", name="맡기").click()
    await expect(pages[0].locator("#state")).to_contain_text("내가 상담하고 있습니다")
    answer = await pages[1].evaluate(
        """async (id) => {
          const response = await fetch(`/desk/c/${id}/steps`, {method: "POST",
            headers: {"Content-Type": "application/json", "X-Desk-Token": document.body.dataset.proof},
            body: JSON.stringify({id: crypto.randomUUID(), kind: "take"})});
          return [response.status, (await response.json()).message];
        }""",
        conversation,
    )
    assert answer == [409, "하늘 상담원이 먼저 맡았습니다."]
    assert await desk.storage.desk.owner(conversation) == (Owner.AGENT, staff[0].id)


async def test_a_connection_lost_in_mid_answer_loses_and_doubles_nothing(desk: Running, windows: Windows) -> None:
    agent, customer = await windows.agent(await desk.hire("하늘")), await windows.open()
    number = await asks_for_a_person(customer)
    await agent.locator("#waiting").get_by_role("link", name=number).click()
    await agent.get_by_role("button", name="맡기").click()
    await expect(agent.get_by_label("고객에게 답변")).to_be_enabled()
    lost = 0

    async def answered_but_lost(route: object) -> None:
        nonlocal lost
        if lost < 2:  # the server takes the answer, its reply never arrives
            lost += 1
            await route.fetch()  # type: ignore[attr-defined]
            await route.abort()  # type: ignore[attr-defined]
        else:
            await route.continue_()  # type: ignore[attr-defined]

    await agent.route("**/steps", answered_but_lost)
    await agent.get_by_label("고객에게 답변").check()
    await agent.locator("#text").fill("한 번만 보이는 답변")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator("#told")).to_contain_text("적으신 글은 그대로 있습니다")
    assert await agent.locator("#text").input_value() == "한 번만 보이는 답변"
    await expect(agent.locator("#text")).to_have_value("")
    assert lost == 2
    await expect(customer.get_by_role("log")).to_contain_text("한 번만 보이는 답변")
    conversation = int(agent.url.rsplit("/", 1)[1])
    log = await desk.storage.conversations.log(conversation, 0)
    assert sum(m.text == "한 번만 보이는 답변" for m in log) == 1


async def test_what_is_typed_survives_a_reload_and_a_refusal(desk: Running, windows: Windows) -> None:
    staff = await desk.hire("하늘")
    agent, customer = await windows.agent(staff), await windows.open()
    number = await asks_for_a_person(customer)
    await agent.locator("#waiting").get_by_role("link", name=number).click()
    await agent.get_by_role("button", name="맡기").click()
    await expect(agent.get_by_label("고객에게 답변")).to_be_enabled()
    await agent.locator("#text").fill("쓰다 만 답변")
    await agent.reload()
    await expect(agent.locator("#text")).to_have_value("쓰다 만 답변")
    other = await agent.context.new_page()
    await other.goto(agent.url)
    await other.get_by_role("button", name="마치기").click()
    await expect(other.locator("#state")).to_contain_text("챗봇이 응대하고 있습니다")
    await expect(agent.locator("#state")).to_contain_text("챗봇이 응대하고 있습니다")
    await agent.locator("#text").focus()
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator("#told")).to_contain_text("맡고 계신 상담이 아닙니다")
    assert await agent.locator("#text").input_value() == "쓰다 만 답변"
    assert "쓰다 만 답변" not in await customer.get_by_role("log").inner_text()


async def test_a_session_that_ends_leads_to_the_door_and_back(desk: Running, windows: Windows) -> None:
    staff = await desk.hire("하늘")
    agent, customer = await windows.agent(staff), await windows.open()
    number = await asks_for_a_person(customer)
    await agent.locator("#waiting").get_by_role("link", name=number).click()
    await expect(agent.get_by_role("button", name="맡기")).to_be_visible()
    address = agent.url
    await desk.storage.sessions.end_all(staff.id)
    await agent.wait_for_url("**/desk/login?next=*")
    await agent.get_by_label("이름").fill(staff.name)
    await agent.get_by_label("비밀번호").fill(SECRET)
    await agent.get_by_role("button", name="로그인").click()
    await agent.wait_for_url(address)


async def test_the_first_account_by_its_link(browser: Browser, desk: Running, windows: Windows) -> None:
    staff = await desk.storage.accounts.add("invited", "새 직원", Role.SUPERVISOR)
    await desk.storage.accounts.new_link("password", staff.id, "invitation-token", 3600 * 10**6)
    page = await windows.open()
    await page.goto("/desk/welcome#invitation-token")
    await expect(page.get_by_role("heading", name="새 직원님, 반갑습니다")).to_be_visible()
    assert "invitation" not in page.url
    await page.get_by_label("비밀번호 10자 이상").fill(SECRET)
    await page.get_by_label("비밀번호 다시").fill(SECRET)
    await page.get_by_role("button", name="시작하기").click()
    await expect(page.get_by_role("heading", name="상담함")).to_be_visible()
    again = await windows.open()
    await again.goto("/desk/welcome#invitation-token")
    await expect(again.get_by_role("alert")).to_contain_text("이미 쓰였거나")


async def test_looks_are_written_down_and_a_streams_return_is_no_new_look(desk: Running, windows: Windows) -> None:
    staff = await desk.hire("하늘")
    agent, customer = await windows.agent(staff), await windows.open()
    number = await asks_for_a_person(customer)
    await agent.locator("#waiting").get_by_role("link", name=number).click()
    await expect(agent.get_by_role("log")).to_contain_text("상담원에게 연결")
    mine = [look for look in await desk.storage.access_log.rows() if look.name == staff.name]
    opened = await desk.storage.desk.opened(int(agent.url.rsplit("/", 1)[1]))
    assert opened is not None
    assert [(x.what, x.customer_id, x.place) for x in mine] == [
        ("conversation.opened", opened.customer_id, "127.0.0.1")
    ]
