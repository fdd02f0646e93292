"""Vectors of one version's texts: the third way to say how near a question is to an entry.

A service's cosines mean nothing by themselves: with one model strangers meet at 0.2, with another at 0.8. What they
mean is learned from the knowledge base: each text is held against the other texts of its own entry, as a question that
the entry answers would be, and against the nearest other entry, as one that nothing answers. Between the two
distributions a cosine becomes log-odds (linear discriminant analysis: one slope, one middle).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry
from domain.masking import mask

_BODY = 500  # characters of a body, as much as one vector can be about
_LONGEST = 1000  # of a question; a longer message is a letter
_MOST_ODDS = 6.0
_STEEPEST = 40.0  # log-odds for 1 of cosine: few texts may look more orderly than they are
_SAMPLE = 256  # texts that are held against the others

Matrix = NDArray[np.float32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
TextVectors = Mapping[str, Matrix]  # of length one, by the text as the customer wrote it


def sent_form(text: str) -> str:
    """A question or a title as it is sent to the service, and hashed: without identifiers and doubled spaces."""
    whole = text[:_LONGEST].encode("utf-8", "replace").decode()  # halves of characters are no text to others
    return mask(" ".join(whole.split()))


def texts_of(entry: Entry) -> tuple[str, ...]:
    """What of an entry is embedded, as it is sent: title, aliases and the beginning of the body, each once."""
    forms = (sent_form(text) for text in (entry.title, *entry.aliases, entry.body[:_BODY]))
    return tuple(dict.fromkeys(form for form in forms if form))


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Vectors:
    """All of a version. ids: its entries. first: where each one's rows begin, and the end. hashes: of the texts, a row
    each. matrix: rows of length one. slope, middle: make log-odds of a cosine."""

    ids: tuple[str, ...]
    first: Ints
    hashes: tuple[str, ...]
    matrix: Matrix
    slope: float
    middle: float

    def of(self, ids: Sequence[str]) -> "Vectors":
        """The same with the entries in this order. Raises KeyError when they are others."""
        if tuple(ids) == self.ids:
            return self
        if len(ids) != len(self.ids):
            raise KeyError("vectors of other entries")
        at = {entry: n for n, entry in enumerate(self.ids)}
        places = np.array([at[i] for i in ids], np.int64)
        counts = np.diff(self.first)[places]
        rows = np.concatenate([np.arange(self.first[n], self.first[n + 1]) for n in places])
        hashes = tuple(self.hashes[r] for r in rows.tolist())
        first = np.concatenate([[0], np.cumsum(counts)])
        return Vectors(tuple(ids), first, hashes, self.matrix[rows], self.slope, self.middle)

    def rows(self) -> dict[str, Matrix]:
        """Vector by hash."""
        return dict(zip(self.hashes, self.matrix, strict=True))

    def odds_of(self, texts: Sequence[str], vectors: TextVectors) -> "Odds | None":
        """What the vectors say of those texts that have one of the right length; None when none has."""
        length = self.matrix.shape[1]
        having = [n for n, text in enumerate(texts) if text in vectors and len(vectors[text]) == length]
        if not having:
            return None
        cosines = np.stack([vectors[texts[n]] for n in having]) @ self.matrix.T
        best = np.maximum.reduceat(cosines, self.first[:-1], axis=1).astype(np.float64)
        odds = np.clip(self.slope * (best - self.middle), -_MOST_ODDS, _MOST_ODDS)
        return Odds(np.array(having, np.int64), odds)


@dataclass(frozen=True, slots=True)
class Odds:
    """texts: which of those asked. odds: log-odds within ±6 that such a text (rows) belongs to an entry (columns)
    rather than to none, by the nearest of the entry's texts."""

    texts: Ints
    odds: Floats

    def features(self, first: Ints) -> dict[int, tuple[float, float]]:
        """model.VECTOR_FEATURES by text. first: of every text that was asked, its first entry."""
        rows = np.arange(len(self.texts))
        chosen = first[self.texts]
        own = self.odds[rows, chosen]
        others = self.odds.copy()
        others[rows, chosen] = -_MOST_ODDS
        pairs = zip(own.tolist(), (own - others.max(1)).tolist(), strict=True)
        return dict(zip(self.texts.tolist(), pairs, strict=True))


class Gathering:
    """A version's vectors while they come in. known: those that another version had."""

    def __init__(self, entries: Iterable[Entry], known: Mapping[str, Matrix]) -> None:
        self._texts = {e.id: {text_hash(text): text for text in texts_of(e)} for e in entries}
        self._wanted = {h: text for texts in self._texts.values() for h, text in texts.items()}
        self._rows = {h: known[h] for h in self._wanted.keys() & known.keys()}

    def lacking(self) -> dict[str, str]:
        """Text by hash of those that are not there yet."""
        return {h: text for h, text in self._wanted.items() if h not in self._rows}

    def give(self, vectors: Mapping[str, bytes]) -> None:
        """Vectors by hash; others than the lacking are ignored. Raises ValueError when they are not of one length."""
        rows = {h: np.frombuffer(v, "<f4") for h, v in vectors.items() if h in self._wanted}
        lengths = {len(row) for row in rows.values()} | {len(row) for row in list(self._rows.values())[:1]}
        if len(lengths) > 1:
            raise ValueError("vectors of several lengths")
        self._rows |= rows

    def whole(self) -> Vectors | None:
        """All together, once nothing is lacking and there is anything."""
        if not self._wanted or len(self._rows) < len(self._wanted):
            return None
        hashes = tuple(h for texts in self._texts.values() for h in texts)
        matrix = np.stack([self._rows[h] for h in hashes]).astype(np.float32)
        counts = [len(texts) for texts in self._texts.values()]
        first = np.cumsum([0, *counts])
        return Vectors(tuple(self._texts), first, hashes, matrix, *_calibrated(matrix, first))


def _calibrated(matrix: Matrix, first: Ints) -> tuple[float, float]:
    """Slope and middle, slope 0 where texts of one entry are no nearer to each other than to other entries'."""
    chosen = np.unique(np.linspace(0, len(matrix) - 1, min(len(matrix), _SAMPLE)).astype(np.int64))
    cosines = matrix[chosen] @ matrix.T
    rows = np.arange(len(chosen))
    cosines[rows, chosen] = -2.0
    best = np.maximum.reduceat(cosines, first[:-1], axis=1)
    owner = np.searchsorted(first, chosen, side="right") - 1
    own = best[rows, owner]
    best[rows, owner] = -2.0
    other = best.max(1)
    own, other = own[own > -2.0], other[other > -2.0]
    if not len(own) or not len(other):
        return 0.0, 0.0
    near, far = float(np.median(own)), float(np.median(other))
    spread = max(float(own.var() + other.var()) / 2, 1e-6)
    return min(max((near - far) / spread, 0.0), _STEEPEST), (near + far) / 2
