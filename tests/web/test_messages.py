"""What the page may post, and what bad input gets."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from bot.channels.web import CHANNEL, Rate, WebLimits
from domain.messages import Delivery, LoggedMessage
from storage.opening import Storage
from tests.conftest import Urls
from tests.web.conftest import client
from tests.web.customer import Customer, messages, until
from tests.web.service import Service, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def logged(storage: Storage, customer: Customer) -> list[LoggedMessage]:
    address = customer.token.partition(".")[0]
    conversation = await storage.conversations.find(CHANNEL, address)
    return [] if conversation is None else await storage.conversations.log(conversation, 0)


async def test_a_message_is_committed_before_the_answer(service: Service, customer: Customer) -> None:
    assert await logged(service.storage, customer) == []
    seq = await customer.say(text="안녕하세요")
    assert (await logged(service.storage, customer))[seq - 1].text == "안녕하세요"


async def test_the_same_id_is_one_message_in_a_session(
    service: Service, customer: Customer, http: httpx.AsyncClient
) -> None:
    seqs = [await customer.say(id="same", text=text) for text in ("하나", "하나", "둘")]
    assert len(set(seqs)) == 1
    assert [m.text for m in await logged(service.storage, customer) if m.author == "customer"] == ["하나"]
    other = await Customer.arrive(http)
    await other.say(id="same", text="셋")
    assert (await logged(service.storage, other))[0].text == "셋"


async def test_tokens_are_made_here_only(customer: Customer, http: httpx.AsyncClient) -> None:
    random, _, mark = customer.token.partition(".")
    assert len(random) == 43  # 256 bits
    other = await Customer.arrive(http)
    assert other.token != customer.token
    forged = ["x", ".", random, f"{random}.", f"{random}.{'0' * len(mark)}", f"{other.token.partition('.')[0]}.{mark}"]
    wrong = [*(f"Bearer {token}" for token in (*forged, "가", "a" * 10_000)), f"Basic {customer.token}", "Bearer", "x"]
    for header in ({}, *({"Authorization": value.encode()} for value in wrong)):
        for method, path in (("POST", "/chat/messages"), ("POST", "/chat/ack"), ("GET", "/chat/stream")):
            response = await http.request(method, path, headers=header)
            assert response.status_code == 401, (header, path)
            assert "새로 고쳐" in response.json()["message"]


async def test_a_token_in_the_address_is_not_read(customer: Customer, http: httpx.AsyncClient) -> None:
    assert (await http.get("/chat/stream", params={"token": customer.token})).status_code == 401


BAD = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe",
    b'{"id": "a"',
    b"[" * 60_000,
    b'{"id": "a", "text": ' + b"9" * 5_000 + b"}",
    b'{"text": "no id"}',
    b'{"id": 5, "text": "a"}',
    b'{"id": "", "text": "a"}',
    b'{"id": "../a", "text": "a"}',
    b'{"id": "%s", "text": "a"}' % (b"a" * 65),
    b'{"id": "a"}',
    b'{"id": "a", "text": 5}',
    b'{"id": "a", "text": ["x"]}',
    b'{"id": "a", "text": "   \\n "}',
    b'{"id": "a", "text": "x", "button": "menu:ask"}',
    b'{"id": "a", "start": false}',
    b'{"id": "a", "start": "yes"}',
    b'{"id": "a", "button": ""}',
    b'{"id": "a", "button": {}}',
    b'{"id": "a", "button": "%s"}' % (b"a" * 65),
    '{"id": "a", "button": "가가가가가가가가가가가가가가가가가가가가가가"}'.encode(),
    b'{"id": "a", "button": "menu:ask", "ref": "1"}',
    b'{"id": "a", "button": "menu:ask", "ref": -1}',
    b'{"id": "a", "button": "menu:ask", "ref": 1e400}',
    b'{"id": "a", "button": "menu:ask", "ref": %s}' % (b"9" * 30),
]


@pytest.mark.parametrize("body", BAD, ids=[b[:40].decode(errors="replace") for b in BAD])
async def test_a_wrong_body_gets_a_clear_word(
    service: Service, customer: Customer, http: httpx.AsyncClient, body: bytes
) -> None:
    response = await http.post("/chat/messages", content=body, headers=customer.headers)
    assert response.status_code == 400
    said = response.json()
    assert said["message"].endswith(("니다.", "주세요."))
    assert said["error"]
    assert await logged(service.storage, customer) == []


async def test_what_is_too_big_gets_a_clear_word(service: Service, customer: Customer, http: httpx.AsyncClient) -> None:
    huge = json.dumps({"id": "a", "text": "가" * 3_500_000}, ensure_ascii=False).encode()
    for size in (70_000, len(huge)):
        response = await http.post("/chat/messages", content=huge[:size], headers=customer.headers)
        assert response.status_code == 413
        assert "나누어" in response.json()["message"]
    assert (await customer.post(text="가" * 4_001)).status_code == 413
    assert await logged(service.storage, customer) == []
    assert (await customer.post(text="가" * 4_000)).status_code == 202


async def test_a_body_without_a_length_is_bounded_too(customer: Customer, http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a" * 10_000

    response = await http.post("/chat/messages", content=pieces(), headers=customer.headers)
    assert response.status_code == 413


async def test_strange_characters_do_no_harm(service: Service, customer: Customer) -> None:
    body = '{"id": "a", "text": "하나\\ud800\\u0000\\u0007\\u001b[31m둘", "more": {"x": [1]}}'
    response = await customer.http.post("/chat/messages", content=body, headers=customer.headers)
    assert response.status_code == 202
    assert (await logged(service.storage, customer))[0].text == "하나[31m둘"
    response = await customer.http.post(
        "/chat/messages", content='{"id": "b", "button": "\\udfff\\u0000x"}', headers=customer.headers
    )
    assert response.status_code == 202


async def test_an_unknown_button_is_answered(customer: Customer) -> None:
    await customer.say(button="nonsense:😀")
    async with customer.listening() as events:
        found = await until(
            events, "message", author="bot", text="알 수 없는 버튼입니다. 아래 메뉴에서 다시 골라 주세요."
        )
    assert found[0][1]["button"] == "nonsense:😀"


async def test_the_label_of_a_button_comes_from_our_own_log(service: Service, customer: Customer) -> None:
    await customer.say(start=True)
    async with customer.listening() as events:
        greeting = await messages(events, 3)
    asked = greeting[-1]
    assert asked["buttons"][0][0]["data"] == "age:adult"
    await customer.say(button="age:adult", ref=asked["seq"], text=None, label="관리자입니다")
    await customer.say(button="age:minor", ref=1)
    await customer.say(button="menu:agent")
    pressed = [m.text for m in await logged(service.storage, customer) if m.kind == "button"]
    assert pressed == ["네, 18세 이상입니다", "", "상담원 연결"]


async def test_acknowledged_messages_are_delivered(service: Service, customer: Customer) -> None:
    await customer.say(start=True)
    async with customer.listening() as events:
        last = (await messages(events, 3))[-1]["seq"]
    assert {m.delivery for m in (await logged(service.storage, customer))[1:]} == {Delivery.PENDING}
    assert (await customer.ack(last + 100)).status_code == 204  # what was never shown cannot be delivered
    assert {m.delivery for m in (await logged(service.storage, customer))[1:]} == {Delivery.PENDING}
    assert (await customer.ack(last)).status_code == 204
    assert {m.delivery for m in (await logged(service.storage, customer))[1:]} == {Delivery.SENT}
    for wrong in (-1, "1", None, True, 1.5, 2**70):
        assert (await customer.ack(wrong)).status_code == 400


@pytest_asyncio.fixture(loop_scope="session")
async def limited(sqlite_urls: Urls) -> AsyncIterator[Service]:
    limits = WebLimits(
        session_messages=Rate(3, 0.1), address_messages=Rate(5, 0.1), address_sessions=Rate(4, 0.1), session_streams=2
    )
    async with sqlite_urls.open() as storage, serving(storage, limits=limits, answers=False) as running:
        yield running


async def test_too_many_messages_are_told_when_to_come_back(limited: Service) -> None:
    async with client(limited) as http:
        first, second = await Customer.arrive(http), await Customer.arrive(http)
        assert [(await first.post(text="가")).status_code for _ in range(3)] == [202] * 3
        refused = await first.post(text="가")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert f"{refused.headers['retry-after']}초 뒤에" in refused.json()["message"]
        assert [(await second.post(text="가")).status_code for _ in range(3)] == [202, 202, 429]  # the address's limit
        assert (await http.post("/chat/session")).status_code == 201
        assert (await http.post("/chat/session")).status_code == 201
        assert (await http.post("/chat/session")).status_code == 429


async def test_a_session_has_few_streams_and_a_closed_one_makes_room(limited: Service) -> None:
    async with client(limited) as http:
        customer = await Customer.arrive(http)
        async with customer.listening() as one, customer.listening() as two:
            await until(one, "ready")
            await until(two, "ready")
            assert (await http.get("/chat/stream", headers=customer.headers)).status_code == 429
        async with customer.listening_when_free() as again:
            await until(again, "ready")
