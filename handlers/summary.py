"""What was asked and answered before a person came: taken from the transcript, never made up."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.messages import Author, IncomingKind, LoggedMessage

MOST = 5  # questions
LOOKED_AT = 60  # messages before the hand-over
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in the customer's words. answers: what came back, by clause where the policy was quoted."""

    question: str
    answers: tuple[str, ...]


def summary(log: Sequence[LoggedMessage]) -> tuple[Asked, ...]:
    """The last questions of a log and what was said to each, oldest first; a person's part begins it anew."""
    found: list[tuple[LoggedMessage, list[str]]] = []
    for message in log:
        if message.author is Author.AGENT:
            found.clear()
        elif message.author is Author.CUSTOMER:
            if _asks(message):
                found.append((message, []))
            elif found and message.kind == IncomingKind.BUTTON:
                found[-1][1].append(f"‘{_short(message.text)}’ 누름")
        elif found:
            found[-1][1].append(message.source.label if message.source else _short(message.text))
    return tuple(Asked(_short(asked.text), tuple(answers)) for asked, answers in found[-MOST:])


def _asks(message: LoggedMessage) -> bool:
    words = message.kind in (IncomingKind.TEXT, IncomingKind.EDIT, IncomingKind.ATTACHMENT)
    return words and bool(message.text.strip()) and not message.text.startswith("/")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
