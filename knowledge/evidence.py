"""What is known about one question before anything is decided: the ranking, and the features of its first entry."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry, EntryKind
from knowledge.analysis import Analysis, Analyzer
from knowledge.index import Hits, Index
from knowledge.passages import Passages
from knowledge.postings import Ints
from knowledge.ranker import Ranker, meanings_of, shape_of
from knowledge.vectors import Odds, TextVectors, Vectors

_SEARCH_IN_RANKING = 6.0  # weight of search beside the ranker's log-odds
_SEARCH_ALONE = 25.0  # and without a ranker: makes probabilities of shares
_VECTORS_IN_RANKING = 0.5  # weight of the vectors' log-odds: part of what they say the words have said
_WORDS_IN_BODY = 0.6  # the rest are letters; of titles and aliases both count alike
_MANY_ENTRIES = 100
_TOP = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """text: the question, normalised. words: how many content words it has. ids: best first, up to five; scores beside
    them, probabilities by the ranking. features: see model.FEATURES, and with vectors model.VECTOR_FEATURES behind
    them."""

    text: str
    words: int
    ids: tuple[str, ...]
    scores: tuple[float, ...]
    features: tuple[float, ...]
    vectors: bool = False


class Gatherer:
    """Index, ranker and, where there are any, vectors of one version put together. entries: in the index's order."""

    def __init__(
        self,
        analyzer: Analyzer,
        index: Index,
        ranker: Ranker | None,
        entries: Sequence[Entry],
        vectors: Vectors | None = None,
    ) -> None:
        self._analyzer, self._index, self._ranker, self._entries = analyzer, index, ranker, entries
        self._passages = Passages()
        # The more aliases an entry has, the less its body, which quotes the policy, says about how people ask. A title
        # alone says little, and often repeats the body's first words, which must not count twice.
        self._body_weight = np.array([1 / (1 + len(e.aliases)) for e in entries])
        self._ask_weight = 1 - self._body_weight / 2
        kinds = list(EntryKind)
        self._kinds = np.array([kinds.index(e.kind) for e in entries], np.int64)
        self._vectors = vectors.of([e.id for e in entries]) if vectors else None

    def gather(self, texts: Sequence[str], vectors: TextVectors) -> list[Evidence | None]:
        """Evidence for each question; None when the index is empty. vectors: of those questions that have one."""
        if not len(self._index):
            return [None] * len(texts)
        out: list[Evidence | None] = []
        for begin in range(0, len(texts), self._index.at_once):
            some = texts[begin : begin + self._index.at_once]
            near = self._vectors.odds_of(some, vectors) if self._vectors and vectors else None
            out += self._gather(self._analyzer.analyse_many(some), near)
        return out

    def _gather(self, questions: Sequence[Analysis], near: Odds | None) -> list[Evidence]:
        hits = self._index.search(questions)
        ask = (hits.ask_words + hits.ask_grams) / 2
        body = _WORDS_IN_BODY * hits.body_words + (1 - _WORDS_IN_BODY) * hits.body_grams
        if self._ranker:
            meanings = meanings_of(self._analyzer, hits.morphemes, hits.words)
            odds = self._ranker.score(hits.words, [shape_of(q) for q in questions], meanings).astype(np.float64)
            odds -= odds.max(1, keepdims=True)
            odds -= np.log(np.exp(odds).sum(1, keepdims=True))
            total = odds + _SEARCH_IN_RANKING * ask
        else:
            ask = ask * self._ask_weight + body * self._body_weight
            for n in range(len(questions)):
                its = hits.grams.its(n)
                self._passages.add(ask[n], self._entries, hits.grams.keys[its], hits.grams.idf[its])
            total = _SEARCH_ALONE * ask
        by_words = share = _shares(total)
        if near:
            total[near.texts] += _VECTORS_IN_RANKING * near.odds
            share = _shares(total)
        order = _top(total)
        words = [len(q.words) for q in questions]
        # The words' features stay what they are without vectors, which have features of their own.
        features = self._features(hits, ask, body, by_words, order, words).tolist()
        seen = near.features(order[:, 0]) if near else {}
        shares = share[np.arange(len(order))[:, None], order].tolist()
        ids = hits.ids
        return [
            Evidence(q.text, count, tuple([ids[i] for i in best]), tuple(scores), (*its, *seen.get(n, ())), n in seen)
            for n, (q, count, best, scores, its) in enumerate(
                zip(questions, words, order.tolist(), shares, features, strict=True)
            )
        ]

    def _features(
        self, hits: Hits, ask: Floats, body: Floats, share: Floats, order: Ints, words: Sequence[int]
    ) -> Floats:
        """A row for each question, columns as in model.FEATURES."""
        rows = np.arange(len(order))
        first = order[:, 0]
        p = share[rows, first].clip(1e-6, 1 - 1e-6)
        second = share[rows, order[:, 1]] if order.shape[1] > 1 else np.full(len(order), 1e-6)
        fit = ask[rows, first]
        searched = ask.argmax(1)
        others = ask.copy()
        others[rows, first] = 0.0
        rival = others.max(1)
        trust = hits.words.shares(hits.words.idf * hits.words.trust)
        same = self._kinds[order] == self._kinds[first][:, None]
        return np.stack(
            [
                np.log(p / (1 - p)),
                np.minimum(np.log(p / np.maximum(second, 1e-6)), 10.0),
                hits.ask_words[rows, first],
                hits.ask_grams[rows, first],
                fit - rival,
                searched == first,
                body[rows, first],
                hits.words.coverage(),
                hits.words.missing(),
                hits.strange_names,
                hits.grams.coverage(),
                np.where(np.diff(hits.words.at) > 0, trust, 1.0),
                np.log1p(words),
                (share[rows[:, None], order] * same).sum(1),
                np.full(len(order), np.log(min(len(self._entries), _MANY_ENTRIES))),
            ],
            axis=1,
        )


def _shares(total: Floats) -> Floats:
    """Probabilities by row of log-odds up to a constant, whose best becomes 0 (in place)."""
    total -= total.max(1, keepdims=True)
    share: Floats = np.exp(total)
    share /= share.sum(1, keepdims=True)
    return share


def _top(total: Floats, count: int = _TOP) -> Ints:
    """The best entries of each row, best first; of equals the earlier."""
    if total.shape[1] <= 256:
        return (-total).argsort(axis=1, kind="stable")[:, :count]
    rows = np.arange(len(total))[:, None]
    chosen = np.sort(np.argpartition(-total, count, axis=1)[:, : count + 1], axis=1)
    best: Ints = chosen[rows, (-total[rows, chosen]).argsort(axis=1, kind="stable")[:, :count]]
    return best
