"""BM25 over the postings of one segment, common terms only where they can matter.

Most postings of a question belong to terms that nearly every entry has and that weigh next to nothing. Where there are
many, rare terms are scored first; what all others could add decides nothing but among the entries that are ahead by
then, and only those are looked up in the common terms' postings. (The idea of MaxScore: Turtle and Flood, "Query
evaluation: strategies and optimizations", 1995; here with a fixed number of entries that stay in the running.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.postings import Block, Ints

MANY = 100_000  # postings of a question in one block, from where it is worth while
_COMMON = 0.35  # of a question's weight that common terms may have together
_AHEAD = 64  # entries that stay in the running

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Terms of questions that a block has, one question behind the other. at: places in the block's keys. owner: the
    question's number. weight: the term's share of the question's whole weight."""

    at: Ints
    owner: Ints
    weight: Floats

    def only(self, chosen: NDArray[np.bool_]) -> "Wanted":
        return Wanted(self.at[chosen], self.owner[chosen], self.weight[chosen])


def impact(tf: NDArray[np.uint8], norm: NDArray[np.float32]) -> NDArray[np.float32]:
    """BM25's share of a term's IDF, 0 to 1."""
    return tf / (tf + norm)


def score(
    block: Block, wanted: Wanted, questions: int, norm: NDArray[np.float32], ready: NDArray[np.float32] | None
) -> Floats:
    """Scores of all units (columns) for the questions (rows). norm: by unit. ready: impacts by posting, if at hand."""
    postings, lengths = block.gather(wanted.at)
    docs = block.docs[postings]
    weight = wanted.weight.repeat(lengths)
    weight *= impact(block.tf[postings], norm[docs]) if ready is None else ready[postings]
    cells = (wanted.owner * block.units).repeat(lengths)
    cells += docs
    scores = np.bincount(cells, weight, questions * block.units)
    return scores.astype(np.float64, copy=False).reshape(questions, block.units)


def split(block: Block, wanted: Wanted, questions: int) -> tuple[Wanted, Wanted]:
    """Rare terms and common ones; no common ones where there is little to gain."""
    lengths = block.ptr[wanted.at + 1] - block.ptr[wanted.at]
    if lengths.sum() <= MANY * questions:
        return wanted, wanted.only(np.zeros(len(lengths), np.bool_))
    order = np.lexsort((-lengths, wanted.owner))
    summed = wanted.weight[order].cumsum()
    begin = wanted.owner[order].searchsorted(np.arange(questions))
    before = np.append(0.0, summed)[begin][wanted.owner[order]]
    common = np.empty(len(lengths), np.bool_)
    common[order] = summed - before <= _COMMON
    return wanted.only(~common), wanted.only(common)


def ahead(scores: Floats, first: Ints) -> Ints:
    """Units of the entries that are best so far by one question's scores, ascending. first: first unit of each entry,
    then the number of units."""
    best = np.maximum.reduceat(scores, first[:-1], axis=0)
    count = min(_AHEAD, len(best))
    chosen = np.sort(np.argpartition(-best, count - 1)[:count])
    mark = np.zeros(len(scores), np.bool_)
    for entry in chosen.tolist():
        mark[first[entry] : first[entry + 1]] = True
    return mark.nonzero()[0]


def add(scores: Floats, block: Block, common: Wanted, units: Ints, norm: NDArray[np.float32]) -> None:
    """Add to one question's scores (in place) what the common terms give to some units (ascending)."""
    wanted = units.astype(np.uint16)
    for at, weight in zip(common.at.tolist(), common.weight.tolist(), strict=True):
        begin, end = int(block.ptr[at]), int(block.ptr[at + 1])
        docs = block.docs[begin:end]
        place = docs.searchsorted(wanted)
        place[place == len(docs)] = 0
        here = (docs[place] == wanted).nonzero()[0]
        found = units[here]
        scores[found] += weight * impact(block.tf[begin + place[here]], norm[found])
