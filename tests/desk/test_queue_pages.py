"""The queue in Chromium: two agents and a supervisor hand conversations on; nothing of it sticks out."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from domain.conversation import Owner
from domain.presence import Presence
from domain.staff import Role
from handlers.staff_steps import take
from tests.desk.people import customer, does
from tests.desk.service import Running
from tests.desk.test_look import OVERFLOW, SIZES
from tests.desk.test_pages import Windows, windows  # noqa: F401 - a fixture

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def talk_of(page: Page, conversation: int) -> None:
    await page.goto(f"/desk/c/{conversation}")
    await expect(page.locator("#loading")).to_be_hidden()


async def test_one_passes_on_and_the_other_has_it_at_once(desk: Running, windows: Windows) -> None:  # noqa: F811
    sky, sea = await desk.hire("하늘"), await desk.hire("바다")
    person = customer(desk.storage)
    await person.says("주문한 컵이 깨졌어요", reply="이용 정책에서 답을 찾지 못했습니다.")
    await person.waits()
    ours, theirs = await windows.agent(sky), await windows.agent(sea)
    await theirs.get_by_label("상담 가능").check()
    await talk_of(ours, person.conversation)
    await ours.get_by_role("button", name="맡기").click()
    await expect(ours.get_by_label("상담 가능")).to_be_checked()  # who takes is there
    await expect(ours.locator("#brief-facts")).to_contain_text("고객이 상담원을 요청했습니다")
    await ours.locator("#brief summary").click()
    await expect(ours.locator("#brief-asked")).to_contain_text(
        "주문한 컵이 깨졌어요 → 이용 정책에서 답을 찾지 못했습니다."
    )
    await ours.get_by_role("button", name="넘기기").click()
    dialog = ours.get_by_role("dialog")
    await expect(dialog.locator(f"option[value='{sea.id}']")).to_have_text("바다 · 상담 가능 · 0건")
    await dialog.get_by_label("받을 사람").select_option(str(sea.id))
    await dialog.get_by_label("함께 남길 메모").fill("깨진 컵의 사진을 기다립니다")
    await dialog.get_by_role("button", name="넘기기").click()
    await expect(ours.locator("#loading")).to_contain_text("바다 상담원이 상담하고 있습니다")
    await expect(theirs.locator("#mine a")).to_have_count(1)
    await talk_of(theirs, person.conversation)
    await expect(theirs.locator("#log")).to_contain_text("깨진 컵의 사진을 기다립니다")
    assert await desk.storage.desk.owner(person.conversation) == (Owner.AGENT, sea.id)
    assert not any("깨진 컵의 사진" in text for text in await person.reads())
    await theirs.get_by_role("button", name="나중에 보기").click()
    await theirs.get_by_role("dialog").get_by_role("button", name="나중에 보기").click()
    await expect(theirs.locator("#state")).to_contain_text("에 다시 보기")
    await person.says("사진입니다")
    await theirs.reload()
    await expect(theirs.get_by_role("button", name="나중에 보기")).to_be_visible()


async def test_who_leaves_gives_on_what_he_has(desk: Running, windows: Windows) -> None:  # noqa: F811
    sky = await desk.hire("하늘")
    person = customer(desk.storage)
    await person.waits()
    page = await windows.agent(sky)
    await talk_of(page, person.conversation)
    await page.get_by_role("button", name="맡기").click()
    await expect(page.locator("#presence-load")).to_have_text("상담 1건")
    page.once("dialog", lambda asked: asked.dismiss())
    await page.get_by_label("자리 비움").click()
    await expect(page.get_by_label("상담 가능")).to_be_checked()
    page.once("dialog", lambda asked: asked.accept())
    await page.get_by_label("자리 비움").click()
    await expect(page.locator("#state")).to_contain_text("상담원을 기다리고 있습니다")
    assert await desk.storage.desk.owner(person.conversation) == (Owner.QUEUE, None)


async def test_a_supervisor_sees_the_load_and_moves(desk: Running, windows: Windows) -> None:  # noqa: F811
    chief, sky, sea = await desk.hire("관리", Role.SUPERVISOR), await desk.hire("하늘"), await desk.hire("바다")
    person = customer(desk.storage)
    number = await person.waits()
    await does(desk.storage, sky, person.conversation, "take", take)
    await desk.storage.presences.set(sea.id, Presence.ON)
    page = await windows.agent(chief)
    await page.get_by_role("link", name="현황").click()
    row = page.locator(f"[data-person='{sky.id}']")
    await expect(row).to_contain_text("상담 가능")
    await expect(row.get_by_role("link", name=number)).to_be_visible()
    await row.get_by_label("하늘 동시 상담 수").fill("3")
    await row.get_by_label("하늘 담당 분야").fill("주문, 영어")
    await row.get_by_role("button", name="저장").click()
    await expect(row).to_contain_text("저장했습니다.")
    await expect(row.locator(".load")).to_have_text("1/3건")
    await row.get_by_label("하늘 동시 상담 수").fill("101")
    await row.get_by_role("button", name="저장").click()
    await expect(row.locator(".load")).to_have_text("1/3건")
    await row.get_by_role("link", name=number).click()
    await page.get_by_role("button", name="넘기기").click()
    await page.get_by_label("받을 사람").select_option(str(sea.id))
    await page.get_by_role("dialog").get_by_role("button", name="넘기기").click()
    await expect(page.locator("#state")).to_contain_text("바다 상담원이 상담하고 있습니다")
    assert await desk.storage.desk.owner(person.conversation) == (Owner.AGENT, sea.id)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_it_holds_at_every_size(
    desk: Running,
    windows: Windows,  # noqa: F811
    pictures: Path,
    size: str,
    scheme: str,
) -> None:
    chief = await desk.hire("관리", Role.SUPERVISOR)
    person = customer(desk.storage)
    await person.says("주문한 컵이 깨졌는데 오늘까지 필요해요. " + "가나다라마바사" * 30, reply="답을 찾지 못했습니다.")
    await person.waits()
    await does(desk.storage, chief, person.conversation, "take", take)
    page = await windows.agent(chief, *SIZES[size])
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await page.goto("/desk/team")
    await expect(page.locator(f"[data-person='{chief.id}']")).to_be_visible()
    await page.screenshot(path=pictures / f"{scheme}-{size}-team.png")
    assert await page.evaluate(OVERFLOW) <= 0
    await talk_of(page, person.conversation)
    await page.locator("#brief summary").click()
    await expect(page.locator("#brief-asked")).to_be_visible()
    await page.screenshot(path=pictures / f"{scheme}-{size}-brief.png")
    assert await page.evaluate(OVERFLOW) <= 0
    await page.get_by_role("button", name="넘기기").click()
    await page.screenshot(path=pictures / f"{scheme}-{size}-transfer.png")
    assert await page.evaluate(OVERFLOW) <= 0
