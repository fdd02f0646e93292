"""From an Outgoing to sendMessage: text with entities, keyboards, and parts of at most 4,096 characters."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from domain.messages import Outgoing

MOST = 4_096  # UTF-16 code units, which is how Telegram counts
_BREAKS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?。])\s+"), re.compile(r"\s+"))


def split(message: Outgoing, room_for: int = 200) -> list[Outgoing]:
    """Parts that Telegram takes, cut at paragraph, line, sentence or word ends; buttons and source go with the last."""
    texts = split_text(message.text, MOST - (room_for if message.source else 0))
    bare = Outgoing("")
    return [*(replace(bare, text=t) for t in texts[:-1]), replace(message, text=texts[-1])]


def split_text(text: str, most: int) -> list[str]:
    """At least one part; no part is longer than `most` UTF-16 units."""
    parts = []
    while units(text) > most:
        head = _head(text, most)
        cut = _cut(head)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text]


def _head(text: str, most: int) -> str:
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def _cut(head: str) -> int:
    for pattern in _BREAKS:
        ends = [m.end() for m in pattern.finditer(head)]
        if ends and ends[-1] > len(head) // 2:
            return ends[-1]
    return len(head)


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def payload(message: Outgoing, public_url: str, menu: list[list[str]]) -> dict[str, Any]:
    """Parameters of sendMessage without the chat. With a public address the source links to the clause."""
    text, entities = message.text, []
    if message.source:
        entities.append({"type": "blockquote", "offset": 0, "length": units(text)})
        text += "\n\n"
        if public_url:
            url = f"{public_url}/policy/{message.source.version}#{quote(message.source.entry)}"
            entities.append(
                {"type": "text_link", "offset": units(text), "length": units(message.source.label), "url": url}
            )
        text += message.source.label
    made: dict[str, Any] = {"text": text, "link_preview_options": {"is_disabled": True}}
    if entities:
        made["entities"] = entities
    if message.buttons:
        made["reply_markup"] = {
            "inline_keyboard": [[{"text": b.label, "callback_data": b.data} for b in row] for row in message.buttons]
        }
    elif message.menu:
        made["reply_markup"] = {
            "keyboard": [[{"text": label} for label in row] for row in menu],
            "resize_keyboard": True,
            "is_persistent": True,
        }
    return made
