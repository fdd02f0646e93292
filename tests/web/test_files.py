"""Files over HTTP: what is taken, whose it is, and what bad input gets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.channels.web import CHANNEL, Rate, WebLimits
from bot.channels.web.filetypes import safe_name
from domain.messages import Attachment, LoggedMessage
from tests.conftest import Urls
from tests.web.conftest import client
from tests.web.customer import Customer, messages, until
from tests.web.files import REFUSED, TAKEN, png
from tests.web.service import Service, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIMIT = 5 * 1024 * 1024


async def upload(customer: Customer, content: Any) -> httpx.Response:
    return await customer.http.post("/chat/files", content=content, headers=customer.headers)


async def uploaded(customer: Customer, content: Any = png()) -> str:  # noqa: B008 - bytes
    response = await upload(customer, content)
    assert response.status_code == 201, response.text
    file: str = response.json()["id"]
    return file


async def fetch(customer: Customer, file: str) -> httpx.Response:
    return await customer.http.get(f"/chat/files/{file}", headers=customer.headers)


async def sent(service: Service, customer: Customer, seq: int) -> LoggedMessage:
    conversation = await service.storage.conversations.find(CHANNEL, customer.token.partition(".")[0])
    assert conversation is not None
    return (await service.storage.conversations.log(conversation, seq - 1, 1))[0]


async def test_every_kind_is_known_by_its_bytes_and_comes_back_whole(customer: Customer) -> None:
    await customer.say(start=True)
    for mime, content in TAKEN.items():
        response = await upload(customer, content)
        assert response.status_code == 201
        said = response.json()
        assert (said["type"], said["size"]) == (mime, len(content))
        back = await fetch(customer, said["id"])
        assert back.content == content
        assert back.headers["content-type"].partition(";")[0] == mime
        assert back.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in back.headers["content-security-policy"]
        assert back.headers["content-disposition"].startswith("attachment")
        assert back.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
async def test_other_kinds_get_a_clear_word(customer: Customer, content: bytes) -> None:
    await customer.say(start=True)
    response = await customer.http.post(
        "/chat/files", content=content, headers=customer.headers | {"Content-Type": "image/png"}
    )
    assert response.status_code == 415
    assert "사진, PDF, 텍스트" in response.json()["message"]


async def test_the_size_is_held_while_reading(customer: Customer) -> None:
    await customer.say(start=True)

    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b"%PDF-"
        for _ in range(count):
            yield b"a" * 65_536

    assert (await upload(customer, b"%PDF-" + bytes(LIMIT - 5))).status_code == 201
    for content in (b"%PDF-" + bytes(LIMIT - 4), pieces(90)):
        response = await upload(customer, content)
        assert (response.status_code, response.json()["error"]) == (413, "file_too_big")
        assert "5MB" in response.json()["message"]
    assert (await upload(customer, b"")).json()["error"] == "file_empty"


async def test_a_message_with_files_is_answered_as_in_telegram(service: Service, customer: Customer) -> None:
    await customer.say(start=True)
    await customer.say(button="age:adult")
    await customer.say(button="consent:necessary:grant")
    one, two = await uploaded(customer), await uploaded(customer, b"%PDF-1.7")
    files = [{"id": one, "name": "사진.PNG"}, {"id": two, "name": "../영수증\u202efdp.exe"}]
    seq = await customer.say(files=files, text="깨져서 왔어요")
    message = await sent(service, customer, seq)
    assert (message.kind, message.text) == ("attachment", "깨져서 왔어요")
    assert message.attachments == (
        Attachment("photo", f"web:{one}", "사진.PNG", "image/png", len(png())),
        Attachment("document", f"web:{two}", "..영수증fdp.exe.pdf".strip("."), "application/pdf", 8),
    )
    async with customer.listening(after=seq - 1) as events, asyncio.timeout(20):
        mine, asked = await messages(events, 2)
    assert [a["id"] for a in mine["attachments"]] == [one, two]
    assert "동의하시겠습니까" in asked["text"]
    facts = await service.storage.files.facts((await sent_to(service, customer)), one)
    assert facts is not None
    assert facts.seq == seq


async def sent_to(service: Service, customer: Customer) -> int:
    conversation = await service.storage.conversations.find(CHANNEL, customer.token.partition(".")[0])
    assert conversation is not None
    return conversation


async def test_the_same_message_again_is_one_and_a_file_goes_with_one_message(customer: Customer) -> None:
    await customer.say(start=True)
    files = [{"id": await uploaded(customer), "name": "a.png"}]
    seqs = {await customer.say(id="same", files=files) for _ in range(2)}
    assert len(seqs) == 1
    assert (await customer.post(files=files)).json()["error"] == "no_file"


async def test_a_file_is_its_sessions_alone(customer: Customer, http: httpx.AsyncClient) -> None:
    await customer.say(start=True)
    other = await Customer.arrive(http)
    file = await uploaded(customer)
    for _ in range(2):  # without a conversation, and with one
        assert (await fetch(other, file)).status_code == 404
        refused = await other.post(files=[{"id": file, "name": "a.png"}])
        assert (refused.status_code, refused.json()["error"]) == (404, "no_file")
        await http.delete(f"/chat/files/{file}", headers=other.headers)
        await other.say(start=True)
    assert (await fetch(customer, file)).status_code == 200
    for forged in ("x", "a" * 24, f"{file}x", file[:-1], "%2e%2e", "1"):
        assert (await fetch(customer, forged)).status_code == 404
        assert (await customer.post(files=[{"id": forged, "name": "a"}])).status_code in (400, 404)
    for method, path in (("POST", "/chat/files"), ("GET", f"/chat/files/{file}"), ("DELETE", f"/chat/files/{file}")):
        for header in ({}, {"Authorization": f"Bearer {customer.token[:-1]}x"}):
            assert (await http.request(method, path, headers=header)).status_code == 401


async def test_what_was_taken_out_is_gone_and_what_was_sent_stays(customer: Customer) -> None:
    await customer.say(start=True)
    out, in_use = await uploaded(customer), await uploaded(customer)
    await customer.say(files=[{"id": in_use, "name": "a.png"}])
    for file, status in ((out, 404), (in_use, 200)):
        assert (await customer.http.delete(f"/chat/files/{file}", headers=customer.headers)).status_code == 204
        assert (await fetch(customer, file)).status_code == status


BAD: list[Any] = [None, [], {}, "x", [1], [{}], [{"id": 1, "name": "a"}], [{"id": "a"}], [{"id": "../a", "name": "a"}]]


@pytest.mark.parametrize(
    "files", [*BAD, [{"id": "a", "name": "a"}] * 2, [{"id": str(n), "name": "a"} for n in range(6)]]
)
async def test_a_wrong_list_of_files_gets_a_clear_word(customer: Customer, files: Any) -> None:
    await customer.say(start=True)
    response = await customer.post(files=files)
    assert (response.status_code, response.json()["error"]) == (400, "bad_message")
    assert (await customer.post(files=files, text=5)).status_code == 400


async def test_before_the_conversation_began_nothing_is_kept(customer: Customer) -> None:
    response = await upload(customer, png())
    assert (response.status_code, response.json()["error"]) == (409, "not_begun")


async def test_uploads_have_a_rate(sqlite_urls: Urls) -> None:
    limits = WebLimits(session_uploads=Rate(2, 0.1), address_uploads=Rate(3, 0.1), session_files=Rate(1, 0.1))
    async with (
        sqlite_urls.open() as storage,
        serving(storage, limits=limits, answers=False) as service,
        client(service) as http,
    ):
        first, second = await Customer.arrive(http), await Customer.arrive(http)
        for customer in (first, second):
            await customer.say(start=True)
        file = await uploaded(first)
        await uploaded(first)
        refused = await upload(first, png())
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_uploads")
        assert f"{refused.headers['retry-after']}초 뒤에" in refused.json()["message"]
        await uploaded(second)
        assert (await upload(second, png())).json()["error"] == "too_many_here"
        assert [(await fetch(first, file)).status_code for _ in range(2)] == [200, 429]


async def test_an_erased_customers_file_is_gone_with_a_word(sqlite_urls: Urls) -> None:
    async with (
        sqlite_urls.open() as storage,
        serving(storage) as service,
        client(service) as http,
    ):
        customer = await Customer.arrive(http)
        await customer.say(start=True)
        file = await uploaded(customer)
        async with customer.listening() as events, asyncio.timeout(20):
            await until(events, "typing", on=False)
            for key in list(storage.keys.cached):
                await storage.keys.destroy(key)
        for answer in (await fetch(customer, file), await upload(customer, png())):
            assert (answer.status_code, answer.json()["error"]) == (410, "gone")


async def test_a_name_is_one_on_every_system() -> None:
    assert safe_name("영수증.pdf", "application/pdf") == "영수증.pdf"
    assert safe_name("run.bat", "text/plain") == "run.bat.txt"
    assert safe_name("", "image/png") == "file.png"
    assert safe_name("가" * 500 + ".jpeg", "image/jpeg") == "가" * 100 + ".jpeg"
    assert safe_name('a/b\\c:"d".png\n', "image/png") == "abcd.png"
