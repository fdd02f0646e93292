"""Numbers that may never be stored: resident registration numbers and payment-card numbers.

Resident registration numbers may not be processed without a statute, and consent does not cure it (Personal Information
Protection Act 24-2), so they are removed before anything is written.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

RRN_MASK = "[주민등록번호 삭제됨]"
CARD_MASK = "[카드번호 삭제됨]"

_ASCII_DIGITS = str.maketrans("０１２３４５６７８９－．", "0123456789-.")
# Bounded repetitions only, so the time stays linear in the length of the text.
_RRN = re.compile(r"(?<![0-9])[0-9]{6}[ \t]{0,2}[-–—~.]?[ \t]{0,2}[1-8][0-9]{6}(?![0-9])")
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ \t\-–—.]?[0-9]){12,18}(?![0-9])")
_NO_CHECKSUM_SINCE = date(2020, 10, 1)  # numbers given since then end in a random digit


@dataclass(frozen=True, slots=True)
class Redacted:
    """text with every identifier replaced by a mask; kinds names what was found ("rrn", "card"), each once."""

    text: str
    kinds: tuple[str, ...]


def redact(text: str) -> Redacted:
    """Replace resident registration and card numbers. Works on full-width digits too; never raises."""
    if sum(c.isdigit() for c in text) < 13:
        return Redacted(text, ())
    plain = text.translate(_ASCII_DIGITS)
    spans = sorted(_spans(plain, _RRN, _is_rrn, "rrn") + _spans(plain, _CARD, _is_card, "card"))
    if not spans:
        return Redacted(text, ())
    out, end = [], 0
    for start, stop, kind in spans:
        if start < end:
            continue
        out += [text[end:start], RRN_MASK if kind == "rrn" else CARD_MASK]
        end = stop
    return Redacted("".join([*out, text[end:]]), tuple(dict.fromkeys(kind for _, _, kind in spans)))


def _spans(text: str, pattern: re.Pattern[str], valid: Callable[[str], bool], kind: str) -> list[tuple[int, int, str]]:
    return [(m.start(), m.end(), kind) for m in pattern.finditer(text) if valid(m[0])]


def _is_rrn(written: str) -> bool:
    digits = _digits(written)
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


def _is_card(written: str) -> bool:
    digits = _digits(written)
    if len(set(digits)) == 1:
        return False
    total = 0
    for i, d in enumerate(reversed(digits)):
        n = int(d) * (1 + i % 2)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def _digits(written: str) -> str:
    return re.sub(r"[^0-9]", "", written)
