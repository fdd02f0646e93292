"""What a customer does, as each channel hands it to intake."""

import itertools
from datetime import datetime
from typing import Any

from bot.channels.telegram.updates import read_update
from domain.messages import Button, Incoming, IncomingKind
from handlers.catalogue import Texts
from tests.dialogues.steps import Edits, Presses, Sends

ADDRESS = {"telegram": "1001", "web": "web-session", "terminal": "customer"}


class Customer:
    """One customer, who has an account in every channel. Telegram's updates are built as the Bot API sends them."""

    def __init__(self, texts: Texts) -> None:
        self._ids = itertools.count(5001)
        self._menu = {f"menu:{key}": texts(f"menu.{key}") for key in ("ask", "consent", "request", "agent")}
        self.last: list[Incoming] = []

    def opens(self, channel: str, at: datetime) -> list[Incoming]:
        if channel == "telegram":
            return self.writes(channel, ("/start",), at)
        return self._did(self._plain(channel, IncomingKind.START, at))

    def writes(self, channel: str, texts: tuple[str, ...], at: datetime) -> list[Incoming]:
        if channel == "telegram":
            return self._did(*(self._update({"message": self._message(at) | {"text": t}}, at) for t in texts))
        return self._did(*(self._plain(channel, IncomingKind.TEXT, at, text=t) for t in texts))

    def presses(self, channel: str, button: Button, times: int, at: datetime) -> list[Incoming]:
        keyboard = {"inline_keyboard": [[{"text": button.label, "callback_data": button.data}]]}
        if channel == "telegram":
            query = {"from": {"id": 1001}, "data": button.data, "id": "q"}
            query["message"] = self._message(at) | {"reply_markup": keyboard}
            return self._did(*(self._update({"callback_query": query}, at) for _ in range(times)))
        press = [self._plain(channel, IncomingKind.BUTTON, at, button.label, button.data) for _ in range(times)]
        return self._did(*press)

    def sends(self, sent: Sends, at: datetime) -> list[Incoming]:
        album = {"media_group_id": f"album-{next(self._ids)}"} if sent.count > 1 else {}
        messages = [self._message(at) | _content(sent.kind) | album for _ in range(sent.count)]
        if sent.caption:
            messages[0]["caption"] = sent.caption
        return self._did(*(self._update({"message": m}, at) for m in messages))

    def edits(self, edit: Edits, at: datetime) -> list[Incoming]:
        content = _content("location") if edit.moves else {"text": edit.text}
        written = {"message_id": int(self.last[-1].ref)}  # an edit keeps the number of what was written
        return self._did(self._update({"edited_message": self._message(at) | written | content}, at))

    def blocks(self, on: bool, at: datetime) -> list[Incoming]:
        chat = {"id": 1001, "type": "private"}
        status = {"status": "kicked" if on else "member"}
        return self._did(
            self._update({"my_chat_member": {"chat": chat, "from": {"id": 1001}, "new_chat_member": status}}, at)
        )

    def _did(self, *incoming: Incoming) -> list[Incoming]:
        self.last = list(incoming)
        return self.last

    def _message(self, at: datetime) -> dict[str, Any]:
        person = {"id": 1001, "first_name": "하늘", "last_name": "김"}
        chat = {"id": 1001, "type": "private"}
        return {"message_id": next(self._ids), "date": int(at.timestamp()), "chat": chat, "from": person}

    def _update(self, content: dict[str, Any], at: datetime) -> Incoming:
        read = read_update({"update_id": next(self._ids)} | content, at)
        assert read.incoming is not None, read.ignored
        return read.incoming

    def _plain(self, channel: str, kind: IncomingKind, at: datetime, text: str = "", button: str = "") -> Incoming:
        return Incoming(
            channel=channel,
            platform_id=f"{channel}-{next(self._ids)}",
            address=ADDRESS[channel],
            kind=kind,
            at=at,
            text=text or self._menu.get(button, ""),
            button=button,
        )


def find_button(pressed: Presses, shown: list[list[Button]]) -> Button:
    """shown: the buttons of every message so far, oldest first. A menu button needs no message."""
    if pressed.data:
        return Button(pressed.label, pressed.data)
    if pressed.place:
        return next(b for b in reversed(shown) if b)[pressed.place - 1]
    for buttons in shown if pressed.oldest else reversed(shown):
        for button in buttons:
            if button.label == pressed.label:
                return button
    raise AssertionError(f"no button {pressed.label!r} was ever shown")


def _content(kind: str) -> dict[str, Any]:
    if kind == "photo":
        return {"photo": [{"file_id": f"photo-{w}", "width": w, "height": w, "file_size": w} for w in (90, 800)]}
    if kind == "location":
        return {"location": {"latitude": 37.5, "longitude": 127.0}}
    if kind == "contact":
        return {"contact": {"phone_number": "010-1234-5678", "first_name": "하늘"}}
    return {kind: {"file_id": f"{kind}-1", "file_name": "사진.pdf" if kind == "document" else "", "file_size": 10}}
