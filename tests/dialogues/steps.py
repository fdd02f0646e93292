"""The steps of a transcript, as form.py reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from domain.knowledge import Entry


@dataclass(frozen=True, slots=True)
class Opens:
    """The customer opens the conversation."""


@dataclass(frozen=True, slots=True)
class Writes:
    """One or more messages, taken in together. dies: the process ends before it handles them."""

    texts: tuple[str, ...]
    dies: bool = False


@dataclass(frozen=True, slots=True)
class Presses:
    """A button by its label (the newest, or the oldest, that shows it), its place in the last keyboard, or forged."""

    label: str = ""
    oldest: bool = False
    place: int = 0
    data: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Sends:
    """`count` attachments, joined to an album when there are several."""

    kind: str
    count: int = 1
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Edits:
    """A new text for the last message; moves: the last place moved on instead."""

    text: str = ""
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Blocks:
    on: bool


@dataclass(frozen=True, slots=True)
class Again:
    """The platform delivers the last update once more."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """A new process on the same database."""


@dataclass(frozen=True, slots=True)
class Waits:
    by: timedelta = timedelta()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turns:
    """From here on the transcript goes on in another channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class Staff:
    """An agent takes the conversation, or gives it back."""

    takes: bool


@dataclass(frozen=True, slots=True)
class Closes:
    """An agent takes the conversation and closes it, by the steps that the pages take."""


@dataclass(frozen=True, slots=True)
class Says:
    """One message of the bot. A fragment that begins with "=" is a key of the catalogue."""

    whole: str = ""
    fragments: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    cites: str | None = None
    entry: str | None = None
    buttons: tuple[str, ...] | None = None
    among_buttons: tuple[str, ...] = ()
    blanks: tuple[tuple[str, str], ...] = ()
    longer_than: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """The bot says nothing."""


@dataclass(frozen=True, slots=True)
class State:
    """What the database holds of this customer; None is not looked at. Cases, ledger, gaps are whole and in order."""

    owner: str | None = None
    age: str | None = None
    consents: Mapping[str, str] | None = None
    cases: tuple[Mapping[str, Any], ...] | None = None
    ledger: tuple[str, ...] | None = None
    blocked: bool | None = None
    aside: int | None = None
    gaps: tuple[Mapping[str, Any], ...] | None = None
    handover: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """Texts that must and must not be in the database, neither in its files nor in the opened log."""

    absent: tuple[str, ...] = ()
    present: tuple[str, ...] = ()


Step: TypeAlias = (
    Opens | Writes | Presses | Sends | Edits | Blocks | Again | Restarts | Waits | Turns | Staff | Closes | Says
    | Silence | State | Stored
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Transcript:
    """opening: a prelude that is played first ("adult", "minor" or ""). entries replace the default knowledge base.
    hours: of the desk."""

    name: str
    title: str
    channel: str
    at: datetime
    engines: tuple[str, ...]
    opening: str
    entries: tuple[Entry, ...]
    hours: str
    steps: tuple[tuple[int, Step], ...]
