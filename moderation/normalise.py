"""A message as a person hears it: look-alikes, keyboard tricks and separators undone, reversible to positions."""

import re
import unicodedata
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from moderation.hangul import SYLLABLE, as_typed_in_korean, compose

_TABLE_END = 0x1F200  # past it there are no letters that people use for disguise; they stay as they are
_HANGUL = range(0xAC00, 0xD7A4)
_LOOKALIKES = {
    **dict(zip("аеорсухіѕԁһјӏьɡαοριτυν", "aeopcyxisdhjlbgaopituv", strict=True)),
    **dict(zip("АВЕКМНОРСТХΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", "ABEKMHOPCTXABEHIKMNOPTXYZ", strict=True)),
    **dict(zip("ßøđłıñçåäáàâãéèêëíìîïóòôõöúùûü", "sodlincaaaaaaeeeeiiiiooooouuuu", strict=True)),
    **dict(zip("丨一人口己卜トフ", "ㅣㅡㅅㅁㄹㅏㅏㄱ", strict=True)),
    **dict(zip("∧∨△□ㆍ·•・", "ㅅㅅㅅㅁ....", strict=True)),
}

_PLAIN = re.compile(r"[가-힣 0-79.,?!~]*").fullmatch  # not 8, which is read aloud in "18" and "시8"
_CONJOINING = re.compile("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]+")
_ORDINARY = re.compile("[ -~\\n가-힣ㄱ-ㅣ]*").fullmatch
_LETTER_PAIR = re.compile("[ㄱ-ㅎ][ㅏ-ㅣ]")
_WORD = re.compile("[A-Za-z]{3,}")
_DISGUISE = re.compile(r"[ㄱ-ㅎ][1lI|!Hhr]|\^\^|77|18|[시씨]8|ㄱㄱ[ㅏ-ㅣ]|ㅅㅅ[ㅂㅏ-ㅣ발바]")
_DISGUISED = (
    (re.compile(r"\^\^(?=\s?[ㅂ1ㅣ발바])"), lambda m: "ㅅㅅ"),
    (re.compile(r"(?<=[ㄱ-ㅎ])[1lI|!](?=\s?[가-힣ㄱ-ㅎㅏ-ㅣ])|(?<=[ㄱ-ㅎ])[lI|](?![a-zA-Z])"), lambda m: "ㅣ"),
    (re.compile(r"(?<=[ㄱ-ㅎ])[Hh](?![a-zA-Z])"), lambda m: "ㅐ"),
    (re.compile(r"(?<=[ㄱ-ㅎ])r(?![a-zA-Z])"), lambda m: "ㅏ"),
    (re.compile(r"(?<![0-9])18(?=\s?(?:놈|년아|년들|새끼|것들|럼|롬))"), lambda m: "십팔"),
    (re.compile(r"(?<![0-9])(?<=[시씨])8(?![0-9분시년월일])"), lambda m: "팔"),
    (re.compile(r"77(?=[ㅏ-ㅣ1lI])"), lambda m: "ㄱㄱ"),
    (re.compile(r"(?<=ㄱㄱ)[1lI]"), lambda m: "ㅣ"),
)
_DOUBLED = re.compile("ㄱㄱ(?=[ㅏ-ㅣ])|ㅅㅅ(?=[ㅂㅏ-ㅣ발바])")
_SOUND_DRAWN_OUT = re.compile("(?<=[가-힣])([아어오우으이애에])\\1+")
_REPEATED = re.compile(r"(.)\1{2,}", re.DOTALL)
# Without ㅋ ㅎ ㅠ ㅜ ㅡ: laughter and tears separate too. A digit stays only where it counts something ("10시 발송").
_TOKEN = re.compile(
    "(?:(?<![가-힣])[0-9](?=[년시개월일차호번인분명원층박살대세째만천백]))?[가-힣ㄱ-ㅊㅌㅍㅏ-ㅛㅝ-ㅟㅢㅣa-z]+"
)


class Reading(NamedTuple):  # a tuple is made in a third of the time of a frozen dataclass
    """plain: the message with look-alikes and case undone. decoded: with every other disguise undone, still in words.

    compact: the letters of decoded without anything between them; tokens: the pieces that compact is joined from.
    """

    plain: str
    decoded: str
    compact: str
    tokens: list[str]

    def edges(self) -> frozenset[int]:
        """Where a word starts or ends in compact."""
        return frozenset(accumulate(map(len, self.tokens), initial=0))


