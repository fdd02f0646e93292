"""The guide: what an admin sends and presses in a messenger, step by step, on the one editing service."""

import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.engine.guide.edit_steps import EditSteps, said_wrong
from bot.engine.guide.publish_steps import PublishSteps
from bot.engine.guide.screens import Move, Screens
from bot.engine.guide.state import Buttons, Shown, State, read_button
from bot.engine.intake import clean
from bot.engine.workshop import Workshop
from domain.editing import EditRefused
from domain.errors import Conflict, ContentError
from domain.identifiers import redact
from domain.messages import Incoming, IncomingKind, Outgoing
from domain.staff import Staff
from handlers.catalogue import Texts

_COMMAND = re.compile(r"/(kb|cancel)(@\w+)?\s*")
_FIELDS = ("body", "more", "title", "alias", "question", "source", "effective", "action")
_PICKED = ("drop_alias", "drop_question", "kind")
Step = Callable[[Move], Awaitable[Shown]]


def load_guide_texts() -> Texts:
    return Texts(tomllib.loads((Path(__file__).parent / "texts_ko.toml").read_text("utf-8")))


class Guide:
    """Platform-free: reads an Incoming in the light of a State. Wrong input changes nothing and says what to send."""

    def __init__(self, workshop: Workshop, texts: Texts) -> None:
        self.texts = texts
        self._screens = screens = Screens(workshop, texts)
        edit, publish = EditSteps(screens), PublishSteps(screens)
        self._buttons: Mapping[str, Step] = {
            "menu": screens.menu,
            "changes": screens.changes,
            "next": screens.more,
            "open": screens.open,
            "entry": screens.entry,
            "theirs": screens.entry,
            **{f"edit_{field}": partial(edit.ask, field=field) for field in _FIELDS},
            **{field: partial(edit.pick, field=field) for field in _PICKED},
            "pick": edit.picked,
            "mine": edit.mine,
            "remove": edit.remove,
            "revert": edit.revert,
            "new": edit.new,
            "kind_of_new": edit.kind_of_new,
            "try": publish.ask_question,
            "check": publish.check,
            "submit": publish.submit,
            "no_note": publish.submitted,
            "approve": publish.approve,
            "return": publish.return_,
            "publish": publish.publish,
            "history": publish.history,
            "back_to": publish.back_to,
            "yes": self._yes,
            "no": self._no,
            "end": self._end,
        }
        self._texts_at: Mapping[str, Step] = {
            "field": edit.sent,
            "new_title": edit.titled,
            "new_body": edit.bodied,
            "question": publish.try_question,
            "note": publish.submitted,
            "remark": publish.returned,
            "reason": publish.published,
        }
        self._confirmed: Mapping[str, Step] = {
            "remove": edit.confirmed,
            "revert": edit.confirmed,
            "publish": publish.published,
            "rollback": publish.rolled_back,
        }
        self._again: Mapping[str, Step] = {
            "entry": screens.entry,
            "found": self._list_again,
            "field": lambda move: edit.ask(move, move.state.field),
            "pick": lambda move: edit.pick(move, move.state.field),
            "history": publish.history,
            "new_title": edit.new,
        }

    async def take(self, actor: Staff, state: State, incoming: Incoming) -> Shown:
        """One step. What goes wrong is said, and the same screen waits on."""
        try:
            return await self._take(actor, state, incoming)
        except (ContentError, EditRefused, Conflict) as error:
            words = str(error) if isinstance(error, Conflict) else said_wrong(error)
            return self._still(state, words)

    async def _take(self, actor: Staff, state: State, incoming: Incoming) -> Shown:
        move = Move(actor, state)
        if incoming.kind is IncomingKind.BUTTON:
            step, verb, argument = read_button(incoming.button)
            if step != state.step or verb not in self._buttons:
                again = self._again.get(state.place, self._screens.menu)
                shown = await again(move)
                return replace(shown, said=(Outgoing(self.texts("guide.old_button")), *shown.said))
            return await self._buttons[verb](replace(move, given=argument))
        if incoming.kind is IncomingKind.EDIT:
            return self._still(state, self.texts("guide.edited"))
        if incoming.attachments:
            return self._still(state, self.texts("guide.only_text"))
        found = redact(clean(incoming.text.replace("\r\n", "\n")))
        if _COMMAND.fullmatch(found.text):
            return await self._screens.menu(move)
        shown = await self._said(replace(move, given=found.text))
        if found.kinds:
            return replace(shown, said=(Outgoing(self.texts("guide.redacted")), *shown.said))
        return shown

    async def _said(self, move: Move) -> Shown:
        if step := self._texts_at.get(move.state.place):
            return await step(move)
        if move.state.place in ("pick", "confirm", "conflict", "new_kind"):
            return self._still(move.state, self.texts("guide.pick"))
        words = " ".join(move.given.split())[:200]
        return await self._screens.listed(move, words) if words else await self._screens.menu(move)

    async def _yes(self, move: Move) -> Shown:
        step = self._confirmed.get(move.state.field)
        return await (step(move) if step and move.state.place == "confirm" else self._screens.menu(move))

    async def _no(self, move: Move) -> Shown:
        return await (self._screens.entry(move) if move.state.entry else self._screens.menu(move))

    async def _end(self, move: Move) -> Shown:
        return Shown(move.state.to(""), (Outgoing(self.texts("guide.ended")),))

    async def _list_again(self, move: Move) -> Shown:
        return await self._screens.listed(move, move.state.words, move.state.page)

    def _still(self, state: State, words: str) -> Shown:
        """The same screen goes on waiting; its buttons stay good."""
        back = ("entry", "menu") if state.entry else ("menu",)
        return Shown(state, (Outgoing(words, Buttons(self.texts, state).rows(back)),))
