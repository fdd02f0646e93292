"""From a customer's message to decisions: answer, start, clarify, hand over or chat."""

from collections.abc import Generator, Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import TypeVar

from domain.knowledge import Candidate, Decision, DecisionKind, Entry, EntryKind
from knowledge.analysis import Analyzer
from knowledge.evidence import Evidence, Gatherer
from knowledge.files import alias_key
from knowledge.index import Index
from knowledge.model import FEATURES, Model, Weights, default_model
from knowledge.ranker import Ranker, train, worth_training
from knowledge.split import MAX_PARTS, may_lean_on_previous, parts_of, points_back
from knowledge.text import normalise
from knowledge.vectors import TextVectors, Vectors

T = TypeVar("T")
Found = Sequence[Evidence | None]
# What a decision goes through: asks for the evidence of texts, is sent it, and gives its result in the end.
Way = Generator[Sequence[str], Found, T]
_KINDS = {
    EntryKind.ANSWER: DecisionKind.ANSWER,
    EntryKind.ACTION: DecisionKind.START,
    EntryKind.CHAT: DecisionKind.CHAT,
    EntryKind.NOT_COVERED: DecisionKind.HANDOVER,
    EntryKind.HANDOVER: DecisionKind.HANDOVER,
}
_WORDS_OF_A_QUESTION = 2
_BY_CHANCE = 0.08  # share of the first candidate below which no entry stands out ("asdf", "…?!")
_OWN_SUBJECT = 0.25  # share of a word that no entry has, from which a short question has a subject of its own
_MISSING, _STRANGE = FEATURES.index("missing"), FEATURES.index("strange_names")
_TIED = 0.1  # two shares nearer than this are a toss of a coin: the customer is asked
_VERBATIM = 0.99  # confidence in a question that is an alias, letter for letter
_VERBATIM_ENTRIES = 500  # in larger knowledge bases search alone finds them


