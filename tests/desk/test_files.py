"""Customers' files at the desk: who may open one, how it is served, and that every look is written down."""

import asyncio
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from playwright.async_api import FilePayload, expect

from domain.staff import Role
from handlers.staff_steps import take
from storage.tables import conversations, customers
from tests.conftest import Urls
from tests.desk.conftest import Hire
from tests.desk.people import does
from tests.desk.service import Member, Running, running
from tests.desk.test_pages import Windows, asks_for_a_person, windows  # noqa: F401 - a fixture
from tests.web.customer import Customer, until
from tests.web.files import png

pytestmark = pytest.mark.asyncio(loop_scope="session")

PDF = b"%PDF-1.7\n" + b"a" * 2_000


async def answered(customer: Customer, seq: int) -> None:
    """Wait until a message was handled."""
    async with customer.listening(after=seq - 1) as events, asyncio.timeout(20):
        await until(events, "typing", on=False)


async def sends(http: httpx.AsyncClient, *, agrees: bool = True) -> tuple[Customer, int, list[str]]:
    """A customer who sent a picture and a document: the seq of the message and the files."""
    customer = await Customer.arrive(http)
    await customer.say(start=True)
    await customer.say(button="age:adult")
    await answered(customer, await customer.say(button="consent:necessary:grant"))
    files = []
    for name, content in (("컵.png", png()), ("영수증.pdf", PDF)):
        response = await http.post("/chat/files", content=content, headers=customer.headers)
        assert response.status_code == 201, response.text
        files.append({"id": response.json()["id"], "name": name})
    seq = await customer.say(files=files)
    await answered(customer, seq)
    if agrees:
        await answered(customer, await customer.say(button="consent:attachments:grant"))
    return customer, seq, [f["id"] for f in files]


async def conversation_of(desk: Running, customer: Customer) -> int:
    found = await desk.storage.conversations.find("web", customer.token.partition(".")[0])
    assert found is not None
    return found


async def test_a_file_is_opened_safely_and_the_look_is_written_down(
    desk: Running, http: httpx.AsyncClient, hired: Hire
) -> None:
    customer, _, (picture, document) = await sends(http)
    number, member = await conversation_of(desk, customer), await hired()
    for file, content, how, mime, name in (
        (picture, png(), "inline", "image/png", "%EC%BB%B5.png"),
        (document, PDF, "attachment", "application/pdf", "%EC%98%81%EC%88%98%EC%A6%9D.pdf"),
    ):
        answer = await member.http.get(f"/desk/c/{number}/files/{file}")
        assert (answer.status_code, answer.content) == (200, content)
        headers = answer.headers
        assert headers["content-disposition"] == f"{how}; filename*=UTF-8''{name}"
        assert headers["content-type"] == mime
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert {"sandbox", "default-src 'none'"} <= set(headers["content-security-policy"].split("; "))
    looks = (await desk.storage.access_log.rows())[:2]
    assert {(look.what, look.name, look.conversation_id) for look in looks} == {
        ("file.opened", member.staff.name, number)
    }
    assert all(look.customer_id for look in looks)
    assert await desk.storage.access_log.broken() == []
    officer = await hired("바다", Role.PRIVACY_OFFICER)
    assert "첨부 파일을 열어 봄" in (await officer.http.get("/desk/access")).text


