"""Text to what is searched: Kiwi's morphemes and n-grams of jamo."""

import re
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from kiwipiepy import Kiwi, Token
from numpy.typing import NDArray

from knowledge.meaning import Meanings
from knowledge.text import INITIALS, normalise, to_jamo

# Content words; particles, endings and marks say little about the subject.
_CONTENT_TAGS = frozenset(
    ("NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "VX", "VCN", "MM", "MAG", "XR", "XPN", "SL", "SN")
)
_MAX_CHARS = 1000  # of a question: past that a message is a letter, and its beginning is searched
# At most 64 letters: one call of Kiwi stays within a few milliseconds, also for a message without any space.
TOKEN = re.compile(r"[0-9A-Za-z가-힣ㄱ-ㅣ一-鿿]{1,64}")
_COMMON = 12_000  # Kiwi numbers its morphemes by how common they are
_CACHED = 30_000  # distinct eojeol; about 10 MB

U64 = NDArray[np.uint64]
Counts = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Word:
    """A content morpheme: its dictionary form, a key that is the same in every process, Kiwi's id of it, and whether
    it is a name or a noun too rare to be common speech."""

    form: str
    key: int
    morpheme: int
    name: bool


@dataclass(frozen=True, slots=True)
class Analysis:
    """A text taken apart; keys are sorted and distinct, counts stand beside them.

    text: normalised. eojeols: what stands between spaces and marks. words: content morphemes in order of their keys.
    grams: jamo trigrams and initial-consonant fourgrams. outline: initial-consonant trigrams.
    """

    text: str
    eojeols: tuple[str, ...]
    words: tuple[Word, ...]
    word_keys: U64
    word_counts: Counts
    grams: U64
    gram_counts: Counts
    outline: U64


class Analyzer:
    """Kiwi with the dictionaries a shop needs. Takes about 1.5 s and 300 MB: construct it once, in a thread.

    Eojeol (what stands between spaces) are analysed one by one and remembered: customers' words repeat, and search is
    as good as with whole sentences. Each call is a slice of well under a millisecond, so other threads get their turn.
    """

    def __init__(self) -> None:
        self._kiwi = Kiwi(num_workers=1, load_multi_dict=False)
        self._known: dict[str, tuple[Word, ...]] = {}
        self._words: dict[Word, Word] = {}
        self.meanings = Meanings(self._kiwi)

    def analyse(self, text: str) -> Analysis:
        """Analysis of one question; an empty one gives no words and no grams."""
        return self._analyse(normalise(text[:_MAX_CHARS]))

    def analyse_entry(self, text: str) -> Analysis:
        """Analysis of a text of the knowledge base, however long."""
        return self._analyse(normalise(text))

    def words(self, eojeol: str) -> tuple[Word, ...]:
        """Content morphemes of one eojeol, in order."""
        words = self._known.get(eojeol)
        return self._compute(eojeol) if words is None else words

    def _analyse(self, text: str) -> Analysis:
        eojeols = tuple(TOKEN.findall(text))
        counts: dict[int, int] = {}
        words: dict[int, Word] = {}
        for eojeol in eojeols:
            for word in self.words(eojeol):
                words[word.key] = word
                counts[word.key] = counts.get(word.key, 0) + 1
        keys = sorted(counts)
        return Analysis(
            text,
            eojeols,
            tuple([words[k] for k in keys]),
            np.array(keys, np.uint64),
            np.array([min(counts[k], 65535) for k in keys], np.uint16),
            *grams_of("".join(eojeols)),
        )

    def _compute(self, eojeol: str) -> tuple[Word, ...]:
        tokens = [t for t in self._kiwi.tokenize(eojeol) if t.tag.partition("-")[0] in _CONTENT_TAGS]
        words = tuple([self._words.setdefault(word, word) for word in map(_word, tokens)])
        if len(self._known) >= _CACHED:
            self._known.clear()
            self._words.clear()
        self._known[eojeol] = words
        return words


def _word(token: Token) -> Word:
    form = token.form.lower()
    rare = token.tag == "NNG" and (token.oov or token.id > _COMMON)
    return Word(form, key_of(form), token.id, token.tag == "NNP" or rare)


def key_of(form: str) -> int:
    """A word's key: 64 bits of a hash, the same in every process and version."""
    return int.from_bytes(blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def grams_of(letters: str) -> tuple[U64, Counts, U64]:
    """Grams, their counts, and the outline (see Analysis) of a text without spaces and marks.

    Initial consonants survive most typing errors, which change a vowel, or lose or gain a final. A gram's code holds
    12 bits of each letter, exact for jamo, Latin and digits, and a tag of its family in the highest bits.
    """
    letters = letters.lower()
    raw = np.frombuffer(letters.encode("utf-16-le", "surrogatepass"), np.uint16)
    jamo = np.frombuffer(to_jamo(letters).encode("utf-16-le", "surrogatepass"), np.uint16)
    initials = np.where((raw >= 0xAC00) & (raw <= 0xD7A3), _INITIAL_CODES[(raw - 0xAC00) // 588 % 19], raw)
    trigrams, _ = _grams(jamo)
    outline, fourgrams = _grams(initials)
    grams, counts = _distinct(np.concatenate([trigrams | _TAGS[1], fourgrams | _TAGS[2]]))
    return grams, counts, _distinct(outline | _TAGS[3])[0]


_INITIAL_CODES = np.array([ord(c) for c in INITIALS], np.uint16)
_TAGS = np.arange(4, dtype=np.uint64) << np.uint64(60)
_BITS = np.arange(4, dtype=np.uint64) * np.uint64(12)


def _grams(letters: NDArray[np.uint16]) -> tuple[U64, U64]:
    """Codes of all runs of three letters and of four."""
    codes = letters.astype(np.uint64) & np.uint64(0xFFF)
    three = codes[:-2] | codes[1:-1] << _BITS[1]
    three |= codes[2:] << _BITS[2]
    return three, three[:-1] | codes[3:] << _BITS[3]


def _distinct(codes: U64) -> tuple[U64, Counts]:
    """The codes sorted, each once, and how often each occurs. Sorts in place."""
    codes.sort()
    new = np.empty(len(codes) + 1, np.bool_)
    new[:1] = new[-1:] = True
    np.not_equal(codes[1:], codes[:-1], out=new[1:-1])
    starts = new.nonzero()[0]
    return codes[starts[:-1]], (starts[1:] - starts[:-1]).astype(np.uint16)
