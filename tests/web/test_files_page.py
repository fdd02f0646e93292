"""Files on the chat page, in Chromium: picked, pasted, dropped, refused, lost and sent."""

import base64
import re
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.web.files import png
from tests.web.service import Service
from tests.web.shop import Widget
from tests.web.test_look import OVERFLOW
from tests.web.test_page import log_of, logged, open_chat, say

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE = FilePayload(name="깨진 컵.png", mimeType="image/png", buffer=png(40, 30))
RECEIPT = FilePayload(name="영수증.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7\n" + b"a" * 3_000)
HAND_IN = """([name, raw, how]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(atob(raw), (c) => c.charCodeAt(0))], name));
  const init = { bubbles: true, cancelable: true };
  const event = how === "drop" ? new DragEvent("drop", { ...init, dataTransfer: carried })
    : new ClipboardEvent("paste", { ...init, clipboardData: carried });
  document.querySelector(how === "drop" ? "main" : "textarea").dispatchEvent(event);
}"""


async def agree(page: Page) -> None:
    await open_chat(page)
    await page.get_by_role("button", name="네, 18세 이상입니다").click()
    await page.get_by_role("button", name="동의합니다", exact=True).click()
    await expect(log_of(page)).to_contain_text("동의해 주셔서 감사합니다")


async def pick(page: Page, *files: FilePayload) -> None:
    async with page.expect_file_chooser() as chosen:
        await page.get_by_role("button", name="파일 첨부").click()
    await (await chosen.value).set_files(list(files))


async def hand_in(page: Page, file: FilePayload, how: str) -> None:
    await page.evaluate(HAND_IN, [file["name"], base64.b64encode(file["buffer"]).decode(), how])


async def test_files_are_picked_taken_out_sent_and_shown(page: Page, service: Service, pictures: Path) -> None:
    await agree(page)
    chips, send = page.get_by_role("list", name="함께 보낼 파일"), page.get_by_role("button", name="보내기")
    await expect(send).to_be_disabled()
    await pick(page, PICTURE)
    await hand_in(page, RECEIPT, "drop")
    await hand_in(page, FilePayload(name="메모.txt", mimeType="text/plain", buffer="메모".encode()), "paste")
    await expect(chips.locator("li.ready")).to_have_count(3)
    await expect(chips.locator("li").nth(1)).to_contain_text("영수증.pdf")
    await expect(chips.locator("li").nth(1)).to_contain_text("3KB")
    await page.get_by_role("button", name="메모.txt 빼기").focus()
    await page.keyboard.press("Enter")
    await expect(chips.locator("li")).to_have_count(2)
    await expect(page.get_by_role("button", name="파일 첨부")).to_be_focused()
    await expect(page.locator(".files-said")).to_have_text("뺐습니다: 메모.txt")
    await page.reload()  # what was uploaded is not lost
    await expect(chips.locator("li.ready")).to_have_count(2)
    await say(page, "컵이 깨져서 왔어요")
    log = log_of(page)
    mine = log.locator(".mine").last
    await expect(mine).to_contain_text("컵이 깨져서 왔어요")
    await expect(mine.get_by_role("button", name="영수증.pdf")).to_contain_text("3KB")
    await expect(chips).to_be_hidden()
    await expect(log).to_contain_text("파일을 전달하는 데 동의하시겠습니까?")
    await expect(page.locator(".mine .preview")).to_have_js_property("naturalWidth", 40)
    await expect(mine.locator("img")).to_have_attribute("src", re.compile("^blob:"))
    async with page.expect_download() as saved:
        await mine.get_by_role("button", name="영수증.pdf").click()
    download = await saved.value
    assert download.suggested_filename == "영수증.pdf"
    assert Path(await download.path()).read_bytes() == RECEIPT["buffer"]
    await page.screenshot(path=pictures / "files-sent.png")
    await page.reload()
    await expect(page.locator(".mine .preview")).to_have_js_property("naturalWidth", 40)
    message = next(m for m in await logged(service, page) if m.attachments)
    assert [a.name for a in message.attachments] == ["깨진 컵.png", "영수증.pdf"]


async def test_what_is_refused_or_lost_says_so_and_nothing_is_lost(page: Page, pictures: Path) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await agree(page)
    chips = page.get_by_role("list", name="함께 보낼 파일")
    await pick(
        page,
        FilePayload(name="아주 큰 사진" * 8 + ".png", mimeType="image/png", buffer=bytes(5 * 1024 * 1024 + 1)),
        FilePayload(name="모음.zip", mimeType="application/zip", buffer=b"PK\3\4\0\0"),
        FilePayload(name="가짜.png", mimeType="image/png", buffer=b"MZ\x90\0"),
    )
    await expect(chips.locator("li.failed")).to_have_count(3)
    await expect(chips).to_contain_text("5MB까지 보내실 수 있습니다")
    await expect(chips.locator("li").nth(2)).to_contain_text("사진, PDF, 텍스트 파일")
    await expect(chips.get_by_role("button", name="다시 시도")).to_have_count(0)
    await page.get_by_role("button", name="모음.zip 빼기").click()
    await page.get_by_role("button", name="가짜.png 빼기").click()
    await page.context.set_offline(True)
    await pick(page, RECEIPT)
    await expect(chips.locator("li").last).to_contain_text("연결이 끊겨 올리지 못했습니다.")
    await page.screenshot(path=pictures / "files-refused-phone-dark.png")
    assert await page.evaluate(OVERFLOW) <= 0
    await page.context.set_offline(False)
    await expect(chips.locator("li.ready")).to_have_count(1)
    await pick(page, PICTURE, PICTURE, PICTURE, PICTURE)
    await expect(page.locator(".files-said")).to_have_text("파일은 한 번에 5개까지 보내실 수 있습니다.")
    await expect(chips.locator("li.ready")).to_have_count(4)
    await page.get_by_role("button", name="보내기").click()
    await expect(log_of(page).locator(".mine").last.locator("button.file")).to_have_count(4)
    await expect(chips.locator("li")).to_have_count(1)  # the one that could not go stays, with its word
    assert await page.evaluate(OVERFLOW) <= 0


async def test_files_go_from_the_widget_too(widget: Widget) -> None:
    log = await widget.open()
    await widget.chat.locator("input[type=file]").set_input_files(PICTURE)
    await expect(widget.chat.locator(".files li.ready")).to_have_count(1)
    await widget.chat.get_by_role("button", name="보내기").click()
    picture = log.locator(".mine .preview")
    await expect(picture).to_have_js_property("naturalWidth", 40)
    await expect(picture).to_have_attribute("src", re.compile("^blob:"))
