"""A lean Bot API server on loopback, and the customers behind it. It checks nothing: it is a load, not a test.

It runs in the runner's process on a core of its own; the bot has the other core to itself.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import orjson

from benchmarks.wire import Connection, Params

Json = dict[str, Any]
TOKEN = "7310994512:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"
BOT = {"id": 7310994512, "is_bot": True, "first_name": "bench", "username": "bench_bot"}
KEYBOARDS_KEPT = 6


@dataclass(frozen=True, slots=True)
class Button:
    chat: int
    label: str
    data: str
    message: Json


class Loopback:
    """Updates are offered with say() and press(); on_send(chat, time) and on_answer(query, time) see what comes."""

    def __init__(self) -> None:
        self.url = ""
        self.last_call = 0.0
        self.calls: dict[str, int] = defaultdict(int)
        self.sends: dict[int, int] = defaultdict(int)
        self.answered: set[str] = set()
        self.on_send: Callable[[int, float], None] | None = None
        self.on_answer: Callable[[str, float], None] | None = None
        self._queue: deque[tuple[int, Callable[[], Json] | bytes]] = deque()
        self._next_update = 482_193_007
        self._next_id = 100
        self._poll: tuple[Connection, int, asyncio.TimerHandle] | None = None
        self._polled = asyncio.Event()
        self._keyboards: dict[int, dict[int, list[Button]]] = defaultdict(dict)
        self._waiters: dict[int, list[asyncio.Future[None]]] = defaultdict(list)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self._handle, self._lost), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._poll is not None:
            self._poll[2].cancel()
        if self._server is not None:
            self._server.close()

    async def started(self) -> None:
        """Until the bot asks for updates."""
        await self._polled.wait()

    def say(self, chat: int, text: str) -> None:
        self.offer([_message(chat, self._number(), text)])

    def press(self, button: Button) -> str:
        query = self._query()
        self.offer([_callback(button, query)])
        return query

    def offer(self, updates: list[Json | Callable[[], Json]]) -> None:
        """Put updates on offer; one given as a function is made when it is handed out."""
        for update in updates:
            number, self._next_update = self._next_update, self._next_update + 1
            self._queue.append((number, update if callable(update) else _dump(number, update)))
        self._hand_out()

    def message(self, chat: int, text: str) -> Json:
        return _message(chat, self._number(), text)

    def late_press(self, query: str, choose: Callable[[], Button]) -> Callable[[], Json]:
        """An update that presses what choose finds on the screen when the bot fetches it."""
        return lambda: _callback(choose(), query)

    def new_query(self) -> str:
        return self._query()

    def unconfirmed(self) -> int:
        return len(self._queue)

    def buttons(self, chat: int) -> list[Button]:
        """The buttons on the chat's last messages, newest message first."""
        return [button for row in reversed(self._keyboards[chat].values()) for button in row]

    async def button(self, chat: int, label: str) -> Button:
        """The newest button whose label has this in it, as soon as there is one."""
        while True:
            for button in self.buttons(chat):
                if label in button.label:
                    return button
            await self._change(chat)

    async def ask(self, chat: int, text: str) -> None:
        """Say it and wait for the next message the bot sends there."""
        before = self.sends[chat]
        self.say(chat, text)
        while self.sends[chat] == before:
            await self._change(chat)

    def reset(self) -> None:
        """Forget the counts (not the chats)."""
        self.calls.clear()
        self.sends.clear()
        self.answered.clear()
        self.on_send = self.on_answer = None

    def _handle(self, connection: Connection, method: str, params: Params) -> None:
        now = time.perf_counter()
        if method == "getUpdates":
            self._get_updates(connection, params)
            return
        self.last_call = now
        self.calls[method] += 1
        if method.startswith(("send", "edit")) and "chat_id" in params and method != "sendChatAction":
            connection.answer(self._message_method(method, params, now))
        elif method == "getMe":
            connection.answer(orjson.dumps(BOT))
        elif method == "getWebhookInfo":
            connection.answer(b'{"url":"","has_custom_certificate":false,"pending_update_count":0}')
        elif method == "getMyCommands":
            connection.answer(b"[]")
        else:
            connection.answer(b"true")
            if method == "answerCallbackQuery":
                query = str(params["callback_query_id"])
                self.answered.add(query)
                if self.on_answer is not None:
                    self.on_answer(query, now)

    def _message_method(self, method: str, params: Params, now: float) -> bytes:
        chat = int(str(params["chat_id"]))
        edit = method.startswith("edit")
        number = int(str(params["message_id"])) if edit else self._number()
        text = params.get("text") or params.get("caption") or ""
        message: Json = {"message_id": number, "from": BOT, "chat": _chat(chat), "date": int(time.time()), "text": text}
        markup = params.get("reply_markup")
        if isinstance(markup, str):
            markup = orjson.loads(markup)
        keyboard = markup.get("inline_keyboard") if isinstance(markup, dict) else None
        screen = self._keyboards[chat]
        if keyboard:
            message["reply_markup"] = markup
            screen[number] = [
                Button(chat, b["text"], b["callback_data"], message)
                for row in keyboard
                for b in row
                if "callback_data" in b
            ]
            if len(screen) > KEYBOARDS_KEPT:
                del screen[next(iter(screen))]
        elif edit:
            screen.pop(number, None)
        if not edit:
            self.sends[chat] += 1
            if self.on_send is not None:
                self.on_send(chat, now)
        if chat in self._waiters:
            for waiter in self._waiters.pop(chat):
                waiter.set_result(None)
        return orjson.dumps(message)

    def _get_updates(self, connection: Connection, params: Params) -> None:
        self._polled.set()
        offset = int(str(params.get("offset") or 0))
        while self._queue and self._queue[0][0] < offset:
            self._queue.popleft()
        if self._poll is not None:
            self._answer_poll(b"[]")
        wait = min(50.0, float(str(params.get("timeout") or 0)))
        timer = asyncio.get_running_loop().call_later(wait, self._answer_poll, b"[]")
        self._poll = (connection, int(str(params.get("limit") or 100)), timer)
        self._hand_out()

    def _hand_out(self) -> None:
        if self._poll is None or not self._queue:
            return
        batch = []
        for at in range(min(self._poll[1], len(self._queue))):
            number, body = self._queue[at]
            if callable(body):
                body = _dump(number, body())
                self._queue[at] = (number, body)
            batch.append(body)
        self._answer_poll(b"[" + b",".join(batch) + b"]")

    def _answer_poll(self, result: bytes) -> None:
        if self._poll is None:
            return
        connection, _, timer = self._poll
        self._poll = None
        timer.cancel()
        connection.answer(result)

    def _lost(self, connection: Connection) -> None:
        if self._poll is not None and self._poll[0] is connection:
            self._poll[2].cancel()
            self._poll = None

    async def _change(self, chat: int) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[chat].append(waiter)
        await waiter

    def _number(self) -> int:
        self._next_id += 1
        return self._next_id

    def _query(self) -> str:
        return str(4_382_000_000_000_000_000 + self._number())


def _person(chat: int) -> Json:
    return {"id": chat, "is_bot": False, "first_name": f"고객{chat % 1000}", "language_code": "ko"}


def _chat(chat: int) -> Json:
    return {"id": chat, "type": "private", "first_name": f"고객{chat % 1000}"}


def _message(chat: int, number: int, text: str) -> Json:
    message: Json = {"message_id": number, "from": _person(chat), "chat": _chat(chat), "date": int(time.time())}
    message["text"] = text
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
    return {"message": message}


def _callback(button: Button, query: str) -> Json:
    body = {"id": query, "from": _person(button.chat), "message": button.message, "chat_instance": str(-button.chat)}
    return {"callback_query": body | {"data": button.data}}


def _dump(number: int, update: Json) -> bytes:
    return orjson.dumps({"update_id": number} | update)
