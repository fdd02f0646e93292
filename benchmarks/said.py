"""What is said to labelled questions: answered rightly, wrongly, or answered though nothing here is an answer."""

from collections import Counter
from collections.abc import Callable, Sequence

from benchmarks.search_data import Row
from domain.knowledge import Decision, DecisionKind
from knowledge.answerer import Answerer

_PERSON = "human_agent"  # whose wish for a person is met by a hand-over


def judged(
    answerer: Answerer, rows: Sequence[Row], mistype: Callable[[Sequence[str]], list[str]] = list
) -> dict[str, float]:
    """Shares of one set of questions.

    A@1, R@3: right entry first, among the first three, of the answerable. direct: of these, answered at once and
    rightly. wrong: of all answered at once, those with a wrong entry or with nothing to answer. near, far: of those
    with nothing to answer, close to the policy and elsewhere, what was answered all the same.
    """
    texts = mistype([row.text for row in rows])
    decided = answerer.decide_many([(text, row.prev) for text, row in zip(texts, rows, strict=True)])
    count: Counter[str] = Counter()
    for row, (decision, *_) in zip(rows, decided, strict=True):
        count.update(_counted(row, decision))
    return {
        "A@1": count["first"] / max(count["answerable"], 1),
        "R@3": count["three"] / max(count["answerable"], 1),
        "direct": count["direct"] / max(count["answerable"], 1),
        "wrong": count["wrong"] / max(count["said"], 1),
        "near": count["near said"] / max(count["near"], 1),
        "far": count["far said"] / max(count["far"], 1),
    }


def _counted(row: Row, decision: Decision) -> list[str]:
    """What one question adds one to."""
    ranked = [candidate.entry for candidate in decision.candidates]
    first = decision.entry or (ranked[0] if ranked else "")
    said = decision.kind in (DecisionKind.ANSWER, DecisionKind.START) or decision.entry == _PERSON in row.right
    if not row.answerable:
        counted = {row.where: True, f"{row.where} said": said, "wrong": said, "said": said}
    else:
        counted = {
            "answerable": True,
            "first": first in row.right,
            "three": bool(row.right.intersection((first, *ranked[:3]))),
            "direct": said and first in row.right,
            "wrong": said and first not in row.right,
            "said": said,
        }
    return [what for what, counts in counted.items() if counts]
