"""The search index: what entries say, found by morphemes and by jamo n-grams.

An Index never changes: `replace` gives a new one that shares all but the entries touched, so readers in other threads
keep what they have, and a candidate version can be judged beside the published one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry
from knowledge import scoring
from knowledge import segment as segments_of
from knowledge.analysis import U64, Analysis, Analyzer
from knowledge.postings import Block, Ints
from knowledge.segment import Segment
from knowledge.typos import Typos

_K1, _B = 0.6, 0.6
_LEAST_ENTRIES = 100  # fewer cannot tell common words from rare ones, and unknown words would outweigh all they know
_READY_POSTINGS = 500_000
_SCORES_AT_ONCE = 500_000  # about 4 MB for each half

Floats = NDArray[np.float64]
Half = Literal["words", "grams"]


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of texts, one text behind the other, as the index weighs them: key, IDF, and trust: 1 for what the customer
    typed, or the likeness of a repaired typo. known: some entry has it. owner: the text of each. at: where each text's
    begin, and the end. total: by text, the sum of its IDF, or next to nothing."""

    keys: U64
    idf: Floats
    trust: Floats
    known: NDArray[np.bool_]
    owner: Ints
    at: Sequence[int]
    total: Floats

    def its(self, text: int) -> slice:
        """Where one text's are."""
        return slice(self.at[text], self.at[text + 1])

    def shares(self, values: Floats) -> Floats:
        """By text, what the values of its terms add up to, as a share of its IDF."""
        return np.bincount(self.owner, values, len(self.total)) / self.total

    def coverage(self) -> Floats:
        """By text, the share of its IDF that the knowledge base knows."""
        return self.shares(self.idf * self.trust * self.known)

    def missing(self) -> Floats:
        """By text, the heaviest unknown term's share of its IDF."""
        heaviest = np.zeros(len(self.total))
        if not self.known.all():
            np.maximum.at(heaviest, self.owner, np.where(self.known, 0.0, self.idf))
        return heaviest / self.total


@dataclass(frozen=True, slots=True)
class Hits:
    """Scores of all entries (columns, in `ids` order) for questions (rows); every score is a share of the question's
    ideal (0-1).

    ask_words, ask_grams: of the title or alias that fits best by both together. body_words, body_grams: of the body.
    words, grams: the questions' terms. morphemes: Kiwi's ids of each one's words. strange_names: of names (companies,
    places) that no entry has, their share of the question's IDF.
    """

    ids: Sequence[str]
    ask_words: Floats
    ask_grams: Floats
    body_words: Floats
    body_grams: Floats
    words: Terms
    grams: Terms
    morphemes: Sequence[Sequence[int]]
    strange_names: Floats


