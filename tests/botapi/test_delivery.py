"""Webhooks, a server of its own process, and requests a library would not make."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from . import BotApiServer, Misuse, spawn

SECRET = "shop-secret_1"


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        server.user(11, "민지")
        server.user(12, "서준")
        yield server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Receiver:
    """A bot's webhook that refuses as often as it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str | None]] = []
        self.refuse: dict[str, int] = {}
        self.busiest = self._busy = 0
        self.gate, self.three = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def handle(self, request: web.Request) -> web.Response:
        text = (await request.json())["message"]["text"]
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        if self._busy == 3:
            self.three.set()
        await self.gate.wait()
        self._busy -= 1
        if self.refuse.get(text, 0) > 0:
            self.refuse[text] -= 1
            return web.Response(status=500)
        self.got.append((text, request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return web.Response()


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    hook = Receiver()
    app = web.Application()
    app.router.add_post("/hook", hook.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield hook, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


async def call(http: aiohttp.ClientSession, api: Any, method: str, **params: Any) -> dict[str, Any]:
    async with http.post(f"{api.url}/bot{api.token}/{method}", json=params) as answer:
        body: dict[str, Any] = await answer.json()
        assert body["ok"] is (answer.status == 200)
        return body


async def test_webhook_keeps_order_in_a_chat_retries_and_drops(
    api: BotApiServer, http: aiohttp.ClientSession, receiver: tuple[Receiver, str]
) -> None:
    hook, url = receiver
    api.webhook.backoff, api.webhook.attempts = 0.001, 3
    hook.refuse = {"둘": 2, "버림": 99}
    for text in ("하나", "둘", "셋", "버림", "넷"):
        api.say(11, text)
    assert (await call(http, api, "setWebhook", url=url, secret_token=SECRET))["result"] is True
    await api.wait_confirmed()
    assert hook.got == [(text, SECRET) for text in ("하나", "둘", "셋", "넷")]
    assert [update["message"]["text"] for update in api.webhook.dropped] == ["버림"]
    info = (await call(http, api, "getWebhookInfo"))["result"]
    assert info["url"] == url
    assert "500" in info["last_error_message"]
    assert (await call(http, api, "getUpdates"))["error_code"] == 409
    await call(http, api, "deleteWebhook")
    assert (await call(http, api, "getUpdates"))["result"] == []


async def test_max_connections_bounds_the_parallel_deliveries(
    api: BotApiServer, http: aiohttp.ClientSession, receiver: tuple[Receiver, str]
) -> None:
    hook, url = receiver
    for chat in range(20, 30):
        api.user(chat)
        api.say(chat, str(chat))
    hook.gate.clear()
    await call(http, api, "setWebhook", url=url, max_connections=3)
    await asyncio.wait_for(hook.three.wait(), 10)
    for _ in range(20):  # room for a fourth delivery to arrive, were there one
        await call(http, api, "getWebhookInfo")
    hook.gate.set()
    await api.wait_confirmed()
    assert hook.busiest == 3
    assert len(hook.got) == 10


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "http://shop.example/hook"}, "HTTPS URL must be provided"),
        ({"url": "https://shop.example", "secret_token": "a b"}, "unallowed characters"),
        ({"url": "https://shop.example", "secret_token": "a" * 257}, "too long"),
        ({"url": "https://shop.example", "max_connections": 101}, "max_connections"),
    ],
)
async def test_bad_webhooks(api: BotApiServer, http: aiohttp.ClientSession, params: dict[str, Any], words: str) -> None:
    answer = await call(http, api, "setWebhook", **params)
    assert answer["error_code"] == 400
    assert words in answer["description"]


async def test_get_form_and_json_mean_the_same(api: BotApiServer, http: aiohttp.ClientSession) -> None:
    api.say(11, "시작")
    base = f"{api.url}/bot{api.token}/SENDmessage"
    markup = '{"keyboard":[["예","아니요"]],"resize_keyboard":true}'
    for request in (
        http.get(base, params={"chat_id": "11", "text": "답", "reply_markup": markup}),
        http.post(base, data={"chat_id": "11", "text": "답", "reply_markup": markup}),
        http.post(base, json={"chat_id": 11, "text": "답", "reply_markup": {"keyboard": [["예", "아니요"]]}}),
    ):
        async with request as answer:
            assert (await answer.json())["result"]["text"] == "답"
    assert [s.markup["keyboard"] for s in api.sent(11) if s.markup] == [[["예", "아니요"]]] * 3


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ({"inline_keyboard": [[{"text": "예"}]]}, "Text buttons are unallowed"),
        ({"inline_keyboard": [[{"text": "", "callback_data": "a"}]]}, "non-empty"),
        ({"inline_keyboard": [[{"text": "예", "callback_data": "a", "url": "https://a.example"}]]}, "exactly one"),
        ({"inline_keyboard": [[{"text": "예", "url": "shop"}]]}, "Wrong HTTP URL"),
        ({"inline_keyboard": [{"text": "예", "callback_data": "a"}]}, "Array of Arrays"),
        ({"inline_keyboard": [[{"text": "예", "callback_data": "a", "color": "red"}]]}, 'unknown field "color"'),
        ({"keyboard": []}, "can't be empty"),
        ({"remove_keyboard": False}, "must be true"),
        ({"buttons": []}, "object expected as reply markup"),
        ("{", "can't parse reply_markup JSON object"),
    ],
)
async def test_bad_markup(api: BotApiServer, http: aiohttp.ClientSession, markup: Any, words: str) -> None:
    api.say(11, "시작")
    answer = await call(http, api, "sendMessage", chat_id=11, text="답", reply_markup=markup)
    assert answer["error_code"] == 400
    assert words in answer["description"]


