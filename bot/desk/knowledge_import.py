"""A policy document put in at the desk: what it proposes, and what of that an admin takes."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.desk.knowledge_forms import text_in
from bot.desk.knowledge_steps import worded, wrong
from bot.desk.pages import Pages
from bot.engine.documents import Documents, Offer
from domain.errors import ContentError
from knowledge.documents import Format, format_of
from knowledge.wording import compare_lines

_MOST_BYTES = 4 * 1024 * 1024
_MOST_ENTRIES = 2_000


class KnowledgeImport:
    def __init__(self, documents: Documents, pages: Pages) -> None:
        self._documents, self._pages = documents, pages

    async def page(self, request: Request, visitor: Visitor) -> Response:
        return self._pages.show(request, "knowledge_import.html", visitor=visitor, proof=visitor.proof)

    @worded
    async def propose(self, request: Request, visitor: Visitor) -> Response:
        """{"name", "text", "format"?, "document"?} → {"proposals": […]}. format stands where the file's name tells
        none."""
        body = await read_json(request, _MOST_BYTES)
        name, text, document, form = (body.get(key) or "" for key in ("name", "text", "document", "format"))
        if not all(isinstance(value, str) for value in (name, text, document, form)):
            raise Refused(400, "bad_request")
        if not text.strip():
            raise Refused(400, "empty")
        if name and format_of(name) is None:
            raise Refused(415, "no_document")
        try:
            chosen = format_of(name) or Format(form)
        except ValueError:
            raise Refused(400, "bad_request") from None
        found = await self._documents.propose(visitor.staff, name or "붙여 넣은 글", text, chosen, document)
        return answer({"proposals": [_proposal(offer) for offer in found]})

    @worded
    async def take(self, request: Request, visitor: Visitor) -> Response:
        """{"entries": [{"entry": id, "text", "etag"}]} → {"added", "changed"}: put in the draft, all or nothing."""
        body = await read_json(request, _MOST_BYTES)
        entries = body.get("entries")
        if not isinstance(entries, list) or not 0 < len(entries) <= _MOST_ENTRIES:
            raise Refused(400, "nothing_chosen")
        chosen: dict[str, tuple[str, str]] = {}
        for one in entries:
            if not isinstance(one, dict) or not all(isinstance(one.get(k), str) for k in ("entry", "text", "etag")):
                raise Refused(400, "bad_request")
            chosen[one["entry"]] = text_in({"text": one["text"]}), one["etag"]
        try:
            put = await self._documents.take(visitor.staff, chosen)
        except ContentError as error:
            return wrong(error, chosen.get(error.path, ("", ""))[0])
        return answer({"added": put.added, "changed": put.changed})


def _proposal(offer: Offer) -> dict[str, Any]:
    entry = offer.proposal.entry
    lines = compare_lines(offer.proposal.standing_text.splitlines(), entry.body.splitlines())
    return {
        "entry": entry.id,
        "title": entry.title,
        "document": entry.document,
        "clause": entry.clause,
        "effective": entry.effective.isoformat() if entry.effective else "",
        "standing": offer.proposal.standing.value,
        "text": offer.text,
        "etag": offer.etag,
        "lines": [[[piece.mark.value, piece.text] for piece in line] for line in lines],
    }
