"""The decision model fitted to a knowledge base's own questions.

Regression questions alone flatter: their entries' aliases were often widened until they passed. So the model also
learns from aliases that the index is made without, from entries for silence that it is made without altogether, which
stand for subjects that nobody has thought of yet, and from small parts of the knowledge base asked about all the rest:
among few entries one always stands out.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.knowledge import Entry, EntryKind
from knowledge.analysis import Analyzer, companies
from knowledge.answerer import Answerer
from knowledge.model import FEATURES, Model, Outcome, default_model, fit_weights
from knowledge.vectors import Gathering, TextVectors, sent_form, text_hash, texts_of

_FEWEST = 40  # below that the coefficients would be chance
BUDGET = 0.05
_FOLDS, _FOLDS_OF_MANY, _MANY = 20, 3, 1000  # entries past which fewer parts have to do
_WORTH = 5  # left-out aliases to which one regression question is equal: it is asked of the whole knowledge base
_STRANGER_EVERY = 5
_FEW, _DRAWS = (4, 8, 15, 30, 60), 2  # sizes of small parts, and how many of each
_LEFT_OUT = 6  # one alias in so many is asked of a small part instead
_OTHERS = 2  # questions about the rest for each about the part


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and the entries that are right for it; none when nothing here may be given as an answer."""

    text: str
    right: frozenset[str]
    prev: str | None = None


def own_questions(entries: Sequence[Entry]) -> list[Labelled]:
    """The entries' regression questions, which the index never learned."""
    return [Labelled(q, frozenset((e.id,))) for e in entries for q in e.questions]


def strangers_questions(entries: Sequence[Entry]) -> list[Labelled]:
    """Some of the own questions asked about other companies: nothing here answers those, however near they are."""
    own = [q for e in entries if e.kind in (EntryKind.ANSWER, EntryKind.ACTION) for q in e.questions]
    names = companies()
    return [Labelled(f"{names[n % len(names)]} {q}", frozenset()) for n, q in enumerate(own[::_STRANGER_EVERY])]


def fit(
    analyzer: Analyzer,
    entries: Sequence[Entry],
    budget: float = BUDGET,
    *,
    learn: bool = True,
    vectors: TextVectors | None = None,
) -> Model:
    """A model for these entries; its other half stays the default's. budget: share of the answers that may be wrong.
    learn: see Answerer. vectors: of what `texts_to_embed` names, by text; with them the part for questions that have
    vectors is fitted as well.

    Builds the knowledge base a few times in parts: seconds. Raises ValueError with fewer than 40 questions, or none
    decided wrongly or rightly: there is nothing to fit then.
    """
    seen = _Seen(vectors or {})
    whole = seen.made(analyzer, entries, learn)
    _without(analyzer, entries, learn, seen)
    for _ in range(_WORTH):
        seen.ask(whole, own_questions(entries))
    if len(seen.outcomes) < _FEWEST or len({o.right for o in seen.outcomes}) < 2:
        raise ValueError(f"fitting needs at least {_FEWEST} questions or aliases, some of them decided wrongly")
    seen.ask(whole, strangers_questions(entries), lesson=True)
    _among_few(analyzer, entries, learn, seen)
    part = "ranked" if whole.ranker else "searched"
    fitted = {part: fit_weights(seen.outcomes, budget, seen.lessons)}
    if len(seen.near) >= _FEWEST and len({o.right for o in seen.near}) > 1:
        fitted[f"{part}_vectors"] = fit_weights(seen.near, budget, seen.near_lessons)
    return replace(default_model(), **fitted)


def texts_to_embed(entries: Sequence[Entry]) -> list[str]:
    """Every text whose vector fitting asks for, in the form in which it is sent, each once."""
    asked = [row.text for row in (*own_questions(entries), *strangers_questions(entries))]
    return list(dict.fromkeys([*(t for e in entries for t in texts_of(e)), *(sent_form(text) for text in asked)]))


