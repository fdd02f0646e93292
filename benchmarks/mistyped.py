"""The ways customers mistype: no spaces, a slipped letter in every eight, the wrong keyboard layout."""

import random
from collections.abc import Callable, Sequence

from knowledge.text import FINALS, INITIALS, VOWELS, to_keys

_SEED = 11
_ONE_IN = 8
_BESIDE = dict(
    zip(
        "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ",
        "ㅓㅔㅏㅐㅏㅐㅓㅔㅜㅝㅞㅟㅗㅗㅘㅙㅣㅜㅜㅣㅡ",
        strict=True,
    )
)


def without_spaces(texts: Sequence[str]) -> list[str]:
    return ["".join(text.split()) for text in texts]


def with_typos(texts: Sequence[str]) -> list[str]:
    """In one of eight letters a vowel, a consonant or a final goes wrong; the same texts get the same errors."""
    chance = random.Random(_SEED)
    return [_slipped(text, chance) for text in texts]


def on_wrong_layout(texts: Sequence[str]) -> list[str]:
    """What comes out when the keyboard is switched to Latin."""
    return [to_keys(text) for text in texts]


VARIANTS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "clean": list,
    "no spaces": without_spaces,
    "typos": with_typos,
    "wrong layout": on_wrong_layout,
}


def _slipped(text: str, chance: random.Random) -> str:
    letters = list(text)
    places = [at for at, letter in enumerate(letters) if "가" <= letter <= "힣"]
    count = max(1, round(len("".join(text.split())) / _ONE_IN))
    for at in chance.sample(places, min(count, len(places))):
        number = ord(letters[at]) - 0xAC00
        initial, vowel, final = number // 588, number % 588 // 28, number % 28
        what = chance.choice(("vowel", "vowel", "initial", "final"))
        if what == "vowel":
            vowel = VOWELS.index(_BESIDE[VOWELS[vowel]])
        elif what == "initial":
            initial = chance.choice([i for i in range(len(INITIALS)) if i != initial])
        else:
            final = 0 if final else FINALS.index(chance.choice("ㄱㄴㄹㅅㅇ"))
        letters[at] = chr(0xAC00 + initial * 588 + vowel * 28 + final)
    return "".join(letters)
