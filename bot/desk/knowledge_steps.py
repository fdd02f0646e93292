"""What an admin's editor asks for: how an entry looks and answers, saving it, taking it out, taking it back."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.desk.knowledge_forms import field_at, fields_of, text_in
from bot.desk.knowledge_words import decisions_json, entry_json, message_json
from bot.engine.editing import Editing
from bot.engine.publishing import NothingNew, Publishing
from domain.editing import EditConflict, EntryState
from domain.errors import AnalysisGone, Conflict, ContentError
from domain.gaps import GapsSettled
from domain.knowledge import Decision
from domain.staff import Staff
from knowledge.files import parse
from storage.drafts import DraftMoved

MOST_QUESTION = 1_000  # characters
MOST_TEXT = 512 * 1024  # bytes of a request that carries an entry
Endpoint = Callable[[Any, Request, Visitor], Awaitable[Response]]


def worded(endpoint: Endpoint) -> Endpoint:
    """Answer what the knowledge base refuses with its reason, as JSON {"error", "message"}."""

    @functools.wraps(endpoint)
    async def answered(self: Any, request: Request, visitor: Visitor) -> Response:
        try:
            return await endpoint(self, request, visitor)
        except ContentError as error:
            return wrong(error)
        except (EditConflict, DraftMoved, NothingNew, GapsSettled) as error:
            return answer({"error": "conflict", "message": str(error)}, 409)
        except Conflict:
            raise Refused(409, "published_meanwhile") from None
        except AnalysisGone:
            raise Refused(503, "unavailable_analysis", 2.0) from None

    return answered


def wrong(error: ContentError, text: str = "") -> Response:
    """What is wrong with a text: the reason, its line, and the form's field in which it stands."""
    found = {"message": error.reason, "line": error.line, "field": field_at(text, error.line), "path": error.path}
    return answer({"error": "content", **found}, 422)


async def titles_of(editing: Editing, actor: Staff) -> dict[str, str]:
    """Titles by entry id of the draft and the live version."""
    return {row.entry.id: row.entry.title for row in await editing.rows(actor)}


class KnowledgeSteps:
    def __init__(self, editing: Editing, publishing: Publishing) -> None:
        self._editing, self._publishing = editing, publishing

    @worded
    async def preview(self, request: Request, visitor: Visitor) -> Response:
        """{"fields"} or {"text"} → both, and the message that a customer would read."""
        text = text_in(await read_json(request, MOST_TEXT))
        try:
            message = await self._editing.preview(visitor.staff, text)
            fields = fields_of(parse("", text))
        except ContentError as error:
            return wrong(error, text)
        return answer({"text": text, "fields": fields, "message": message_json(message)})

    @worded
    async def try_question(self, request: Request, visitor: Visitor) -> Response:
        """{"question", "prev"?, "entry"?, "fields"? or "text"?} → what the draft and the live version decide."""
        body = await read_json(request, MOST_TEXT)
        question, prev, entry = (body.get(name) or "" for name in ("question", "prev", "entry"))
        if not all(isinstance(words, str) and len(words) <= MOST_QUESTION for words in (question, prev, entry)):
            raise Refused(413, "too_long", limit=f"{MOST_QUESTION:,}")
        if not question.strip():
            raise Refused(400, "no_question")
        text = text_in(body) if body.keys() & {"fields", "text"} else ""
        try:
            tried = await self._publishing.try_question(
                visitor.staff, question.strip(), prev.strip() or None, text=text, entry=entry
            )
        except ContentError as error:
            return wrong(error, text)
        titles = await titles_of(self._editing, visitor.staff)
        live = titles | await self._live_titles(visitor.staff, tried.live)
        if text:
            unsaved = parse("", text)
            titles[unsaved.id] = unsaved.title
        return answer({"draft": decisions_json(tried.draft, titles), "live": decisions_json(tried.live, live)})

    async def _live_titles(self, actor: Staff, decisions: Sequence[Decision]) -> dict[str, str]:
        """Of the entries that the live version spoke of, where the draft calls them by another name."""
        found: dict[str, str] = {}
        for entry_id in {candidate.entry for decision in decisions for candidate in decision.candidates}:
            entry = await self._editing.entry(actor, entry_id)
            if entry.state is EntryState.CHANGED:
                found[entry_id] = parse(entry_id, entry.live_text).title
        return found

    @worded
    async def save(self, request: Request, visitor: Visitor) -> Response:
        """{"entry": id or null, "etag", "fields" or "text"} → the entry as it stands now."""
        body = await read_json(request, MOST_TEXT)
        entry, etag = body.get("entry"), body.get("etag", "")
        if not (entry is None or isinstance(entry, str)) or not isinstance(etag, str):
            raise Refused(400, "bad_request")
        text = text_in(body)
        try:
            saved = await self._editing.save(visitor.staff, text, entry=entry, based_on=etag)
        except ContentError as error:
            return wrong(error, text)
        except EditConflict as conflict:
            return _conflict(conflict)
        return answer(entry_json(saved))

    @worded
    async def remove(self, request: Request, visitor: Visitor) -> Response:
        """{"entry", "etag"}: out of the draft; customers read it until the next version."""
        entry, etag = await _entry_and_etag(request)
        try:
            await self._editing.remove(visitor.staff, entry, based_on=etag)
        except EditConflict as conflict:
            return _conflict(conflict)
        return answer({"id": entry})

    @worded
    async def revert(self, request: Request, visitor: Visitor) -> Response:
        """{"entry", "etag"} → the entry as it is live, or {"id"} alone where it is not."""
        entry, etag = await _entry_and_etag(request)
        try:
            standing = await self._editing.revert(visitor.staff, entry, based_on=etag)
        except EditConflict as conflict:
            return _conflict(conflict)
        return answer({"id": entry} if standing is None else entry_json(standing))


async def _entry_and_etag(request: Request) -> tuple[str, str]:
    body = await read_json(request)
    entry, etag = body.get("entry"), body.get("etag", "")
    if not isinstance(entry, str) or not isinstance(etag, str):
        raise Refused(400, "bad_request")
    return entry, etag


def _conflict(conflict: EditConflict) -> Response:
    """Theirs beside the reason, so that nobody's words are lost."""
    theirs: dict[str, Any] = {"text": conflict.text, "etag": conflict.etag, "by": conflict.by, "fields": None}
    if conflict.text:
        theirs["fields"] = fields_of(parse(conflict.entry, conflict.text))
    return answer({"error": "changed", "message": str(conflict), "theirs": theirs}, 409)