class Answerer:
    """Decides on one version of the knowledge base. Never changes; safe to call from several threads.

    Construction analyses every entry and trains the ranker: about a second for 100 entries with 1,500 aliases. index,
    ranker: of exactly these entries, when they are at hand. learn: whether to train a ranker where that is worth it.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        entries: Iterable[Entry],
        model: Model | None = None,
        *,
        index: Index | None = None,
        ranker: Ranker | None = None,
        learn: bool = True,
    ) -> None:
        self._entries = {e.id: e for e in entries}
        self._analyzer = analyzer
        self._model = model or default_model()
        self._index = Index.of(analyzer, self._entries.values()) if index is None else index
        ordered = [self._entries[i] for i in self._index.ids]
        self._learn = learn
        learnable = learn and worth_training(ordered)
        self._ranker = train(analyzer, self._index, ordered) if learnable and not ranker else ranker
        self._gatherer = Gatherer(analyzer, self._index, self._ranker, ordered)
        self._verbatim = _verbatim(ordered) if len(ordered) <= _VERBATIM_ENTRIES else {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    @property
    def index(self) -> Index:
        return self._index

    @property
    def ranker(self) -> Ranker | None:
        return self._ranker

    @property
    def model(self) -> Model:
        return self._model

    @property
    def weights(self) -> Weights:
        """The model's part for a knowledge base like this one."""
        return self._model.weights(ranked=self._ranker is not None, vectors=False)

    def entry(self, entry_id: str) -> Entry:
        """The entry; KeyError when this version has none of that id."""
        return self._entries[entry_id]

    def replaced(self, changed: Iterable[Entry] = (), removed: Iterable[str] = ()) -> "Answerer":
        """An answerer for the next version. Only the touched entries are analysed; a ranker is trained anew."""
        new, gone = {e.id: e for e in changed}, set(removed)
        entries = {i: e for i, e in (self._entries | new).items() if i not in gone}
        index = self._index.replace([e for e in new.values() if e.id in entries], gone)
        return Answerer(self._analyzer, entries.values(), self._model, index=index, learn=self._learn)

    def with_model(self, model: Model) -> "Answerer":
        """The same entries, decided by another model."""
        other = copy(self)
        other._model = model
        return other

    def with_vectors(self, vectors: Vectors) -> "Answerer":
        """The same entries, whose vectors say as well what is near. Raises KeyError when they are of others."""
        other = copy(self)
        ordered = [self._entries[i] for i in self._index.ids]
        other._gatherer = Gatherer(self._analyzer, self._index, self._ranker, ordered, vectors)
        return other

    def decide(self, text: str, prev: str | None = None) -> tuple[Decision, ...]:
        """One decision for each question found in the message. `prev`: the customer's question before it."""
        return self.decide_many([(text, prev)])[0]

    def decide_many(
        self, messages: Sequence[tuple[str, str | None]], vectors: TextVectors | None = None
    ) -> list[tuple[Decision, ...]]:
        """`decide` for each (text, prev); together they cost much less than one by one. vectors: of the texts that
        `split.texts_asked` names; what has none is decided by its words."""
        return self._together([self._message(text, prev) for text, prev in messages], vectors or {})

    def evidence_many(
        self, messages: Sequence[tuple[str, str | None]], vectors: TextVectors | None = None
    ) -> list[Evidence | None]:
        """The ranking and the features that decide each question; None for an empty knowledge base."""
        return self._together([self._evidence(text, prev) for text, prev in messages], vectors or {})

    def _together(self, ways: "Sequence[Way[T]]", vectors: TextVectors) -> list[T]:
        """Go all the ways, gathering in one go the evidence that they ask for at the same step."""
        results: dict[int, T] = {}
        given: dict[int, Found | None] = dict.fromkeys(range(len(ways)))  # a generator is started by None
        while given:
            asked: dict[int, Sequence[str]] = {}
            for n, evidence in given.items():
                try:
                    asked[n] = ways[n].send(evidence)  # type: ignore[arg-type]
                except StopIteration as end:
                    results[n] = end.value
            texts = list(dict.fromkeys(text for its in asked.values() for text in its))
            found = dict(zip(texts, self._gatherer.gather(texts, vectors) if texts else (), strict=True))
            given = {n: [found[text] for text in its] for n, its in asked.items()}
        return [results[n] for n in range(len(ways))]

    def _message(self, text: str, prev: str | None) -> "Way[tuple[Decision, ...]]":
        """A message is only taken apart when its parts are about different entries, each surely; otherwise the parts
        explain each other and are decided as one."""
        parts = parts_of(text)
        if not 1 < len(parts) <= MAX_PARTS:
            return ((yield from self._question(text, prev)),)
        found = yield parts
        decided = [self._decide(part, alone, alone) for part, alone in zip(parts, found, strict=True)]
        first = yield from self._with_previous(found[0], parts[0], prev)
        decided[0] = self._decide(parts[0], found[0], first)
        decided = [replace(d, part=n) for n, d in enumerate(decided, 1)]
        asked = [d for d in decided if d.kind is not DecisionKind.CHAT]
        if not asked:
            return (decided[0],)
        # "알려줘." alone is no question, whatever it is most like.
        saying = {
            part for part, alone in zip(parts, found, strict=True) if alone and alone.words >= _WORDS_OF_A_QUESTION
        }
        if len({d.entry for d in asked}) > 1 and all(d.entry is not None and d.text in saying for d in asked):
            return tuple(asked)
        whole = yield from self._question(text, prev)
        return (asked[0] if whole.entry is None and len(asked) == 1 else whole,)

    def _question(self, text: str, prev: str | None) -> "Way[Decision]":
        (alone,) = yield (text,)
        evidence = yield from self._with_previous(alone, text, prev)
        return self._decide(text, alone, evidence)

    def _evidence(self, text: str, prev: str | None) -> "Way[Evidence | None]":
        (alone,) = yield (text,)
        return (yield from self._with_previous(alone, text, prev))

    def _with_previous(self, alone: Evidence | None, text: str, prev: str | None) -> "Way[Evidence | None]":
        """The evidence of a follow-up together with the question before it, where that makes it surer."""
        if not prev or alone is None or not may_lean_on_previous(alone.text):
            return alone
        weights = self._weights_for(alone)
        sure = weights.probability(alone.features)
        back = points_back(text)
        new = alone.features[_MISSING] > _OWN_SUBJECT or alone.features[_STRANGE] > 0
        if not back and (sure >= weights.answer or new):
            return alone
        (joined,) = yield (f"{prev} {text}",)
        return joined if joined and self._weights_for(joined).probability(joined.features) > sure else alone

    def _weights_for(self, evidence: Evidence) -> Weights:
        return self._model.weights(ranked=self._ranker is not None, vectors=evidence.vectors)

    def _decide(self, text: str, alone: Evidence | None, evidence: Evidence | None) -> Decision:
        """alone: the evidence of the text without the question before it."""
        if alone is None or evidence is None:
            return Decision(text, DecisionKind.HANDOVER, None, None, (), 0.0)
        weights = self._weights_for(evidence)
        confidence = weights.probability(evidence.features)
        ranked = list(zip(evidence.ids, evidence.scores, strict=True))
        verbatim = self._verbatim.get(alias_key(alone.text)) if self._verbatim else None
        if verbatim:
            ranked = [(verbatim, 1.0), *((i, s) for i, s in ranked if i != verbatim)][: len(ranked)]
            confidence = max(confidence, _VERBATIM)
        candidates = tuple([Candidate(i, round(s, 4)) for i, s in ranked])
        entry = self._entries[candidates[0].entry]
        tied = len(candidates) > 1 and candidates[0].score - candidates[1].score < _TIED
        if confidence >= weights.answer and not tied:
            return Decision(text, _KINDS[entry.kind], entry.id, entry.action, candidates, confidence)
        near = confidence >= weights.clarify and candidates[0].score >= _BY_CHANCE
        kind = DecisionKind.CLARIFY if near else DecisionKind.HANDOVER
        return Decision(text, kind, None, None, candidates, confidence)


def _verbatim(entries: Sequence[Entry]) -> dict[str, str]:
    """Entry by alias, for questions that are one. Aliases of two entries are left to search."""
    out: dict[str, str] = {}
    twice: set[str] = set()
    for entry in entries:
        for alias in {alias_key(normalise(a)) for a in entry.aliases}:
            if out.setdefault(alias, entry.id) != entry.id:
                twice.add(alias)
    return {alias: entry for alias, entry in out.items() if alias and alias not in twice}
