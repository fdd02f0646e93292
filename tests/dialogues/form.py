"""The form of a transcript: YAML in, frozen steps out. Unknown keys and wrong shapes are errors with their line."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from domain.deadlines import SEOUL
from domain.knowledge import Entry, EntryKind
from tests.dialogues.steps import (
    Again,
    Blocks,
    Closes,
    Edits,
    Opens,
    Presses,
    Restarts,
    Says,
    Sends,
    Silence,
    Staff,
    State,
    Step,
    Stored,
    Transcript,
    Turns,
    Waits,
    Writes,
)

CHANNELS = ("telegram", "web", "terminal")
SENT = {
    "사진": "photo",
    "파일": "document",
    "음성": "voice",
    "스티커": "sticker",
    "위치": "location",
    "연락처": "contact",
}
UNITS = {"초": "seconds", "분": "minutes", "시간": "hours", "일": "days"}


class FormError(Exception):
    """A transcript that is not in the form of README.md."""


def read(path: Path) -> Transcript:
    """Raises FormError with file and line."""
    root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise FormError(f"{path.name}: not a mapping")
    loader = yaml.SafeLoader("")
    fields: dict[str, Any] = {}
    steps: list[tuple[int, Step]] = []
    for key_node, node in root.value:
        if key_node.value == "대화":
            for item in node.value:
                line = item.start_mark.line + 1
                try:
                    steps.append((line, _step(loader.construct_object(item, deep=True))))
                except (FormError, KeyError, TypeError, ValueError) as error:
                    raise FormError(f"{path.name}:{line}: {error!r}") from error
        else:
            fields[key_node.value] = loader.construct_object(node, deep=True)
    try:
        _only(fields, "제목", "채널", "시각", "저장소", "준비", "지식", "상담시간")
        return Transcript(
            name=path.stem,
            title=fields["제목"],
            channel=_one_of(fields.get("채널", "telegram"), CHANNELS),
            at=_time(fields.get("시각", "2026-03-03 10:00")),
            engines=("sqlite", "postgresql") if fields.get("저장소") == "둘 다" else ("sqlite",),
            opening={"": "", "성인": "adult", "미성년": "minor"}[fields.get("준비", "")],
            entries=tuple(_entry(e) for e in fields.get("지식", ())),
            hours=fields.get("상담시간", ""),
            steps=tuple(steps),
        )
    except (FormError, KeyError, TypeError, ValueError) as error:
        raise FormError(f"{path.name}: {error!r}") from error


def _step(item: Any) -> Step:
    if not isinstance(item, dict) or len(item) != 1:
        raise FormError("a step is one key with its value")
    ((key, value),) = item.items()
    if key not in _STEPS:
        raise FormError(f"no such step: {key}")
    return _STEPS[key](value)


def _presses(value: Any) -> Presses:
    if isinstance(value, str):
        return Presses(value)
    _only(value, "버튼", "오래된", "차례", "자료", "번")
    return Presses(
        value.get("버튼", ""),
        value.get("오래된", False),
        value.get("차례", 0),
        value.get("자료", ""),
        value.get("번", 1),
    )


def _sends(value: Any) -> Sends:
    if isinstance(value, str):
        return Sends(SENT[value])
    _only(value, *SENT, "글")
    ((name, count),) = [(k, v) for k, v in value.items() if k != "글"]
    return Sends(SENT[name], int(count), value.get("글", ""))


def _waits(value: Any) -> Waits:
    if not str(value).startswith("+"):
        return Waits(until=_time(value))
    unit = next(u for u in UNITS if value.endswith(u))
    return Waits(by=timedelta(**{UNITS[unit]: int(value[1 : -len(unit)])}))


def _says(value: Any) -> Says | Silence:
    if value == "조용":
        return Silence()
    if isinstance(value, str):
        return Says(whole=value) if value.startswith("=") else Says(fragments=(value,))
    if isinstance(value, list):
        return Says(fragments=_texts(value))
    _only(value, "글", "없음", "근거", "항목", "버튼", "버튼에", "칸", "길이")
    text = value.get("글", ())
    whole = text if isinstance(text, str) and text.startswith("=") else ""
    return Says(
        whole=whole,
        fragments=() if whole else _texts(text),
        absent=_texts(value.get("없음", ())),
        cites=value.get("근거"),
        entry=value.get("항목"),
        buttons=_texts(value["버튼"]) if "버튼" in value else None,
        among_buttons=_texts(value.get("버튼에", ())),
        blanks=tuple((k, str(v)) for k, v in value.get("칸", {}).items()),
        longer_than=value.get("길이", 0),
    )


def _state(value: Any) -> State:
    _only(value, "owner", "age", "consents", "cases", "ledger", "blocked", "aside", "gaps", "handover")
    cases = value.get("cases")
    if cases is not None:
        cases = tuple({"kind": c} if isinstance(c, str) else c for c in cases)
        for case in cases:
            _only(case, "kind", "state", "due", "reason")
    ledger = tuple(value["ledger"]) if "ledger" in value else None
    gaps = tuple(value["gaps"]) if "gaps" in value else None
    for gap in gaps or ():
        _only(gap, "kind", "text", "entry", "settled")
    return State(**(value | {"cases": cases, "ledger": ledger, "gaps": gaps}))


def _stored(value: Any) -> Stored:
    _only(value, "없음", "있음")
    return Stored(_texts(value.get("없음", ())), _texts(value.get("있음", ())))


def _edits(value: Any) -> Edits:
    if isinstance(value, str):
        return Edits(value)
    _only(value, "위치")
    return Edits(moves=True)


_STEPS: dict[str, Callable[[Any], Step]] = {
    "시작": lambda _: Opens(),
    "고객": lambda v: Writes(_texts(v)),
    "끊김": lambda v: Writes(_texts(v), dies=True),
    "누름": _presses,
    "보냄": _sends,
    "고침": _edits,
    "차단": lambda v: Blocks(bool(v)),
    "재전송": lambda _: Again(),
    "재시작": lambda _: Restarts(),
    "시계": _waits,
    "채널": lambda v: Turns(_one_of(v, CHANNELS)),
    "직원": lambda v: Closes() if v == "마침" else Staff({"맡음": True, "돌려줌": False}[v]),
    "봇": _says,
    "상태": _state,
    "저장": _stored,
}


def _entry(value: Any) -> Entry:
    _only(value, "id", "title", "kind", "body", "document", "clause", "action", "aliases")
    fields = value | {"kind": EntryKind(value["kind"]), "aliases": tuple(value.get("aliases", ()))}
    return Entry(**fields)


def _texts(value: Any) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(t, str) for t in texts):
        raise FormError(f"texts are wanted, not {value!r}")
    return texts


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SEOUL)


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise FormError(f"{value!r} is none of {known}")
    return value


def _only(fields: Mapping[str, Any], *known: str) -> None:
    if unknown := set(fields) - set(known):
        raise FormError(f"unknown keys: {sorted(unknown)}")
