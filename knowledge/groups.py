"""Questions put together that mean the same, for people who want to know what is asked most."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.analysis import Analyzer

_ALIKE = 0.5  # mean likeness of two groups from which on they are one

Matrix = NDArray[np.float32]


def group(analyzer: Analyzer, questions: Sequence[str]) -> list[tuple[int, ...]]:
    """Groups of one meaning as places in `questions`, each place in one of them: the most typical question first, the
    largest group first. What comes out does not depend on the order of the questions, but for equals."""
    order = sorted(range(len(questions)), key=lambda i: questions[i])
    if not order:
        return []
    likeness = _likeness(analyzer, [questions[i] for i in order])
    found = [_typical_first(likeness, members) for members in _joined(likeness, _ALIKE)]
    found.sort(key=lambda members: (-len(members), members[0]))
    return [tuple(order[m] for m in members) for members in found]


def _likeness(analyzer: Analyzer, questions: Sequence[str]) -> Matrix:
    found = analyzer.analyse_many(questions)
    words = _cosine([a.word_keys for a in found], [a.word_counts for a in found])
    grams = _cosine([a.grams for a in found], [a.gram_counts for a in found])
    return 0.5 * words + 0.5 * grams


def _cosine(keys: Sequence[NDArray[np.uint64]], counts: Sequence[NDArray[np.uint16]]) -> Matrix:
    """Cosine of all pairs, terms weighted by their rarity among these texts."""
    texts = len(keys)
    owner = np.arange(texts).repeat([len(k) for k in keys])
    terms, of = np.unique(np.concatenate(keys), return_inverse=True)
    df = np.bincount(of, minlength=len(terms))
    idf = np.log((texts + 20) / (df + 1))
    weight = np.sqrt(np.concatenate(counts).astype(np.float32)) * idf[of]
    norm = np.sqrt(np.bincount(owner, weight * weight, texts))
    weight /= np.maximum(norm, 1e-9)[owner]
    by_term = np.argsort(of, kind="stable")
    docs, weights, first = owner[by_term], weight[by_term], np.concatenate([[0], df.cumsum()])
    out = np.zeros((texts, texts), np.float32)
    begins = np.concatenate([[0], np.cumsum([len(k) for k in keys])])
    for text in range(texts):
        its = of[begins[text] : begins[text + 1]]
        if len(its):
            at = np.concatenate([np.arange(first[t], first[t + 1]) for t in its])
            shares = weights[at] * weight[begins[text] : begins[text + 1]].repeat(df[its])
            out[text] = np.bincount(docs[at], shares, texts)
    return out


def _joined(likeness: Matrix, least: float) -> list[list[int]]:
    """Average linkage: groups are joined while their members are on average at least that much alike.

    Follows chains of nearest neighbours, which gives the same groups as joining the closest first, in n² steps.
    """
    alike = likeness.copy()
    count = len(alike)
    np.fill_diagonal(alike, -1.0)
    sizes = np.ones(count, np.float32)
    members = {n: [n] for n in range(count)}
    chain: list[int] = []
    open_ones = list(range(count - 1, -1, -1))
    alive = np.ones(count, np.bool_)
    while open_ones or chain:
        if not chain:
            chain.append(open_ones.pop())
            if not alive[chain[0]]:
                chain.pop()
                continue
        at = chain[-1]
        near = int(alike[at].argmax())
        if len(chain) > 1 and alike[at, near] <= alike[at, chain[-2]]:
            near = chain[-2]
        if alike[at, near] < least:
            alive[chain.pop()] = False  # it stays as it is: what is joined elsewhere comes no nearer
            alike[at], alike[:, at] = -1.0, -1.0
        elif len(chain) > 1 and near == chain[-2]:
            chain.pop()
            chain.pop()
            row = (sizes[at] * alike[at] + sizes[near] * alike[near]) / (sizes[at] + sizes[near])
            row[[at, near]] = -1.0
            row[alike[near] < 0] = -1.0
            alike[near], alike[:, near] = row, row
            alike[at], alike[:, at] = -1.0, -1.0
            sizes[near] += sizes[at]
            members[near] += members.pop(at)
            alive[at] = False
            open_ones.append(near)
        else:
            chain.append(near)
    return [sorted(its) for its in members.values()]


def _typical_first(likeness: Matrix, members: list[int]) -> list[int]:
    mean = likeness[np.ix_(members, members)].sum(1)
    return [members[n] for n in np.lexsort((np.arange(len(members)), -mean))]
