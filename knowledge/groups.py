"""Questions put together that mean the same, for people who want to know what is asked most."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.analysis import Analyzer, Word, key_of
from knowledge.postings import Ints, ranges

_ALIKE = 0.33  # mean likeness of two groups from which on they are one
_WORDS = 0.6  # what the words count for, the rest being the letters
_FEW = 20  # texts from which on it tells something how many of them have a term
_COMMON = 0.05  # share of the texts: runs of letters that more of them have only cost time
_ASKING = 0.1
_RAREST = 70_000  # Kiwi's numbers from there on tell no order
_AT_ONCE, _ROWS = 2_000_000, 256

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
    """Cosines of all pairs: of what their words mean, and of their letters, which also bears typing errors."""
    same = _same(analyzer)
    found = analyzer.analyse_many(questions)
    meanings = [[_meaning(word, same) for word in a.words] for a in found]
    keys = [np.array([key for key, _ in its], np.uint64) for its in meanings]
    firsts = [np.unique(k, return_index=True) for k in keys]
    weights = [np.array([weight for _, weight in its])[at] for its, (_, at) in zip(meanings, firsts, strict=True)]
    words = _Terms.of([k for k, _ in firsts], weights, _WORDS)
    grams = _Terms.of(
        [a.grams for a in found], [np.sqrt(a.gram_counts.astype(float)) for a in found], 1 - _WORDS, _COMMON
    )
    return words.cosines() + grams.cosines()


def _meaning(word: Word, same: Mapping[str, tuple[int, float]]) -> tuple[int, float]:
    """Under which key a word counts, and how much."""
    return same.get(word.form) or (word.key, _weight(word.morpheme))


def _same(analyzer: Analyzer) -> dict[str, tuple[int, float]]:
    """Key and weight by form, of words that have the same meaning as others."""
    text = (Path(__file__).parent / "data" / "same_ko.txt").read_text("utf-8")
    asking, *lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    found = {form: (key_of(form), _ASKING) for form in asking}
    for forms in lines:
        analysed = [analyzer.words(form) for form in forms]
        known = [its[0].morpheme for form, its in zip(forms, analysed, strict=True) if [w.form for w in its] == [form]]
        weight = _weight(max((m for m in known if m < _RAREST), default=_RAREST))
        found |= {form: (key_of(forms[0]), weight) for form in forms}
    return found


def _weight(morpheme: int) -> float:
    """Rare words say more about the subject; Kiwi numbers its morphemes by how common they are."""
    return float(np.sqrt(np.log1p((min(morpheme, _RAREST) + 100) / 50)))


@dataclass(frozen=True, slots=True)
class _Terms:
    """Terms of texts, one text behind the other: their number and their weight in the text's unit vector. first: where
    each text's begin, and the end."""

    terms: Ints
    weights: NDArray[np.float64]
    first: Ints

    @classmethod
    def of(
        cls, keys: Sequence[NDArray[np.uint64]], weights: Sequence[NDArray[np.float64]], share: float, most: float = 1.0
    ) -> "_Terms":
        """Terms that many of these texts have count less, and are left out where more than this share has them.
        share: what a text's cosine with itself is."""
        texts, lengths = len(keys), np.array([len(k) for k in keys])
        owner = np.arange(texts).repeat(lengths)
        distinct, terms = np.unique(np.concatenate(keys), return_inverse=True)
        df = np.bincount(terms, minlength=len(distinct))
        weight = np.concatenate(weights) * np.log((texts + _FEW) / (df + 1))[terms]
        norm = np.sqrt(np.bincount(owner, weight * weight, texts) / share)
        weight /= np.maximum(norm, 1e-9)[owner]
        kept = (df <= max(_FEW, most * texts))[terms]
        return cls(terms[kept], weight[kept], np.concatenate([[0], np.bincount(owner[kept], minlength=texts).cumsum()]))

    def cosines(self) -> Matrix:
        """Of all pairs. Each pair that shares a term is met once for each such term, in slices of texts."""
        texts = len(self.first) - 1
        owner = np.arange(texts).repeat(np.diff(self.first))
        by_term = np.argsort(self.terms, kind="stable")
        docs, weights = owner[by_term], self.weights[by_term]
        place = np.empty_like(by_term)
        place[by_term] = np.arange(len(by_term))
        ends = np.bincount(self.terms).cumsum()[self.terms]
        left = ends - place  # postings of the term from this text on
        out = np.zeros((texts, texts), np.float32)
        for start, end in _slices(np.concatenate([[0], left.cumsum()])[self.first]):
            its = slice(self.first[start], self.first[end])
            at = ranges(place[its], left[its])
            cells = ((owner[its] - start) * texts).repeat(left[its]) + docs[at]
            shares = self.weights[its].repeat(left[its]) * weights[at]
            out[start:end] = np.bincount(cells, shares, (end - start) * texts).reshape(end - start, texts)
        return np.maximum(out, out.T)


def _slices(upto: Ints) -> Iterator[tuple[int, int]]:
    """Runs of texts whose postings come to about _AT_ONCE. upto: postings before each text, and all."""
    start = 0
    while start < len(upto) - 1:
        end = max(start + 1, min(int(upto.searchsorted(upto[start] + _AT_ONCE)), start + _ROWS, len(upto) - 1))
        yield start, end
        start = end


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
