"""Reading updates of the Bot API: plain JSON in, Incoming out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.messages import Attachment, Incoming, IncomingKind

NAME = "telegram"
KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
_FILES = ("document", "voice", "video", "video_note", "audio", "animation", "sticker")


@dataclass(frozen=True, slots=True)
class Read:
    """One update: what it means for us, or why it means nothing; callback is the query that wants an answer."""

    update_id: int
    incoming: Incoming | None
    ignored: str = ""
    callback: str = ""


def read_update(update: dict[str, Any], now: datetime) -> Read:
    """Read one update. Anything unknown or malformed is ignored with a reason, never an exception.

    Raises ValueError only when there is no update_id, without which it cannot even be acknowledged.
    """
    update_id = update.get("update_id")
    if not isinstance(update_id, int):
        raise ValueError("an update without update_id")
    try:
        return _read(update_id, update, now)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return Read(update_id, None, "malformed")


def _read(update_id: int, update: dict[str, Any], now: datetime) -> Read:
    if message := update.get("message"):
        return _message(update_id, message, IncomingKind.TEXT, now)
    if message := update.get("edited_message"):
        return _message(update_id, message, IncomingKind.EDIT, now)
    if query := update.get("callback_query"):
        return _button(update_id, query, now)
    if member := update.get("my_chat_member"):
        return _member(update_id, member, now)
    return Read(update_id, None, "unknown_kind")


def _message(update_id: int, message: dict[str, Any], kind: IncomingKind, now: datetime) -> Read:
    chat = message["chat"]
    if chat["type"] != "private":
        return Read(update_id, None, "chat_not_served")
    text = message.get("text") or message.get("caption") or ""
    attachments = _attachments(message)
    if attachments and kind is IncomingKind.TEXT:
        kind = IncomingKind.ATTACHMENT
    elif kind is IncomingKind.TEXT and text.split("@")[0].split(" ")[0] == "/start":
        kind = IncomingKind.START
    elif not text and not attachments:
        return Read(update_id, None, "service_message")
    incoming = _incoming(
        update_id,
        chat,
        message.get("from") or {},
        kind,
        _time(message.get("edit_date") or message.get("date"), now),
        text=text,
        ref=str(message["message_id"]),
        attachments=attachments,
    )
    return Read(update_id, incoming)


def _button(update_id: int, query: dict[str, Any], now: datetime) -> Read:
    message = query.get("message")
    if not message or message["chat"]["type"] != "private":
        return Read(update_id, None, "chat_not_served", callback=query["id"])
    incoming = _incoming(
        update_id,
        message["chat"],
        query["from"],
        IncomingKind.BUTTON,
        now,
        text=_label(message, query.get("data", "")),
        button=query.get("data", ""),
        ref=str(message["message_id"]),
    )
    return Read(update_id, incoming, callback=query["id"])


def _member(update_id: int, member: dict[str, Any], now: datetime) -> Read:
    if member["chat"]["type"] != "private":
        return Read(update_id, None, "chat_not_served")
    blocked = member["new_chat_member"]["status"] in ("kicked", "left")
    kind = IncomingKind.BLOCKED if blocked else IncomingKind.UNBLOCKED
    return Read(update_id, _incoming(update_id, member["chat"], member["from"], kind, now))


def _incoming(
    update_id: int,
    chat: dict[str, Any],
    person: dict[str, Any],
    kind: IncomingKind,
    at: datetime,
    *,
    text: str = "",
    button: str = "",
    ref: str = "",
    attachments: tuple[Attachment, ...] = (),
) -> Incoming:
    return Incoming(
        channel=NAME,
        platform_id=str(update_id),
        address=str(int(chat["id"])),
        kind=kind,
        at=at,
        text=text,
        order=update_id,
        button=button,
        ref=ref,
        attachments=attachments,
        name=" ".join(n for n in (person.get("first_name"), person.get("last_name")) if n),
    )


def _attachments(message: dict[str, Any]) -> tuple[Attachment, ...]:
    group = str(message.get("media_group_id", ""))
    if photos := message.get("photo"):
        largest = max(photos, key=lambda p: p.get("width", 0) * p.get("height", 0))
        return (Attachment("photo", largest["file_id"], size=largest.get("file_size", 0), group=group),)
    for kind in _FILES:
        if file := message.get(kind):
            return (
                Attachment(
                    kind,
                    file["file_id"],
                    name=file.get("file_name", ""),
                    mime=file.get("mime_type", ""),
                    size=file.get("file_size", 0),
                    group=group,
                ),
            )
    if place := message.get("location"):
        return (Attachment("location", "", name=f"{place['latitude']},{place['longitude']}"),)
    if contact := message.get("contact"):
        return (Attachment("contact", "", name=str(contact.get("phone_number", ""))),)
    return ()


def _label(message: dict[str, Any], data: str) -> str:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    return next((b["text"] for row in rows for b in row if b.get("callback_data") == data), "")


def _time(unix: int | None, now: datetime) -> datetime:
    return datetime.fromtimestamp(unix, UTC) if unix else now
