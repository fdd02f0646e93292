"""Numbers that may never be stored: resident registration numbers and payment-card numbers.

Resident registration numbers may not be processed without a statute, and consent does not cure it (Personal Information
Protection Act 24-2), so they are removed before anything is written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

RRN_MASK = "[주민등록번호 삭제됨]"
CARD_MASK = "[카드번호 삭제됨]"

# Full-width signs, and every other sign that is drawn as a short line, as people type them; one character for one.
_PLAIN = str.maketrans("０１２３４５６７８９．‐‑‒–—―−－ㅡー~～/·\u00a0\u3000\t", "0123456789." + "-" * 14 + " " * 3)
# Bounded repetitions only, so the time stays linear in the length of the text.
_GAP = r" {0,2}[-.]? {0,2}"
_RRN = re.compile(rf"(?<![0-9])[0-9]{{6}}{_GAP}[1-8][0-9]{{6}}(?![0-9])")
_RUN = re.compile(rf"[0-9](?:{_GAP}[0-9])*")
_DIGITS = re.compile(r"[0-9]+")
_NO_CHECKSUM_SINCE = date(2020, 10, 1)  # numbers given since then end in a random digit
# Lengths of the numbers that card schemes give out, by how they begin: Visa, Mastercard, American Express, Diners Club,
# JCB, UnionPay and Discover, and the cards of Korean issuers that are good in Korea only.
_SHORTEST_CARD, _LONGEST_CARD = 13, 19
_CARD_LENGTHS = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"3[0689]"), (14,)),
    (re.compile(r"35"), (16,)),
    (re.compile(r"6"), (16, 17, 18, 19)),
    (re.compile(r"9"), (16,)),
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """text with every identifier replaced by a mask; kinds names what was found ("rrn", "card"), each once."""

    text: str
    kinds: tuple[str, ...]


def redact(text: str) -> Redacted:
    """Replace resident registration and card numbers. Works on full-width digits too; never raises."""
    if sum(c.isdigit() for c in text) < 13:
        return Redacted(text, ())
    plain = text.translate(_PLAIN)
    rrns = [(m.start(), m.end(), "rrn") for m in _RRN.finditer(plain) if _is_rrn(m[0])]
    spans = _joined(sorted(rrns + [(start, stop, "card") for start, stop in _cards(plain)]))
    if not spans:
        return Redacted(text, ())
    out, end = [], 0
    for start, stop, kind in spans:
        out += [text[end:start], RRN_MASK if kind == "rrn" else CARD_MASK]
        end = stop
    return Redacted("".join([*out, text[end:]]), tuple(dict.fromkeys(kind for _, _, kind in spans)))


def _joined(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Spans that overlap become one, so that no part of either number is left."""
    joined: list[tuple[int, int, str]] = []
    for start, stop, kind in spans:
        if joined and start < joined[-1][1]:
            first, last, before = joined[-1]
            joined[-1] = (first, max(last, stop), "rrn" if "rrn" in (before, kind) else kind)
        else:
            joined.append((start, stop, kind))
    return joined


def _cards(text: str) -> Iterator[tuple[int, int]]:
    """Card numbers among digits that stand close together, such as "4111 1111 1111 1111 12/27" or after a phone
    number. A number begins and ends where a group of digits does."""
    for run in _RUN.finditer(text):
        if len(run[0]) < _SHORTEST_CARD:
            continue
        groups = [(m.start(), m.end()) for m in _DIGITS.finditer(text, run.start(), run.end())]
        after = 0
        for i, (start, _) in enumerate(groups):
            if i < after:
                continue
            digits, end = "", 0
            for j in range(i, len(groups)):
                digits += text[groups[j][0] : groups[j][1]]
                if len(digits) > _LONGEST_CARD:
                    break
                if len(digits) >= _SHORTEST_CARD and _is_card(digits):
                    end, after = groups[j][1], j + 1
            if end:
                yield start, end


def _is_rrn(written: str) -> bool:
    digits = "".join(_DIGITS.findall(written))
    century = 1900 if digits[6] in "1256" else 2000
    try:
        born = date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    if len(written) > 13 or born >= _NO_CHECKSUM_SINCE:
        # Numbers given out since October 2020, also to people born earlier, end in a random digit: a written separator
        # between a real date and seven digits is evidence enough.
        return True
    weighted = sum(int(d) * w for d, w in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False)) % 11
    return int(digits[12]) in ((11 - weighted) % 10, (13 - weighted) % 10)


def _is_card(digits: str) -> bool:
    if not any(len(digits) in lengths and begins.match(digits) for begins, lengths in _CARD_LENGTHS):
        return False
    total = 0
    for i, d in enumerate(reversed(digits)):
        n = int(d) * (1 + i % 2)
        total += n - 9 if n > 9 else n
    return total % 10 == 0