class Normaliser:
    """Holds the translation table (about 0.5 MB); reading takes time linear in the length of the text."""

    __slots__ = ("_table",)

    def __init__(self) -> None:
        self._table = "".join(_plain_form(code) for code in range(_TABLE_END))

    def read(self, text: str) -> Reading:
        if _PLAIN(text):
            plain = _squeezed(text, None)
            decoded = _hurried(plain, None)
        else:
            translated = self._translate(text)
            plain = _lower(_squeezed(translated, None))
            decoded = self._decode(translated, None)
        tokens = _TOKEN.findall(decoded)
        return Reading(plain, decoded, "".join(tokens), tokens)

    def positions(self, text: str, reading: Reading) -> list[tuple[int, int]]:
        """For each character of reading.compact, the [start, end) it comes from in the text that was read."""
        if len(text) == len(reading.decoded):  # no step makes a text longer, so an equal length means equal places
            return [(i, i + 1) for m in _TOKEN.finditer(reading.decoded) for i in range(m.start(), m.end())]
        origin = list(range(len(text)))
        if _PLAIN(text):
            decoded = _hurried(_squeezed(text, origin), origin)
        else:
            decoded = self._decode(self._translate(text), origin)
        origin.append(len(text))
        return [(origin[i], origin[i + 1]) for m in _TOKEN.finditer(decoded) for i in range(m.start(), m.end())]

    def _translate(self, text: str) -> str:
        return text if _ORDINARY(text) else text.translate(self._table)

    def _decode(self, text: str, origin: list[int] | None) -> str:
        if not _ORDINARY(text) and _CONJOINING.search(text):
            text = _replace(_CONJOINING, _compat, text, origin)
        if _DISGUISE.search(text):
            for pattern, new in _DISGUISED:
                text = _replace(pattern, new, text, origin)
            text = _replace(_DOUBLED, _tense, text, origin)
        if _WORD.search(text):
            text = _replace(_WORD, _from_keyboard, text, origin)
        text = _lower(text)
        if _LETTER_PAIR.search(text):
            text = _replace(SYLLABLE, compose, text, origin)
        return _hurried(_squeezed(text, origin), origin)


def _plain_form(code: int) -> str:
    """One character for one: NFKC where it is one character, look-alikes, and nothing for marks that only decorate."""
    char = chr(code)
    if code in _HANGUL:
        return char
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    if 0x3131 <= code <= 0x3163:
        return char
    if 0x1F150 <= code <= 0x1F189:  # letters in black circles and squares
        return chr(ord("A") + (code - 0x1F150) % 32 % 26)
    if 0x1F1E6 <= code <= 0x1F1FF:  # letters that flags are made of
        return chr(ord("A") + code - 0x1F1E6)
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return "\u200b"
    form = unicodedata.normalize("NFKC", char)
    if len(form) == 3 and form[0] == "(":  # a letter in brackets
        form = form[1]
    form = form[:1] or char
    if 0x1100 <= ord(form) <= 0x11FF and code not in range(0x1100, 0x1200):
        return _as_compat(form)
    return _LOOKALIKES.get(form, form)


def _as_compat(jamo: str) -> str:
    name = unicodedata.name(jamo, "").rsplit(" ", 1)[-1]
    try:
        return unicodedata.lookup(f"HANGUL LETTER {name}")
    except KeyError:
        return jamo


def _compat(match: re.Match[str]) -> str:
    composed = unicodedata.normalize("NFC", match[0])
    return "".join(_as_compat(c) if ord(c) not in _HANGUL else c for c in composed)


def _tense(match: re.Match[str]) -> str:
    return "ㄲ" if match[0][0] == "ㄱ" else "ㅆ"


def _from_keyboard(match: re.Match[str]) -> str:
    return as_typed_in_korean(match[0])


def _lower(text: str) -> str:
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower()[0] for c in text)


def _squeezed(text: str, origin: list[int] | None) -> str:
    """At most two of the same character in a row."""
    return _replace(_REPEATED, _twice, text, origin) if _REPEATED.search(text) else text


def _hurried(text: str, origin: list[int] | None) -> str:
    """Without the vowels that draw a syllable out."""
    return _replace(_SOUND_DRAWN_OUT, _nothing, text, origin) if _SOUND_DRAWN_OUT.search(text) else text


def _twice(match: re.Match[str]) -> str:
    return match[1] * 2


def _nothing(match: re.Match[str]) -> str:
    return ""


def _replace(pattern: re.Pattern[str], new: Callable[[re.Match[str]], str], text: str, origin: list[int] | None) -> str:
    """pattern.sub, which keeps `origin` (the source position of each character of text) in step where it is given."""
    if origin is None:
        return pattern.sub(new, text)
    parts: list[str] = []
    kept: list[int] = []
    done = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        made = new(match)
        parts += (text[done:start], made)
        kept += origin[done:start]
        kept += (origin[start + k * (end - start) // len(made)] for k in range(len(made)))
        done = end
    parts.append(text[done:])
    kept += origin[done:]
    origin[:] = kept
    return "".join(parts)
