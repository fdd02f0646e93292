"""Text to what is searched: Kiwi's morphemes and n-grams of jamo."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
from kiwipiepy import Kiwi, Token
from numpy.typing import NDArray

from knowledge.meaning import Meanings
from knowledge.text import FINALS, INITIALS, VOWELS, normalise

# Content words; particles, endings and marks say little about the subject.
_CONTENT_TAGS = frozenset(
    ("NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "VX", "VCN", "MM", "MAG", "XR", "XPN", "SL", "SN")
)
_MAX_CHARS = 1000  # of a question: past that a message is a letter, and its beginning is searched
# At most 64 letters: one call of Kiwi stays within a few milliseconds, also for a message without any space.
TOKEN = re.compile(r"[0-9A-Za-z가-힣ㄱ-ㅣ一-鿿]{1,64}")
_COMMON = 12_000  # Kiwi numbers its morphemes by how common they are
_CACHED = 30_000  # distinct eojeol; about 10 MB
_NAME_TAGS = ("NNP", "SL")  # Latin alone is foreign to Kiwi, whatever its dictionary says
_COMPANY = "\0company"  # the word that every company's name is besides

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
        self._companies = frozenset(companies())
        for name in self._companies:
            self._kiwi.add_user_word(name, "NNP")
        self._any_company = replace(_word(self._kiwi.tokenize("회사")[0]), form=_COMPANY, key=key_of(_COMPANY))
        self._known: dict[str, tuple[Word, ...]] = {}
        self._words: dict[Word, Word] = {}
        self.meanings = Meanings(self._kiwi)

    def analyse(self, text: str) -> Analysis:
        """Analysis of one question; an empty one gives no words and no grams."""
        return self.analyse_many([text])[0]

    def analyse_many(self, texts: Sequence[str]) -> list[Analysis]:
        """`analyse` for each, for much less than one by one."""
        return self._analyse([normalise(text[:_MAX_CHARS]) for text in texts])

    def analyse_entry(self, *texts: str) -> list[Analysis]:
        """Analysis of texts of the knowledge base, however long."""
        return self._analyse([normalise(text) for text in texts])

    def words(self, eojeol: str) -> tuple[Word, ...]:
        """Content morphemes of one eojeol, in order."""
        words = self._known.get(eojeol)
        return self._compute(eojeol) if words is None else words

    def _analyse(self, texts: Sequence[str]) -> list[Analysis]:
        eojeols = [tuple(TOKEN.findall(text)) for text in texts]
        words: list[tuple[Word, ...]] = []
        keys: list[int] = []
        counts: list[int] = []
        for found in eojeols:
            by_key: dict[int, Word] = {}
            count: dict[int, int] = {}
            for eojeol in found:
                for word in self.words(eojeol):
                    by_key[word.key] = word
                    count[word.key] = count.get(word.key, 0) + 1
            ordered = sorted(by_key)
            words.append(tuple([by_key[key] for key in ordered]))
            keys += ordered
            counts += [min(count[key], 65535) for key in ordered]
        all_keys, all_counts = np.array(keys, np.uint64), np.array(counts, np.uint16)
        out = []
        end = 0
        for text, found, its, grams in zip(texts, eojeols, words, grams_of(["".join(e) for e in eojeols]), strict=True):
            begin, end = end, end + len(its)
            out.append(Analysis(text, found, its, all_keys[begin:end], all_counts[begin:end], *grams))
        return out

    def _compute(self, eojeol: str) -> tuple[Word, ...]:
        tokens = [t for t in self._kiwi.tokenize(eojeol) if t.tag.partition("-")[0] in _CONTENT_TAGS]
        words = tuple([self._words.setdefault(word, word) for word in map(_word, tokens)])
        if any(t.tag in _NAME_TAGS and t.form in self._companies for t in tokens):
            words += (self._any_company,)
        if len(self._known) >= _CACHED:
            self._known.clear()
            self._words.clear()
        self._known[eojeol] = words
        return words


def companies() -> list[str]:
    """Names of companies and services that customers of any shop mention."""
    lines = (Path(__file__).parent / "data" / "companies_ko.txt").read_text("utf-8").splitlines()
    return [name for line in lines if not line.startswith("#") for name in line.split()]


def _word(token: Token) -> Word:
    form = token.form.lower()
    rare = token.tag == "NNG" and (token.oov or token.id > _COMMON)
    return Word(form, key_of(form), token.id, token.tag == "NNP" or rare)


def key_of(form: str) -> int:
    """A word's key: 64 bits of a hash, the same in every process and version."""
    return int.from_bytes(blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).digest())


