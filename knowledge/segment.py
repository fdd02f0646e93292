"""One part of the index: some entries, their texts as units, and the postings of both halves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry
from knowledge.analysis import Analysis, Analyzer
from knowledge.postings import MAX_UNITS, Block, Ints, build, compact, merge
from knowledge.text import to_jamo

_TOGETHER = 512  # entries analysed before they are put in arrays

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Segment:
    """Entries in order; each has a unit for the title, one for each alias, and last one for the body.

    alive: entries not replaced or removed since. first: first unit of each entry, then the number of units.
    is_body: by unit. words, grams: postings; df in them counts living entries. forms: the words' forms, in the order
    of words.keys, taken apart into jamo; morphemes: Kiwi's ids of them. eojeols: those of titles and aliases, with
    their jamo beside them. word_lengths, gram_lengths: by unit.
    """

    entries: tuple[Entry, ...]
    alive: Bools
    first: Ints
    is_body: Bools
    words: Block
    grams: Block
    forms: tuple[str, ...]
    morphemes: NDArray[np.int32]
    eojeols: tuple[str, ...]
    eojeol_jamo: tuple[str, ...]
    word_lengths: Floats
    gram_lengths: Floats

    @property
    def units(self) -> int:
        return len(self.is_body)

    def living_units(self) -> Bools:
        return np.repeat(self.alive, np.diff(self.first))


def ask_texts(entry: Entry) -> tuple[str, ...]:
    """What customers may say to get the entry."""
    return (entry.title, *entry.aliases)


def make(analyzer: Analyzer, entries: Sequence[Entry]) -> tuple[Segment, ...]:
    """Segments of the entries. Made from small ones, so that little is held beside the result."""
    out: tuple[Segment, ...] = ()
    for begin in range(0, len(entries), _TOGETHER):
        for part in _parts(entries[begin : begin + _TOGETHER]):
            out = tidy((*out, _make(analyzer, part)))
    return out


def _parts(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The entries in lists of no more units than a block can number."""
    parts: list[list[Entry]] = [[]]
    room = MAX_UNITS
    for entry in entries:
        need = len(entry.aliases) + 2
        if need > MAX_UNITS:
            raise ValueError(f"entry {entry.id} has more than {MAX_UNITS - 2} aliases")
        if need > room:
            parts.append([])
            room = MAX_UNITS
        parts[-1].append(entry)
        room -= need
    return parts


def _make(analyzer: Analyzer, entries: list[Entry]) -> Segment:
    units: list[Analysis] = []
    is_body: list[bool] = []
    first = [0]
    for entry in entries:
        units += analyzer.analyse_entry(*ask_texts(entry), entry.body)
        is_body += [False] * (1 + len(entry.aliases)) + [True]
        first.append(len(units))
    owner = np.repeat(np.arange(len(entries), dtype=np.int32), np.diff(first))
    words = build([(u.word_keys, u.word_counts) for u in units], owner)
    vocabulary = {w.key: w for u in units for w in u.words}
    eojeols = tuple({e: None for u, body in zip(units, is_body, strict=True) if not body for e in u.eojeols})
    return Segment(
        tuple(entries),
        np.ones(len(entries), np.bool_),
        np.array(first),
        np.array(is_body, np.bool_),
        words,
        build([(u.grams, u.gram_counts) for u in units], owner),
        tuple(to_jamo(vocabulary[k].form) for k in words.keys.tolist()),
        np.array([vocabulary[k].morpheme for k in words.keys.tolist()], np.int32),
        eojeols,
        tuple(to_jamo(e) for e in eojeols),
        np.array([u.word_counts.sum() for u in units], np.float32),
        np.array([u.gram_counts.sum() for u in units], np.float32),
    )


def without(analyzer: Analyzer, segment: Segment, number: int) -> Segment:
    """The segment with one entry dead; its units no longer count."""
    entry = segment.entries[number]
    texts = analyzer.analyse_entry(*ask_texts(entry), entry.body)
    alive = segment.alive.copy()
    alive[number] = False
    return replace(
        segment,
        alive=alive,
        words=segment.words.without(np.unique(np.concatenate([t.word_keys for t in texts]))),
        grams=segment.grams.without(np.unique(np.concatenate([t.grams for t in texts]))),
    )


def tidy(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Small segments at the end merged with their neighbours, mostly dead ones compacted: every entry is copied a
    logarithmic number of times, and a search meets a handful of segments."""
    out = [compacted(s) if s.alive.sum() * 2 < len(s.alive) else s for s in segments if s.alive.any()]
    while len(out) > 1 and out[-1].units * 4 > out[-2].units and out[-1].units + out[-2].units <= MAX_UNITS:
        two, one = out.pop(), out.pop()
        out.append(_merged(one, two))
    return tuple(out)


def _merged(one: Segment, two: Segment) -> Segment:
    words = merge(one.words, two.words)
    known = np.searchsorted(words.keys, one.words.keys), np.searchsorted(words.keys, two.words.keys)
    forms, morphemes = np.empty(len(words.keys), object), np.empty(len(words.keys), np.int32)
    for segment, at in zip((one, two), known, strict=True):
        forms[at], morphemes[at] = segment.forms, segment.morphemes
    eojeols = dict(zip(one.eojeols, one.eojeol_jamo, strict=True)) | dict(
        zip(two.eojeols, two.eojeol_jamo, strict=True)
    )
    return Segment(
        one.entries + two.entries,
        np.concatenate([one.alive, two.alive]),
        np.concatenate([one.first, two.first[1:] + one.units]),
        np.concatenate([one.is_body, two.is_body]),
        words,
        merge(one.grams, two.grams),
        tuple(forms),
        morphemes,
        tuple(eojeols),
        tuple(eojeols.values()),
        np.concatenate([one.word_lengths, two.word_lengths]),
        np.concatenate([one.gram_lengths, two.gram_lengths]),
    )


def compacted(segment: Segment) -> Segment:
    """The living entries only."""
    keep = segment.living_units()
    words = compact(segment.words, keep)
    left = segment.words.find(words.keys)[1]
    return Segment(
        tuple(e for e, alive in zip(segment.entries, segment.alive, strict=True) if alive),
        np.ones(int(segment.alive.sum()), np.bool_),
        np.concatenate([[0], np.cumsum(np.diff(segment.first)[segment.alive])]),
        segment.is_body[keep],
        words,
        compact(segment.grams, keep),
        tuple(segment.forms[i] for i in left.tolist()),
        segment.morphemes[left],
        segment.eojeols,
        segment.eojeol_jamo,
        segment.word_lengths[keep],
        segment.gram_lengths[keep],
    )
