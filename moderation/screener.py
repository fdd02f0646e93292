"""From a message to a verdict."""

import math

from moderation.features import signs
from moderation.lexicon import HARD, Found, Lexicon
from moderation.model import CATEGORIES, TARGETS, Model, load_model
from moderation.normalise import Normaliser, Reading
from moderation.verdict import Category, Target, Verdict

_MILD_BELOW = 0.8
_ENDS_OF_CLAUSES = " \n.!?,~"


def load() -> "Screener":
    """A screener with the weights and word lists of the package; takes about 0.3 s and 5 MB, so make one and keep it."""
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
        logit = model.text_logit(reading.plain)
        if reading.decoded != reading.plain:
            logit = max(logit, model.text_logit(reading.decoded))
        logit += model.bias + model.sign_logit(present)
        score = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
        if score < 0.5:
            return Verdict(False, score, Category.NONE, Target.NONE, 0, (), model.version)
        categories, targets = model.head_logits(reading.decoded, present)
        category = Category(CATEGORIES[categories.index(max(categories))])
        target = Target(TARGETS[targets.index(max(targets))])
        spans = self._spans(text, reading, found, matched)
        return Verdict(True, score, category, target, _severity(category, target, score), spans, model.version)

    def _spans(
        self, text: str, reading: Reading, found: Found, matched: list[tuple[int, int]]
    ) -> tuple[tuple[int, int], ...]:
        """Where the words and patterns are that were met; where there are none, the stretch that weighed most."""
        pieces = [(h.start, h.end) for h in found.hits if h.mask & HARD] + matched
        if pieces:
            positions = self._normaliser.positions(text)
            return _joined([(positions[start], positions[end - 1] + 1) for start, end in pieces])
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
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
