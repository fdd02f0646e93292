"""The knowledge base's pages in Chromium: writing, trying, two admins at once, import, publishing and the way back."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from domain.staff import Role
from tests.desk.knowing import POLICY, knowing
from tests.desk.service import Running
from tests.desk.test_pages import Windows

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = {"wide": (1280, 860), "phone": (390, 800), "small": (320, 568)}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with knowing(tmp_path_factory.mktemp("knowing")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def rooms(browser: Browser, service: Running) -> AsyncIterator[Windows]:
    opened = Windows(browser, service)
    yield opened
    await opened.close()
    assert opened.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(service: Running, rooms: Windows) -> Page:
    """An admin's window."""
    return await rooms.agent(await service.hire("하늘", Role.ADMIN))


async def write_coupons(page: Page) -> None:
    await page.get_by_role("link", name="지식").click()
    await page.get_by_role("link", name="새 항목 쓰기").click()
    await page.get_by_label("제목").fill("쿠폰 쓰기")
    await page.get_by_label("본문").fill("쿠폰은 한 번에 한 장씩 쓰십니다.")
    await page.get_by_label("별칭").fill("쿠폰 어떻게 써요\n할인권 사용법")
    await page.get_by_label("문서", exact=False).fill(POLICY)
    await page.get_by_label("조항").fill("제14조")
    await page.get_by_label("id", exact=False).fill("coupons")


async def test_an_entry_is_written_tried_checked_published_and_taken_back(service: Running, page: Page) -> None:
    await write_coupons(page)
    await expect(page.locator("#preview")).to_contain_text("쿠폰은 한 번에 한 장씩 쓰십니다.")
    await expect(page.locator("#preview")).to_contain_text(f"{POLICY} 제14조 · 제2판")
    await page.get_by_label("시험할 질문").fill("할인권은 어떻게 쓰나요")
    await page.get_by_role("button", name="물어보기").click()
    await expect(page.locator("#answer")).to_contain_text("지금 게시된 판")
    await expect(page.locator("#answer .decided").first).to_contain_text("쿠폰 쓰기")
    await page.get_by_role("button", name="저장하기").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("쿠폰 쓰기")
    await expect(page.locator("#news")).to_contain_text("저장했습니다")
    await page.get_by_role("link", name="게시", exact=True).click()
    await page.get_by_text("쿠폰 쓰기", exact=True).click()
    await expect(page.locator(".diff ins").first).to_be_visible()
    await page.get_by_role("button", name="확인하기").click()
    await expect(page.locator("#report")).to_contain_text("틀리게 되는 질문이 없습니다")
    await page.get_by_label("무엇을 바꾸셨나요?").fill("쿠폰 안내")
    await page.get_by_role("button", name="제2판으로 게시하기").click()
    await expect(page.locator("#news")).to_contain_text("제2판을 게시했습니다")
    await expect(page.get_by_role("row").nth(1)).to_contain_text("쿠폰 안내")
    await page.get_by_role("button", name="되돌리기 제1판으로").click()
    await page.get_by_role("button", name="네, 되돌립니다").click()
    await expect(page.locator("#news")).to_contain_text("제1판의 내용을 제3판으로")
    assert "coupons" not in await service.storage.knowledge.hashes(3)


async def test_words_that_were_not_saved_are_there_again(page: Page) -> None:
    await page.goto("/desk/knowledge/e/returns")
    await page.get_by_label("본문").fill("열흘 안에 반품하실 수 있습니다.")
    await expect(page.locator("#kept")).to_contain_text("이 브라우저에 남아 있습니다")
    await page.goto("/desk/knowledge")
    await page.goto("/desk/knowledge/e/returns")
    await expect(page.get_by_label("본문")).to_have_value("열흘 안에 반품하실 수 있습니다.")
    await page.get_by_role("button", name="버리고 저장된 글 보기").click()
    await expect(page.get_by_label("본문")).to_have_value(
        "받으신 날부터 7일 안에 반품하실 수 있습니다.\n\n- 포장을 뜯지 않은 상품"
    )


