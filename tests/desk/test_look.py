"""How the desk's pages look: wide, phone and enlarged, light and dark. The pictures are kept for people; what can be
measured is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from domain.staff import Role
from handlers.staff_steps import answer, note, take
from tests.desk.people import customer, does
from tests.desk.service import Running
from tests.desk.test_pages import Windows, sign_in, windows  # noqa: F401 - a fixture

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = {"wide": (1280, 860), "phone": (390, 800), "small": (320, 568)}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LONG = "가나다라마바사아자차카타파하" * 8 + " https://example.com/" + "a" * 200


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def scene(desk: Running) -> AsyncIterator[tuple[str, int, int]]:
    """An admin with a conversation of his own and others that wait: name, own, waiting conversation."""
    staff = await desk.hire("하늘", Role.ADMIN)
    people = [customer(desk.storage, channel) for channel in ("web", "telegram", "web")]
    for person, text in zip(
        people,
        ("배송이 사흘째 그대로인데 언제 오나요? 010-1234-5678로 연락 주세요.", LONG, "환불 문의드립니다"),
        strict=True,
    ):
        await person.waits()
        await person.says(text)
    mine = people[2].conversation
    await does(desk.storage, staff, mine, "take", take)
    await does(desk.storage, staff, mine, "answer", answer("주문 내역을 확인하고 있습니다. 잠시만 기다려 주세요."))
    await does(desk.storage, staff, mine, "note", note("같은 상품으로 두 번째 문의입니다. 물류팀에 확인 중입니다."))
    await people[2].says("네, 기다릴게요. " + LONG)
    yield staff.name, mine, people[0].conversation


async def signed_in(windows: Windows, desk: Running, name: str, size: str, scheme: str) -> Page:  # noqa: F811
    found = await desk.storage.accounts.find(name)
    assert found is not None
    width, height = SIZES[size]
    page = await windows.open(width, height)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await sign_in(page, found.staff)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_nothing_sticks_out(
    desk: Running,
    windows: Windows,  # noqa: F811
    scene: tuple[str, int, int],
    pictures: Path,
    size: str,
    scheme: str,
) -> None:
    name, mine, waits = scene
    page = await signed_in(windows, desk, name, size, scheme)
    for number, (path, shows) in enumerate(
        [
            ("/desk/", "배송이 사흘째"),
            (f"/desk/c/{mine}", "두 번째 문의입니다"),
            (f"/desk/c/{waits}", "배송이 사흘째"),
            ("/desk/me", "내 계정"),
            ("/desk/access", "접근 기록"),
        ],
        1,
    ):
        await page.goto(path)
        await expect(page.get_by_role("main")).to_contain_text(shows)
        if "/c/" in path:
            await expect(page.locator("#state")).not_to_be_empty()
            await expect(page.locator("#loading")).to_be_hidden()
        await page.screenshot(path=pictures / f"{scheme}-{size}-{number}.png")
        assert await page.evaluate(OVERFLOW) <= 0, path
        if "/c/" in path:
            assert await page.locator("#scroll").evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
            assert await page.locator("#scroll").evaluate("(e) => e.clientHeight") > 100
    door = await windows.open(*SIZES[size])
    await door.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await door.goto("/desk/login")
    await expect(door.get_by_role("heading", name="상담 데스크 로그인")).to_be_visible()
    await door.screenshot(path=pictures / f"{scheme}-{size}-6-login.png")
    assert await door.evaluate(OVERFLOW) <= 0


async def test_twice_the_size_of_letters_holds(
    desk: Running,
    windows: Windows,  # noqa: F811
    scene: tuple[str, int, int],
    pictures: Path,
) -> None:
    name, mine, _ = scene
    page = await signed_in(windows, desk, name, "wide", "light")
    await page.set_viewport_size({"width": 640, "height": 430})  # a window of 1280 × 860 at 200 %
    for path in ("/desk/", f"/desk/c/{mine}", "/desk/access"):
        await page.goto(path)
        await expect(page.get_by_role("main")).to_be_visible()
        if "/c/" in path:
            await expect(page.locator("#loading")).to_be_hidden()
            assert await page.locator("#scroll").evaluate("(e) => e.clientHeight") > 80
        await page.screenshot(path=pictures / f"zoomed{path.replace('/', '-')}.png")
        assert await page.evaluate(OVERFLOW) <= 0


async def test_an_empty_page_says_what_to_do_next(
    desk: Running,
    windows: Windows,  # noqa: F811
    pictures: Path,
) -> None:
    page = await windows.agent(await desk.hire("바다"))
    await expect(page.locator("#mine-empty")).to_contain_text("‘맡기’를 누르시면")
    await page.screenshot(path=pictures / "empty.png")


async def test_everything_has_a_name_and_is_reached_by_keyboard(
    desk: Running,
    windows: Windows,  # noqa: F811
    scene: tuple[str, int, int],
) -> None:
    name, mine, _ = scene
    page = await signed_in(windows, desk, name, "wide", "light")
    unnamed = "(e) => e.checkVisibility() && !e.innerText.trim() && !e.labels?.length && !e.ariaLabel"
    unnamed = f"[...document.querySelectorAll('button, a, textarea, input:not([type=hidden])')].filter({unnamed})"
    for path in ("/desk/", f"/desk/c/{mine}", "/desk/me", "/desk/access"):
        await page.goto(path)
        await expect(page.get_by_role("main")).to_be_visible()
        assert await page.evaluate(f"{unnamed}.map((e) => e.outerHTML)") == []
        await expect(page.locator("h1")).to_have_count(1)
    await page.goto(f"/desk/c/{mine}")
    await expect(page.get_by_role("button", name="마치기")).to_be_visible()
    seen: set[str] = set()
    for _ in range(40):
        await page.keyboard.press("Tab")
        seen.add(await page.evaluate("document.activeElement.id || document.activeElement.innerText.trim()"))
    assert {"챗봇에게", "마치기", "text", "scroll"} <= seen
