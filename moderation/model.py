"""The learnt weights: one number for abuse, and small heads for the category and the target of what is abusive."""

import json
import math
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from moderation.features import NGRAM_BITS, buckets

CATEGORIES = ("profanity", "insult", "threat", "sexual", "hate")
TARGETS = ("staff", "other", "none")
HEAD_BITS = 13  # the heads use the upper bits of the same buckets
NGRAM_GAIN = 4.0  # an n-gram counts NGRAM_GAIN / sqrt(how many there are), a pair of signs counts 1
_WINDOW = 128
_STEP = 48
_LONGEST = 1000
_ONES = np.ones(4 * _LONGEST, np.float32)


@dataclass(frozen=True, slots=True)
class Model:
    """ngrams: [2**NGRAM_BITS], heads: [2**HEAD_BITS, 8] (CATEGORIES, then TARGETS), both already in logits.

    pairs[i][j] (i <= j) is the weight of signs i and j together, i = j of the sign alone; sign_heads: [K, 8].
    doubt is taken off where nothing but the wording speaks for abuse.
    """

    version: str
    bias: float
    doubt: float
    head_bias: NDArray[np.float32]
    ngrams: NDArray[np.float32]
    heads: NDArray[np.float32]
    pairs: tuple[tuple[float, ...], ...]
    sign_heads: NDArray[np.float32]

    def text_logit(self, at: NDArray[np.int64]) -> float:
        """What the n-grams in these buckets say. A long text is as bad as its worst stretch of 128 characters."""
        length = at.shape[1]
        if length <= _WINDOW:
            # A product with ones adds up faster than sum() does on so few numbers.
            total = float(_ONES[: 4 * length].dot(self.ngrams[at.ravel()]))
            return total * NGRAM_GAIN / (2.0 * math.sqrt(length))
        sums = np.concatenate(([0.0], np.cumsum(self.ngrams[at].sum(axis=0, dtype=np.float64))))
        starts = np.append(np.arange(0, length - _WINDOW, _STEP), length - _WINDOW)
        return float((sums[starts + _WINDOW] - sums[starts]).max()) * NGRAM_GAIN / (2.0 * math.sqrt(_WINDOW))

    def sign_logit(self, present: list[int]) -> float:
        """What the signs say, alone and two by two; present is in ascending order."""
        total = 0.0
        for at, first in enumerate(present):
            row = self.pairs[first]
            for second in present[at:]:
                total += row[second]
        return total

    def head_logits(self, at: NDArray[np.int64], present: list[int]) -> list[float]:
        """Scores of CATEGORIES, then of TARGETS, for a text that is abusive."""
        rows = head_rows(at[:, :_LONGEST])
        count = len(rows)
        scores: NDArray[np.float32] = np.add.reduce(self.heads[rows])
        scores *= NGRAM_GAIN / math.sqrt(count)
        scores += self.head_bias
        if present:
            scores += np.add.reduce(self.sign_heads.take(present, axis=0))
        made: list[float] = scores.tolist()
        return made

    def worst_stretch(self, text: str) -> tuple[int, int]:
        """The [start, end) of the run of characters whose n-grams speak most for abuse, by the maximal sum."""
        # Row 0, column 0 is the space put before the text; astral characters are two units, so this is for plain text.
        weights = self.ngrams[buckets(text)].sum(axis=0, dtype=np.float64)[1 : len(text) + 1]
        sums = np.concatenate(([0.0], np.cumsum(weights)))
        lowest = np.minimum.accumulate(sums)
        end = int(np.argmax(sums[1:] - lowest[:-1])) + 1
        return int(np.argmin(sums[:end])), end


def head_rows(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the heads keep the 2- and 3-grams of these buckets; the others add time and hardly anything else."""
    return at[1:3].ravel() >> (NGRAM_BITS - HEAD_BITS)


def load_model() -> Model:
    """Reads the package data; raises OSError or ValueError where it is missing or damaged."""
    folder = resources.files("moderation") / "data"
    facts = json.loads((folder / "weights.json").read_text("utf-8"))
    blob = np.frombuffer((folder / "weights.int8").read_bytes(), np.int8)
    count = len(facts["signs"])
    blocks: list[NDArray[np.float32]] = []
    begin = 0
    heads = len(CATEGORIES) + len(TARGETS)
    for scale, shape in zip(
        facts["scales"],
        ((1 << NGRAM_BITS,), (1 << HEAD_BITS, heads), (count, count), (count, heads)),
        strict=True,
    ):
        size = int(np.prod(shape))
        blocks.append((blob[begin : begin + size].astype(np.float32) * np.float32(scale)).reshape(shape))
        begin += size
    if begin != len(blob):
        raise ValueError(
            f"weights.int8 holds {len(blob)} bytes where {begin} are due; run python -m moderation.train again"
        )
    return Model(
        facts["version"],
        facts["bias"],
        facts["doubt"],
        np.array(facts["head_bias"], np.float32),
        blocks[0],
        blocks[1],
        tuple(tuple(row) for row in blocks[2].tolist()),
        blocks[3],
    )
