"""A linear classifier over the entries, learned from their titles and aliases.

Search asks "which alias is most like the question?"; the ranker has learned which words tell the entries apart.
Multinomial logistic regression on three unit-length parts: IDF-weighted words, jamo n-grams, and meaning. It is trained
in the space of kernels (as many unknowns as texts) by Nesterov's method with a fixed number of steps, whose early end
is the regularisation; then the weights of the features are written out, so that a question costs one small product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry
from knowledge.analysis import U64, Analysis, Analyzer
from knowledge.index import Index, Terms
from knowledge.segment import ask_texts

_STEPS, _RATE = 20, 2.0
_PARTS = (1.0, 1.75, 1.0)  # weights of words, grams, meaning
_RARE = 48  # texts that have a feature
_MAX_COST = 2e9  # texts squared times entries: about three seconds of training
_MIN_TEXTS = 3.0  # an entry, on average: from fewer there is nothing to learn that search does not know

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights by feature and entry. ids: the entries, one a column. word_keys, gram_keys: sorted, a row each, with the
    IDF beside them."""

    ids: tuple[str, ...]
    word_keys: U64
    word_idf: Matrix
    word_weights: Matrix
    gram_keys: U64
    gram_idf: Matrix
    gram_weights: Matrix
    meaning_weights: Matrix

    def score(self, words: Terms, grams: Sequence[U64], meanings: Matrix) -> Matrix:
        """Log-odds, up to a constant: a row for each question, a column for each entry. words: of all questions.
        grams, meanings: what `shape_of` and `meanings_of` give, a question each."""
        word_rows, known = _rows(self.word_keys, words.keys)
        word_at = known.searchsorted(words.at).tolist()
        gram_ends = np.cumsum([0, *(len(g) for g in grams)])
        gram_rows, known_grams = _rows(self.gram_keys, np.concatenate(grams))
        gram_at = known_grams.searchsorted(gram_ends).tolist()
        word_values, gram_values = self.word_idf[word_rows] * words.trust[known], self.gram_idf[gram_rows]
        odds = np.float32(_PARTS[2]) * (meanings @ self.meaning_weights)
        for n in range(len(grams)):
            w, g = slice(word_at[n], word_at[n + 1]), slice(gram_at[n], gram_at[n + 1])
            odds[n] += _unit(word_values[w], _PARTS[0]) @ self.word_weights[word_rows[w]]
            odds[n] += _unit(gram_values[g], _PARTS[1]) @ self.gram_weights[gram_rows[g]]
        return odds


def worth_training(entries: Sequence[Entry]) -> bool:
    """Whether the entries have enough aliases to learn from, and few enough to learn in seconds."""
    texts = sum(1 + len(e.aliases) for e in entries)
    return len(entries) > 1 and texts >= _MIN_TEXTS * len(entries) and texts * texts * len(entries) <= _MAX_COST


def train(analyzer: Analyzer, index: Index, entries: Sequence[Entry]) -> Ranker:
    """A ranker of these entries, which `index` holds. Seconds of processor time; the same input gives the same."""
    owner: list[int] = []
    words: list[U64] = []
    grams: list[U64] = []
    meanings: list[Matrix] = []
    for number, entry in enumerate(entries):
        asks = analyzer.analyse_entry(*ask_texts(entry))
        owner += [number] * len(asks)
        words += [analysis.word_keys for analysis in asks]
        grams += [shape_of(analysis) for analysis in asks]
        meanings.append(meanings_of(analyzer, [[w.morpheme for w in a.words] for a in asks], index.weigh(asks)))
    word_keys, word_idf, word_sparse = _sparse(words, owner, _PARTS[0])
    gram_keys, gram_idf, gram_sparse = _sparse(grams, owner, _PARTS[1])
    meaning = np.concatenate(meanings) * np.float32(_PARTS[2])
    count = len(owner)
    kernel = _kernel(word_sparse, count) + _kernel(gram_sparse, count) + meaning @ meaning.T
    kernel /= np.float32(len(_PARTS))
    dual = _fit(kernel, np.array(owner), len(entries)) / np.float32(len(_PARTS))
    return Ranker(
        tuple(e.id for e in entries),
        word_keys,
        word_idf,
        _primal(word_sparse, dual, len(word_keys)),
        gram_keys,
        gram_idf,
        _primal(gram_sparse, dual, len(gram_keys)),
        meaning.T @ dual,
    )


def meanings_of(analyzer: Analyzer, texts: Sequence[Sequence[int]], words: Terms) -> Matrix:
    """The meaning of texts of these morphemes, a row each, weighted as `words` (of all, in the same order) are."""
    return analyzer.meanings.of(texts, words.idf * words.trust)


