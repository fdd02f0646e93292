"""Where an admin is in the guide, and what a screen is made of."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from domain.messages import Button, Outgoing
from handlers.catalogue import Texts

PREFIX = "kb:"  # how the data of every button of the guide begins
_LABEL = 40  # characters of a label
Row = tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class State:
    """place: the screen, "" for none; step: counts the screens, so that a button of an old one is known. entry, etag:
    what is being edited, as it was shown; field: which part; text: what was sent and waits for a decision; listed: what
    the buttons of the screen stand for; words, page: what is listed."""

    place: str = ""
    step: int = 0
    entry: str = ""
    etag: str = ""
    field: str = ""
    text: str = ""
    listed: tuple[str, ...] = ()
    words: str = ""
    page: int = 0

    def to(self, place: str, **fields: Any) -> "State":
        """The next screen. What is not named is as in a new state."""
        return State(place, self.step + 1, **fields)

    def again(self) -> "State":
        """The same screen, shown once more."""
        return replace(self, step=self.step + 1)


def to_plain(state: State) -> dict[str, Any]:
    return asdict(state)


def from_plain(plain: Mapping[str, Any]) -> State:
    return State(**{**plain, "listed": tuple(plain["listed"])})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step comes to: the state after it, what is said, and work that takes long and comes to another."""

    state: State
    said: tuple[Outgoing, ...]
    later: "Later | None" = None


Later = Callable[[], Awaitable[Shown]]


class Buttons:
    """Buttons of one screen."""

    def __init__(self, texts: Texts, state: State) -> None:
        self._texts, self._state = texts, state

    def __call__(self, verb: str, argument: str = "", label: str = "") -> Button:
        """The button that does `verb`; argument is short."""
        words = label or self._texts(f"guide_button.{verb}")
        data = f"{PREFIX}{self._state.step:x}:{verb}" + (f":{argument}" if argument else "")
        return Button(short(words), data)

    def rows(self, *rows: Sequence[str]) -> tuple[Row, ...]:
        """A row for each list of verbs."""
        return tuple(tuple(self(verb) for verb in verbs) for verbs in rows if verbs)

    def listed(self, verb: str, labels: Sequence[str]) -> tuple[Row, ...]:
        """A row for each label; the argument is its place."""
        return tuple((self(verb, str(n), label),) for n, label in enumerate(labels))


def read_button(data: str) -> tuple[int, str, str]:
    """Step, verb and argument of a button's data; step -1 when it is none of ours."""
    step, _, rest = data.removeprefix(PREFIX).partition(":")
    verb, _, argument = rest.partition(":")
    try:
        return int(step, 16), verb, argument
    except ValueError:
        return -1, "", ""


def short(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def new_id(title: str, taken: Sequence[str] | frozenset[str]) -> str:
    """An entry's id made of its title, unlike those that are taken."""
    kept = "".join(c if (c.isascii() and c.isalnum()) or "가" <= c <= "힣" else " " for c in title)
    made = "_".join(kept.split())[:60] or "entry_" + hashlib.sha256(title.encode()).hexdigest()[:8]
    number = 1
    found = made
    while found in taken:
        number += 1
        found = f"{made}_{number}"
    return found
