"""Inverted lists in numpy: an immutable block of at most 65,536 units; all operations are linear and vectorised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
Ints = NDArray[np.int64]
MAX_UNITS = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """Postings of units numbered 0 to `units` - 1.

    keys: sorted distinct terms (uint64). df: entries that have the term (int32; an entry has one or more units).
    ptr: len(keys) + 1 offsets into docs and tf (int64). docs: unit numbers, ascending within a term (uint16).
    tf: occurrences, capped at 255 (uint8).
    """

    units: int
    keys: U64
    df: NDArray[np.int32]
    ptr: Ints
    docs: NDArray[np.uint16]
    tf: NDArray[np.uint8]

    def find(self, terms: U64) -> tuple[Ints, Ints]:
        """Positions in `terms` of those the block has, and their positions in keys."""
        if not len(self.keys) or not len(terms):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        at = self.keys.searchsorted(terms)
        at[at == len(self.keys)] = 0
        known = (self.keys[at] == terms).nonzero()[0]
        return known, at[known]

    def gather(self, at: Ints) -> tuple[Ints, Ints]:
        """Positions in docs and tf of all postings of the keys at `at`, and how many each key has."""
        starts = self.ptr[at]
        lengths = self.ptr[at + 1] - starts
        return ranges(starts, lengths), lengths

    def without(self, terms: U64) -> "Block":
        """The same with one entry fewer counted for each of `terms` (distinct, all known)."""
        df = self.df.copy()
        df[self.find(terms)[1]] -= 1
        return Block(self.units, self.keys, df, self.ptr, self.docs, self.tf)


def build(units: list[tuple[U64, NDArray[np.uint16]]], entry_of: NDArray[np.int32]) -> Block:
    """A block of (sorted distinct terms, counts) pairs, one a unit; `entry_of` numbers each unit's entry, ascending."""
    if not sum(len(t) for t, _ in units):
        return Block(len(units), *_EMPTY)
    terms = np.concatenate([t for t, _ in units])
    tf = np.minimum(np.concatenate([c for _, c in units]), 255).astype(np.uint8)
    docs = np.repeat(np.arange(len(units), dtype=np.uint16), [len(t) for t, _ in units])
    order = np.argsort(terms, kind="stable")
    terms, docs, tf = terms[order], docs[order], tf[order]
    first = np.append(True, terms[1:] != terms[:-1])
    starts = np.flatnonzero(first)
    entries = entry_of[docs]
    first[1:] |= entries[1:] != entries[:-1]
    df = np.add.reduceat(first, starts, dtype=np.int32)
    return Block(len(units), terms[starts], df, np.append(starts, len(terms)), docs, tf)


_EMPTY = (
    np.empty(0, np.uint64),
    np.empty(0, np.int32),
    np.zeros(1, np.int64),
    np.empty(0, np.uint16),
    np.empty(0, np.uint8),
)


def merge(one: Block, two: Block) -> Block:
    """Both in one, the second's units numbered after the first's. No entry may have units in both; at most
    MAX_UNITS units in all."""
    keys = np.union1d(one.keys, two.keys)
    at_one, at_two = np.searchsorted(keys, one.keys), np.searchsorted(keys, two.keys)
    lengths, df = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int32)
    lengths[at_one] = np.diff(one.ptr)
    behind_one = lengths[at_two]
    lengths[at_two] += np.diff(two.ptr)
    df[at_one] = one.df
    df[at_two] += two.df
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    docs, tf = np.empty(ptr[-1], np.uint16), np.empty(ptr[-1], np.uint8)
    into_one = ranges(ptr[at_one], np.diff(one.ptr))
    into_two = ranges(ptr[at_two] + behind_one, np.diff(two.ptr))
    docs[into_one], tf[into_one] = one.docs, one.tf
    docs[into_two], tf[into_two] = two.docs + np.uint16(one.units), two.tf
    return Block(one.units + two.units, keys, df, ptr, docs, tf)


def compact(block: Block, keep: NDArray[np.bool_]) -> Block:
    """Only the units where `keep` is true, numbered anew. df counts are kept: they count living entries already."""
    chosen = keep[block.docs]
    number = (np.cumsum(keep) - 1).astype(np.uint16)
    sums = np.concatenate([[0], np.cumsum(chosen)])
    ptr = sums[block.ptr]
    left = np.flatnonzero(np.diff(ptr))
    return Block(
        int(keep.sum()),
        block.keys[left],
        block.df[left],
        np.append(ptr[left], ptr[-1]),
        number[block.docs[chosen]],
        block.tf[chosen],
    )


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """Every position of the ranges that begin at `starts`, one range after the other."""
    ends = lengths.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    out: Ints = (starts - ends + lengths).repeat(lengths)
    out += np.arange(total)
    return out
