"""The decision model fitted to a knowledge base's own questions.

Regression questions alone flatter: their entries' aliases were often widened until they passed. So the model also
learns from aliases that the index is made without, and from entries for silence that it is made without altogether,
which stand for subjects that nobody has thought of yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.knowledge import Entry, EntryKind
from knowledge.analysis import Analyzer, companies
from knowledge.answerer import Answerer
from knowledge.model import Model, Outcome, default_model, fit_weights

_FEWEST = 40  # below that the coefficients would be chance
BUDGET = 0.05
_FOLDS, _FOLDS_OF_MANY, _MANY = 20, 3, 1000  # entries past which fewer parts have to do
_WORTH = 3  # left-out aliases to which one regression question is equal: it is asked of the whole knowledge base
_STRANGER_EVERY = 5


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


def fit(analyzer: Analyzer, entries: Sequence[Entry], budget: float = BUDGET, *, learn: bool = True) -> Model:
    """A model for these entries; its other half stays the default's. budget: share of the answers that may be wrong.
    learn: see Answerer.

    Builds the knowledge base a few times in parts: seconds. Raises ValueError with fewer than 40 questions, or none
    decided wrongly or rightly: there is nothing to fit then.
    """
    whole = Answerer(analyzer, entries, learn=learn)
    outcomes, lessons = _without(analyzer, entries, learn)
    outcomes += _WORTH * outcomes_of(whole, own_questions(entries))
    if len(outcomes) < _FEWEST or len({o.right for o in outcomes}) < 2:
        raise ValueError(f"fitting needs at least {_FEWEST} questions or aliases, some of them decided wrongly")
    lessons += outcomes_of(whole, strangers_questions(entries))
    weights = fit_weights(outcomes, budget, lessons)
    if whole.ranker:
        return replace(default_model(), ranked=weights)
    return replace(default_model(), searched=weights)


def _without(analyzer: Analyzer, entries: Sequence[Entry], learn: bool) -> tuple[list[Outcome], list[Outcome]]:
    """What becomes of every alias when the knowledge base is made without it, and of what is asked of the entries for
    silence when it is made without them."""
    folds = _FOLDS if len(entries) <= _MANY else _FOLDS_OF_MANY
    silent = [e.id for e in entries if e.kind is EntryKind.NOT_COVERED]
    aliases: list[Outcome] = []
    subjects: list[Outcome] = []
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
            part = Answerer(analyzer, kept, learn=learn)
            aliases += outcomes_of(part, asked)
            subjects += outcomes_of(part, strange)
    return aliases, subjects


def outcomes_of(answerer: Answerer, labelled: Sequence[Labelled]) -> list[Outcome]:
    """What the ranking makes of each question. A question with no right entry that small talk or "not covered" would
    meet says nothing about answering, and is left out."""
    outcomes = []
    for row, evidence in zip(labelled, answerer.evidence_many([(r.text, r.prev) for r in labelled]), strict=True):
        if evidence is None:
            continue
        answers = answerer.entry(evidence.ids[0]).kind in (EntryKind.ANSWER, EntryKind.ACTION)
        if row.right or answers:
            near = bool(row.right.intersection(evidence.ids[:3]))
            outcomes.append(Outcome(evidence.features, evidence.ids[0] in row.right, answers, near))
    return outcomes
