"""From a customer's message to decisions: answer, start, clarify, hand over or chat."""

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np

from domain.knowledge import Candidate, Decision, DecisionKind, Entry, EntryKind
from knowledge.analysis import Analyzer
from knowledge.index import Index

_CANDIDATES = 5
_KINDS = {
    EntryKind.ANSWER: DecisionKind.ANSWER,
    EntryKind.ACTION: DecisionKind.START,
    EntryKind.CHAT: DecisionKind.CHAT,
    EntryKind.NOT_COVERED: DecisionKind.HANDOVER,
    EntryKind.HANDOVER: DecisionKind.HANDOVER,
}


class Answerer:
    """Decides on one version of the knowledge base. Never changes; safe to call from several threads."""

    def __init__(self, analyzer: Analyzer, entries: Iterable[Entry], model: None = None) -> None:
        self._entries = {e.id: e for e in entries}
        self._index = Index.of(analyzer, self._entries.values())
        self._analyzer = analyzer

    def entry(self, entry_id: str) -> Entry:
        """The entry; KeyError when this version has none of that id."""
        return self._entries[entry_id]

    def decide(self, text: str, prev: str | None = None) -> tuple[Decision, ...]:
        """One decision for each question found in the message. `prev`: the customer's question before it."""
        return tuple(self._decide(part, prev) for part in split(text))

    def decide_many(self, messages: Sequence[tuple[str, str | None]]) -> list[tuple[Decision, ...]]:
        """`decide` for each (text, prev)."""
        return [self.decide(text, prev) for text, prev in messages]

    def _decide(self, text: str, prev: str | None) -> Decision:
        hits = self._index.search(self._analyzer.analyse(text))
        if not len(hits.ids):
            return Decision(text, DecisionKind.HANDOVER, None, None, (), 0.0)
        total = (hits.ask_words + hits.ask_grams) / 2
        best = np.argsort(-total, kind="stable")[:_CANDIDATES]
        candidates = tuple(Candidate(hits.ids[i], round(float(total[i]), 4)) for i in best)
        top = candidates[0].score
        margin = top - (candidates[1].score if len(candidates) > 1 else 0.0)
        sure = 1 / (1 + math.exp(-(8 * (top - 0.45) + 6 * (margin - 0.05))))
        entry = self._entries[candidates[0].entry]
        if sure >= 0.5:
            return Decision(text, _KINDS[entry.kind], entry.id, entry.action, candidates, sure)
        if sure >= 0.1:
            return Decision(text, DecisionKind.CLARIFY, None, None, candidates, sure)
        return Decision(text, DecisionKind.HANDOVER, None, None, candidates, sure)


def split(text: str) -> list[str]:
    """The questions in a message, in order; at least one."""
    parts = [p.strip() for p in re.split(r"(?<=[?!.])\s+(?:그리고|또|그럼)\s+", text)]
    return [p for p in parts if p] or [text]
