"""What words mean: vectors of morphemes, taken from the language model that Kiwi already carries.

Kiwi tells how alike two morphemes are but not their vectors. Likeness to a fixed set of anchors, made orthogonal, is
the vector's projection onto the space they span: 128 anchors keep what search needs of the model's 256 dimensions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 128
_FIRST, _STEP = 1000, 53  # morpheme ids: past the particles and endings, then spread over the dictionary
_CACHED = 30_000  # morphemes; about 15 MB

Vector = NDArray[np.float32]


class Meanings:
    """Unit vectors of morphemes by Kiwi's ids. One call in ~0.2 ms, remembered; the zero vector for unknown ones."""

    def __init__(self, kiwi: Any) -> None:
        self._likeness = kiwi.morpheme_similarity
        self._anchors = self._choose()
        gram = np.array([[self._likeness(a, b) for b in self._anchors] for a in self._anchors])
        self._project = np.linalg.inv(np.linalg.cholesky(gram + 1e-6 * np.eye(len(gram)))).T
        self._centre = (gram @ self._project).mean(0)
        self._known: dict[int, Vector] = {}

    def vector(self, morpheme: int) -> Vector:
        known = self._known.get(morpheme)
        return self._compute(morpheme) if known is None else known

    def of(self, texts: Sequence[Sequence[int]], weights: NDArray[np.floating]) -> Vector:
        """A row for each text (its morphemes): the sum of their vectors, each with its weight, made a unit vector; zero
        when none is known. weights: of all texts' morphemes, one text behind the other."""
        out = np.zeros((len(texts), DIMENSIONS), np.float32)
        vectors = [self.vector(m) for text in texts for m in text]
        if vectors:
            weighted = np.array(vectors) * weights.astype(np.float32)[:, None]
            lengths = np.array([len(text) for text in texts])
            filled = lengths > 0
            out[filled] = np.add.reduceat(weighted, (lengths.cumsum() - lengths)[filled])
            norms = np.sqrt((out * out).sum(1))
            out /= np.where(norms > 0, norms, 1)[:, None]
        return out

    def _choose(self) -> list[int]:
        anchors: list[int] = []
        morpheme = _FIRST
        while len(anchors) < DIMENSIONS:
            if abs(self._likeness(morpheme, morpheme) - 1) < 0.01:
                anchors.append(morpheme)
            morpheme += _STEP
        return anchors

    def _compute(self, morpheme: int) -> Vector:
        likeness = np.array([self._likeness(morpheme, a) for a in self._anchors])
        vector = np.zeros(DIMENSIONS, np.float32)
        if np.isfinite(likeness).all() and likeness.any():
            centred = likeness @ self._project - self._centre
            vector = (centred / np.linalg.norm(centred)).astype(np.float32)
        if len(self._known) >= _CACHED:
            self._known.clear()
        self._known[morpheme] = vector
        return vector
