"""One draft entry a clause: what a policy document proposes, and how that stands to the entries there are."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import PurePath

from domain.errors import ContentError
from domain.knowledge import Entry, EntryKind
from knowledge.documents.clauses import ADDENDA, PREAMBLE, Clause, split
from knowledge.documents.html import html_lines
from knowledge.documents.lines import BOLD, Line, plain, text_lines
from knowledge.documents.markdown import markdown_lines


class Format(StrEnum):
    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


FORMATS = {
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
}
_DATE = r"(\d{4})\s*[.년/-]\s*(\d{1,2})\s*[.월/-]\s*(\d{1,2})"
_IN_FORCE = re.compile(
    rf"(?:시행|적용)\s*(?:일자|일|시기)?\s*[:：]?\s*{_DATE}|{_DATE}\s*[.일]?\s*(?:자로|부터|에|부로)\s*(?:시행|적용|효력)"
)
_FORMER = re.compile(r"이전|종전|기존|지난|개정\s*전")
_TELLS_WHEN = re.compile(r"시행|적용|변경|개정|고지|부칙|효력")
_NAMES = {
    "위치": "location",
    "마케팅": "marketing",
    "청소년": "youth",
    "쿠키": "cookies",
    "영상정보": "cctv",
    "개인정보": "privacy",
    "배송": "delivery",
    "환불": "refund",
    "반품": "returns",
    "교환": "exchange",
    "취소": "cancellation",
    "적립금": "points",
    "포인트": "points",
    "쿠폰": "coupons",
    "멤버십": "membership",
    "결제": "payment",
    "판매자": "sellers",
    "약관": "terms",
}
_LONGEST_NAME = 60


class Standing(StrEnum):
    """How a proposed entry stands to those there are."""

    NEW = "new"
    SAME = "same"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Proposal:
    """entry: as the document has it; where the clause is there already, under its id and with its other fields.

    standing_text: the body there now, empty when the entry is new.
    """

    entry: Entry
    standing: Standing
    standing_text: str = ""


def format_of(path: str) -> Format | None:
    """By the end of a file's name; None for one that holds no document."""
    return FORMATS.get(PurePath(path).suffix.lower())


def propose(path: str, text: str, form: Format, document: str = "") -> tuple[Entry, ...]:
    """One entry a clause, in the document's order, each with the clause's own words.

    path names the file in errors. document is what citations call it; empty takes the document's own title. Raises
    ContentError with path, line and reason: no clause found, two clauses with one number, a clause without words, no
    title, a day that no calendar has.
    """
    lines, title = _read(path, text, form)
    before, clauses = split(path, lines)
    at = _title_at(before)
    name = plain(document) or (before[at].text if at is not None else title)
    if not name:
        raise ContentError(
            path, 0, "문서의 이름을 찾지 못했습니다. 첫 줄에 제목을 적거나 문서 이름을 따로 적어 주세요."
        )
    name = name[:_LONGEST_NAME].strip()
    effective = _effective(path, before, clauses)
    start = _id_of(name)
    if (preamble := _preamble(before, at)) is not None:
        clauses = (preamble, *clauses)
    return tuple(_entry(clause, f"{start}-{_padded(clause.key)}", name, effective) for clause in clauses)


def compare(proposed: Sequence[Entry], entries: Iterable[Entry]) -> tuple[Proposal, ...]:
    """Proposed entries beside those there are: a clause that is there under another id keeps it, and an id that
    another document's clause has is not taken from it. Aliases, questions and actions of entries stay theirs."""
    by_id: dict[str, Entry] = {}
    by_clause: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        by_id[entry.id] = entry
        by_clause[entry.document, entry.clause].append(entry)
    return tuple(_compare(entry, by_id, by_clause) for entry in proposed)


