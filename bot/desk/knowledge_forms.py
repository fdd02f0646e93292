"""An entry as the editor's form has it, and back."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.desk.answers import Refused
from domain.errors import ContentError
from domain.knowledge import Entry, EntryKind
from knowledge.files import dump

_PLAIN = ("id", "title", "document", "clause", "action")
_LISTS = ("aliases", "questions")
_MOST = 100_000  # characters of one entry's text
_KEY = re.compile(r"([a-z]+):")


def fields_of(entry: Entry) -> dict[str, str]:
    """What stands in the form; lists are one item a line."""
    return {
        **{name: getattr(entry, name) or "" for name in _PLAIN},
        **{name: "\n".join(getattr(entry, name)) for name in _LISTS},
        "kind": entry.kind.value,
        "effective": entry.effective.isoformat() if entry.effective else "",
        "body": entry.body,
    }


def text_in(body: Mapping[str, Any]) -> str:
    """The Markdown text that was sent: as `text`, or as the form's `fields`. Raises Refused, ContentError."""
    text = body.get("text")
    if text is None:
        fields = body.get("fields")
        if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
            raise Refused(400, "bad_request")
        text = dump(_entry(fields))
    if not isinstance(text, str):
        raise Refused(400, "bad_request")
    if len(text) > _MOST:
        raise Refused(413, "too_long", limit=f"{_MOST:,}")
    return text.replace("\r\n", "\n")


def _entry(fields: Mapping[str, str]) -> Entry:
    try:
        kind = EntryKind(fields.get("kind", ""))
    except ValueError:
        raise Refused(400, "bad_request") from None
    day = fields.get("effective", "").strip()
    try:
        effective = date.fromisoformat(day) if day else None
    except ValueError:
        raise ContentError("", 0, f"시행일 '{day}'은(는) 날짜가 아닙니다. 2025-01-31처럼 적어 주세요.") from None
    plain = {name: fields.get(name, "").strip() for name in _PLAIN}
    lists = {name: tuple(line.strip() for line in fields.get(name, "").splitlines() if line.strip()) for name in _LISTS}
    body = fields.get("body", "").replace("\r\n", "\n")
    return Entry(
        plain["id"],
        plain["title"],
        kind,
        body,
        plain["document"],
        plain["clause"],
        effective,
        lists["aliases"],
        lists["questions"],
        plain["action"] or None,
    )


def field_at(text: str, line: int) -> str:
    """The form's field that a line (1-based) of the text belongs to, "" for none."""
    lines = text.splitlines()
    ends = [number for number, words in enumerate(lines, 1) if words.strip() == "---"]
    if line < 1 or len(ends) < 2:
        return ""
    if line >= ends[1]:
        return "body"
    for number in range(min(line, len(lines)), 0, -1):
        if found := _KEY.match(lines[number - 1]):
            return found[1]
    return ""
