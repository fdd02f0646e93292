"""What all readers of documents give: lines of plain text, each with its place in the file."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

BOLD = 7  # the level of a line that is all bold: a heading below every real one
_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Line:
    """number: 1-based line of the file. text: empty between paragraphs. level: 1-6 of a heading, BOLD, else 0."""

    number: int
    text: str
    level: int = 0


def plain(text: str) -> str:
    """One line's words: spaces counted once, without characters that nobody sees."""
    seen = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return unicodedata.normalize("NFC", _SPACES.sub(" ", _ENDS.sub(" ", seen)).strip())


def text_lines(text: str) -> list[Line]:
    """A plain text's lines."""
    return [Line(number, plain(line)) for number, line in enumerate(_ENDS.split(text), 1)]


def table_lines(number: int, rows: Sequence[Sequence[str]], *, headed: bool) -> Iterator[Line]:
    """A table as lines that can be read alone: "- 항목: 이름 / 기간: 1년" where its first row is a head."""
    head = rows[0] if headed and len(rows) > 1 else ()
    for row in rows[1:] if head else rows:
        names = [*head, *[""] * len(row)]
        cells = [f"{name}: {cell}" if name and cell else cell for name, cell in zip(names, row, strict=False)]
        if said := " / ".join(cell for cell in cells if cell):
            yield Line(number, f"- {said}")


def without_doubled_blanks(lines: Iterable[Line]) -> list[Line]:
    found: list[Line] = []
    for line in lines:
        if line.text or (found and found[-1].text):
            found.append(line)
    return found
