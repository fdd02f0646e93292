"""Hangul letters: composing syllables, and the Korean keyboard typed while it was set to English."""

import re
from functools import cache

LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
TAILS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_VOWEL_PAIRS = {"ㅗㅏ": "ㅘ", "ㅗㅐ": "ㅙ", "ㅗㅣ": "ㅚ", "ㅜㅓ": "ㅝ", "ㅜㅔ": "ㅞ", "ㅜㅣ": "ㅟ", "ㅡㅣ": "ㅢ"}
_TAIL_PAIRS = {
    "ㄱㅅ": "ㄳ",
    "ㄴㅈ": "ㄵ",
    "ㄴㅎ": "ㄶ",
    "ㄹㄱ": "ㄺ",
    "ㄹㅁ": "ㄻ",
    "ㄹㅂ": "ㄼ",
    "ㄹㅅ": "ㄽ",
    "ㄹㅌ": "ㄾ",
    "ㄹㅍ": "ㄿ",
    "ㄹㅎ": "ㅀ",
    "ㅂㅅ": "ㅄ",
}
_V = f"[{VOWELS}]"
_T = f"[{''.join(TAILS)}](?!{_V})"

# One match is one syllable, so that a position in the composed text leads back to exact positions in the source.
SYLLABLE = re.compile(
    f"([{LEADS}])({'|'.join(_VOWEL_PAIRS)}|{_V})((?:{'|'.join(_TAIL_PAIRS)})(?!{_V})|{_T})?",
)
_WHOLE = re.compile(f"(?:{SYLLABLE.pattern}){{2,}}|(?:{SYLLABLE.pattern}){{3,}}[{LEADS}]")

_KEYS = "qwertyuiopasdfghjklzxcvbnm" + "QWERTOP"
_LETTERS = "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ" + "ㅃㅉㄸㄲㅆㅒㅖ"


def compose(match: re.Match[str]) -> str:
    """The syllable of one SYLLABLE match."""
    lead, vowel, tail = match.groups(default="")
    vowel, tail = _VOWEL_PAIRS.get(vowel, vowel), _TAIL_PAIRS.get(tail, tail)
    return chr(0xAC00 + (LEADS.index(lead) * 21 + VOWELS.index(vowel)) * 28 + TAILS.index(tail))


def as_typed_in_korean(word: str) -> str:
    """The letters a Latin word gives on a Korean keyboard, one for one; the word itself where they make no syllables.

    "tlqkf" becomes "ㅅㅣㅂㅏㄹ". Upper case matters ("R" is ㄲ, "r" is ㄱ), so this comes before any lower-casing.
    """
    letters = word.translate(_keyboard())
    return letters if _WHOLE.fullmatch(letters) else word


@cache
def _keyboard() -> dict[int, str]:
    table = {ord(key): letter for key, letter in zip(_KEYS, _LETTERS, strict=True)}
    return {ord(key.upper()): letter for key, letter in zip(_KEYS, _LETTERS, strict=True)} | table