class Index:
    """Search over entries. Construct with `Index.of`; concurrent reads need no lock."""

    def __init__(self, analyzer: Analyzer, segments: tuple[Segment, ...]) -> None:
        self._analyzer, self._segments = analyzer, segments
        self._alive = [np.flatnonzero(s.alive) for s in segments]
        self.ids = [s.entries[i].id for s, alive in zip(segments, self._alive, strict=True) for i in alive.tolist()]
        self._unit_counts = [np.diff(s.first) for s in segments]
        self._norms = {"words": _norms(segments, "words"), "grams": _norms(segments, "grams")}
        self._impacts = {"words": self._ready("words"), "grams": self._ready("grams")}
        self._typos = Typos(analyzer, segments)

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

    @property
    def at_once(self) -> int:
        """How many questions to search for together: the more, the less each costs, until the scores fill memory."""
        return max(1, _SCORES_AT_ONCE // max(sum(s.units for s in self._segments), 1))

    def weigh(self, texts: Sequence[Analysis]) -> Terms:
        """The texts' words with the weights they have here, nothing repaired."""
        return self._terms([t.word_keys for t in texts], "words")[0]

    def search(self, questions: Sequence[Analysis]) -> Hits:
        """All entries scored for each question. Nearly all the time goes into the postings of the questions' terms."""
        words, word_at, morphemes = self._words(questions)
        grams, gram_at = self._terms([q.grams for q in questions], "grams")
        out: list[list[Floats]] = [[], [], [], []]
        for s, segment in enumerate(self._segments):
            w, g = self._scores(s, words, word_at[s], grams, gram_at[s])
            alive = self._alive[s]
            both = w + g
            both[:, segment.is_body] = -1.0
            best = _best(both, segment.first, self._unit_counts[s])[:, alive]
            rows = np.arange(len(questions))[:, None]
            body = segment.first[1:][alive] - 1
            for scores, part in zip(out, (w[rows, best], g[rows, best], w[:, body], g[:, body]), strict=True):
                scores.append(part)
        none = np.empty((len(questions), 0))
        ask_words, ask_grams, body_words, body_grams = (np.concatenate([none, *parts], axis=1) for parts in out)
        strange = _strange(questions, words)
        return Hits(self.ids, ask_words, ask_grams, body_words, body_grams, words, grams, morphemes, strange)

    def _words(self, questions: Sequence[Analysis]) -> tuple[Terms, list[tuple[Ints, Ints]], list[Sequence[int]]]:
        """The questions' words, typos put right; where each segment has them; and their morphemes."""
        keys = [q.word_keys for q in questions]
        terms, at = self._terms(keys, "words")
        morphemes: list[Sequence[int]] = [[w.morpheme for w in q.words] for q in questions]
        if not self._segments or terms.known.all():
            return terms, at, morphemes
        trust: list[Floats] = [np.ones(len(k)) for k in keys]
        repairs = False
        for n, question in enumerate(questions):
            known = terms.known[terms.its(n)].tolist()
            if all(known):
                continue
            repaired = self._typos.repaired(question, {w.key for w, k in zip(question.words, known, strict=True) if k})
            if repaired:
                ordered, repairs = sorted(repaired), True
                keys[n], trust[n] = np.array(ordered, np.uint64), np.array([repaired[k][0] for k in ordered])
                morphemes[n] = [repaired[k][1] for k in ordered]
        if repairs:
            terms, at = self._terms(keys, "words")
            terms = replace(terms, trust=np.concatenate(trust))
        return terms, at, morphemes

    def _ready(self, half: Half) -> list[NDArray[np.float32] | None]:
        """Impacts computed ahead where that is a matter of milliseconds."""
        out: list[NDArray[np.float32] | None] = []
        for segment, norm in zip(self._segments, self._norms[half], strict=True):
            block = segment.words if half == "words" else segment.grams
            small = len(block.docs) <= _READY_POSTINGS
            out.append(scoring.impact(block.tf, norm[block.docs]) if small else None)
        return out

    def _terms(self, texts: Sequence[U64], half: Half) -> tuple[Terms, list[tuple[Ints, Ints]]]:
        """Terms of texts with these keys; for each segment, which of them it has and at which of its keys."""
        keys = np.concatenate(texts)
        lengths = [len(t) for t in texts]
        owner = np.arange(len(texts)).repeat(lengths)
        df = np.zeros(len(keys))
        found = []
        for segment in self._segments:
            block = segment.words if half == "words" else segment.grams
            known, where = block.find(keys)
            df[known] += block.df[where]
            found.append((known, where))
        idf = np.log1p((max(len(self.ids), _LEAST_ENTRIES) - df + 0.5) / (df + 0.5))
        total = np.maximum(np.bincount(owner, idf, len(texts)), 1e-9)
        at = list(accumulate(lengths, initial=0))
        return Terms(keys, idf, np.ones(len(keys)), df > 0, owner, at, total), found

    def _scores(
        self, s: int, words: Terms, word_at: tuple[Ints, Ints], grams: Terms, gram_at: tuple[Ints, Ints]
    ) -> tuple[Floats, Floats]:
        """Scores of a segment's units (columns) for the texts (rows), by words and by grams."""
        segment, texts = self._segments[s], len(words.total)
        halves: list[tuple[Half, Block, Terms, tuple[Ints, Ints]]] = [
            ("words", segment.words, words, word_at),
            ("grams", segment.grams, grams, gram_at),
        ]
        scores, later = [], []
        for half, block, terms, (known, at) in halves:
            weight = (terms.idf * terms.trust)[known] / terms.total[terms.owner[known]]
            rare, common = scoring.split(block, scoring.Wanted(at, terms.owner[known], weight), texts)
            norm = self._norms[half][s]
            scores.append(scoring.score(block, rare, texts, norm, self._impacts[half][s]))
            if len(common.at):
                later.append((scores[-1], block, common, norm))
        if later:
            for n, both in enumerate(scores[0] + scores[1]):
                units = scoring.ahead(both, segment.first)
                for half_scores, block, common, norm in later:
                    scoring.add(half_scores[n], block, common.only(common.owner == n), units, norm)
        return scores[0], scores[1]


def _strange(questions: Sequence[Analysis], words: Terms) -> Floats:
    """By question, the share of unknown names in its IDF. words: may be other ones than it has, after repairs."""
    out = np.zeros(len(questions))
    if not words.known.all():
        for n in set(words.owner[~words.known].tolist()):
            its, names = words.its(n), {w.key for w in questions[n].words if w.name}
            rows = zip(words.keys[its].tolist(), words.idf[its].tolist(), words.known[its].tolist(), strict=True)
            out[n] = sum(idf for key, idf, known in rows if not known and key in names) / words.total[n]
    return out


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
    """For each row, the best-scored unit of each entry (the first of equals)."""
    starts = first[:-1]
    top = np.maximum.reduceat(scores, starts, axis=1)
    hits = (scores == top.repeat(counts, axis=1)).ravel().nonzero()[0]
    rows = np.arange(len(scores))[:, None] * scores.shape[1]
    best: Ints = hits[hits.searchsorted((rows + starts).ravel())].reshape(len(scores), -1) - rows
    return best
