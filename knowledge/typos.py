"""Words that no entry has, taken for the likest one that some entry has."""

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.analysis import Analysis, Analyzer
from knowledge.segment import Segment
from knowledge.text import to_jamo

_REPAIR_WORD, _REPAIR_EOJEOL = 75.0, 80.0  # of 100: likeness in jamo from which an unknown word is taken for a typo
_REPAIR_JAMO = 4  # shorter words are like too many others
_LOOKED_AT = 5  # likest ones, of which the first that an entry still has is taken
_REPAIRS = 6  # a question with more unknown words than this is about something else
_LARGE, _LARGE_IN_EOJEOLS = 10_000, 60_000  # words: from there a look-up takes milliseconds; of eojeols, tens of them
_REPAIRS_IN_LARGE = 3
_UNSEEN = (-1, -1, 0.0)
_REMEMBERED = 20_000  # repairs; about 4 MB


class Typos:
    """Repairs by what the segments of an index hold. Remembers what it has looked up."""

    def __init__(self, analyzer: Analyzer, segments: tuple[Segment, ...]) -> None:
        self._analyzer, self._segments = analyzer, segments
        eojeols = sum(len(s.eojeols) for s in segments)
        self._large = max((len(s.forms) for s in segments), default=0) > _LARGE or eojeols > _LARGE_IN_EOJEOLS
        self._likest_known: dict[tuple[str, bool], tuple[int, int, float] | None] = {}

    def repaired(self, question: Analysis, known: set[int]) -> dict[int, tuple[float, int]]:
        """Trust and morpheme of each word (by key) once typos are put right; empty when there was nothing to do.

        First whole eojeols, because a typo makes Kiwi cut the wrong pieces; then the words still unknown.
        """
        out: dict[int, tuple[float, int]] = {}
        repairs = 0
        large = self._large
        allowed = _REPAIRS_IN_LARGE if large else _REPAIRS
        for eojeol in question.eojeols:
            words, trust = self._analyzer.words(eojeol), 1.0
            if all(w.key in known for w in words):
                pass
            elif not large and repairs < allowed and (likest := self._likest_eojeol(eojeol)):
                words, trust = self._analyzer.words(likest[0]), likest[1]
                repairs += 1
            for word in words:
                key, morpheme, sure = word.key, word.morpheme, trust
                if trust == 1.0 and key not in known and repairs < allowed and (form := self._likest_form(word.form)):
                    key, morpheme, sure = form
                    repairs += 1
                if out.get(key, (0.0, 0))[0] < sure:
                    out[key] = sure, morpheme
        return out if repairs else {}

    def _likest_eojeol(self, eojeol: str) -> tuple[str, float] | None:
        best = self._likest(to_jamo(eojeol), True)
        return (self._segments[best[0]].eojeols[best[1]], best[2]) if best else None

    def _likest_form(self, form: str) -> tuple[int, int, float] | None:
        best = self._likest(to_jamo(form), False)
        if not best:
            return None
        segment = self._segments[best[0]]
        return int(segment.words.keys[best[1]]), int(segment.morphemes[best[1]]), best[2]

    def _likest(self, jamo: str, eojeol: bool) -> tuple[int, int, float] | None:
        """Segment, place in it, and likeness (0-1) of the living eojeol or form most like `jamo`."""
        if len(jamo) < _REPAIR_JAMO:
            return None
        known = self._likest_known.get((jamo, eojeol), _UNSEEN)
        if known is _UNSEEN:
            known = self._look(jamo, eojeol)
            if len(self._likest_known) >= _REMEMBERED:
                self._likest_known.clear()
            self._likest_known[jamo, eojeol] = known
        return known

    def _look(self, jamo: str, eojeol: bool) -> tuple[int, int, float] | None:
        best: tuple[int, int, float] | None = None
        least = _REPAIR_EOJEOL if eojeol else _REPAIR_WORD
        for number, s in enumerate(self._segments):
            choices = s.eojeol_jamo if eojeol else s.forms
            for _, likeness, at in process.extract(
                jamo, choices, scorer=fuzz.ratio, score_cutoff=least, limit=_LOOKED_AT
            ):
                if best and likeness / 100 <= best[2]:
                    break
                if self._lives(s.eojeols[at]) if eojeol else s.words.df[at] > 0:
                    best = number, at, likeness / 100
                    break
        return best

    def _lives(self, eojeol: str) -> bool:
        """Whether an entry still has the eojeol's words: parts keep those of replaced entries until they are tidied."""
        keys = np.array([w.key for w in self._analyzer.words(eojeol)], np.uint64)
        living = np.zeros(len(keys), np.int64)
        for segment in self._segments:
            known, at = segment.words.find(keys)
            living[known] += segment.words.df[at]
        return bool(living.all())
