"""Messages and states as the JSON that is sealed into a row."""

from datetime import datetime
from typing import Any

import orjson

from domain.conversation import BotState, Dialogue
from domain.messages import Attachment, Button, Incoming, IncomingKind, Outgoing, Source


def incoming_to_bytes(incoming: Incoming, redacted: tuple[str, ...]) -> bytes:
    """Everything of an Incoming that is not a column of its own, and the kinds of identifiers that were removed."""
    body: dict[str, Any] = {"text": incoming.text}
    if incoming.button:
        body["button"] = incoming.button
    if incoming.attachments:
        body["attachments"] = [[a.kind, a.file_id, a.name, a.mime, a.size, a.group] for a in incoming.attachments]
    if redacted:
        body["redacted"] = redacted
    return _dumps(body)


def incoming_from_bytes(
    raw: bytes, *, channel: str, platform_id: str, address: str, kind: str, at: datetime, ref: str
) -> tuple[Incoming, tuple[str, ...]]:
    body = orjson.loads(raw)
    incoming = Incoming(
        channel=channel,
        platform_id=platform_id,
        address=address,
        kind=IncomingKind(kind),
        at=at,
        text=body["text"],
        button=body.get("button", ""),
        ref=ref,
        attachments=attachments_of(body),
    )
    return incoming, tuple(body.get("redacted", ()))


def attachments_of(body: dict[str, Any]) -> tuple[Attachment, ...]:
    return tuple(Attachment(*fields) for fields in body.get("attachments", ()))


def outgoing_to_bytes(message: Outgoing) -> bytes:
    body: dict[str, Any] = {"text": message.text}
    if message.buttons:
        body["buttons"] = [[_button(b) for b in row] for row in message.buttons]
    if message.source:
        body["source"] = [message.source.label, message.source.entry, message.source.version]
    if message.menu:
        body["menu"] = True
    if message.sender:
        body["sender"] = message.sender
    return _dumps(body)


def _button(button: Button) -> tuple[object, ...]:
    return (button.label, button.data, True) if button.quiet else (button.label, button.data)


def outgoing_from_bytes(raw: bytes) -> Outgoing:
    return outgoing_of(orjson.loads(raw))


def outgoing_of(body: dict[str, Any]) -> Outgoing:
    source = body.get("source")
    return Outgoing(
        text=body["text"],
        buttons=tuple(tuple(Button(*fields) for fields in row) for row in body.get("buttons", ())),
        source=Source(*source) if source else None,
        menu=body.get("menu", False),
        sender=body.get("sender", ""),
    )


def state_to_bytes(state: BotState) -> bytes:
    return _dumps(state)


def state_from_bytes(raw: bytes) -> BotState:
    fields = orjson.loads(raw)
    dialogue = fields.pop("dialogue", None)
    unhelpful = tuple(fields.pop("unhelpful", ()))
    return BotState(**fields, unhelpful=unhelpful, dialogue=Dialogue(**dialogue) if dialogue else None)


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value)