class _Seen:
    """What became of the questions: by the words alone, and where they have vectors by both."""

    def __init__(self, vectors: TextVectors) -> None:
        self._vectors = vectors
        self._by_hash = {text_hash(text): row for text, row in vectors.items()}
        self.outcomes: list[Outcome] = []
        self.lessons: list[Outcome] = []
        self.near: list[Outcome] = []
        self.near_lessons: list[Outcome] = []

    def made(self, analyzer: Analyzer, entries: Sequence[Entry], learn: bool) -> Answerer:
        answerer = Answerer(analyzer, entries, learn=learn)
        whole = Gathering(entries, self._by_hash).whole() if self._by_hash else None
        return answerer.with_vectors(whole) if whole else answerer

    def ask(self, answerer: Answerer, labelled: Sequence[Labelled], *, lesson: bool = False) -> None:
        (self.lessons if lesson else self.outcomes).extend(outcomes_of(answerer, labelled))
        if self._vectors:
            forms = {row.text: sent_form(row.text) for row in labelled}
            vectors = {text: self._vectors[form] for text, form in forms.items() if form in self._vectors}
            having = [row for row in labelled if row.text in vectors]
            near = [o for o in outcomes_of(answerer, having, vectors) if len(o.features) > len(FEATURES)]
            (self.near_lessons if lesson else self.near).extend(near)


def _without(analyzer: Analyzer, entries: Sequence[Entry], learn: bool, seen: _Seen) -> None:
    """What becomes of every alias when the knowledge base is made without it, and of what is asked of the entries for
    silence when it is made without them."""
    folds = _FOLDS if len(entries) <= _MANY else _FOLDS_OF_MANY
    silent = [e.id for e in entries if e.kind is EntryKind.NOT_COVERED]
    for fold in range(folds):
        gone = set(silent[fold::folds])
        kept, asked, strange = [], [], []
        for entry in entries:
            if entry.id in gone:
                strange += [Labelled(text, frozenset()) for text in (*entry.aliases, *entry.questions)]
                continue
            left_out = entry.aliases[fold::folds]
            asked += [Labelled(alias, frozenset((entry.id,))) for alias in left_out]
            kept.append(replace(entry, aliases=tuple(a for a in entry.aliases if a not in left_out)))
        if asked or strange:
            part = seen.made(analyzer, kept, learn)
            seen.ask(part, asked)
            seen.ask(part, strange, lesson=True)


def _among_few(analyzer: Analyzer, entries: Sequence[Entry], learn: bool, seen: _Seen) -> None:
    """What becomes of questions in knowledge bases of a few of the entries, most of which have no answer there."""
    chance = random.Random(len(entries))  # noqa: S311 - the same part each time
    asked = [Labelled(text, frozenset((e.id,))) for e in entries for text in (*e.aliases[::_LEFT_OUT], *e.questions)]
    for size in _FEW:
        for _ in range(_DRAWS if size < len(entries) else 0):
            few = chance.sample(entries, size)
            kept = [replace(e, aliases=tuple(a for n, a in enumerate(e.aliases) if n % _LEFT_OUT)) for e in few]
            here = frozenset(e.id for e in few)
            within = [row for row in asked if row.right <= here]
            others = [Labelled(row.text, frozenset()) for row in asked if not row.right <= here]
            others = chance.sample(others, min(len(others), _OTHERS * len(within)))
            seen.ask(seen.made(analyzer, kept, learn), within + others, lesson=True)


def outcomes_of(answerer: Answerer, labelled: Sequence[Labelled], vectors: TextVectors | None = None) -> list[Outcome]:
    """What the ranking makes of each question. A question with no right entry that small talk or "not covered" would
    meet says nothing about answering, and is left out."""
    outcomes = []
    found = answerer.evidence_many([(r.text, r.prev) for r in labelled], vectors)
    for row, evidence in zip(labelled, found, strict=True):
        if evidence is None:
            continue
        answers = answerer.entry(evidence.ids[0]).kind in (EntryKind.ANSWER, EntryKind.ACTION)
        if row.right or answers:
            near = bool(row.right.intersection(evidence.ids[:3]))
            outcomes.append(Outcome(evidence.features, evidence.ids[0] in row.right, answers, near))
    return outcomes
