"""A desk page's stream: the present state at each change, and a conversation's messages and notes as they come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from bot.desk.answers import DATA_HEADERS
from bot.desk.board import Board, board_json
from bot.desk.guard import Visitor
from bot.desk.talk import brief_json, message_json, note_json, state_json, visible
from bot.engine.signals import DESK, Signal, Signals, conversation_topic
from domain.errors import KeyGone
from domain.messages import Author, Delivery, LoggedMessage
from domain.staff import Staff
from handlers.catalogue import Texts
from handlers.summary import LOOKED_AT, Asked, summary
from storage.desk_views import Opened
from storage.opening import Storage

_LOOK_EVERY = 5.0  # seconds; a hint that was lost costs no more
_PAGE = 200
_RECEIPTS = 200  # messages of which the page still waits to hear that they were delivered
_BEAT = b": beat\n\n"
log = structlog.get_logger()


@dataclass(slots=True)
class Place:
    """Which conversation a page shows and how far it has come."""

    conversation: int
    seq: int
    note: int


class Streams:
    """The open streams of this process."""

    def __init__(self, storage: Storage, signals: Signals, texts: Texts, remind: timedelta) -> None:
        self.remind = remind
        self.storage, self.signals, self.texts = storage, signals, texts
        self.board = Board(storage)
        self.closed = False
        self._open: set[Signal] = set()

    def subscribe(self, *topics: str) -> Signal:
        signal = self.signals.subscribe(*topics)
        self._open.add(signal)
        return signal

    def unsubscribe(self, signal: Signal, *topics: str) -> None:
        self.signals.unsubscribe(signal, *topics)
        self._open.discard(signal)

    def close(self) -> None:
        self.closed = True
        for signal in self._open:
            signal.set()


class DeskStream:
    """The ASGI response.

    Events: `board`, `state`, `brief`, `message`, `note`, `receipt`, `ready`; `hidden` when the conversation went to
    somebody else, `gone` when the customer was erased, `ended` when the session is over.
    """

    def __init__(self, streams: Streams, visitor: Visitor, place: Place | None, leave: Callable[[], None]) -> None:
        self._streams, self._visitor, self._place, self._leave = streams, visitor, place, leave
        self._waiting: dict[int, Delivery] = {}  # messages whose receipt is still open
        self._sent: dict[str, bytes] = {}
        self._asked: dict[str, tuple[Asked, ...]] = {}  # by number of the hand-over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = DATA_HEADERS | {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
                }
            )
            tasks = {asyncio.create_task(self._send(send)), asyncio.create_task(_gone(receive))}
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                if not task.cancelled() and (error := task.exception()):
                    log.error("desk_stream_failed", error=type(error).__name__)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._leave()

    async def _send(self, send: Send) -> None:
        async for event in self._events():
            await send({"type": "http.response.body", "body": event, "more_body": True})

    async def _events(self) -> AsyncIterator[bytes]:
        yield _BEAT
        streams, place = self._streams, self._place
        topics = [DESK, *([conversation_topic(place.conversation)] if place else [])]
        signal = streams.subscribe(*topics)
        try:
            while not streams.closed:
                signed_in = await streams.storage.sessions.find(self._visitor.token, touch=False)
                if signed_in is None:
                    yield _event("ended", {})
                    return
                staff = signed_in.staff
                await streams.storage.presences.seen(staff.id)
                for event in self._changed("board", board_json(await streams.board.seen(), staff, streams.remind)):
                    yield event
                if place is not None:
                    try:
                        async for event in self._conversation(place, staff):
                            yield event
                    except KeyGone:
                        yield _event("gone", {})
                        place = None
                for event in self._changed("ready", {}):
                    yield event
                if not await signal.wait(1.0 if self._waiting else _LOOK_EVERY):
                    yield _BEAT
        finally:
            streams.unsubscribe(signal, *topics)

    async def _conversation(self, place: Place, staff: Staff) -> AsyncIterator[bytes]:
        desk, texts = self._streams.storage.desk, self._streams.texts
        opened = await desk.opened(place.conversation)
        if opened is None:
            return
        state = state_json(opened, staff, texts)
        if visible(opened, staff):
            for message in await self._log(place):
                place.seq = message.seq
                if message.author is not Author.CUSTOMER and message.delivery is Delivery.PENDING:
                    self._waiting[message.seq] = message.delivery
                yield _event("message", message_json(message, place.conversation))
            for note in await desk.notes(place.conversation, place.note):
                place.note = note.id
                yield _event("note", note_json(note))
            async for event in self._receipts(place):
                yield event
            for event in self._changed("brief", await self._brief(opened)):
                yield event
        else:
            for event in self._changed("hidden", {"alias": state["alias"]}):
                yield event
        for event in self._changed("state", state):
            yield event

    async def _brief(self, opened: Opened) -> dict[str, Any] | None:
        if opened.handover is None:
            return None
        if opened.number not in self._asked:
            storage, conversation = self._streams.storage, opened.conversation_id
            until = await storage.desk.said_until(conversation, opened.handover.entered)
            before = await storage.conversations.log(conversation, max(0, until - LOOKED_AT), min(until, LOOKED_AT))
            self._asked = {opened.number: summary(before)}
        return brief_json(opened, self._asked[opened.number], self._streams.texts)

    async def _log(self, place: Place) -> list[LoggedMessage]:
        found: list[LoggedMessage] = []
        after = place.seq
        while True:
            try:
                more = await self._streams.storage.conversations.log(place.conversation, after, _PAGE)
            except KeyError:
                raise KeyGone("this customer was erased") from None
            found += more
            if len(more) < _PAGE:
                return found
            after = more[-1].seq

    async def _receipts(self, place: Place) -> AsyncIterator[bytes]:
        if not self._waiting:
            return
        seqs = list(self._waiting)[-_RECEIPTS:]
        for seq, said in (await self._streams.storage.desk.deliveries(place.conversation, seqs)).items():
            if said is not Delivery.PENDING:
                del self._waiting[seq]
                yield _event("receipt", {"seq": seq, "delivery": said.value})

    def _changed(self, name: str, value: Any) -> list[bytes]:
        """The event, unless the page has heard just that."""
        event = _event(name, value)
        if self._sent.get(name) == event:
            return []
        self._sent[name] = event
        return [event]


def _event(name: str, value: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(value) + b"\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
