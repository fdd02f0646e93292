"""What is known about one question before anything is decided: the ranking, and the features of its first entry."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry
from knowledge.analysis import Analyzer
from knowledge.index import Hits, Index
from knowledge.passages import Passages
from knowledge.ranker import Ranker, meaning_of, shape_of

_SEARCH_IN_RANKING = 6.0  # weight of search beside the ranker's log-odds
_SEARCH_ALONE = 25.0  # and without a ranker: makes probabilities of shares
_TOP = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """ids: best first, up to five; scores beside them, probabilities by the ranking. features: see model.FEATURES."""

    ids: tuple[str, ...]
    scores: tuple[float, ...]
    features: tuple[float, ...]


class Gatherer:
    """Index and ranker of one version put together. entries: in the index's order."""

    def __init__(self, analyzer: Analyzer, index: Index, ranker: Ranker | None, entries: Sequence[Entry]) -> None:
        self._analyzer, self._index, self._ranker, self._entries = analyzer, index, ranker, entries
        self._passages = Passages()
        # The more aliases an entry has, the less its body, which quotes the policy, says about how people ask.
        self._body_weight = np.array([1 / (1 + len(e.aliases)) for e in entries])

    def gather(self, text: str) -> Evidence | None:
        """Evidence for a question; None when the index is empty."""
        if not len(self._index):
            return None
        question = self._analyzer.analyse(text)
        hits = self._index.search(question)
        ask = (hits.ask_words + hits.ask_grams) / 2
        body = (hits.body_words + hits.body_grams) / 2
        if self._ranker:
            meaning = meaning_of(self._analyzer, hits.morphemes, hits.words)
            odds = self._ranker.score(hits.words, shape_of(question), meaning).astype(np.float64)
            odds -= odds.max()
            odds -= math.log(np.exp(odds).sum())
            total = odds + _SEARCH_IN_RANKING * ask
        else:
            ask += body * self._body_weight
            self._passages.add(ask, self._entries, hits.grams)
            total = _SEARCH_ALONE * ask
        total -= total.max()
        share = np.exp(total)
        share /= share.sum()
        order = _top(total)
        features = _features(hits, ask, body, share, order, self._entries, len(question.words))
        return Evidence(tuple([hits.ids[i] for i in order]), tuple(share[order].tolist()), features)


def _top(total: Floats, count: int = _TOP) -> list[int]:
    """The best entries, best first; of equals the earlier."""
    chosen = np.arange(len(total))
    if len(total) > 256:
        chosen = np.sort(np.argpartition(-total, count)[: count + 1])
    best: list[int] = chosen[np.argsort(-total[chosen], kind="stable")][:count].tolist()
    return best


def _features(
    hits: Hits, ask: Floats, body: Floats, share: Floats, order: list[int], entries: Sequence[Entry], words: int
) -> tuple[float, ...]:
    first = order[0]
    p = min(max(float(share[first]), 1e-6), 1 - 1e-6)
    second = float(share[order[1]]) if len(order) > 1 else 1e-6
    fit = float(ask[first])
    searched = int(ask.argmax())
    rival = float(ask[searched])
    if searched == first and len(ask) > 1:
        others = ask.copy()
        others[first] = 0.0
        rival = float(others.max())
    weight = hits.words.idf
    trust = float((weight * hits.words.trust).sum() / weight.sum()) if len(weight) else 1.0
    same = sum(float(share[i]) for i in order if entries[i].kind is entries[first].kind)
    return (
        math.log(p / (1 - p)),
        min(math.log(p / max(second, 1e-6)), 10.0),
        float(hits.ask_words[first]),
        float(hits.ask_grams[first]),
        fit - rival,
        float(searched == first),
        float(body[first]),
        hits.words.coverage(),
        hits.words.missing(),
        hits.strange_names,
        hits.grams.coverage(),
        trust,
        math.log1p(words),
        same,
    )
