"""The search index: what entries say, found by morphemes and by jamo n-grams.

An Index never changes: `replace` gives a new one that shares all but the entries touched, so readers in other threads
keep what they have, and a candidate version can be judged beside the published one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from domain.knowledge import Entry
from knowledge.analysis import U64, Analysis, Analyzer, key_of
from knowledge.postings import MAX_UNITS, Block, build, merge
from knowledge.text import to_jamo

TITLE, ALIAS, BODY = 0, 1, 2
_K1, _B = 1.2, 0.5
_REPAIR_FROM = 75  # of 100: jamo likeness from which an unknown word is taken for a typo
_REPAIR_JAMO = 4
_REPAIRS = 4
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hits:
    """Scores of all entries for one question, in `ids` order; every score is a share of the question's ideal (0-1).

    ask_words, ask_grams: of the title or alias that fits best by both together. body_words, body_grams: of the body.
    coverage: share of the question's IDF that any entry knows; missing: the largest IDF that none knows, as a share.
    """

    ids: Sequence[str]
    ask_words: Floats
    ask_grams: Floats
    body_words: Floats
    body_grams: Floats
    coverage: float
    missing: float


@dataclass(frozen=True, slots=True)
class _Segment:
    """Entries' units in order; `first` is the first unit of each entry, ending with the number of units."""

    ids: tuple[str, ...]
    alive: NDArray[np.bool_]
    first: NDArray[np.int64]
    body: NDArray[np.bool_]
    words: Block
    forms: tuple[str, ...]
    grams: Block
    word_lengths: NDArray[np.float32]
    gram_lengths: NDArray[np.float32]


class Index:
    """Search over entries. Construct with `Index.of`; concurrent reads need no lock."""

    def __init__(self, analyzer: Analyzer, segments: tuple[_Segment, ...]) -> None:
        self.analyzer, self._segments = analyzer, segments
        self._alive = [np.flatnonzero(s.alive) for s in segments]
        self._size = sum(len(a) for a in self._alive)
        units = sum(int((np.diff(s.first) * s.alive).sum()) for s in segments)
        live = [np.repeat(s.alive, np.diff(s.first)) for s in segments]
        self._mean_words = sum(float(s.word_lengths[m].sum()) for s, m in zip(segments, live)) / max(units, 1)
        self._mean_grams = sum(float(s.gram_lengths[m].sum()) for s, m in zip(segments, live)) / max(units, 1)
        self.ids = [s.ids[i] for s, alive in zip(segments, self._alive) for i in alive]

    @classmethod
    def of(cls, analyzer: Analyzer, entries: Iterable[Entry]) -> "Index":
        return cls(analyzer, (_segment(analyzer, list(entries)),))

    def search(self, question: Analysis) -> Hits:
        words = self._score(question.keys, question.counts, "words", self._mean_words)
        grams = self._score(question.grams, question.gram_counts, "grams", self._mean_grams)
        out = [[], [], [], []]
        for segment, alive, w, g in zip(self._segments, self._alive, words[0], grams[0]):
            both = w + g
            both[segment.body] = -1
            best = _best(both, segment.first)
            bodies = segment.first[1:] - 1
            for o, x in zip(out, (w[best], g[best], w[bodies], g[bodies])):
                o.append(x[alive])
        return Hits(self.ids, *(np.concatenate(o) for o in out), words[1], words[2])

    def _score(self, terms, counts, half, mean):
        found = [getattr(s, half).find(terms) for s in self._segments]
        df = np.zeros(len(terms))
        for s, (known, at) in zip(self._segments, found):
            df[known] += getattr(s, half).df[at]
        idf = np.log(1 + (self._size - df + 0.5) / (df + 0.5))
        ideal = float(idf.sum()) * (_K1 + 1) or 1.0
        out = []
        for s, (known, at) in zip(self._segments, found):
            block = getattr(s, half)
            lengths = s.word_lengths if half == "words" else s.gram_lengths
            norm = _K1 * (1 - _B + _B * lengths / max(mean, 1e-9))
            pos, w = block.gather(at, idf[known])
            docs, tf = block.docs[pos], block.tf[pos]
            out.append(np.bincount(docs, w * (_K1 + 1) * tf / (tf + norm[docs]), block.units) / ideal)
        missing = idf[df == 0]
        return out, 1 - float(missing.sum()) * (_K1 + 1) / ideal, float(missing.max(initial=0)) * (_K1 + 1) / ideal


def _best(scores: Floats, first: NDArray[np.int64]) -> NDArray[np.int64]:
    top = np.maximum.reduceat(scores, first[:-1])
    hit = scores == np.repeat(top, np.diff(first))
    at = np.flatnonzero(hit)
    owner = np.searchsorted(first, at, side="right") - 1
    _, keep = np.unique(owner, return_index=True)
    return at[keep]


def _segment(analyzer: Analyzer, entries: list[Entry]) -> _Segment:
    units, body, first = [], [], [0]
    for entry in entries:
        texts = [entry.title, *entry.aliases]
        units += [analyzer.analyse_entry(t) for t in texts] + [analyzer.analyse_entry(entry.body)]
        body += [False] * len(texts) + [True]
        first.append(len(units))
    owner = np.repeat(np.arange(len(entries), dtype=np.int32), np.diff(first))
    words = build([(u.keys, u.counts) for u in units], owner)
    grams = build([(u.grams, u.gram_counts) for u in units], owner)
    forms = {k: f for u in units for k, f in zip(u.keys.tolist(), u.forms)}
    return _Segment(
        tuple(e.id for e in entries), np.ones(len(entries), bool), np.array(first), np.array(body), words,
        tuple(forms[k] for k in words.keys.tolist()), grams,
        np.array([u.counts.sum() for u in units], np.float32), np.array([u.gram_counts.sum() for u in units], np.float32))
