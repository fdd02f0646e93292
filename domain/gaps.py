"""Questions that the knowledge base did not answer, or not well. Their words stay in the customer's message."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import Conflict


class GapKind(StrEnum):
    HANDOVER = "handover"  # nothing was found
    NOT_COVERED = "not_covered"  # an entry says that the policy is silent: a wish to know of, not a fault
    CLARIFY = "clarify"  # choices were shown; pressing one of them settles it
    UNHELPFUL = "unhelpful"  # answered, and the customer says that it did not help


@dataclass(frozen=True, slots=True, order=True)
class QuestionPlace:
    """Where a question stands in its conversation. seq: of the customer's message. part: which question of it, from 1;
    0 where it was decided as one (knowledge.split.parts_of)."""

    seq: int
    part: int


@dataclass(frozen=True, slots=True)
class NewGap:
    """entry: the one answered with, or the nearest; "" for none. version: of the knowledge base that decided."""

    place: QuestionPlace
    kind: GapKind
    entry: str
    version: int


@dataclass(frozen=True, slots=True, order=True)
class GapKey:
    """Which gap: a question of a message of a conversation. Written "conversation.seq.part"."""

    conversation_id: int
    seq: int
    part: int

    def __str__(self) -> str:
        return f"{self.conversation_id}.{self.seq}.{self.part}"

    @classmethod
    def of(cls, text: str) -> "GapKey":
        """The key that was written. Raises ValueError."""
        numbers = text.split(".")
        if len(numbers) != 3 or not all(n.isascii() and n.isdigit() and len(n) <= 18 for n in numbers):
            raise ValueError(f"no question is called {text!r}")
        return cls(*map(int, numbers))


@dataclass(frozen=True, slots=True)
class Settling:
    """Gaps that a change of the draft takes care of. how: "alias:ENTRY", "question:ENTRY", "draft:ENTRY" or
    "dismissed:REASON"."""

    keys: tuple[GapKey, ...]
    how: str


class GapsSettled(Conflict):
    """None of the gaps is open any more: somebody was first."""

    def __init__(self) -> None:
        super().__init__("그사이 다른 관리자가 이 질문들을 처리했습니다. 목록을 새로 열어 확인해 주세요.")


@dataclass(frozen=True, slots=True)
class Gap:
    """An open gap with its words, opened."""

    key: GapKey
    kind: GapKind
    entry: str
    version: int
    at: datetime
    customer_id: int
    text: str


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Questions that mean the same. label: the one most like all others; gaps: most typical first, the label's own
    being the first; customers: how many asked; entries: what they were answered with or near to, and how often, most
    often first."""

    label: str
    gaps: tuple[Gap, ...]
    customers: int
    kinds: dict[GapKind, int]
    entries: dict[str, int]
    oldest: datetime
    newest: datetime

    @property
    def id(self) -> str:
        """The key of the question that was asked first: it stays while more come in."""
        return str(min(self.gaps, key=lambda g: (g.at, g.key)).key)

    @property
    def keys(self) -> tuple[GapKey, ...]:
        return tuple(gap.key for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class GapView:
    """What is open, most asked first. questions: how many were read; more: there are older ones that were not."""

    groups: tuple[GapGroup, ...]
    questions: int
    more: bool
