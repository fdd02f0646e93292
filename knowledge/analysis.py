"""Text to what is searched: Kiwi's morphemes and n-grams of jamo."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from kiwipiepy import Kiwi
from numpy.typing import NDArray

from knowledge.text import normalise, to_jamo

# Content words; particles, endings and marks say little about the subject.
_CONTENT_TAGS = frozenset(("NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "VX", "VCN", "MM", "MAG", "XR", "XPN", "SL", "SN"))
_GRAM_SIZES = (3, 4)
_MAX_CHARS = 1000  # of a question: past that a message is a letter, and its beginning is searched
_TOKEN = re.compile(r"[0-9A-Za-z가-힣ㄱ-ㅣ一-鿿]+")
_NOT_LETTER = re.compile(r"[\W_]+")
_CACHED = 50_000  # distinct eojeol; about 20 MB

U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Analysis:
    """text: normalised. forms: distinct content morphemes, keys and counts beside them (sorted by key, uint64; uint16).
    grams, gram_counts: codes of the distinct jamo n-grams, sorted, and how often each occurs."""

    text: str
    forms: tuple[str, ...]
    keys: U64
    counts: NDArray[np.uint16]
    grams: U64
    gram_counts: NDArray[np.uint16]


class Analyzer:
    """Kiwi with the dictionaries a shop needs. Takes about 1.3 s and 300 MB: construct it once, in a thread.

    Eojeol (what stands between spaces) are analysed one by one and remembered: customers' words repeat, and search is
    as good as with whole sentences.
    """

    def __init__(self) -> None:
        self._kiwi = Kiwi(num_workers=1, load_multi_dict=False)
        self._known: dict[str, tuple[tuple[str, int], ...]] = {}

    def analyse(self, text: str) -> Analysis:
        """Analysis of one question; an empty one gives no words and no grams."""
        return self._analyse(normalise(text[:_MAX_CHARS]))

    def analyse_entry(self, text: str) -> Analysis:
        """Analysis of a text of the knowledge base, however long."""
        return self._analyse(normalise(text))

    def _analyse(self, text: str) -> Analysis:
        counts: dict[tuple[str, int], int] = {}
        for eojeol in _TOKEN.findall(text):
            for word in self._known.get(eojeol) or self._eojeol(eojeol):
                counts[word] = counts.get(word, 0) + 1
        words = sorted(counts, key=_second)
        keys = np.array([key for _, key in words], np.uint64)
        grams, gram_counts = grams_of(text)
        number = np.array([min(counts[w], 65535) for w in words], np.uint16)
        return Analysis(text, tuple(form for form, _ in words), keys, number, grams, gram_counts)

    def _eojeol(self, eojeol: str) -> tuple[tuple[str, int], ...]:
        words = []
        for token in self._kiwi.tokenize(eojeol):
            if token.tag.partition("-")[0] in _CONTENT_TAGS:
                form = token.form.lower()
                words.append((form, key_of(form)))
        if len(self._known) >= _CACHED:
            self._known.clear()
        self._known[eojeol] = tuple(words)
        return self._known[eojeol]


def _second(word: tuple[str, int]) -> int:
    return word[1]


def key_of(form: str) -> int:
    """A word's key: the same in every process and version."""
    return int.from_bytes(blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def grams_of(text: str) -> tuple[U64, NDArray[np.uint16]]:
    """Distinct jamo n-grams of the text without spaces and marks, as sorted codes, and how often each occurs.

    A gram's code holds 12 bits of each letter: exact for jamo, Latin and digits, all that search has to tell apart.
    """
    letters = to_jamo(_NOT_LETTER.sub("", text.lower()))
    codes = np.frombuffer(letters.encode("utf-16-le", "surrogatepass"), np.uint16).astype(np.uint64) & np.uint64(0xFFF)
    found = [_grams(codes, size) for size in _GRAM_SIZES if len(codes) >= size]
    if not found:
        return np.empty(0, np.uint64), np.empty(0, np.uint16)
    grams = np.sort(np.concatenate(found))
    starts = np.flatnonzero(np.append(True, grams[1:] != grams[:-1]))
    return grams[starts], np.diff(np.append(starts, len(grams))).astype(np.uint16)


def _grams(codes: U64, size: int) -> U64:
    count = len(codes) - size + 1
    gram = codes[:count] | np.uint64(size << 60)
    for i in range(1, size):
        gram |= codes[i : count + i] << np.uint64(12 * i)
    return gram
