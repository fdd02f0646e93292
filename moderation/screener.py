"""From a message to a verdict."""

import math

from moderation.features import buckets, signs
from moderation.lexicon import STRONG, Found, Lexicon
from moderation.model import CATEGORIES, TARGETS, Model, load_model
from moderation.normalise import Normaliser, Reading
from moderation.verdict import Category, Target, Verdict

_MILD_BELOW = 0.8
_SHORT = 60
_ENDS_OF_CLAUSES = " \n.!?,~"
_CATEGORIES = tuple(Category(name) for name in CATEGORIES)
_TARGETS = tuple(Target(name) for name in TARGETS)


def load() -> "Screener":
    """A screener with the weights and word lists of the package; takes 0.3 s and 5 MB: make one and keep it."""
    return Screener(Normaliser(), Lexicon(), load_model())


class Screener:
    """Immutable and free of I/O, so that any number of tasks or threads may share one."""

    __slots__ = ("_lexicon", "_model", "_normaliser")

    def __init__(self, normaliser: Normaliser, lexicon: Lexicon, model: Model) -> None:
        self._normaliser = normaliser
        self._lexicon = lexicon
        self._model = model

    def screen(self, text: str) -> Verdict:
        """Judges any text at all, in time linear in its length (about 40 µs for a message of 30 characters)."""
        reading = self._normaliser.read(text)
        found = self._lexicon.find(reading)
        present, matched = signs(self._lexicon, reading, found)
        model = self._model
        at = buckets(reading.decoded)
        logit = model.text_logit(at)
        if reading.decoded != reading.plain:
            logit = max(logit, model.text_logit(buckets(reading.plain)))
        logit += model.bias + model.sign_logit(present)
        if not matched and not found.mask & STRONG:
            logit -= model.doubt
        score = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
        if score < 0.5:
            return Verdict(False, score, Category.NONE, Target.NONE, 0, (), model.version)
        scores = model.head_logits(at, present)
        categories, targets = scores[: len(_CATEGORIES)], scores[len(_CATEGORIES) :]
        category = _CATEGORIES[categories.index(max(categories))]
        target = _TARGETS[targets.index(max(targets))]
        spans = self._spans(text, reading, found, matched)
        return Verdict(True, score, category, target, _severity(category, target, score), spans, model.version)

    def _spans(
        self, text: str, reading: Reading, found: Found, matched: list[tuple[int, int]]
    ) -> tuple[tuple[int, int], ...]:
        """Where the words and patterns are that were met.

        Where there are none it is the wording that is abusive: all of a short message, of a long one the stretch that
        weighed most.
        """
        pieces = [(hit.start, hit.end) for hit in found.hits] + matched
        if pieces:
            positions = self._normaliser.positions(text, reading)
            return _joined([(positions[start][0], positions[end - 1][1]) for start, end in pieces])
        if len(text) <= _SHORT:
            return ((0, len(text)),)
        start, end = self._model.worst_stretch(text)
        while start > 0 and text[start - 1] not in _ENDS_OF_CLAUSES:
            start -= 1
        while end < len(text) and text[end] not in _ENDS_OF_CLAUSES:
            end += 1
        return ((start, end),)


def _severity(category: Category, target: Target, score: float) -> int:
    if category in {Category.THREAT, Category.SEXUAL}:
        return 3
    if target is Target.NONE or score < _MILD_BELOW:
        return 1
    return 2


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """In order; what overlaps or has only one character between becomes one span."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
