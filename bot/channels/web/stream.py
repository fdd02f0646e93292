"""The conversation's log as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from bot.channels.web.answers import DATA_HEADERS
from bot.channels.web.feed import PAGE, Feed, Listener
from bot.channels.web.sessions import session_topic
from domain.errors import KeyGone
from domain.messages import Author, Button, LoggedMessage

KEEP_ALIVE = 15.0  # seconds; a page that hears nothing for more than twice this takes the connection for lost
_BEAT = b": beat\n\n"
log = structlog.get_logger()


class EventStream:
    """The ASGI response of one open page.

    Events: `message` with a logged message, `ready` once when everything there was has been sent, `typing` with
    {"on": …} when a customer's message begins or ends to wait for its answer, `gone` when the customer was erased.
    """

    def __init__(
        self, feed: Feed, channel: str, address: str, after: int, leave: Callable[[], None] | None = None
    ) -> None:
        self._feed, self._channel, self._address, self._after = feed, channel, address, after
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(receive, send)
        finally:
            if self._leave is not None:
                self._leave()

    async def _answer(self, receive: Receive, send: Send) -> None:
        headers = DATA_HEADERS | {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            }
        )
        tasks = {asyncio.create_task(self._send(send)), asyncio.create_task(_gone(receive))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if error := task.exception():
                # The page connects again and asks for what comes after the last message it saw.
                log.error("chat_stream_failed", error=type(error).__name__)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        async for event in self._events():
            await send({"type": "http.response.body", "body": event, "more_body": True})

    async def _events(self) -> AsyncIterator[bytes]:
        yield _BEAT
        with self._feed.listening(session_topic(self._address)) as listener:
            listener.seq = self._after
            typing: bool | None = None  # what the page was told; a new page is always told
            waiting = 0  # messages of the customer since the last one that is known to be answered
            ready = False
            while not self._feed.closed:
                if listener.conversation is None:
                    found = await self._feed.find(self._channel, self._address)
                    if found is not None:
                        listener.follow(found)
                authors: list[Author] = []
                try:
                    async for message in self._new(listener):
                        authors.append(message.author)
                        yield _event("message", message_json(message), message.seq)
                except KeyGone:
                    yield _event("gone", {})
                    return
                if listener.conversation is not None:
                    waiting += authors.count(Author.CUSTOMER)
                    now = authors[-1] is Author.CUSTOMER if authors else typing is True
                    # One question and its answer need no look at the inbox; everything else does.
                    if not ready or (typing and (waiting > 1 or not authors)):
                        now = await self._feed.unanswered(listener.conversation, listener.seq)
                    if now is not typing:
                        yield _event("typing", {"on": now})
                    typing, waiting = now, waiting if now else 0
                if not ready:
                    yield _event("ready", {"seq": listener.seq})
                    ready = True
                listener.restless = typing is True
                if not await listener.signal.wait(KEEP_ALIVE):
                    yield _BEAT

    async def _new(self, listener: Listener) -> AsyncIterator[LoggedMessage]:
        if listener.conversation is None:
            return
        while True:
            page = await self._feed.log(listener.conversation, listener.seq)
            for message in page:
                listener.seq = message.seq
                yield message
            if len(page) < PAGE:
                return


def message_json(message: LoggedMessage) -> dict[str, Any]:
    """A logged message as the page reads it. href is relative to the chat page."""
    source = message.source
    return {
        "seq": message.seq,
        "author": message.author.value,
        "sender": message.sender,
        "kind": message.kind,
        "at": message.at.isoformat(),
        "text": message.text,
        "button": message.button,
        "buttons": [[_button(b) for b in row] for row in message.buttons],
        "source": source
        and {
            "label": source.label,
            "entry": source.entry,
            "version": source.version,
            "href": clause_href(source.entry, source.version),
        },
        "attachments": [
            {"kind": a.kind, "name": a.name, "size": a.size, "type": a.mime, "id": a.kept_id}
            for a in message.attachments
        ],
        "delivery": message.delivery.value,
    }


def _button(button: Button) -> dict[str, object]:
    fields: dict[str, object] = {"label": button.label, "data": button.data}
    return fields | {"quiet": True} if button.quiet else fields


def clause_href(entry: str, version: int) -> str:
    return f"policy/{version}#{quote(entry)}"


def _event(name: str, data: object, seq: int | None = None) -> bytes:
    number = b"" if seq is None else b"id: %d\n" % seq
    return number + b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
