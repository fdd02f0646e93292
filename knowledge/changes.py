"""What differs between two versions of a knowledge base, entry by entry and line by line."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class LineKind(StrEnum):
    SAME = " "
    ADDED = "+"
    REMOVED = "-"


@dataclass(frozen=True, slots=True)
class Line:
    kind: LineKind
    text: str


@dataclass(frozen=True, slots=True)
class EntryChange:
    """lines: of the whole text, the unchanged ones included."""

    entry: str
    kind: ChangeKind
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Differing:
    """Ids of entries, each list in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(sorted((*self.added, *self.changed, *self.removed)))


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> Differing:
    """Compare texts, or hashes of texts, by entry id."""
    return Differing(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(i for i in after.keys() & before.keys() if before[i] != after[i])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[EntryChange, ...]:
    """What makes `after` of `before` (Markdown by entry id), in the order of ids."""
    found = differing(before, after)
    kinds = dict.fromkeys(found.added, ChangeKind.ADDED) | dict.fromkeys(found.removed, ChangeKind.REMOVED)
    return tuple(
        EntryChange(i, kinds.get(i, ChangeKind.CHANGED), line_diff(before.get(i, ""), after.get(i, "")))
        for i in found.ids
    )


def line_diff(before: str, after: str) -> tuple[Line, ...]:
    """Every line of both texts once, those that went before those that came."""
    old, new = before.splitlines(), after.splitlines()
    out: list[Line] = []
    for step, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            out += [Line(LineKind.SAME, text) for text in old[a:b]]
        else:
            out += [Line(LineKind.REMOVED, text) for text in old[a:b]]
            out += [Line(LineKind.ADDED, text) for text in new[c:d]]
    return tuple(out)
