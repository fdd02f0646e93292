"""Steps that change the draft: the parts of an entry, a new one, removing and going back."""

from bot.engine.guide import fields
from bot.engine.guide.screens import Move, Screens, kept
from bot.engine.guide.state import Buttons, Shown, new_id
from domain.editing import DraftEntry, EditConflict, EditRefused
from domain.errors import ContentError
from domain.knowledge import Entry, EntryKind
from domain.messages import Outgoing
from domain.staff import Staff
from knowledge.files import dump, parse

_KINDS = tuple(EntryKind)


class EditSteps:
    def __init__(self, screens: Screens) -> None:
        self._screens, self._texts, self._editing = screens, screens.texts, screens.workshop.editing

    async def ask(self, move: Move, field: str) -> Shown:
        """Ask for a field's new content, showing what it holds."""
        found = await self._editing.entry(move.actor, move.state.entry)
        state = kept(move.state, "field", field=field, etag=found.etag)
        now = fields.now(found.entry, field) or self._texts("guide.nothing")
        return self._screens.asking(state, self._texts(f"guide_field.{field}", now=now))

    async def pick(self, move: Move, field: str) -> Shown:
        """Choices for a field: what can be dropped, or the kinds."""
        found = await self._editing.entry(move.actor, move.state.entry)
        entry = found.entry
        choices = {"drop_alias": entry.aliases, "drop_question": entry.questions}.get(field, _KINDS)
        labels = [self._texts(f"guide_kind.{k}") for k in _KINDS] if field == "kind" else list(choices)
        state = kept(move.state, "pick", field=field, etag=found.etag, listed=tuple(choices))
        now = self._texts(f"guide_kind.{entry.kind}")
        buttons = Buttons(self._texts, state)
        rows = (*buttons.listed("pick", labels), *buttons.rows(("entry", "menu")))
        return self._screens.shown(state, self._texts(f"guide_field.{field}", now=now), rows)

    async def picked(self, move: Move) -> Shown:
        return await self._put(move, move.chosen())

    async def sent(self, move: Move) -> Shown:
        return await self._put(move, move.given)

    async def mine(self, move: Move) -> Shown:
        """What was sent counts, whatever somebody else made of the entry meanwhile."""
        return await self._put(move, move.state.text)

    async def remove(self, move: Move) -> Shown:
        return await self._confirm(move, "remove")

    async def revert(self, move: Move) -> Shown:
        return await self._confirm(move, "revert")

    async def _confirm(self, move: Move, field: str) -> Shown:
        found = await self._editing.entry(move.actor, move.state.entry)
        state = kept(move.state, "confirm", field=field, etag=found.etag)
        return self._screens.confirming(state, self._texts(f"guide.confirm_{field}", title=found.entry.title))

    async def confirmed(self, move: Move) -> Shown:
        state = move.state
        try:
            if state.field == "remove":
                await self._editing.remove(move.actor, state.entry, based_on=state.etag)
                return await self._screens.entry(move, state.entry, (Outgoing(self._texts("guide.removed")),))
            await self._editing.revert(move.actor, state.entry, based_on=state.etag)
        except EditConflict as conflict:
            return await self._screens.entry(move, state.entry, (Outgoing(str(conflict)),))
        return await self._screens.entry(move, state.entry, (Outgoing(self._texts("guide.back")),))

    async def new(self, move: Move) -> Shown:
        return self._screens.asking(move.state.to("new_title"), self._texts("guide.new_title"))

    async def titled(self, move: Move) -> Shown:
        """The new entry's title was sent; its id is settled now, so that a message that comes twice makes one entry."""
        title = " ".join(move.given.split())
        if not title:
            return self._screens.asking(move.state.again(), self._texts("guide.new_title"))
        taken = frozenset(row.entry.id for row in await self._editing.rows(move.actor))
        state = move.state.to("new_kind", words=new_id(title, taken), text=title, listed=_KINDS)
        buttons = Buttons(self._texts, state)
        labels = [self._texts(f"guide_kind.{kind}") for kind in _KINDS]
        rows = (*buttons.listed("kind_of_new", labels), *buttons.rows(("menu",)))
        return self._screens.shown(state, self._texts("guide.new_kind", title=title), rows)

    async def kind_of_new(self, move: Move) -> Shown:
        old = move.state
        state = old.to("new_body", words=old.words, text=old.text, field=move.chosen())
        return self._screens.asking(state, self._texts("guide.new_body"))

    async def bodied(self, move: Move) -> Shown:
        """The new entry's body was sent: it is in the draft."""
        old = move.state
        entry = Entry(old.words, old.text, EntryKind(old.field), move.given.strip())
        await self._editing.save(move.actor, dump(entry), entry=None, based_on="")
        return await self._screens.entry(move, entry.id, (Outgoing(self._texts("guide.saved")),))

    async def _put(self, move: Move, text: str) -> Shown:
        """Change the field, on top of what stands where something is added."""
        state = move.state
        found = await self._editing.entry(move.actor, state.entry)
        if not found.text:
            said = (self._texts("guide.conflict_removed"), text)
            return await self._screens.menu(move, tuple(Outgoing(words) for words in said))
        try:
            await self._save(move.actor, found, state.field, text, state.etag)
        except EditConflict as conflict:
            if not conflict.text:
                return await self._put(move, text)  # removed just now
            return self._conflict(move, conflict, text)
        return await self._screens.entry(move, state.entry, (Outgoing(self._texts("guide.saved")),))

    async def _save(self, actor: Staff, found: DraftEntry, field: str, text: str, etag: str) -> None:
        entry = fields.changed(found.entry, field, text)
        if entry == found.entry:
            return
        based_on = found.etag if field in fields.ONTO else etag
        await self._editing.save(actor, dump(entry), entry=found.id, based_on=based_on)

    def _conflict(self, move: Move, conflict: EditConflict, text: str) -> Shown:
        state = kept(move.state, "conflict", field=move.state.field, text=text, etag=conflict.etag)
        told = self._texts("guide.conflict", by=conflict.by) if conflict.by else self._texts("guide.conflict_unknown")
        rows = Buttons(self._texts, state).rows(("mine", "theirs"))
        now = fields.now(parse(conflict.entry, conflict.text), state.field) or self._texts("guide.nothing")
        before = (Outgoing(f"{told}\n\n{now}"),)
        return self._screens.shown(state, self._texts("guide.conflict_pick"), rows, before)


def said_wrong(error: ContentError | EditRefused) -> str:
    """A wrong text in words that say what to send instead; lines and files mean nothing in a messenger."""
    return error.reason if isinstance(error, ContentError) else str(error)
