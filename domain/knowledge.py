"""What the knowledge base holds and what a question becomes."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class EntryKind(StrEnum):
    ANSWER = "answer"  # quotes the policy or the law
    ACTION = "action"  # answers and starts something the customer asked for
    CHAT = "chat"  # greeting, thanks, small talk
    NOT_COVERED = "not_covered"  # a subject the policy is silent about
    HANDOVER = "handover"  # the customer wants a person


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit of the knowledge base, one Markdown file.

    body is what the customer reads, quoted as it stands. aliases are other ways to ask for it and are searched;
    questions are regression questions: the gate runs them, the index never learns them. action names what the
    customer can start from here (see handlers.actions).
    """

    id: str
    title: str
    kind: EntryKind
    body: str
    document: str = ""
    clause: str = ""
    effective: date | None = None
    aliases: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer stands: version is the published knowledge-base version the words were quoted from."""

    document: str
    clause: str
    version: int
    effective: date


class DecisionKind(StrEnum):
    ANSWER = "answer"
    CLARIFY = "clarify"
    HANDOVER = "handover"
    START = "start"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Candidate:
    entry: str
    score: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with one question.

    text: the question as it was split out of the message. entry: the chosen entry (None for clarify, and
    for a hand-over that no entry explains). candidates: best first, at most 5, scores comparable within the decision.
    confidence: calibrated probability (0-1) that the first candidate is right. part: which question of the message it
    is (knowledge.split.parts_of, counted from 1); 0 where the message was decided as one.
    """

    text: str
    kind: DecisionKind
    entry: str | None
    action: str | None
    candidates: tuple[Candidate, ...]
    confidence: float
    part: int = 0
