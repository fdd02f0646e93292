"""What publishing a candidate would change for the regression questions. They are in no index, so they tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.knowledge import Decision, DecisionKind, Entry
from knowledge.changes import Differing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one version does with a question. entry: the one it is given to, also as the first of the choices offered;
    None where it is not answered. rank: of the right entry among the candidates (1 is the first), 0 for none of them.
    """

    kind: DecisionKind
    entry: str | None
    rank: int
    confidence: float

    @property
    def told(self) -> tuple[DecisionKind, str | None, int]:
        """What a customer would notice."""
        return self.kind, self.entry, self.rank


@dataclass(frozen=True, slots=True)
class Asked:
    """One regression question of `entry`, put to both versions."""

    entry: str
    question: str
    was: Outcome
    would: Outcome

    @property
    def before(self) -> str | None:
        """The entry that the live version gives the question to."""
        return self.was.entry

    @property
    def after(self) -> str | None:
        """The entry that the candidate gives it to."""
        return self.would.entry


@dataclass(frozen=True, slots=True)
class GateReport:
    """What a publish would change. live: the version it was judged against, 0 for none.

    Of the candidate's entries `asked` questions were put. broken: right before, wrong after. mended: the other way
    round. failing: wrong on both, or in a new entry wrong now. shifted: right on both or wrong on both, but decided or
    ranked in another way. orphaned: questions of entries that go, and what they would get. added, changed, removed:
    entry ids.
    """

    live: int
    asked: int
    broken: tuple[Asked, ...]
    mended: tuple[Asked, ...]
    failing: tuple[Asked, ...]
    shifted: tuple[Asked, ...]
    orphaned: tuple[Asked, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def regression_questions(new: Mapping[str, Entry], gone: Mapping[str, Entry]) -> list[tuple[str, str]]:
    """(entry, question) of all entries of the candidate, then of those that go."""
    return [(entry.id, question) for entry in (*new.values(), *gone.values()) for question in entry.questions]


def outcome(entry: str, decisions: Sequence[Decision]) -> Outcome:
    """What became of a question whose right entry is `entry`."""
    decision = decisions[0]
    found = [c.entry for c in decision.candidates]
    given = found[0] if decision.kind is DecisionKind.CLARIFY and found else decision.entry
    return Outcome(decision.kind, given, found.index(entry) + 1 if entry in found else 0, decision.confidence)


def judge(live: int, differing: Differing, asked: Sequence[Asked]) -> GateReport:
    """Sort what was asked. differing: between the live version and the candidate."""
    added, removed = frozenset(differing.added), frozenset(differing.removed)
    broken, mended, failing, shifted, orphaned = [], [], [], [], []
    for result in asked:
        if result.entry in removed:
            orphaned.append(result)
            continue
        old = result.entry not in added
        right_before, right_after = result.before == result.entry, result.after == result.entry
        if old and right_before and not right_after:
            broken.append(result)
        elif old and right_after and not right_before:
            mended.append(result)
        elif not right_after:
            failing.append(result)
        if old and right_before == right_after and result.was.told != result.would.told:
            shifted.append(result)
    return GateReport(
        live=live,
        asked=len(asked) - len(orphaned),
        broken=tuple(broken),
        mended=tuple(mended),
        failing=tuple(failing),
        shifted=tuple(shifted),
        orphaned=tuple(orphaned),
        added=differing.added,
        changed=differing.changed,
        removed=differing.removed,
    )