async def test_the_same_entry_as_markdown_and_what_is_wrong_with_it(page: Page) -> None:
    await page.goto("/desk/knowledge/e/delivery")
    await page.get_by_label("마크다운으로").check()
    raw = page.get_by_label("마크다운 항목 전체")
    await expect(raw).to_have_value(re.compile("^---\nid: delivery\n"))
    await raw.fill((await raw.input_value()).replace("kind: answer", "kind: answr"))
    await expect(page.locator("#preview-wrong")).to_contain_text("없는 종류")
    await page.get_by_role("button", name="저장하기").click()
    await expect(page.locator("#wrong")).to_contain_text("4번째 줄: kind 'answr'")
    await expect(raw).to_be_focused()
    await raw.fill((await raw.input_value()).replace("kind: answr", "kind: answer").replace("다음 날", "그날"))
    await page.get_by_label("칸으로").check()
    await expect(page.get_by_label("본문")).to_have_value("주문하신 그날 보내 드립니다.")
    await expect(page.locator("#wrong")).to_be_hidden()


async def test_of_two_admins_none_loses_a_word(service: Running, rooms: Windows, page: Page, pictures: Path) -> None:
    second = await rooms.agent(await service.hire("바다", Role.ADMIN), 390, 800)
    for window in (page, second):
        await window.goto("/desk/knowledge/e/delivery")
    await page.get_by_label("본문").fill("사흘 안에 보내 드립니다.")
    await page.get_by_role("button", name="저장하기").click()
    await expect(page.locator("#news")).to_contain_text("저장했습니다")
    await second.get_by_label("본문").fill("이틀 안에 보내 드립니다.")
    await second.get_by_role("button", name="저장하기").click()
    await expect(second.locator("#theirs")).to_contain_text("사흘 안에")
    await expect(second.locator("#mine")).to_contain_text("이틀 안에")
    await expect(second.get_by_role("button", name="내 글로 저장하기")).to_be_focused()
    await second.screenshot(path=pictures / "knowledge-conflict.png", full_page=True)
    await second.reload()  # and still there
    await expect(second.get_by_label("본문")).to_have_value("이틀 안에 보내 드립니다.")
    await second.get_by_role("button", name="저장하기").click()
    await second.get_by_role("button", name="내 글로 저장하기").click()
    await expect(second.locator("#news")).to_contain_text("저장했습니다")
    await expect(second.get_by_label("본문")).to_have_value("이틀 안에 보내 드립니다.")
    await second.locator(".change summary").first.click()
    await expect(second.locator(".change del").first).to_contain_text("사흘")
    await page.get_by_label("본문").fill("나흘 안에 보내 드립니다.")
    await page.get_by_role("button", name="저장하기").click()
    await page.get_by_role("button", name="저장된 글로 바꾸기").click()
    await expect(page.get_by_label("본문")).to_have_value("이틀 안에 보내 드립니다.")


async def test_taking_an_entry_out_and_back(page: Page) -> None:
    await page.goto("/desk/knowledge/e/hello")
    await page.get_by_role("button", name="삭제하기").click()
    await page.get_by_role("button", name="아니요").click()
    await page.get_by_role("button", name="삭제하기").click()
    await page.get_by_role("button", name="네").click()
    await expect(page.locator("#news")).to_contain_text("초안에서 삭제했습니다")
    await page.get_by_label("상태").select_option("removed")
    await page.get_by_role("button", name="찾기").click()
    await page.get_by_role("link", name="인사").click()
    await page.get_by_role("button", name="삭제 되돌리기").click()
    await expect(page.locator("#news")).to_contain_text("게시된 글로 되돌렸습니다")
    await expect(page.get_by_label("제목")).to_have_value("인사")


TERMS = f"<h1>{POLICY}</h1><p>제9조(배송)</p><p>그날 보내 드립니다.</p><p>제20조(분쟁)</p><p>조정을 구하십시오.</p>"


