"""The screens an admin finds the way by: the menu, lists, one entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.guide.state import Buttons, Row, Shown, State
from bot.engine.workshop import Workshop
from domain.editing import DraftEntry, DraftRow, EditRefused, EntryState, ReviewState
from domain.messages import Outgoing
from domain.staff import Staff
from handlers.catalogue import Texts

PAGE = 6
_CHANGED = frozenset(EntryState) - {EntryState.UNCHANGED}
_CHANGES = "*"  # the words that list what is not as it is live


@dataclass(frozen=True, slots=True)
class Move:
    """One step of an admin: where from, and what was sent or which of a screen's choices was pressed."""

    actor: Staff
    state: State
    given: str = ""

    def chosen(self) -> str:
        """What the pressed button stands for. Raises EditRefused when the screen has no such choice."""
        if not self.given.isdecimal() or int(self.given) >= len(self.state.listed):
            raise EditRefused("그 버튼은 쓸 수 없습니다. 아래에서 다시 골라 주세요.")
        return self.state.listed[int(self.given)]


class Screens:
    def __init__(self, workshop: Workshop, texts: Texts) -> None:
        self.workshop, self.texts = workshop, texts

    def shown(self, state: State, words: str, rows: Sequence[Row] = (), before: Sequence[Outgoing] = ()) -> Shown:
        return Shown(state, (*before, Outgoing(words, tuple(rows))))

    def asking(self, state: State, words: str, before: Sequence[Outgoing] = ()) -> Shown:
        """A screen that waits for a text."""
        back = ("entry", "menu") if state.entry else ("menu",)
        return self.shown(state, words, Buttons(self.texts, state).rows(back), before)

    def confirming(self, state: State, words: str) -> Shown:
        return self.shown(state, words, Buttons(self.texts, state).rows(("yes", "no")))

    async def menu(self, move: Move, before: Sequence[Outgoing] = ()) -> Shown:
        state = move.state.to("menu")
        rows = await self.workshop.editing.rows(move.actor, "", _CHANGED)
        history = await self.workshop.publishing.history(move.actor)
        words = self.texts("guide.menu", version=history[0].version if history else 0, **counts(rows))
        view = await self.workshop.publishing.review(move.actor)
        if view.review is not None:
            who = {"by": view.review.submitted_by}
            if view.state in (ReviewState.APPROVED, ReviewState.RETURNED):
                who = {"by": view.review.decided_by}
            words += "\n\n" + self.texts(f"guide.review_{view.state}", **who, remark=view.review.remark)
        waiting = view.state is ReviewState.WAITING
        decide = ("approve", "return") if waiting else ("submit",)
        changing = (("changes", "check"), (*decide, "publish")) if rows else ()
        buttons = Buttons(self.texts, state).rows(*changing, ("new", "history", "end"))
        return self.shown(state, words, buttons, before)

    async def listed(self, move: Move, words: str, page: int = 0, before: Sequence[Outgoing] = ()) -> Shown:
        """Entries that have the words, or those that changed."""
        changes = words == _CHANGES
        states = _CHANGED if changes else frozenset(EntryState)
        rows = await self.workshop.editing.rows(move.actor, "" if changes else words, states)
        begin = page * PAGE if page * PAGE < len(rows) else 0
        some = rows[begin : begin + PAGE]
        ids = tuple(row.entry.id for row in some)
        state = move.state.to("found", listed=ids, words=words, page=begin // PAGE)
        buttons = Buttons(self.texts, state)
        key = "changes" if changes else "found"
        more = ("next", "menu") if len(rows) > PAGE else ("menu",)
        if not some:
            return self.shown(state, self.texts(f"guide.{key}_none", words=words), buttons.rows(more), before)
        told = self.texts(f"guide.{key}", words=words, count=len(rows), first=begin + 1, last=begin + len(some))
        labels = [self._label(row) for row in some]
        return self.shown(state, told, (*buttons.listed("open", labels), *buttons.rows(more)), before)

    async def changes(self, move: Move) -> Shown:
        return await self.listed(move, _CHANGES)

    async def more(self, move: Move) -> Shown:
        return await self.listed(move, move.state.words, move.state.page + 1)

    async def open(self, move: Move) -> Shown:
        return await self.entry(move, move.chosen())

    async def entry(self, move: Move, entry: str = "", before: Sequence[Outgoing] = ()) -> Shown:
        """One entry: as a customer reads it, then what can be done with it."""
        try:
            found = await self.workshop.editing.entry(move.actor, entry or move.state.entry)
        except EditRefused:
            return await self.menu(move, (*before, Outgoing(self.texts("guide.gone"))))
        state = move.state.to("entry", entry=found.id, etag=found.etag)
        preview = Outgoing(await self._read(move.actor, found))
        told = self._told(found)
        if found.state is EntryState.REMOVED:
            rows = Buttons(self.texts, state).rows(("revert", "menu"))
            return self.shown(state, told, rows, before)
        undo = ("revert", "remove") if found.state is EntryState.CHANGED else ("remove",)
        rows = Buttons(self.texts, state).rows(
            ("edit_body", "edit_more", "edit_title"),
            ("edit_alias", "drop_alias"),
            ("edit_question", "drop_question"),
            ("edit_source", "edit_effective"),
            ("kind", "edit_action"),
            ("try", *undo),
            ("menu",),
        )
        return self.shown(state, told, rows, (*before, preview))

    async def _read(self, actor: Staff, found: DraftEntry) -> str:
        """What the customer reads, without its buttons: they would do nothing here."""
        made = await self.workshop.editing.preview(actor, found.text or found.live_text)
        labels = "".join(f"\n[{button.label}]" for row in made.buttons for button in row)
        source = f"\n\n{made.source.label}" if made.source else ""
        return f"{made.text}{source}{labels}"

    def _told(self, found: DraftEntry) -> str:
        entry = found.entry
        if found.state is EntryState.REMOVED:
            return self.texts("guide.entry_removed", title=entry.title, entry=entry.id)
        return self.texts(
            "guide.entry",
            title=entry.title,
            entry=entry.id,
            state=self.texts(f"guide_state.{found.state}"),
            kind=self.texts(f"guide_kind.{entry.kind}"),
            aliases=len(entry.aliases),
            questions=len(entry.questions),
        )

    def _label(self, row: DraftRow) -> str:
        if row.state is EntryState.UNCHANGED:
            return row.entry.title
        return f"{row.entry.title} ({self.texts(f'guide_state.{row.state}')})"


def counts(rows: Sequence[DraftRow]) -> dict[str, int]:
    """How many entries were added, changed and removed."""
    return {s.value: sum(row.state is s for row in rows) for s in EntryState if s is not EntryState.UNCHANGED}


def kept(state: State, place: str, **fields: Any) -> State:
    """Another screen about the same entry."""
    return state.to(place, **({"entry": state.entry, "etag": state.etag} | fields))
