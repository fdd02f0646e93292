"""The best of long bodies read again, sentence by sentence."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry
from knowledge.analysis import TOKEN, U64, grams_of

_LONG, _LONGEST = 150, 3000  # characters of a body worth reading again, and as far as it is read
_READ = 5  # entries, and only those
_NEAR = 0.15  # this close to the best: others would not catch up
_WEIGHT = 0.4  # of the best sentence, beside title and body
_REMEMBERED = 2000  # bodies; about 10 MB
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


Floats = NDArray[np.float64]


class Passages:
    """Grams of bodies' sentences, remembered by body."""

    def __init__(self) -> None:
        self._known: dict[str, list[U64]] = {}

    def add(self, scores: Floats, entries: Sequence[Entry], grams: U64, idf: Floats) -> None:
        """Raise the scores (in place) of the best entries that say all of the question in one sentence: a long body
        has every word somewhere. grams: the question's, with their IDF."""
        weight = float(idf.sum())
        if not weight:
            return
        near = (scores >= scores.max() - _NEAR).nonzero()[0]
        for i in near[np.argsort(-scores[near], kind="stable")][:_READ].tolist():
            body = entries[i].body
            if len(body) >= _LONG:
                fits = [float(idf[_in(grams, sentence)].sum()) for sentence in self._sentences(body)]
                scores[i] += _WEIGHT * max(fits, default=0.0) / weight

    def _sentences(self, body: str) -> list[U64]:
        known = self._known.get(body)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            parts = _SENTENCE_END.split(body[:_LONGEST])
            known = [grams for grams, _, _ in grams_of(["".join(TOKEN.findall(p)) for p in parts]) if len(grams)]
            self._known[body] = known
        return known


def _in(keys: U64, among: U64) -> NDArray[np.bool_]:
    at = among.searchsorted(keys)
    at[at == len(among)] = 0
    found: NDArray[np.bool_] = among[at] == keys
    return found
