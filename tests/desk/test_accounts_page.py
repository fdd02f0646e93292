"""In Chromium: from an invitation to a second factor, in and out with it, and how the pages look."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from domain.staff import Role
from domain.totp import RECOVERY_CODES
from tests.desk.service import SECRET, Running
from tests.desk.test_accounts import code_of
from tests.desk.test_look import OVERFLOW, SIZES
from tests.desk.test_pages import Windows, sign_in, windows  # noqa: F401 - a fixture

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What is drawn lies within what is shown, with the quiet zone of four squares that readers need.
WHOLE = """(svg) => {
  const shown = svg.viewBox.baseVal, drawn = svg.querySelector(".qrline").getBBox();
  return shown.width > 0 && drawn.x >= 4 && drawn.x + drawn.width <= shown.width - 4
    && drawn.y >= 3.5 && drawn.y + drawn.height <= shown.height - 3.5;
}"""


async def invite(page: Page, name: str, alias: str, role: str) -> str:
    await page.get_by_role("link", name="직원", exact=True).click()
    await page.get_by_label("이름 로그인할 때").fill(name)
    await page.get_by_label("별칭").fill(alias)
    await page.get_by_label("역할", exact=True).select_option(label=role)
    await page.get_by_role("button", name="초대 링크 만들기").click()
    return await page.locator("#link").inner_text()


async def give_password(page: Page, name: str) -> None:
    await page.goto("/desk/login")
    await page.get_by_label("이름").fill(name)
    await page.get_by_label("비밀번호").fill(SECRET)
    await page.get_by_role("button", name="로그인").click()


async def give_recovery_code(page: Page, code: str) -> None:
    await page.get_by_text("휴대전화를 쓸 수 없으신가요?").click()
    await page.get_by_label("복구 코드").fill(code)
    await page.get_by_role("button", name="복구 코드로 로그인").click()


async def test_from_the_invitation_to_a_recovery_code(desk: Running, windows: Windows) -> None:  # noqa: F811
    boss = await windows.agent(await desk.hire("대표", Role.ADMIN))
    link = await invite(boss, "newcomer", "새 직원", "개인정보 보호책임자")
    page = await windows.open()
    await page.goto(link)
    await page.get_by_label("비밀번호 10자 이상").fill(SECRET)
    await page.get_by_label("비밀번호 다시").fill(SECRET)
    await page.get_by_role("button", name="시작하기").click()
    await expect(page.get_by_role("heading", name="상담함")).to_be_visible()
    for broken in (link, f"{desk.url}/desk/welcome#forged", f"{desk.url}/desk/welcome#"):
        late = await windows.open()
        await late.goto(broken)
        await expect(late.get_by_text(re.compile("이미 쓰였거나|온전하지 않습니다"))).to_be_visible()

    await page.goto("/desk/me")
    await page.get_by_role("link", name="2단계 인증 설정").click()
    await page.get_by_role("button", name="설정 시작").click()
    await expect(page.get_by_role("img", name="QR 코드")).to_be_visible()
    assert await page.locator("svg.qr").evaluate(WHOLE), "a part of the picture is cut off"
    await page.get_by_text("찍을 수 없으면").click()
    secret = (await page.locator("#secret").inner_text()).replace(" ", "")
    await page.get_by_label("코드 6자리 숫자").fill(code_of(secret, 0))
    await page.get_by_role("button", name="켜기").click()
    await expect(page.locator("#codes li")).to_have_count(RECOVERY_CODES)
    codes = await page.locator("#codes li").all_inner_texts()
    await page.goto("/desk/me/factor")
    await expect(page.get_by_role("main")).not_to_contain_text(codes[0])

    await page.get_by_role("button", name="로그아웃").first.click()
    await give_password(page, "newcomer")
    await expect(page.get_by_role("heading", name="2단계 인증")).to_be_visible()
    await page.get_by_label("인증 앱의 코드").fill(code_of(secret, 1))  # the present one was the set-up's
    await page.get_by_role("button", name="확인").click()
    await expect(page.get_by_role("heading", name="상담함")).to_be_visible()

    await page.get_by_role("button", name="로그아웃").first.click()
    await give_password(page, "newcomer")
    await give_recovery_code(page, codes[0].lower())
    await expect(page.get_by_role("heading", name="상담함")).to_be_visible()

    await page.get_by_role("button", name="로그아웃").first.click()
    await give_password(page, "newcomer")
    await give_recovery_code(page, codes[0])
    await expect(page.get_by_role("alert")).to_contain_text("코드가 맞지 않습니다")
    await give_recovery_code(page, codes[1])
    await expect(page.get_by_role("heading", name="상담함")).to_be_visible()
    await page.get_by_role("link", name="접근 기록").click()
    await expect(page.get_by_role("heading", name="접근 기록")).to_be_visible()

    person = boss.get_by_role("listitem").filter(has_text="newcomer")
    await boss.get_by_role("link", name="직원", exact=True).click()
    await person.get_by_text("바꾸기").first.click()
    await person.get_by_label("newcomer의 역할").select_option(label="상담원")
    await person.get_by_role("button", name="역할 바꾸기").click()
    await expect(boss.get_by_role("status").first).to_contain_text("역할은 이제 상담원입니다")
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("권한이 없습니다")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_the_pages_fit(
    desk: Running,
    windows: Windows,  # noqa: F811
    pictures: Path,
    size: str,
    scheme: str,
) -> None:
    staff = await desk.hire("아주긴별칭을가진관리자의이름열여덟자", Role.ADMIN)
    page = await windows.open(*SIZES[size])
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await sign_in(page, staff)

    async def look(name: str) -> None:
        await page.screenshot(path=pictures / f"accounts-{scheme}-{size}-{name}.png", full_page=True)
        assert await page.evaluate(OVERFLOW) <= 0, name
        unnamed = "(e) => e.checkVisibility() && !e.innerText.trim() && !e.labels?.length && !e.ariaLabel"
        found = f"[...document.querySelectorAll('button, a, select, input:not([type=hidden])')].filter({unnamed})"
        assert await page.evaluate(f"{found}.map((e) => e.outerHTML)") == [], name
        await expect(page.locator("h1")).to_have_count(1)

    await page.goto("/desk/staff")
    name = f"a-rather-long-name-{size}-{scheme}"
    await page.get_by_label("이름 로그인할 때").fill(name)
    await page.get_by_label("별칭").fill("가나다라마바사아자차카타파하거너더러머")
    await page.get_by_role("button", name="초대 링크 만들기").click()
    await page.get_by_role("listitem").filter(has_text=name).get_by_text("바꾸기").first.click()
    await look("staff")
    await page.goto("/desk/access")
    await page.get_by_label("누구의").fill("1")
    await page.get_by_role("button", name="찾기").click()
    await look("access-found")
    await page.goto("/desk/access")
    await look("access")
    await page.goto("/desk/me")
    await page.get_by_text("비밀번호 바꾸기").click()
    await look("me")
    await page.goto("/desk/me/factor")
    await look("factor-off")
    await page.get_by_role("button", name="설정 시작").click()
    await page.get_by_text("찍을 수 없으면").click()
    await look("factor-setup")
    secret = (await page.locator("#secret").inner_text()).replace(" ", "")
    await page.get_by_label("코드 6자리 숫자").fill(code_of(secret, 0))
    await page.get_by_role("button", name="켜기").click()
    await expect(page.locator("#codes li")).to_have_count(RECOVERY_CODES)
    await look("codes")
    await page.goto("/desk/me/factor")
    await look("factor-on")
    await page.context.clear_cookies()
    await give_password(page, staff.name)
    await page.get_by_label("인증 앱의 코드").fill("12")
    await page.get_by_role("button", name="확인").click()
    await page.get_by_text("휴대전화를 쓸 수 없으신가요?").click()
    await look("code")