def _compare(
    entry: Entry, by_id: Mapping[str, Entry], by_clause: Mapping[tuple[str, str], Sequence[Entry]]
) -> Proposal:
    known = by_id.get(entry.id)
    if known is not None and (known.document, known.clause) != (entry.document, entry.clause):
        known = None
    its = by_clause.get((entry.document, entry.clause), ())
    if known is None and len(its) == 1:
        known = its[0]
    if known is None:
        return Proposal(replace(entry, id=_free(entry.id, by_id)), Standing.NEW)
    merged = replace(known, body=entry.body, effective=entry.effective or known.effective)
    same = (merged.body.strip(), merged.effective) == (known.body.strip(), known.effective)
    return Proposal(merged, Standing.SAME if same else Standing.DIFFERS, known.body)


def _free(wanted: str, taken: Mapping[str, Entry]) -> str:
    found, count = wanted, 1
    while found in taken:
        count += 1
        found = f"{wanted}.{count}"
    return found


def _read(path: str, text: str, form: Format) -> tuple[list[Line], str]:
    if form is Format.TEXT:
        return text_lines(text), ""
    if form is Format.MARKDOWN:
        return markdown_lines(text), ""
    try:
        return html_lines(text)
    except AssertionError:  # what html.parser says of a declaration it does not know
        raise ContentError(path, 0, "HTML을 읽을 수 없습니다. 화면의 글을 복사해 텍스트로 넣어 주세요.") from None


def _title_at(before: Sequence[Line]) -> int | None:
    """Where the title stands: the highest heading before the first clause, else the first line if it is no sentence."""
    headings = [at for at, line in enumerate(before) if 0 < line.level < BOLD]
    if headings:
        return min(headings, key=lambda at: before[at].level)
    first = next((at for at, line in enumerate(before) if line.text), None)
    if first is None or len(before[first].text) > _LONGEST_NAME or _is_sentence(before[first].text):
        return None
    return None if _IN_FORCE.search(before[first].text) else first


def _preamble(before: Sequence[Line], title: int | None) -> Clause | None:
    """What the document says before its first clause, where it says something."""
    lines = [line for at, line in enumerate(before) if at != title]
    if not any(_is_sentence(line.text) for line in lines):
        return None
    return Clause("preamble", PREAMBLE, PREAMBLE, before[0].number, tuple(lines))


def _is_sentence(text: str) -> bool:
    return bool(re.search(r"(다|요)[.!]", text)) or text.endswith(("니다", "한다"))


def _effective(path: str, before: Sequence[Line], clauses: Sequence[Clause]) -> date | None:
    """The newest day from which the document says it is in force."""
    lines = list(before)
    for clause in clauses:
        if clause.name.startswith(ADDENDA) or clause is clauses[-1] or _TELLS_WHEN.search(clause.title):
            lines += clause.lines
    days = [day for line in lines if not _FORMER.search(line.text) for day in _days(path, line)]
    return max(days, default=None)


def _days(path: str, line: Line) -> list[date]:
    days = []
    for found in _IN_FORCE.finditer(line.text):
        year, month, day = (int(number) for number in found.groups() if number)
        try:
            days.append(date(year, month, day))
        except ValueError:
            raise ContentError(path, line.number, f"'{found.group().strip()}'은(는) 없는 날짜입니다.") from None
    return days


def _entry(clause: Clause, entry_id: str, document: str, effective: date | None) -> Entry:
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(line.text for line in clause.lines)).strip("\n")
    return Entry(entry_id, clause.title, EntryKind.ANSWER, body, document, clause.name, effective)


def _id_of(name: str) -> str:
    """What a document's ids begin with: English for the words that policies are named with, else its own letters."""
    known = dict.fromkeys(english for korean, english in _NAMES.items() if korean in name)
    return "-".join(known) or "-".join(re.findall(r"[A-Za-z0-9가-힣]+", name))[:30].lower() or "document"


def _padded(key: str) -> str:
    """Ids stand in the clauses' order: 3 becomes 03."""
    return re.sub(r"(?<![\w])(\d)(?!\d)", r"0\1", key, count=1)
