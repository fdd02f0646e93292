"""The search index: what entries say, found by morphemes and by jamo n-grams.

An Index never changes: `replace` gives a new one that shares all but the entries touched, so readers in other threads
keep what they have, and a candidate version can be judged beside the published one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from domain.knowledge import Entry
from knowledge import segment as segments_of
from knowledge.analysis import U64, Analysis, Analyzer
from knowledge.postings import Ints
from knowledge.segment import Segment
from knowledge.text import to_jamo

_K1, _B = 0.6, 0.6
_REPAIR_WORD, _REPAIR_EOJEOL = 75.0, 80.0  # of 100: likeness in jamo from which an unknown word is taken for a typo
_REPAIR_JAMO = 4  # shorter words are like too many others
_LOOKED_AT = 5  # likest ones, of which the first that an entry still has is taken
_REPAIRS = 6  # a question with more unknown words than this is about something else
_LARGE = 10_000  # words: from there a look-up takes a millisecond or more, and whole eojeols are too many to know
_REPAIRS_IN_LARGE = 3

_READY_POSTINGS = 500_000
_UNSEEN = (-1, -1, 0.0)
_REMEMBERED = 20_000  # repairs; about 4 MB

Floats = NDArray[np.float64]
Half = Literal["words", "grams"]


@dataclass(frozen=True, slots=True)
class Terms:
    """A text's terms as the index weighs them: key, IDF, and trust: 1 for what the customer typed, or the likeness of a
    repaired typo. known: some entry has it."""

    keys: U64
    idf: Floats
    trust: Floats
    known: NDArray[np.bool_]

    def coverage(self) -> float:
        """The share of the question's IDF that the knowledge base knows."""
        return float((self.idf * self.trust)[self.known].sum() / max(self.idf.sum(), 1e-9))

    def missing(self) -> float:
        """The heaviest unknown term's share of the question's IDF."""
        return float(self.idf[~self.known].max(initial=0.0) / max(self.idf.sum(), 1e-9))


@dataclass(frozen=True, slots=True)
class Hits:
    """Scores of all entries for one question, in `ids` order; every score is a share of the question's ideal (0-1).

    ask_words, ask_grams: of the title or alias that fits best by both together. body_words, body_grams: of the body.
    words, grams: the question's terms. morphemes: Kiwi's ids of the words. strange_names: of names (companies, places)
    that no entry has, their share of the question's IDF.
    """

    ids: Sequence[str]
    ask_words: Floats
    ask_grams: Floats
    body_words: Floats
    body_grams: Floats
    words: Terms
    grams: Terms
    morphemes: Sequence[int]
    strange_names: float


