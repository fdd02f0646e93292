"""What became of the policy's clauses from one published version to another."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.channels.web.policy import Block, ClauseText, PolicyEdition, PolicyShelf
from domain.deadlines import SEOUL
from knowledge.wording import Piece, compare_lines, compare_words
from storage.knowledge import KbVersion

_KEPT = 32  # comparisons in memory


@dataclass(frozen=True, slots=True)
class Listed:
    """A version as everybody may know it: published is its day in Seoul."""

    number: int
    published: date


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause in both versions. now: as the later one has it. moved, dated: (before, now) where they differ."""

    now: ClauseText
    title: tuple[Piece, ...]
    lines: tuple[tuple[Piece, ...], ...]
    moved: tuple[str, str] | None
    dated: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class PolicyChanges:
    """same: how many clauses stayed as they are."""

    before: PolicyEdition
    after: PolicyEdition
    added: tuple[ClauseText, ...]
    removed: tuple[ClauseText, ...]
    changed: tuple[ClauseChange, ...]
    same: int


class PolicyHistory:
    """Published versions never change, so what was compared last stays in memory."""

    def __init__(self, shelf: PolicyShelf) -> None:
        self._shelf = shelf
        self._kept: dict[tuple[int, int], PolicyChanges] = {}

    async def changes(self, before: KbVersion, after: KbVersion) -> PolicyChanges:
        pair = before.version, after.version
        if pair not in self._kept:
            old, new = await self._shelf.edition(before), await self._shelf.edition(after)
            self._kept[pair] = await asyncio.to_thread(compare, old, new)
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return self._kept[pair]


def listed(history: Sequence[KbVersion]) -> list[Listed]:
    return [Listed(version.version, version.published_at.astimezone(SEOUL).date()) for version in history]


def compare(before: PolicyEdition, after: PolicyEdition) -> PolicyChanges:
    """Clause by clause, in the order in which the later version is read."""
    old, new = before.clauses, after.clauses
    was_called = _renamed(old, new)
    read = [clause for _, clauses in after.documents for clause in clauses]
    pairs = [(old.get(was_called.get(clause.entry, clause.entry)), clause) for clause in read]
    changed = [_change(was, now) for was, now in pairs if was is not None and _differs(was, now)]
    met = {was.entry for was, _ in pairs if was is not None}
    return PolicyChanges(
        before,
        after,
        added=tuple(now for was, now in pairs if was is None),
        removed=tuple(c for _, clauses in before.documents for c in clauses if c.entry not in met),
        changed=tuple(changed),
        same=len(met) - len(changed),
    )


def _renamed(old: Mapping[str, ClauseText], new: Mapping[str, ClauseText]) -> dict[str, str]:
    """Ids before of clauses that changed their entry: only one went from this place and only one came."""
    gone, came = (
        {_place(c): c.entry for c in side.values() if c.entry not in other} for side, other in ((old, new), (new, old))
    )
    return {came[place]: gone[place] for place in came.keys() & gone.keys()}


def _place(clause: ClauseText) -> tuple[str, str]:
    return clause.document, clause.clause


def _differs(was: ClauseText, now: ClauseText) -> bool:
    return (was.title, was.body, _place(was), _day(was)) != (now.title, now.body, _place(now), _day(now))


def _day(clause: ClauseText) -> str:
    """The day the clause itself names; the day of publication is the version's."""
    return clause.effective.isoformat() if clause.dated else ""


def _change(was: ClauseText, now: ClauseText) -> ClauseChange:
    places = " ".join(_place(was)), " ".join(_place(now))
    days = _day(was), _day(now)
    return ClauseChange(
        now,
        compare_words(was.title, now.title),
        compare_lines(_lines(was.blocks), _lines(now.blocks)),
        moved=places if places[0] != places[1] else None,
        dated=days if days[0] != days[1] else None,
    )


def _lines(blocks: Sequence[Block]) -> list[str]:
    return [f"• {line}" if block.is_list else line for block in blocks for line in block.lines]
