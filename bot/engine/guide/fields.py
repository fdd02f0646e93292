"""The parts of an entry, changed one by one by what an admin sends."""

from dataclasses import replace
from datetime import date

from domain.editing import EditRefused
from domain.knowledge import Entry, EntryKind

# What is added to, or taken from, whatever stands; the other fields replace what was shown.
ONTO = frozenset({"alias", "question", "more", "drop_alias", "drop_question"})
_NONE = "없음"


def changed(entry: Entry, field: str, text: str) -> Entry:
    """The entry with `text` put in. Raises EditRefused with what to send instead."""
    text = text.strip()
    if not text:
        raise EditRefused("빈 글은 저장할 수 없습니다. 내용을 적어 보내 주세요.")
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    match field:
        case "body":
            return replace(entry, body=text)
        case "more":
            twice = entry.body.rstrip().endswith(text)  # the platform may bring a message again
            return entry if twice else replace(entry, body=f"{entry.body.rstrip()}\n\n{text}")
        case "title":
            return replace(entry, title=_one_line(lines))
        case "alias":
            return replace(entry, aliases=(*entry.aliases, *_new(lines, entry.aliases)))
        case "question":
            return replace(entry, questions=(*entry.questions, *_new(lines, entry.questions)))
        case "source":
            return _sourced(entry, lines)
        case "effective":
            return replace(entry, effective=None if text == _NONE else _day(text))
        case "action":
            return replace(entry, action=None if text == _NONE else _one_line(lines))
        case "kind":
            return replace(entry, kind=EntryKind(text))
        case "drop_alias":
            return replace(entry, aliases=tuple(a for a in entry.aliases if a != text))
        case "drop_question":
            return replace(entry, questions=tuple(q for q in entry.questions if q != text))
    raise ValueError(f"no such field: {field}")


def now(entry: Entry, field: str) -> str:
    """What the field holds, as an admin reads it; "" for nothing."""
    match field:
        case "source":
            return f"{entry.document} {entry.clause}".strip()
        case "effective":
            return entry.effective.isoformat() if entry.effective else ""
        case "action":
            return entry.action or ""
        case "body" | "title" | "kind":
            return str(getattr(entry, field))
    return ""


def _new(lines: tuple[str, ...], standing: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line for line in dict.fromkeys(lines) if line not in standing)


def _one_line(lines: tuple[str, ...]) -> str:
    if len(lines) != 1:
        raise EditRefused("한 줄로 보내 주세요.")
    return lines[0]


def _sourced(entry: Entry, lines: tuple[str, ...]) -> Entry:
    if lines == (_NONE,):
        return replace(entry, document="", clause="")
    if len(lines) != 2:
        raise EditRefused("첫 줄에 문서 이름, 둘째 줄에 조항을 적어 두 줄로 보내 주세요.")
    return replace(entry, document=lines[0], clause=lines[1])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise EditRefused(f"'{text}'은(는) 날짜가 아닙니다. 2025-01-31처럼 보내 주세요.") from None