async def test_a_web_page_is_uploaded_and_one_clause_of_it_taken(page: Page) -> None:
    await page.goto("/desk/knowledge/import")
    upload = page.get_by_label("파일")
    await upload.set_input_files({"name": "terms.html", "mimeType": "text/html", "buffer": "약관".encode("euc-kr")})
    await page.get_by_role("button", name="조항 살펴보기").click()
    await expect(page.locator("#wrong")).to_contain_text("UTF-8이 아닌 파일")
    await upload.set_input_files({"name": "terms.html", "mimeType": "text/html", "buffer": TERMS.encode()})
    await page.get_by_role("button", name="조항 살펴보기").click()
    await expect(page.locator("#found")).to_have_text("조항 2개를 찾았습니다")
    await expect(page.locator("#found")).to_be_focused()
    await page.get_by_text("달라지는 글 보기").click()
    await expect(page.locator(".diff del").first).to_be_visible()
    await page.get_by_label("배송").uncheck()
    await page.get_by_role("button", name="고른 항목 1개를 초안에 담기").click()
    await expect(page.locator("#done")).to_contain_text("추가 1개, 바뀜 0개")
    await page.get_by_role("link", name="새 항목 보기").click()
    await expect(page.get_by_role("link", name="분쟁")).to_be_visible()


async def test_an_agent_is_refused_with_a_word(service: Running, rooms: Windows) -> None:
    window = await rooms.agent(await service.hire("바다"))
    await expect(window.get_by_role("link", name="지식")).to_have_count(0)
    await window.goto("/desk/knowledge")
    await expect(window.get_by_role("alert")).to_contain_text("이 화면을 볼 권한이 없습니다")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_nothing_sticks_out_and_everything_has_a_name(
    service: Running, rooms: Windows, pictures: Path, size: str, scheme: str
) -> None:
    width, height = SIZES[size]
    page = await rooms.agent(await service.hire("하늘", Role.ADMIN), width, height)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await page.goto("/desk/knowledge/e/returns")
    await page.get_by_label("별칭").fill("기타 문의")
    await page.get_by_label("제목").fill("그 밖의 안내 " + "가나다라마바사아자차카타파하" * 5)
    await page.get_by_label("본문").fill("그 밖의 안내입니다. https://example.com/" + "a" * 150)
    await page.get_by_role("button", name="저장하기").click()
    await expect(page.locator("#news")).to_contain_text("저장했습니다")
    await page.get_by_label("시험할 질문").fill("반품은 언제까지 돼요?")
    await page.get_by_role("button", name="물어보기").click()
    await expect(page.locator("#answer")).to_contain_text("지금 게시된 판")
    unnamed = "(e) => !e.innerText?.trim() && !e.labels?.length && !e.ariaLabel"
    unnamed = (
        f"[...document.querySelectorAll('button, a, textarea, select, input:not([type=hidden])')].filter({unnamed})"
    )

    async def look(name: str) -> None:
        await page.screenshot(path=pictures / f"knowledge-{scheme}-{size}-{name}.png", full_page=True)
        assert await page.evaluate(OVERFLOW) <= 0, name
        assert await page.evaluate(f"{unnamed}.map((e) => e.outerHTML)") == [], name
        await expect(page.locator("h1")).to_have_count(1)

    await look("entry")
    await page.goto("/desk/knowledge")
    await look("list")
    await page.goto("/desk/knowledge/publish")
    await page.get_by_role("button", name="제2판으로 게시하기").click()
    await expect(page.locator("#publish-wrong")).to_contain_text("틀리게 됩니다")
    await expect(page.get_by_label("틀리게 되는 질문이 있어도")).to_be_focused()
    await page.locator(".change summary").first.click()
    await look("publish")
    await page.goto("/desk/knowledge/versions")
    await look("versions")
    await page.goto("/desk/knowledge/import")
    await page.get_by_label("또는 글 붙여 넣기").fill(
        f"{POLICY}\n제9조(배송)\n그날 보내 드립니다.\n제20조(분쟁)\n조정을 구하십시오."
    )
    await page.get_by_role("button", name="조항 살펴보기").click()
    await expect(page.locator("#found")).to_be_visible()
    await page.get_by_text("달라지는 글 보기").click()
    await look("import")