async def test_a_file_is_seen_by_whom_the_transcript_is(desk: Running, http: httpx.AsyncClient, hired: Hire) -> None:
    customer, _, (picture, _) = await sends(http)
    other, _, (foreign, _) = await sends(http)
    number = await conversation_of(desk, customer)
    owner, second, supervisor = await hired("하늘"), await hired("바다"), await hired("누리", Role.SUPERVISOR)
    await does(desk.storage, owner.staff, number, "take", take)

    async def status(member: Member, file: str, conversation: int = number) -> int:
        return (await member.http.get(f"/desk/c/{conversation}/files/{file}")).status_code

    assert [await status(member, picture) for member in (owner, second, supervisor)] == [200, 403, 200]
    assert await status(owner, foreign) == 404  # an id goes with its own conversation only
    assert await status(owner, "x") == 404
    assert await status(owner, picture, 999_999) == 404
    assert await status(owner, foreign, await conversation_of(desk, other)) == 200
    upload = await http.post("/chat/files", content=png(), headers=customer.headers)
    assert await status(owner, upload.json()["id"]) == 404  # what was not sent is not the desk's
    assert (await http.get(f"/desk/c/{number}/files/{picture}")).status_code == 303


async def test_without_the_customers_consent_a_file_stays_closed(
    desk: Running, http: httpx.AsyncClient, hired: Hire
) -> None:
    customer, _, (picture, _) = await sends(http, agrees=False)
    path, member = f"/desk/c/{await conversation_of(desk, customer)}/files/{picture}", await hired()
    refused = await member.http.get(path)
    assert refused.status_code == 403
    assert "동의하지 않아" in refused.text
    await answered(customer, await customer.say(button="consent:attachments:grant"))
    assert (await member.http.get(path)).status_code == 200


async def test_an_erased_persons_file_answers_a_clear_word(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage, running(storage, tmp_path) as desk, desk.client() as http:
        customer, _, (picture, _) = await sends(http)
        number = await conversation_of(desk, customer)
        async with desk.client() as browser:
            member = Member(browser, await desk.hire("하늘"))
            await member.sign_in()
            query = sa.select(customers.c.key_id).join(conversations, conversations.c.customer_id == customers.c.id)
            async with storage.database.read() as connection:
                key = (await connection.execute(query.where(conversations.c.id == number))).scalar_one()
            await storage.keys.destroy(key)
            answer = await browser.get(f"/desk/c/{number}/files/{picture}")
    assert answer.status_code == 410
    assert "삭제된 고객입니다" in answer.text


async def test_an_agent_opens_what_a_customer_sent(
    desk: Running,
    windows: Windows,  # noqa: F811
    pictures: Path,
) -> None:
    page = await windows.open(390, 800)
    number = await asks_for_a_person(page)
    await page.get_by_role("button", name="동의합니다", exact=True).first.click()
    await expect(page.get_by_role("log")).to_contain_text("동의해 주셔서 감사합니다")
    await page.locator("input[type=file]").set_input_files(
        [
            FilePayload(name="깨진 컵.png", mimeType="image/png", buffer=png(40, 30)),
            FilePayload(name="영수증.pdf", mimeType="application/pdf", buffer=PDF),
        ]
    )
    await expect(page.locator(".files li.ready")).to_have_count(2)
    await page.get_by_role("button", name="보내기").click()
    await expect(page.get_by_role("log")).to_contain_text("파일을 전달하는 데 동의하시겠습니까?")
    await page.get_by_role("button", name="동의합니다", exact=True).last.click()
    agent = await windows.agent(await desk.hire("하늘"))
    await agent.locator("#waiting").get_by_role("link", name=number).click()
    log = agent.get_by_role("log")
    await expect(log).to_contain_text("[사진] 깨진 컵.png (1KB)")
    await expect(log).to_contain_text("[파일] 영수증.pdf (2KB)")
    await agent.screenshot(path=pictures / "files.png")
    async with agent.context.expect_page() as opened:
        await log.get_by_role("link", name="깨진 컵.png").click()
    picture = await opened.value
    await expect(picture.locator("img")).to_have_js_property("naturalWidth", 40)
    document = log.get_by_role("link", name="영수증.pdf")
    await document.evaluate("(link) => link.removeAttribute('target')")  # no window closes before its download is seen
    async with agent.expect_download() as saved:
        await document.click()
    download = await saved.value
    assert download.suggested_filename == "영수증.pdf"
    assert Path(await download.path()).read_bytes() == PDF
