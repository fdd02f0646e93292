"""What is known about one question before anything is decided: the ranking, and the features of its first entry."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import EntryKind
from knowledge.analysis import Analysis, Analyzer
from knowledge.index import Hits, Index
from knowledge.ranker import Ranker, meaning_of, shape_of

_SEARCH_IN_RANKING = 8.0  # weight of search beside the ranker's log-odds
_SEARCH_ALONE = 25.0  # and without a ranker: makes probabilities of shares
_TOP = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """ids: best first, up to five; scores beside them, probabilities by the ranking. features: see model.FEATURES."""

    ids: tuple[str, ...]
    scores: tuple[float, ...]
    features: tuple[float, ...]


def gather(
    analyzer: Analyzer, index: Index, ranker: Ranker | None, kinds: Sequence[EntryKind], question: Analysis
) -> Evidence | None:
    """Evidence for the question; None when the index is empty. kinds: of the entries, in the index's order."""
    if not len(index):
        return None
    hits = index.search(question)
    ask = (hits.ask_words + hits.ask_grams) / 2
    body = (hits.body_words + hits.body_grams) / 2
    if ranker:
        meaning = meaning_of(analyzer, hits.morphemes, hits.words)
        odds = ranker.score(hits.words, shape_of(question), meaning).astype(np.float64)
        odds -= odds.max()
        odds -= math.log(np.exp(odds).sum())
        total = odds + _SEARCH_IN_RANKING * ask
    else:
        ask = ask + body
        total = _SEARCH_ALONE * ask
    total -= total.max()
    share = np.exp(total)
    share /= share.sum()
    order = _top(total)
    scores = share[order]
    return Evidence(
        tuple([hits.ids[i] for i in order]),
        tuple(scores.tolist()),
        _features(hits, ask, body, share, order, kinds, len(question.words)),
    )


def _top(total: Floats) -> list[int]:
    """The best entries, best first; of equals the earlier."""
    if len(total) > 64:
        chosen = np.sort(np.argpartition(-total, _TOP)[: _TOP + 1])
        return chosen[np.argsort(-total[chosen], kind="stable")][:_TOP].tolist()  # type: ignore[no-any-return]
    return np.argsort(-total, kind="stable")[:_TOP].tolist()  # type: ignore[no-any-return]


def _features(
    hits: Hits, ask: Floats, body: Floats, share: Floats, order: list[int], kinds: Sequence[EntryKind], words: int
) -> tuple[float, ...]:
    first = order[0]
    p = min(max(float(share[first]), 1e-6), 1 - 1e-6)
    second = float(share[order[1]]) if len(order) > 1 else 1e-6
    fit = float(ask[first])
    searched = int(ask.argmax())
    if searched == first:
        others = np.delete(ask, first)
        rival = float(others.max()) if len(others) else 0.0
    else:
        rival = float(ask[searched])
    weight = hits.words.idf
    trust = float((weight * hits.words.trust).sum() / weight.sum()) if len(weight) else 1.0
    same = sum(float(share[i]) for i in order if kinds[i] == kinds[first])
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
        hits.grams.coverage(),
        trust,
        math.log1p(words),
        same,
    )