def shape_of(text: Analysis) -> U64:
    """The letters' side of a text: its jamo trigrams and its outline."""
    return np.concatenate([text.grams[: int(text.grams.searchsorted(_AFTER_TRIGRAMS))], text.outline])


_AFTER_TRIGRAMS = np.uint64(2 << 60)


def _rows(keys: U64, terms: U64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the terms that have one, and the places of those terms."""
    at = keys.searchsorted(terms)
    at[at == len(keys)] = 0
    known = (keys[at] == terms).nonzero()[0]
    return at[known], known


def _unit(values: NDArray[np.floating], length: float) -> Matrix:
    norm = float(np.sqrt(values @ values)) or 1.0
    return (values * (length / norm)).astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True)
class _Sparse:
    """Entries of a texts-by-features matrix, ordered by feature; ptr as in compressed columns."""

    ptr: NDArray[np.int64]
    texts: NDArray[np.int64]
    values: Matrix


def _sparse(texts: Sequence[U64], owner: Sequence[int], length: float) -> tuple[U64, Matrix, _Sparse]:
    """Keys, their IDF (over entries), and the texts as vectors of that IDF, each of the given length."""
    keys, features = np.unique(np.concatenate(texts), return_inverse=True)
    number = np.repeat(np.arange(len(texts)), [len(t) for t in texts])
    having = np.unique(features * len(texts) + np.asarray(owner)[number]) // len(texts)
    entries = np.bincount(having, minlength=len(keys))
    count = owner[-1] + 1
    idf = np.log1p((count - entries + 0.5) / (entries + 0.5)).astype(np.float32)
    norms = np.sqrt(np.bincount(number, idf[features] ** 2, len(texts)))
    order = np.argsort(features, kind="stable")
    values = idf[features] * (length / np.maximum(norms, 1e-9))[number]
    ptr = np.searchsorted(features[order], np.arange(len(keys) + 1))
    return keys, idf, _Sparse(ptr, number[order], values[order].astype(np.float32))


def _chunks(sparse: _Sparse, columns: NDArray[np.int64], count: int) -> list[Matrix]:
    """Dense pieces (texts by up to 1,024 features) of the chosen columns."""
    out = []
    for begin in range(0, len(columns), 1024):
        chosen = columns[begin : begin + 1024]
        lengths = sparse.ptr[chosen + 1] - sparse.ptr[chosen]
        at = np.concatenate([np.arange(sparse.ptr[c], sparse.ptr[c + 1]) for c in chosen])
        dense = np.zeros((count, len(chosen)), np.float32)
        dense[sparse.texts[at], np.repeat(np.arange(len(chosen)), lengths)] = sparse.values[at]
        out.append(dense)
    return out


def _kernel(sparse: _Sparse, count: int) -> Matrix:
    """Inner products of all texts: rare features pair by pair, common ones as dense pieces."""
    lengths = np.diff(sparse.ptr)
    places: list[NDArray[np.int64]] = []
    products: list[Matrix] = []
    for length in range(1, _RARE + 1):
        starts = sparse.ptr[:-1][lengths == length]
        at = starts[:, None] + np.arange(length)
        texts, values = sparse.texts[at], sparse.values[at]
        places.append((texts[:, :, None] * count + texts[:, None, :]).ravel())
        products.append((values[:, :, None] * values[:, None, :]).ravel())
    pairs = np.bincount(np.concatenate(places), np.concatenate(products), count * count)
    kernel = pairs.reshape(count, count).astype(np.float32)
    for dense in _chunks(sparse, np.flatnonzero(lengths > _RARE), count):
        kernel += dense @ dense.T
    return kernel


def _primal(sparse: _Sparse, dual: Matrix, features: int) -> Matrix:
    every = np.arange(features)
    return np.concatenate([dense.T @ dual for dense in _chunks(sparse, every, len(dual))])


def _fit(kernel: Matrix, owner: NDArray[np.int64], classes: int) -> Matrix:
    """Dual weights, texts by classes. Every class counts alike, however many texts it has."""
    target = np.zeros((len(owner), classes), np.float32)
    target[np.arange(len(owner)), owner] = 1
    weight = 1 / np.bincount(owner, minlength=classes)[owner]
    weight = (weight / weight.mean()).astype(np.float32)[:, None]
    rate = np.float32(_RATE / max(float(np.diagonal(kernel).mean()), 1e-9))
    dual = ahead = np.zeros_like(target)
    momentum = 1.0
    for _ in range(_STEPS):
        odds = kernel @ ahead
        odds -= odds.max(1, keepdims=True)
        np.exp(odds, out=odds)
        odds /= odds.sum(1, keepdims=True)
        step = ahead - rate * weight * (odds - target)
        following = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = step + np.float32((momentum - 1) / following) * (step - dual)
        dual, momentum = step, following
    return dual
