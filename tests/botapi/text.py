"""Text as Telegram takes it: HTML parse mode, entities, lengths in UTF-16 code units."""

import re
from typing import Any

from .errors import bad

Json = dict[str, Any]

MESSAGE_LIMIT = 4096
CAPTION_LIMIT = 1024

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_ENTITY_TYPES = {*_TAGS.values(), "expandable_blockquote", "text_mention", "mention", "hashtag", "cashtag"} | {
    "bot_command", "url", "email", "phone_number", "date_time"
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));?")
_ATTRIBUTE = re.compile(r"""\s*([a-zA-Z0-9_-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?\s*""")
_FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]))"
    r"|(?P<url>https?://[^\s<>\"]+)|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]+\w)|(?P<mention>(?<!\w)@[A-Za-z0-9_]{3,32})"
    r"|(?P<hashtag>(?<!\w)#\w+)|(?P<phone_number>(?<!\d)\+?\d{2,3}-\d{3,4}-\d{4}(?!\d))"
)


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts offsets."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def message_text(text: str, parse_mode: str | None, entities: list[Json] | None) -> Json:
    """{"text", "entities"?} for a message, or the error Telegram answers."""
    plain, found = _formatted(text, parse_mode, entities)
    if not plain:
        raise bad("message text is empty")
    if units(plain) > MESSAGE_LIMIT:
        raise bad("message is too long")
    return {"text": plain, **({"entities": found} if found else {})}


def caption_text(text: str | None, parse_mode: str | None, entities: list[Json] | None) -> Json:
    """{"caption", "caption_entities"?}, or {} without a caption."""
    if not text:
        return {}
    plain, found = _formatted(text, parse_mode, entities)
    if units(plain) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    if not plain:
        return {}
    return {"caption": plain, **({"caption_entities": found} if found else {})}


def entities_in(text: str) -> list[Json]:
    """What clients mark up by themselves: commands, links, mentions."""
    if not any(sign in text for sign in "/@#-"):
        return []
    return [
        {"type": hit.lastgroup, "offset": units(text[: hit.start()]), "length": units(hit.group())}
        for hit in _FOUND.finditer(text)
    ]


def _formatted(text: str, parse_mode: str | None, entities: list[Json] | None) -> tuple[str, list[Json]]:
    if parse_mode:
        if parse_mode.lower() != "html":
            raise bad("unsupported parse_mode")
        plain, found = parse_html(text)
    else:
        plain, found = text, [_entity(entity, units(text)) for entity in entities or []]
    body = plain.rstrip()
    lead = len(body) - len(body.lstrip())
    cut, end = units(body[:lead]), units(body)
    kept = []
    for entity in found:
        start, stop = max(entity["offset"], cut), min(entity["offset"] + entity["length"], end)
        if stop > start:
            kept.append({**entity, "offset": start - cut, "length": stop - start})
    plain = body[lead:]
    return plain, kept + [e for e in entities_in(plain) if not any(_overlap(e, other) for other in kept)]


def _overlap(one: Json, two: Json) -> bool:
    return bool(one["offset"] < two["offset"] + two["length"] and two["offset"] < one["offset"] + one["length"])


def _entity(entity: Json, length: int) -> Json:
    kind, offset, size = entity.get("type"), entity.get("offset"), entity.get("length")
    if kind not in _ENTITY_TYPES:
        raise bad("can't parse entities: unsupported entity type")
    if not isinstance(offset, int) or not isinstance(size, int) or offset < 0 or size <= 0 or offset + size > length:
        raise bad("ENTITY_BOUNDS_INVALID")
    return entity


def parse_html(source: str) -> tuple[str, list[Json]]:
    """(plain text, entities in order of their start) of Telegram's HTML; byte offsets in errors are those of UTF-8."""
    out: list[str] = []
    stack: list[tuple[str, int, Json]] = []
    found: list[Json] = []
    place = at = 0

    def wrong(what: str) -> Exception:
        return bad(f"can't parse entities: {what}")

    while at < len(source):
        sign = source[at]
        if sign == "&" and (hit := _REFERENCE.match(source, at)):
            decimal, hexa, name = hit.groups()
            char = _NAMED[name] if name else chr(min(int(decimal) if decimal else int(hexa, 16), 0x10FFFF))
            out.append(char)
            place += units(char)
            at = hit.end()
            continue
        if sign != "<":
            end = min((i for i in (source.find("<", at), source.find("&", at + 1)) if i >= 0), default=len(source))
            out.append(source[at:end])
            place += units(source[at:end])
            at = end
            continue
        offset = len(source[:at].encode())
        end = source.find(">", at)
        if end < 0:
            raise wrong(f"Unclosed start tag at byte offset {offset}")
        inner, at = source[at + 1 : end], end + 1
        if inner.startswith("/"):
            name = inner[1:].strip().lower()
            if not stack:
                raise wrong(f"Unexpected end tag at byte offset {offset}")
            opened, start, extra = stack.pop()
            if name and name != opened:
                raise wrong(f'Unmatched end tag at byte offset {offset}, expected "</{opened}>", found "</{name}>"')
            if place > start:
                found.append({"type": _TAGS[opened], "offset": start, "length": place - start} | extra)
            continue
        name = re.split(r"[\s/]", inner, maxsplit=1)[0].lower()
        if name not in _TAGS:
            raise wrong(f'Unsupported start tag "{name}" at byte offset {offset}')
        attributes = {key.lower(): value.strip("\"'") for key, value in _ATTRIBUTE.findall(inner[len(name) :]) if key}
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
        stack.append((name, place, _extra(name, attributes)))
    if stack:
        raise wrong(f'Can\'t find end tag corresponding to start tag "{stack[-1][0]}"')
    return "".join(out), sorted(found, key=lambda e: (e["offset"], -e["length"]))


def _extra(name: str, attributes: dict[str, str]) -> Json:
    if name == "a":
        return {"url": re.sub(r"&amp;", "&", attributes.get("href", ""))}
    if name == "tg-emoji":
        return {"custom_emoji_id": attributes.get("emoji-id", "")}
    if name == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    return {}
