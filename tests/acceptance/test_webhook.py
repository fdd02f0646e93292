"""Updates that come by webhook: committed before they are answered, refused when they are not the platform's."""

import asyncio
import contextlib
import io
import itertools

import aiohttp
import orjson
import pytest

from domain.messages import Author
from tests.acceptance.conftest import SECRET, webhook_settings
from tests.acceptance.house import House
from tests.acceptance.process import PATIENCE, Runner, until
from tests.botapi import BotApiServer
from tests.conftest import Urls

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEADER = "X-Telegram-Bot-Api-Secret-Token"
NUMBERS = itertools.count(1)


async def _post(house: House, body: bytes, headers: dict[str, str]) -> int:
    url = f"{await house.service.url()}/telegram/webhook"
    async with aiohttp.ClientSession() as http, http.post(url, data=io.BytesIO(body), headers=headers) as answer:
        return answer.status


def _update(chat: int, number: int, text: str) -> bytes:
    place = {"id": chat, "type": "private", "first_name": "민지"}
    message = {"message_id": number, "date": 1_700_000_000, "chat": place, "from": place | {"is_bot": False}}
    return orjson.dumps({"update_id": number, "message": message | {"text": text}})


async def test_the_webhook_is_set_with_its_secret_and_answers(hooked: House) -> None:
    hook = hooked.api.webhook.hook
    assert hook is not None
    assert (hook.url, hook.secret) == (f"{await hooked.service.url()}/telegram/webhook", SECRET)
    chat = await hooked.met()
    hooked.api.say(chat, "/help")
    await hooked.sent(chat, contains=hooked.words("help.text"))
    assert hooked.api.webhook.dropped == []


async def test_what_is_not_from_the_platform_is_refused(hooked: House) -> None:
    before = await hooked.inbox_rows()
    good = _update(hooked.chat(), next(NUMBERS), "비밀번호가 틀린 사람의 글")
    wrong: list[dict[str, str]] = [{}, {HEADER: "wrong"}, {HEADER: SECRET + "x"}, {HEADER: SECRET[:-1]}, {HEADER: ""}]
    assert [await _post(hooked, good, headers) for headers in wrong] == [403] * len(wrong)
    assert await hooked.inbox_rows() == before
    assert await _post(hooked, good, {HEADER: SECRET}) == 200
    assert await hooked.inbox_rows() == before + 1


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"{}", b'{"update_id": "7"}', b"\xff\xfe", b'{"update_id": 1.5}', b""]
)
async def test_a_body_that_is_no_update_is_refused_with_a_line(hooked: House, body: bytes) -> None:
    before, lines = await hooked.inbox_rows(), len([n for n in hooked.service.lines if "not an update" in n])
    assert await _post(hooked, body, {HEADER: SECRET}) == 400
    await hooked.service.line("not an update", count=lines + 1)
    assert await hooked.inbox_rows() == before


async def test_ten_megabytes_are_refused_and_the_service_goes_on(hooked: House) -> None:
    before = await hooked.inbox_rows()
    with contextlib.suppress(aiohttp.ClientError):  # it may hang up before everything was sent
        assert await _post(hooked, _update(hooked.chat(), next(NUMBERS), "가" * 3_500_000), {HEADER: SECRET}) == 413
    await hooked.service.line('"reason": "size"')
    assert await hooked.inbox_rows() == before
    await hooked.met()


async def test_an_update_that_comes_twice_is_handled_once(hooked: House) -> None:
    chat, first, second = hooked.chat(), next(NUMBERS), next(NUMBERS)
    start = _update(chat, first, "/start")
    assert set(await asyncio.gather(*(_post(hooked, start, {HEADER: SECRET}) for _ in range(5)))) == {200}
    assert await _post(hooked, start, {HEADER: SECRET}) == 200
    assert await _post(hooked, _update(chat, second, "/help"), {HEADER: SECRET}) == 200
    await hooked.sent(chat, contains=hooked.words("help.text"))
    log = await hooked.quiet(chat)
    assert [m.text for m in log if m.author is Author.CUSTOMER] == ["/start", "/help"]
    assert len(hooked.api.sent(chat)) == 3


async def test_each_chat_is_answered_in_its_order(hooked: House) -> None:
    chats = [hooked.chat() for _ in range(20)]
    commands = ["/start", "/help", "/privacy", "/request", "/help", "/nothing"]
    for command in commands:
        for chat in chats:
            hooked.api.say(chat, command)
    for chat in chats:
        await hooked.api.wait_sent(chat, count=len(commands) + 1, timeout=PATIENCE)
        log = await hooked.log(chat)
        assert [m.text for m in log if m.author is Author.CUSTOMER] == commands
    assert len({tuple(hooked.api.texts(chat)) for chat in chats}) == 1


@pytest.mark.asyncio(loop_scope="function")
async def test_an_update_is_answered_after_its_commit(
    api: BotApiServer, sqlite_runner: Runner, sqlite_urls: Urls
) -> None:
    """While nothing can be committed, nothing is acknowledged; killed in that state, the process gets it again."""
    settings = webhook_settings()
    service = await sqlite_runner.start(**settings)
    await service.ready()
    await api.wait_for(lambda: api.webhook.hook, PATIENCE)
    api.webhook.attempts = 1_000
    chat = api.user(734_000_001)
    async with sqlite_urls.open() as storage, aiohttp.ClientSession() as http:
        async with storage.database.write():
            api.say(chat, "/start")

            async def delivered() -> bool:
                return api.webhook.deliveries > 0

            await until(delivered, "a delivery")
            # The page answers what came after the update; the update itself is still without an answer.
            async with http.get(f"{await service.url()}/healthz") as answer:
                assert answer.status == 200
            assert api.unconfirmed() == 1
            await service.kill()
        assert api.unconfirmed() == 1
        await (await sqlite_runner.start(**settings)).ready()
        await api.wait_sent(chat, count=2, timeout=PATIENCE)
        found = await storage.conversations.find("telegram", str(chat))
        log = await storage.conversations.log(found or 0, after=0)
    assert [m.text for m in log if m.author is Author.CUSTOMER] == ["/start"]
    assert len(api.sent(chat)) == 2