async def test_tokens(api: BotApiServer, http: aiohttp.ClientSession) -> None:
    for token, status in (("nonsense", 404), ("1:" + "x" * 35, 401)):
        async with http.get(f"{api.url}/bot{token}/getMe") as answer:
            assert answer.status == status
    assert (await call(http, api, "sendTelepathy"))["error_code"] == 404


async def test_each_limit_bites(api: BotApiServer, http: aiohttp.ClientSession) -> None:
    now = 1000.0
    api.limits.clock = lambda: now
    api.set_limits()
    api.group(-1001, forum=False)
    answers = [await call(http, api, "sendMessage", chat_id=-1001, text="공지") for _ in range(21)]
    assert [a["ok"] for a in answers] == [True] * 20 + [False]
    assert answers[-1]["parameters"]["retry_after"] == 3
    now += 3
    assert (await call(http, api, "sendMessage", chat_id=-1001, text="공지"))["ok"]
    api.set_limits()
    for chat in range(100, 131):
        api.user(chat)
        answers.append(await call(http, api, "sendMessage", chat_id=chat, text="안내"))
    assert [a["ok"] for a in answers[-31:]] == [True] * 30 + [False]


async def test_a_killed_pollers_updates_stay(api: BotApiServer) -> None:
    code = f"import urllib.request as u; u.urlopen('{api.url}/bot{api.token}/getUpdates?timeout=30')"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    await api.wait_for(api.queue.polling)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await api.wait_for(lambda: not api.queue.polling())
    api.say(11, "여보세요")
    assert api.unconfirmed() == 1


async def test_raw_updates_pass_unknown_kinds_and_repeats(api: BotApiServer, http: aiohttp.ClientSession) -> None:
    number = api.raw_update({"telepathy": {"thought": "?"}})
    assert api.raw_update({"update_id": number, "telepathy": {"thought": "?"}}) == number
    got = (await call(http, api, "getUpdates"))["result"]
    assert [update["update_id"] for update in got] == [number, number]


async def test_privacy_mode_hides_what_is_not_meant_for_the_bot(api: BotApiServer, http: aiohttp.ClientSession) -> None:
    api.group(-1002, admin=False)
    api.say(-1002, "우리끼리 이야기", sender=11)
    api.say(-1002, "/agent", sender=11)
    got = (await call(http, api, "getUpdates"))["result"]
    assert [update["message"]["text"] for update in got] == ["/agent"]


async def test_remote_control(http: aiohttp.ClientSession) -> None:
    async with spawn() as api:
        await api.user(chat_id=11, first_name="민지")
        await api.many(deeds=[["say", {"chat": 11, "text": str(n)}] for n in range(3)])
        await api.say(chat=11, photo=b"bytes")
        assert await api.unconfirmed() == 4
        waiting = asyncio.create_task(api.wait_sent(chat=11, contains="네"))
        markup = {"inline_keyboard": [[{"text": "예", "callback_data": "yes"}]]}
        await call(http, api, "sendMessage", chat_id=11, text="네", reply_markup=markup)
        (sent,) = await waiting
        query = await api.press(chat=11, message_id=sent["message_id"], data="예")
        assert await api.answer_of(query=query) is None
        await call(http, api, "answerCallbackQuery", callback_query_id=query)

        async def answered(there: Any) -> bool:
            return await there.answer_of(query=query) == {}

        await api.wait_for(answered)
        with pytest.raises(Misuse, match="no button"):
            await api.press(chat=11, message_id=sent["message_id"], data="아니요")
        with pytest.raises(TimeoutError, match="sendMessage"):
            await api.wait_sent(chat=11, contains="없는 말", timeout=0.01)
