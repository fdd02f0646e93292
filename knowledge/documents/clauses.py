"""Where a policy document's clauses begin: by its articles (제1조), else by its headings, else by its numbers."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from domain.errors import ContentError
from knowledge.documents.lines import BOLD, Line

PREAMBLE = "머리말"
ADDENDA = "부칙"
_BRACKETED = r"\((?:[^()]|\([^()]*\)){1,80}\)|[（\[【〔<〈][^）\]】〕>〉]{1,80}[）\]】〕>〉]"
_ARTICLE = re.compile(
    rf"제\s*(?P<n>\d{{1,4}})\s*조(?:\s*의\s*(?P<m>\d{{1,3}}))?(?:\s*(?P<title>{_BRACKETED}))?(?P<rest>.*)"
)
# A line that goes on like this speaks of an article: 제3조(정의)에 따라 …, 제5조 제2항에 …, 제8조 및 제9조 …
_SPOKEN_OF = re.compile(
    r"(에|의|를|을|와|과|부터|까지|은|는)(\s|\S{1,3}\s|$)|\s*(제\s*\d+\s*[항호조]|각\s*[항호]|(및|또는|내지)\s|[,·])"
)
_CHAPTER = re.compile(r"제\s*\d{1,3}\s*(편|장|절|관)(\s|$|[.:(（])")
_ADDENDA = re.compile(
    rf"부\s*칙(?:\s*(?P<which>{_BRACKETED}|\d{{4}}[^가-힣]{{0,30}}))?(?:$|\s*[:：]\s*(?P<said>.+)|\s+(?P<rest>(?:이|본)\s.+))"
)
_ANNEX = re.compile(r"[\[(〔<]?\s*(?P<name>(?:별표|별지|붙임)\s*\d{0,3})\s*[\])〕>]?[\s.:]*(?P<title>.{0,80})")
_NUMBERED = re.compile(
    r"(?P<mark>\d{1,3}[.)]|[IVX]{1,5}\.|[Ⅰ-Ⅻ]\.?|[가나다라마바사아자차카타파하][.)]|[①-⑳])\s*(?P<title>\S.*)"
)
_SENTENCE = re.compile(r"(다|요|오|음|함|됨|임)[.!]?$")
_DELETED = re.compile(r"삭\s*제(\s*[<(〈].*)?\.?")
_LONGEST_TITLE = 80
_MARKS = "*■□○●▶◆▪ "  # what some set before a heading


@dataclass(frozen=True, slots=True)
class Clause:
    """key: what tells it from the document's others, such as "3", "3-2", "addenda-1". name: what is cited: 제3조의2."""

    key: str
    name: str
    title: str
    number: int
    lines: tuple[Line, ...]
    may_be_empty: bool = False

    @property
    def empty(self) -> bool:
        return not any(line.text for line in self.lines)

    @property
    def deleted(self) -> bool:
        """제7조(삭제): an article that was taken out and left its number."""
        words = [line.text for line in self.lines if line.text]
        return bool(_DELETED.fullmatch(words[0] if words else self.title)) and len(words) < 2


@dataclass(frozen=True, slots=True)
class _Start:
    """The line, by its index, at which a clause, or what belongs to none (no key), begins."""

    at: int
    key: str = ""
    name: str = ""
    title: str = ""
    rest: str = ""  # the clause's first words, where they stand in the same line
    may_be_empty: bool = True


def split(path: str, lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Clause, ...]]:
    """What stands before the first clause, and the clauses. Raises ContentError with path, line and reason."""
    for find in (_articles, _headings, _numbers, _bold):
        starts = find(lines)
        if starts:
            break
    else:
        reason = "조항을 찾지 못했습니다. '제1조(목적)', '1. 수집 항목'처럼 번호나 제목으로 나뉜 문서를 넣어 주세요."
        raise ContentError(path, 0, reason)
    clauses = _without_contents([clause for clause in _cut(lines, starts) if clause.key])
    _check(path, clauses)
    kept = tuple(clause for clause in clauses if not clause.empty and not clause.deleted)
    if not kept:
        raise ContentError(path, 0, "본문이 있는 조항을 찾지 못했습니다.")
    return tuple(lines[: next(start.at for start in starts)]), kept


def _articles(lines: Sequence[Line]) -> list[_Start]:
    starts: list[_Start] = []
    part, level, last = "", 0, (0, 0)
    inside = 0  # articles that stand outside the addenda
    for at, line in enumerate(lines):
        text = line.text.lstrip(_MARKS)
        if (found := _article(text, line.level, last)) is not None:
            last, title, rest = found
            inside += not part
            level = line.level
            key = "-".join(str(n) for n in last if n)
            name = f"제{last[0]}조" + (f"의{last[1]}" if last[1] else "")
            if part:
                key, name = f"{_addenda_key(part)}-{key}", f"{part} {name}"
            starts.append(_Start(at, key, name, title or name, rest, may_be_empty=False))
        elif (addenda := _addenda(text)) is not None:
            part, rest = addenda
            last = (0, 0)
            starts.append(_Start(at, _addenda_key(part), part, part, rest))
        elif _CHAPTER.match(text):
            starts.append(_Start(at))
        elif starts and (annex := _ANNEX.fullmatch(text)) and not _SENTENCE.search(text):
            name = " ".join(annex["name"].split())
            starts.append(_Start(at, _slug(name), name, annex["title"] or name))
        elif starts and 0 < line.level <= level:
            starts.append(_headed(at, line))
    return starts if inside else []