class Index:
    """Search over entries. Construct with `Index.of`; concurrent reads need no lock."""

    def __init__(self, analyzer: Analyzer, segments: tuple[Segment, ...]) -> None:
        self._analyzer, self._segments = analyzer, segments
        self._alive = [np.flatnonzero(s.alive) for s in segments]
        self.ids = [s.entries[i].id for s, alive in zip(segments, self._alive, strict=True) for i in alive.tolist()]
        self._unit_counts = [np.diff(s.first) for s in segments]
        self._norms = {"words": _norms(segments, "words"), "grams": _norms(segments, "grams")}
        self._impacts = {"words": self._ready("words"), "grams": self._ready("grams")}
        self._likest_known: dict[tuple[str, bool], tuple[int, int, float] | None] = {}

    @classmethod
    def of(cls, analyzer: Analyzer, entries: Iterable[Entry]) -> "Index":
        return cls(analyzer, segments_of.make(analyzer, tuple(entries)))

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self._segments

    def __len__(self) -> int:
        return len(self.ids)

    def replace(self, changed: Iterable[Entry] = (), removed: Iterable[str] = ()) -> "Index":
        """The index with these entries added or put in place of those of their id, and those ids gone. Costs what
        the touched entries cost, and now and then a merge of small parts. Unknown ids in `removed` are ignored."""
        new = {e.id: e for e in changed}
        segments = list(self._segments)
        gone = set(new) | set(removed)
        for s, segment in enumerate(segments):
            for number in self._alive[s].tolist():
                if segment.entries[number].id in gone:
                    segments[s] = segments_of.without(self._analyzer, segments[s], number)
        segments += segments_of.make(self._analyzer, tuple(new.values()))
        return Index(self._analyzer, segments_of.tidy(segments))

    def weigh(self, text: Analysis) -> Terms:
        """The text's words with the weights they have here, nothing repaired."""
        return self._terms(text.word_keys, "words")[0]

    def search(self, question: Analysis) -> Hits:
        """All entries scored. Nearly all the time goes into the postings of the question's terms."""
        words, word_at = self._terms(question.word_keys, "words")
        morphemes = [w.morpheme for w in question.words]
        if self._segments and not words.known.all():
            repaired = self._repaired(question, {w.key for w, k in zip(question.words, words.known, strict=True) if k})
            if repaired:
                keys = sorted(repaired)
                words, word_at = self._terms(np.array(keys, np.uint64), "words")
                words = replace(words, trust=np.array([repaired[k][0] for k in keys]))
                morphemes = [repaired[k][1] for k in keys]
        grams, gram_at = self._terms(question.grams, "grams")
        out: list[list[Floats]] = [[], [], [], []]
        for s, segment in enumerate(self._segments):
            w = self._score(s, "words", words, word_at[s])
            g = self._score(s, "grams", grams, gram_at[s])
            alive = self._alive[s]
            both = w + g
            both[segment.is_body] = -1.0
            best = _best(both, segment.first, self._unit_counts[s])[alive]
            body = segment.first[1:][alive] - 1
            for scores, part in zip(out, (w[best], g[best], w[body], g[body]), strict=True):
                scores.append(part)
        ask_words, ask_grams, body_words, body_grams = (np.concatenate([np.empty(0), *scores]) for scores in out)
        return Hits(
            self.ids, ask_words, ask_grams, body_words, body_grams, words, grams, morphemes, _strange(question, words)
        )

    def _ready(self, half: Half) -> list[NDArray[np.float32] | None]:
        """Impacts computed ahead where that is a matter of milliseconds."""
        out: list[NDArray[np.float32] | None] = []
        for segment, norm in zip(self._segments, self._norms[half], strict=True):
            block = segment.words if half == "words" else segment.grams
            small = len(block.docs) <= _READY_POSTINGS
            out.append(_impact(block.tf, norm[block.docs]) if small else None)
        return out

    def _terms(self, keys: U64, half: Half) -> tuple[Terms, list[tuple[Ints, Ints]]]:
        df = np.zeros(len(keys))
        found = []
        for segment in self._segments:
            known, at = (segment.words if half == "words" else segment.grams).find(keys)
            df[known] += (segment.words if half == "words" else segment.grams).df[at]
            found.append((known, at))
        idf = np.log1p((len(self.ids) - df + 0.5) / (df + 0.5))
        return Terms(keys, idf, np.ones(len(keys)), df > 0), found

    def _repaired(self, question: Analysis, known: set[int]) -> dict[int, tuple[float, int]]:
        """Trust and morpheme of each word (by key) once typos are put right; empty when there was nothing to do.

        First whole eojeols, because a typo makes Kiwi cut the wrong pieces; then the words still unknown.
        """
        out: dict[int, tuple[float, int]] = {}
        repairs = 0
        large = max(len(s.forms) for s in self._segments) > _LARGE
        allowed = _REPAIRS_IN_LARGE if large else _REPAIRS
        for eojeol in question.eojeols:
            words, trust = self._analyzer.words(eojeol), 1.0
            if all(w.key in known for w in words):
                pass
            elif not large and repairs < allowed and (likest := self._likest_eojeol(eojeol)):
                words, trust = self._analyzer.words(likest[0]), likest[1]
                repairs += 1
            for word in words:
                key, morpheme, sure = word.key, word.morpheme, trust
                if trust == 1.0 and key not in known and repairs < allowed and (form := self._likest_form(word.form)):
                    key, morpheme, sure = form
                    repairs += 1
                if out.get(key, (0.0, 0))[0] < sure:
                    out[key] = sure, morpheme
        return out if repairs else {}

    def _likest_eojeol(self, eojeol: str) -> tuple[str, float] | None:
        best = self._likest(to_jamo(eojeol), True)
        return (self._segments[best[0]].eojeols[best[1]], best[2]) if best else None

    def _likest_form(self, form: str) -> tuple[int, int, float] | None:
        best = self._likest(to_jamo(form), False)
        if not best:
            return None
        segment = self._segments[best[0]]
        return int(segment.words.keys[best[1]]), int(segment.morphemes[best[1]]), best[2]

    def _likest(self, jamo: str, eojeol: bool) -> tuple[int, int, float] | None:
        """Segment, place in it, and likeness (0-1) of the living eojeol or form most like `jamo`."""
        if len(jamo) < _REPAIR_JAMO:
            return None
        known = self._likest_known.get((jamo, eojeol), _UNSEEN)
        if known is _UNSEEN:
            known = self._look(jamo, eojeol)
            if len(self._likest_known) >= _REMEMBERED:
                self._likest_known.clear()
            self._likest_known[jamo, eojeol] = known
        return known

    def _look(self, jamo: str, eojeol: bool) -> tuple[int, int, float] | None:
        best: tuple[int, int, float] | None = None
        least = _REPAIR_EOJEOL if eojeol else _REPAIR_WORD
        for number, s in enumerate(self._segments):
            choices = s.eojeol_jamo if eojeol else s.forms
            for _, likeness, at in process.extract(
                jamo, choices, scorer=fuzz.ratio, score_cutoff=least, limit=_LOOKED_AT
            ):
                if best and likeness / 100 <= best[2]:
                    break
                if self._lives(s.eojeols[at]) if eojeol else s.words.df[at] > 0:
                    best = number, at, likeness / 100
                    break
        return best

    def _lives(self, eojeol: str) -> bool:
        """Whether an entry still has the eojeol's words: parts keep those of replaced entries until they are tidied."""
        keys = np.array([w.key for w in self._analyzer.words(eojeol)], np.uint64)
        return bool(self._terms(keys, "words")[0].known.all())

    def _score(self, s: int, half: Half, terms: Terms, found: tuple[Ints, Ints]) -> Floats:
        segment, (known, at) = self._segments[s], found
        block = segment.words if half == "words" else segment.grams
        ideal = float(terms.idf.sum()) or 1.0
        postings, lengths = block.gather(at)
        docs = block.docs[postings]
        weight = ((terms.idf * terms.trust)[known] / ideal).repeat(lengths)
        impacts = self._impacts[half][s]
        weight *= _impact(block.tf[postings], self._norms[half][s][docs]) if impacts is None else impacts[postings]
        return np.bincount(docs, weight, block.units).astype(np.float64, copy=False)


