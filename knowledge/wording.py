"""What changed between two texts, word by word, for people to read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_ALIKE = 0.4  # lines less alike than this are told apart as a whole
_MOST = 250_000  # pairs of words that are compared in one pair of lines
_MOST_LINES = 4_000_000


class Mark(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    mark: Mark
    text: str


def compare_lines(before: Sequence[str], after: Sequence[str]) -> tuple[tuple[Piece, ...], ...]:
    """Both texts' lines in one order, each in pieces; a line in both is one SAME piece."""
    if len(before) * len(after) > _MOST_LINES:
        return (*_whole(before, Mark.REMOVED), *_whole(after, Mark.ADDED))
    found: list[tuple[Piece, ...]] = []
    for how, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if how == "equal":
            found += _whole(before[a:b], Mark.SAME)
            continue
        old, new = before[a:b], after[c:d]
        for was, now in zip(old, new, strict=False):
            found += _line(was, now)
        found += _whole(old[len(new) :], Mark.REMOVED) + _whole(new[len(old) :], Mark.ADDED)
    return tuple(found)


def compare_words(before: str, after: str) -> tuple[Piece, ...]:
    """One line against another."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) * len(new) > _MOST:
        return (Piece(Mark.REMOVED, before), Piece(Mark.ADDED, after))
    pieces: list[Piece] = []
    for how, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            pieces.append(Piece(Mark.SAME, "".join(old[a:b])))
            continue
        pieces += [Piece(Mark.REMOVED, "".join(old[a:b])), Piece(Mark.ADDED, "".join(new[c:d]))]
    return tuple(_joined([piece for piece in pieces if piece.text]))


def _line(was: str, now: str) -> list[tuple[Piece, ...]]:
    pieces = compare_words(was, now)
    same = sum(len(piece.text) for piece in pieces if piece.mark is Mark.SAME and piece.text.strip())
    if 2 * same >= _ALIKE * (len(was) + len(now)):
        return [pieces]
    return _whole([was], Mark.REMOVED) + _whole([now], Mark.ADDED)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """A space that stayed between two changed words is changed with them: fewer marks read better."""
    found: list[Piece] = []
    for at, piece in enumerate(pieces):
        between = piece.mark is Mark.SAME and piece.text.isspace() and 0 < at < len(pieces) - 1
        marks = (Mark.REMOVED, Mark.ADDED) if between else (piece.mark,)
        for mark in marks:
            # A removed run and the added run behind it grow side by side.
            place = next((n for n in (-1, -2) if len(found) >= -n and found[n].mark is mark), None)
            if place is None or any(run.mark is Mark.SAME for run in found[place:]):
                found.append(Piece(mark, piece.text))
            else:
                found[place] = Piece(mark, found[place].text + piece.text)
    return found


def _whole(lines: Sequence[str], mark: Mark) -> list[tuple[Piece, ...]]:
    return [(Piece(mark, line),) for line in lines]