def _article(text: str, level: int, last: tuple[int, int]) -> tuple[tuple[int, int], str, str] | None:
    """(number, number behind 의), title and the words behind it; None for a line that begins no article."""
    found = _ARTICLE.match(text)
    if not found:
        return None
    number, title, rest = (int(found["n"]), int(found["m"] or 0)), (found["title"] or "")[1:-1].strip(), found["rest"]
    if not level and _SPOKEN_OF.match(rest):
        return None
    rest = rest.strip().lstrip(" :.-–—")
    if title:
        return number, title, rest
    if len(rest) > _LONGEST_TITLE or _SENTENCE.search(rest) or not (level or number > last):
        return None
    return number, rest, ""  # 제1조 목적


def _addenda(text: str) -> tuple[str, str] | None:
    found = _ADDENDA.fullmatch(text)
    if not found:
        return None
    which = (found["which"] or "").strip("()（）[]【】〔〕<>〈〉 ")
    return f"{ADDENDA}({which})" if which else ADDENDA, found["said"] or found["rest"] or ""


def _addenda_key(part: str) -> str:
    return "addenda" + "".join(number.zfill(2) for number in re.findall(r"[0-9]+", part))


def _headings(lines: Sequence[Line]) -> list[_Start]:
    """The highest level that has two headings or more; those below it are words of their clause."""
    levels = sorted({line.level for line in lines if 0 < line.level < BOLD})
    for level in levels:
        found = [_headed(at, line) for at, line in enumerate(lines) if line.level == level]
        if len(found) > 1 or level == levels[-1] != levels[0]:
            above = [_Start(at) for at, line in enumerate(lines) if 0 < line.level < level and at > found[0].at]
            return sorted(found + above, key=lambda start: start.at)
    return []


def _bold(lines: Sequence[Line]) -> list[_Start]:
    """Documents that know no headings set them in bold type; the first such line may be the title."""
    found = [_headed(at, line) for at, line in enumerate(lines) if line.level == BOLD]
    return found if len(found) > 1 else []


def _headed(at: int, line: Line) -> _Start:
    found = _NUMBERED.match(line.text)
    if found is None:
        return _Start(at, _slug(line.text), line.text, line.text)
    return _Start(at, str(_value(found["mark"])), line.text, found["title"])


def _numbers(lines: Sequence[Line]) -> list[_Start]:
    """Lines like "1. 수집 항목", counted up from 1; the outermost way of counting is the one that comes first."""
    counted = [(at, found) for at, line in enumerate(lines) if (found := _NUMBERED.match(line.text))]
    for first, begins in counted:
        if _value(begins["mark"]) != 1:
            continue
        same = [(at, found) for at, found in counted if at >= first and _style(found["mark"]) == _style(begins["mark"])]
        bold = [pair for pair in same if lines[pair[0]].level]
        apart = [pair for pair in same if pair[0] == first or not lines[pair[0] - 1].text]
        for pairs in (bold, apart, same):
            starts = _counted_up(pairs)
            if len(starts) > 1:
                return starts
    return []


def _counted_up(pairs: Sequence[tuple[int, re.Match[str]]]) -> list[_Start]:
    starts: list[_Start] = []
    for at, found in pairs:
        title = found["title"]
        if _value(found["mark"]) == len(starts) + 1 and len(title) <= _LONGEST_TITLE and not _SENTENCE.search(title):
            starts.append(_Start(at, str(len(starts) + 1), found.string, title, may_be_empty=False))
    return starts


def _cut(lines: Sequence[Line], starts: Sequence[_Start]) -> Iterator[Clause]:
    ends = [start.at for start in starts[1:]] + [len(lines)]
    for start, end in zip(starts, ends, strict=True):
        first = lines[start.at]
        said = (replace(first, text=start.rest, level=0),) if start.rest else ()
        its = (*said, *lines[start.at + 1 : end])
        yield Clause(start.key, start.name, start.title, first.number, its, start.may_be_empty)


def _without_contents(clauses: Sequence[Clause]) -> list[Clause]:
    """Without the lines of a table of contents: named again further on, where the words are."""
    worded = {clause.key for clause in clauses if not clause.empty}
    return [clause for clause in clauses if not (clause.empty and clause.key in worded)]


def _check(path: str, clauses: Sequence[Clause]) -> None:
    seen: dict[str, Clause] = {}
    for clause in clauses:
        if (first := seen.setdefault(clause.key, clause)) is not clause:
            reason = f"'{clause.name}'이(가) {first.number}번째 줄에도 있습니다. 문서가 둘이면 나누어 넣어 주세요."
            raise ContentError(path, clause.number, reason)
        if clause.empty and not clause.may_be_empty and not clause.deleted:
            raise ContentError(path, clause.number, f"'{clause.name}'에 본문이 없습니다.")


def _value(mark: str) -> int | None:
    sign = mark.rstrip(".)")
    if sign.isascii() and sign.isdigit():
        return int(sign)
    for letters, start in (("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ", 1), ("가나다라마바사아자차카타파하", 1), ("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", 1)):
        if sign in letters:
            return letters.index(sign) + start
    romans = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV"]
    return romans.index(sign) + 1 if sign in romans else None


def _style(mark: str) -> str:
    kinds: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("1", lambda c: c.isascii() and c.isdigit()),
        ("I", lambda c: c in "IVX"),
        ("Ⅰ", lambda c: "Ⅰ" <= c <= "Ⅻ"),
        ("가", lambda c: "가" <= c <= "힣"),
    )
    kind = next((name for name, holds in kinds if holds(mark[0])), "①")
    return kind + (mark[-1] if mark[-1] in ".)" else "")


def _slug(title: str) -> str:
    return "-".join(re.findall(r"[A-Za-z0-9가-힣]+", title))[:60].lower() or "clause"