def _strange(question: Analysis, words: Terms) -> float:
    if words.known.all():
        return 0.0
    names = {w.key for w in question.words if w.name}
    strange = sum(
        i for k, i, known in zip(words.keys.tolist(), words.idf, words.known, strict=True) if not known and k in names
    )
    return float(strange / max(words.idf.sum(), 1e-9))


def _impact(tf: NDArray[np.uint8], norm: NDArray[np.float32]) -> NDArray[np.float32]:
    """BM25's share of a term's IDF, 0 to 1."""
    return tf / (tf + norm)


def _norms(segments: Sequence[Segment], half: Half) -> list[NDArray[np.float32]]:
    """BM25's length norm of each unit; questions and bodies are each compared with their own mean length."""
    lengths = [s.word_lengths if half == "words" else s.gram_lengths for s in segments]
    living = [s.living_units() for s in segments]
    means = [0.0, 0.0]
    for kind in (0, 1):
        chosen = [n[(s.is_body == kind) & a] for s, n, a in zip(segments, lengths, living, strict=True)]
        count = sum(len(c) for c in chosen)
        means[kind] = max(sum(float(c.sum(dtype=np.float64)) for c in chosen) / count, 1e-9) if count else 1.0
    return [
        (_K1 * (1 - _B + _B * n / np.where(s.is_body, means[1], means[0]))).astype(np.float32)
        for s, n in zip(segments, lengths, strict=True)
    ]


def _best(scores: Floats, first: Ints, counts: Ints) -> Ints:
    """The best-scored unit of each entry (the first of equals)."""
    starts = first[:-1]
    top = np.maximum.reduceat(scores, starts)
    hits = (scores == top.repeat(counts)).nonzero()[0]
    best: Ints = hits[hits.searchsorted(starts)]
    return best
