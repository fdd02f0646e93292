"""What the weights are learnt on: hashed character 1- to 4-grams, and the signs that words and rules give."""

import re

import numpy as np
from numpy.typing import NDArray

from moderation.lexicon import GROUPS, Found, Lexicon
from moderation.normalise import Reading

NGRAM_BITS = 17
_LENGTHS = np.array([[0xFFFF], [0xFFFFFFFF], [0xFFFFFFFFFFFF], [0xFFFFFFFFFFFFFFFF]], np.uint64)
_UNITS = np.dtype("<u8")
_MIX = np.array(0xD6E8FEB86659FD93, np.uint64)
_SHIFT = np.array(64 - NGRAM_BITS, np.uint64)

_QUOTED = (
    "라고",
    "라는",
    "라며",
    "라면서",
    "라던",
    "라네",
    "라니",
    "이라",
    "소리",
    "란말",
    "같은말",
    "같은욕",
    "표현",
    "단어",
    "욕",
    "말고",
    "말을",
    "래요",
    "냐고",
    "냐며",
    "한다고",
    "하라고",
    "다고",
    "다는",
    "다며",
    "라길",
    "다길",
)
_ADDRESSED = (
    "아",
    "야",
    "놈",
    "년",
    "들",
    "새",
    "넘",
    "련",
    "것들",
    "이냐",
    "냐",
    "같은놈",
    "같은년",
    "같은게",
    "같은것",
)
_POLITE = ("요", "니다", "니까", "죠", "시오", "용")
DERIVED = ("quoted", "addressed", "crossed", "polite", "brief", "mostly", "undirected", "vented")
_SWEAR = 1 << GROUPS.index("swear")
_DIRECTED = sum(1 << GROUPS.index(group) for group in ("name", "slur", "shut", "you", "staff"))
_ABOUT_ELSE = sum(1 << GROUPS.index(group) for group in ("product", "self", "praise"))
_WORSE = sum(1 << GROUPS.index(group) for group in ("harm", "lewd"))


def signs_of(lexicon: Lexicon) -> tuple[str, ...]:
    """The names of all signs, in the order of their numbers."""
    return (*GROUPS, *(f"rule_{r.name}" for r in lexicon.rules), *DERIVED)


def signs(lexicon: Lexicon, reading: Reading, found: Found) -> tuple[list[int], list[tuple[int, int]]]:
    """The numbers of the signs that are there, and where in the compact text rules matched ([start, end))."""
    compact = reading.compact
    present: list[int] = []
    matched: list[tuple[int, int]] = []
    waiting = found.mask
    while waiting:
        number = (waiting & -waiting).bit_length() - 1
        waiting &= waiting - 1
        if number < len(GROUPS):
            present.append(number)
        elif span := _first(lexicon.rules[number - len(GROUPS)].pattern, compact, found.innocent):
            present.append(number)
            matched.append(span)
    base = len(GROUPS) + len(lexicon.rules)
    hard = found.hits
    undirected = False
    if hard:
        if any(compact.startswith(_QUOTED, h.end) or compact.startswith(_QUOTED, h.end + 1) for h in hard):
            present.append(base)
        if any(compact.startswith(_ADDRESSED, h.end) for h in hard):
            present.append(base + 1)
        elif found.mask & _SWEAR and not found.mask & _DIRECTED:
            undirected = True
        if any(h.crossed for h in hard):
            present.append(base + 2)
    if compact.endswith(_POLITE):
        present.append(base + 3)
    if len(compact) <= 8:
        present.append(base + 4)
    if hard and 2 * sum(h.end - h.start for h in hard) >= len(compact):
        present.append(base + 5)
    if undirected:
        present.append(base + 6)
        if found.mask & _ABOUT_ELSE and not found.mask & _WORSE:
            present.append(base + 7)
    return present, matched


def buckets(text: str) -> NDArray[np.int64]:
    """The buckets (below 2**NGRAM_BITS) of all n-grams, shape (4, n + 2) for n UTF-16 units: row k has the (k+1)-grams.

    The text counts with a space on either side. Lone surrogates pass.
    """
    units = f" {text} \0\0\0".encode("utf-16-le", "surrogatepass")
    # One 64-bit number holds four 16-bit units, so a view that moves on by one unit is all 4-grams at once.
    fours = np.ndarray((len(units) // 2 - 3,), _UNITS, units, 0, (2,))
    grams = fours & _LENGTHS
    grams *= _MIX
    grams >>= _SHIFT
    return grams.view(np.int64)


def _first(pattern: re.Pattern[str], compact: str, innocent: list[tuple[int, int]]) -> tuple[int, int] | None:
    if not innocent:
        match = pattern.search(compact)
        return match.span() if match else None
    allowed = {i for start, end in innocent for i in range(start, end)}
    return next((m.span() for m in pattern.finditer(compact) if m.start() not in allowed), None)
