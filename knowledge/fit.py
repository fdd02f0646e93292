"""The decision model fitted to labelled questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.knowledge import EntryKind
from knowledge.answerer import Answerer
from knowledge.model import Model, Outcome, fit_weights

_FEWEST = 40  # below that the coefficients would be chance
BUDGET = 0.05
_STRANGER_EVERY = 5
# Companies no shop's own questions are about.
_STRANGERS = (
    "티몬",
    "위메프",
    "에이블리",
    "지그재그",
    "네이버",
    "카카오톡",
    "유튜브",
    "토스",
    "넷플릭스",
    "오늘의집",
    "멜론",
    "요기요",
    "야놀자",
    "인터파크",
    "페이스북",
    "아마존",
    "발란",
    "직방",
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and the entries that are right for it; none when nothing here may be given as an answer."""

    text: str
    right: frozenset[str]
    prev: str | None = None


def own_questions(answerer: Answerer) -> tuple[Labelled, ...]:
    """The entries' regression questions, which the index never learned."""
    return tuple(Labelled(q, frozenset((e.id,))) for e in answerer.entries for q in e.questions)


def strangers_questions(answerer: Answerer) -> tuple[Labelled, ...]:
    """Some of the own questions asked about other companies: nothing here answers those, however near they are."""
    own = [q for e in answerer.entries if e.kind in (EntryKind.ANSWER, EntryKind.ACTION) for q in e.questions]
    return tuple(
        Labelled(f"{_STRANGERS[n % len(_STRANGERS)]} {q}", frozenset()) for n, q in enumerate(own[::_STRANGER_EVERY])
    )


def fit(answerer: Answerer, labelled: Iterable[Labelled], budget: float = BUDGET) -> Model:
    """A model for this knowledge base. Raises ValueError with fewer than 40 questions, or none decided wrongly or
    rightly: there is nothing to fit then."""
    outcomes = outcomes_of(answerer, tuple(labelled))
    if len(outcomes) < _FEWEST or len({o.right for o in outcomes}) < 2:
        raise ValueError(f"fitting needs at least {_FEWEST} labelled questions, some of them decided wrongly")
    weights = fit_weights(outcomes, budget, outcomes_of(answerer, strangers_questions(answerer)))
    if answerer.weights is answerer.model.ranked:
        return replace(answerer.model, ranked=weights)
    return replace(answerer.model, searched=weights)


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
