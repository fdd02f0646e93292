"""What changed between two published versions of the policy, as everybody may read it."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.conftest import Urls
from tests.web.conftest import client, new_customer
from tests.web.service import Service, serving
from tests.web.test_look import OVERFLOW, PHONE, WIDE

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLAUSE = "---\nid: {id}\ntitle: {title}\nkind: answer\ndocument: 상점 정책\nclause: {clause}\n{more}---\n{body}\n"
RETURNS = "7일 안에 반품하실 수 있습니다.\n\n- 포장을 뜯지 않은 상품\n- <b>영수증</b>이 있는 상품"
FIRST = {
    "returns": CLAUSE.format(id="returns", title="반품", clause="제10조", more="", body=RETURNS),
    "gifts": CLAUSE.format(id="gifts", title="선물 포장", clause="제12조", more="", body="선물 포장은 무료입니다."),
    "delivery": CLAUSE.format(id="delivery", title="배송", clause="제9조", more="", body="다음 날 보냅니다."),
    "points": CLAUSE.format(id="points", title="적립금", clause="제13조", more="", body="적립금은 1년 동안 쓰십니다."),
}
SECOND = {
    "returns": CLAUSE.format(
        id="returns",
        title="반품과 교환",
        clause="제10조",
        more="effective: 2026-12-01\n",
        body=RETURNS.replace("7일 안에", "14일 안에 교환하거나") + "\n- 한 번도 쓰지 않은 상품",
    ),
    "delivery": FIRST["delivery"],
    "reserves": FIRST["points"].replace("id: points", "id: reserves").replace("1년", "2년"),
    "coupons": CLAUSE.format(id="coupons", title="쿠폰", clause="제14조", more="", body="쿠폰은 한 장씩 쓰십니다."),
}


@pytest_asyncio.fixture(loop_scope="session")
async def published(sqlite_urls: Urls) -> AsyncIterator[Service]:
    async with sqlite_urls.open() as storage, serving(storage, answers=False) as running:
        day = 86_400_000_000
        now = 1_767_193_200_000_000  # 2026-01-01 00:00 in Seoul
        for number, texts in enumerate((FIRST, SECOND)):
            note, at = "내부 메모: 법무 검토", now + number * day
            await storage.knowledge.publish(texts, after=number, by="kim.admin", note=note, now=at)
        yield running


def words(page: str) -> str:
    """What is read out, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page[page.index("<main") :])).split())


async def test_changed_added_and_removed_clauses_with_their_words(published: Service) -> None:
    async with client(published) as http:
        page = (await http.get("/policy/changes?from=1&to=2")).text
    said = words(page)
    assert "제1판(2026-01-01)에서 제2판(2026-01-02)으로" in said
    assert "바뀐 조항 2개" in said
    assert "[삭제] 반품 [삭제 끝] [추가] 반품과 교환 [추가 끝]" in said
    assert "[삭제] 7일 [삭제 끝] [추가] 14일 [추가 끝] 안에 [추가] 교환하거나 [추가 끝] 반품하실 수 있습니다." in said
    assert "[추가] • 한 번도 쓰지 않은 상품 [추가 끝]" in said
    assert "시행일 [추가] 2026-12-01" in said
    assert "[삭제] 1년 [삭제 끝] [추가] 2년 [추가 끝] 동안 쓰십니다." in said  # under another id, in the same place
    assert "추가된 조항 1개 쿠폰" in said
    assert "삭제된 조항 1개 선물 포장" in said
    assert "그대로인 조항은 1개" in said
    assert "다음 날 보냅니다" not in said
    assert "&lt;b&gt;영수증" in page
    assert "법무" not in page
    assert "kim.admin" not in page


async def test_without_numbers_the_latest_is_compared_with_the_one_before(published: Service) -> None:
    async with client(published) as http:
        plain, numbered, back, same = [
            words((await http.get(f"/policy/changes{q}")).text)
            for q in ("", "?from=1&to=2", "?from=2&to=1", "?from=2&to=2")
        ]
    assert plain == numbered
    assert "추가된 조항 1개 선물 포장" in back
    assert "두 판의 조항이 같습니다" in same


async def test_versions_that_are_not_there_get_a_clear_word(published: Service) -> None:
    async with client(published) as http:
        for query in ("from=1&to=9", "from=0&to=1", "from=x&to=1", f"from={'9' * 40}&to=1", "to=-1"):
            answer = await http.get(f"/policy/changes?{query}")
            assert (answer.status_code, "그 판의 정책은 없습니다." in answer.text) == (404, True)


async def test_the_policy_lists_its_versions_with_their_days_and_no_internal_words(published: Service) -> None:
    async with client(published) as http:
        latest, old = [unescape((await http.get(f"/policy{v}")).text) for v in ("", "/1")]
    for page in (latest, old):
        assert re.search(r"제2판.{0,200}2026-01-02.{0,200}changes\?from=1&to=2", page, re.DOTALL)
        assert "법무" not in page
        assert "kim.admin" not in page
    assert 'href="/policy/changes?from=1&to=2">그 뒤로 달라진 곳' in old
    assert "그 뒤로 달라진 곳" not in latest


async def test_a_citation_of_an_old_answer_keeps_its_words_and_version(published: Service) -> None:
    async with client(published) as http:
        quoted = (await http.get("/policy/1/returns")).json()
        page = (await http.get(f"/{quoted['href'].partition('#')[0]}")).text
        gone = (await http.get("/policy/1/gifts")).json()
    assert (quoted["version"], quoted["changed"], quoted["body"]) == (1, True, RETURNS)
    assert "7일 안에 반품하실" in page
    assert (gone["body"], gone["changed"]) == ("선물 포장은 무료입니다.", True)


async def test_before_the_first_version_there_is_nothing_to_compare(sqlite_urls: Urls) -> None:
    async with sqlite_urls.open() as storage, serving(storage, answers=False) as running, client(running) as http:
        assert (await http.get("/policy/changes")).status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_it_can_be_read_on_a_phone_and_in_the_dark(
    published: Service, browser: Browser, pictures: Path, scheme: str, size: tuple[int, int]
) -> None:
    async with new_customer(browser, published.url) as context:
        page: Page = await context.new_page()
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        for path in ("/policy/changes", "/policy/1"):
            await page.goto(path)
            await page.screenshot(
                path=pictures / f"changes-{scheme}-{size[0]}{path.replace('/', '-')}.png", full_page=True
            )
            assert await page.evaluate(OVERFLOW) <= 0
        await page.goto("/policy/1")
        await page.get_by_role("link", name="그 뒤로 달라진 곳").click()
        await page.get_by_label("이후").select_option("1")
        await page.get_by_role("button", name="비교하기").click()
        assert "두 판의 조항이 같습니다" in await page.get_by_role("main").inner_text()