Grams = tuple[U64, Counts, U64]


def grams_of(texts: Sequence[str]) -> list[Grams]:
    """For each text, of what TOKEN finds and nothing else: grams, their counts, and the outline (see Analysis).

    Initial consonants survive most typing errors, which change a vowel, or lose or gain a final. A gram's code holds
    12 bits of each letter, exact for jamo, Latin and digits, and a tag of its family in the highest bits.
    """
    raw = np.frombuffer("".join(texts).lower().encode("utf-16-le"), np.uint16)
    owner = np.arange(len(texts)).repeat([len(t) for t in texts])
    code = raw - np.uint16(0xAC00)  # what is no syllable wraps around to beyond them
    syllable = code < 11172
    final = np.where(syllable, code % 28, 0)
    initials = np.where(syllable, _INITIALS[code // 588 % 19], raw)
    sizes = 1 + syllable + (final > 0)
    at = sizes.cumsum() - sizes
    jamo = np.empty(int(sizes.sum()), np.uint16)
    jamo[at] = initials
    jamo[at[syllable] + 1] = _VOWELS[code[syllable] // 28 % 21]
    jamo[at[final > 0] + 2] = _FINALS[final[final > 0]]
    trigrams, of_trigrams, _, _ = _grams(jamo, owner.repeat(sizes))
    outline, of_outline, fourgrams, of_fourgrams = _grams(initials, owner)
    both = np.concatenate([trigrams | _TAGS[1], fourgrams | _TAGS[2]])
    grams, counts, grams_at = _distinct(both, np.concatenate([of_trigrams, of_fourgrams]), len(texts))
    outline, _, outline_at = _distinct(outline | _TAGS[3], of_outline, len(texts))
    return [
        (grams[a:b], counts[a:b], outline[c:d])
        for a, b, c, d in zip(grams_at, grams_at[1:], outline_at, outline_at[1:], strict=False)
    ]


def _codes(letters: Sequence[str]) -> NDArray[np.uint16]:
    return np.array([ord(c) if c else 0 for c in letters], np.uint16)


_INITIALS, _VOWELS, _FINALS = _codes(INITIALS), _codes(VOWELS), _codes(FINALS)
_TAGS = np.arange(4, dtype=np.uint64) << np.uint64(60)
_BITS = np.arange(4, dtype=np.uint64) * np.uint64(12)
Owners = NDArray[np.int64]


def _grams(letters: NDArray[np.uint16], owner: Owners) -> tuple[U64, Owners, U64, Owners]:
    """Codes of all runs of three letters and of four that lie in one text, each with its text."""
    codes = letters.astype(np.uint64) & np.uint64(0xFFF)
    three = codes[:-2] | codes[1:-1] << _BITS[1]
    three |= codes[2:] << _BITS[2]
    four = three[:-1] | codes[3:] << _BITS[3]
    whole_three, whole_four = owner[:-2] == owner[2:], owner[:-3] == owner[3:]
    return three[whole_three], owner[:-2][whole_three], four[whole_four], owner[:-3][whole_four]


def _distinct(codes: U64, owner: Owners, texts: int) -> tuple[U64, Counts, list[int]]:
    """Each text's codes sorted, each once, and how often it occurs; where each text's begin, and the end."""
    order = np.lexsort((codes, owner))
    codes, owner = codes[order], owner[order]
    new = np.empty(len(codes) + 1, np.bool_)
    new[:1] = new[-1:] = True
    np.not_equal(codes[1:], codes[:-1], out=new[1:-1])
    new[1:-1] |= owner[1:] != owner[:-1]
    starts = new.nonzero()[0]
    counts = (starts[1:] - starts[:-1]).astype(np.uint16)
    return codes[starts[:-1]], counts, owner[starts[:-1]].searchsorted(np.arange(texts + 1)).tolist()
