"""How the pages look: wide and phone, light and dark. The pictures are kept for people; what can be measured is."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.web.test_page import ANSWER, QUESTION, log_of, open_chat, say

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATIC = Path(__file__).parents[2] / "bot/channels/web/static"
WIDE, PHONE, SMALL = (1280, 860), (390, 800), (320, 568)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LONG = "가나다라마바사아자차카타파하" * 12 + " https://example.com/" + "a" * 300


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE, SMALL], ids=["wide", "phone", "small"])
async def test_nothing_sticks_out(page: Page, pictures: Path, scheme: str, size: tuple[int, int]) -> None:
    name = f"{scheme}-{size[0]}"
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    log = await open_chat(page)
    await page.screenshot(path=pictures / f"{name}-1-greeting.png")
    await page.get_by_role("button", name="네, 18세 이상입니다").click()
    await page.get_by_role("button", name="동의합니다", exact=True).click()
    await expect(log).to_contain_text("동의해 주셔서 감사합니다")
    await say(page, QUESTION)
    await expect(log).to_contain_text(ANSWER)
    await page.screenshot(path=pictures / f"{name}-2-answer.png")
    await log.locator(".cite").click()
    await expect(page.get_by_role("dialog").get_by_role("heading")).to_be_visible()
    await page.screenshot(path=pictures / f"{name}-3-clause.png")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await say(page, LONG)
    await expect(log.locator(".msg").last).not_to_have_class(re.compile("mine"))
    await page.get_by_role("navigation").get_by_role("button", name="상담원 연결").click()
    await expect(log).to_contain_text("접수번호")
    await page.screenshot(path=pictures / f"{name}-4-agent.png")
    assert await page.evaluate(OVERFLOW) <= 0
    assert await page.locator("#scroll").evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
    send = await page.get_by_role("button", name="보내기").bounding_box()
    assert send is not None
    assert send["y"] + send["height"] <= size[1]
    await page.goto("/policy#optional_collection")
    await expect(page.locator("#optional_collection")).to_be_in_viewport()
    await page.screenshot(path=pictures / f"{name}-5-policy.png")
    assert await page.evaluate(OVERFLOW) <= 0


async def test_twice_the_size_of_letters_holds(page: Page, pictures: Path) -> None:
    await page.set_viewport_size({"width": 640, "height": 430})  # a window of 1280 × 860 at 200 %
    log = await open_chat(page)
    await say(page, QUESTION)
    await expect(log).to_contain_text(ANSWER)
    await page.screenshot(path=pictures / "zoomed.png")
    assert await page.evaluate(OVERFLOW) <= 0
    assert await page.locator("#scroll").evaluate("(e) => e.clientHeight") > 150
    await page.locator("html").evaluate("(e) => { e.style.fontSize = '32px'; }")
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.screenshot(path=pictures / "large-letters.png")
    assert await page.evaluate(OVERFLOW) <= 0
    assert await page.locator("#scroll").evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0


async def test_the_lost_connection_and_a_failed_message_look_clear(page: Page, pictures: Path) -> None:
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    log = await open_chat(page)
    await page.context.set_offline(True)
    await say(page, QUESTION)
    await expect(log).to_contain_text("보내지 못했습니다.")
    await page.screenshot(path=pictures / "failed.png")
    await page.context.set_offline(False)
    await expect(log).to_contain_text(ANSWER)


PAIRS = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink-2", "paper"),
    ("ink-2", "surface"),
    ("ink-2", "sunk"),
    ("accent", "surface"),
    ("accent", "paper"),
    ("accent", "accent-soft"),
    ("ink", "accent-soft"),
    ("accent-ink", "accent"),
    ("mine-ink", "mine"),
    ("warn", "warn-soft"),
    ("danger", "surface"),
    ("danger", "paper"),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_letters_stand_out_from_their_ground(dark: bool) -> None:
    light, darker = (STATIC / "base.css").read_text().split("@media (prefers-color-scheme: dark)")[:2]
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+);", darker if dark else light))
    for letters, ground in PAIRS:
        ratio = contrast(colours[letters], colours[ground])
        assert ratio >= 4.5, f"{letters} on {ground}: {ratio:.2f}"  # WCAG 2.2, 1.4.3


def contrast(one: str, two: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(two)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_the_log_speaks_only_what_is_new(page: Page) -> None:
    log = await open_chat(page)
    assert await log.get_attribute("aria-live") == "polite"
    await say(page, QUESTION)
    await expect(log).to_contain_text(ANSWER)
    said = await log_of(page).locator(".msg").last.inner_text()
    assert said.startswith("챗봇")
    await expect(page.locator("h1")).to_have_count(1)
    unnamed = "(e) => !e.innerText.trim() && !e.labels?.length && !e.ariaLabel"
    unnamed = f"[...document.querySelectorAll('button, a, textarea')].filter({unnamed}).length"
    assert await page.evaluate(unnamed) == 0
