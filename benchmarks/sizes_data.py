"""Knowledge bases of any size: entries of made-up products and their questions, with words as unequal as in life."""

import random
from collections.abc import Sequence

import numpy as np

from domain.knowledge import Entry, EntryKind
from knowledge.files import default_texts, parse

_SEED = 5
_NAMES = 20_000  # compounds beside the common words: products, places, people
_ALIASES, _BODY = 2, 24


def made_up(count: int) -> list[Entry]:
    """So many entries with a title, two aliases and a body; the same ones every time."""
    chance = np.random.default_rng(_SEED)
    common, names = _words(random.Random(_SEED))
    entries = []
    for number in range(count):
        subject = [names[i] for i in chance.integers(0, len(names), 2)]
        texts = [" ".join([*subject, *_drawn(chance, common, length)]) for length in (2, *[4] * _ALIASES)]
        body = " ".join([*_drawn(chance, common, _BODY), *subject])
        entries.append(Entry(f"e{number}", texts[0], EntryKind.ANSWER, body, aliases=tuple(texts[1:])))
    return entries


def questions(entries: Sequence[Entry], count: int) -> list[str]:
    """Aliases as customers would put them: a word lost, one of their own instead, now and then a letter wrong."""
    chance = random.Random(_SEED + 1)
    common, _ = _words(random.Random(_SEED))
    asked = []
    for _ in range(count):
        words = chance.choice(chance.choice(entries).aliases).split()
        words[chance.randrange(len(words))] = chance.choice(common)
        text = " ".join(words)
        at = chance.randrange(len(text))
        if chance.random() < 0.3 and "가" <= text[at] <= "힣":
            text = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        asked.append(text)
    return asked


def _words(chance: random.Random) -> tuple[list[str], list[str]]:
    entries = [parse(f"{name}.md", text) for name, text in default_texts().items()]
    common = list(dict.fromkeys(w for e in entries for t in (*e.aliases, e.body) for w in t.split()))
    short = [word for word in common if 2 <= len(word) <= 4 and all("가" <= letter <= "힣" for letter in word)]
    return common, [chance.choice(short) + chance.choice(short) for _ in range(_NAMES)]


def _drawn(chance: np.random.Generator, words: Sequence[str], count: int) -> list[str]:
    """Words by Zipf's law: the first ones often, most of them rarely."""
    ranks = np.minimum(chance.zipf(1.2, count), len(words)) - 1
    return [words[(int(rank) * 7919) % len(words)] for rank in ranks]
