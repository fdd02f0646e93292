"""A policy document put in at the desk: what it proposes, and what of that an admin takes."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.desk.knowledge_forms import text_in
from bot.desk.knowledge_steps import worded, wrong
from bot.desk.pages import Pages
from bot.engine.editing import Editing
from domain.editing import EntryState
from domain.errors import ContentError
from knowledge.documents import Format, Proposal, Standing, compare, format_of, propose
from knowledge.files import dump
from knowledge.wording import compare_lines

_MOST_BYTES = 4 * 1024 * 1024
_MOST_ENTRIES = 2_000


class KnowledgeImport:
    def __init__(self, editing: Editing, pages: Pages) -> None:
        self._editing, self._pages = editing, pages

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
        standing = [row.entry for row in await self._editing.rows(visitor.staff) if row.state is not EntryState.REMOVED]
        found = await asyncio.to_thread(
            lambda: compare(propose(name or "붙여 넣은 글", text, chosen, document), standing)
        )
        etags = {
            p.entry.id: (await self._editing.entry(visitor.staff, p.entry.id)).etag
            for p in found
            if p.standing is Standing.DIFFERS
        }
        return answer({"proposals": [_proposal(p, etags.get(p.entry.id, "")) for p in found]})

    @worded
    async def take(self, request: Request, visitor: Visitor) -> Response:
        """{"entries": [{"entry": id, "text", "etag"}]} → {"added", "changed"}: put in the draft, all or nothing.

        etag: as proposed, "" for a new entry; what somebody changed meanwhile is not written over.
        """
        body = await read_json(request, _MOST_BYTES)
        entries = body.get("entries")
        if not isinstance(entries, list) or not 0 < len(entries) <= _MOST_ENTRIES:
            raise Refused(400, "nothing_chosen")
        files: dict[str, str] = {}
        for one in entries:
            if not isinstance(one, dict) or not all(isinstance(one.get(k), str) for k in ("entry", "text", "etag")):
                raise Refused(400, "bad_request")
            files[one["entry"]] = text_in({"text": one["text"]})
        there = {r.entry.id for r in await self._editing.rows(visitor.staff) if r.state is not EntryState.REMOVED}
        for one in entries:
            known = (await self._editing.entry(visitor.staff, one["entry"])).etag if one["entry"] in there else ""
            if known != one["etag"]:
                raise Refused(409, "entry_changed", entry=one["entry"])
        try:
            put = await self._editing.put_in(visitor.staff, files, merge=True)
        except ContentError as error:
            return wrong(error, files.get(error.path, ""))
        return answer({"added": put.added, "changed": put.changed})


def _proposal(proposal: Proposal, etag: str) -> dict[str, Any]:
    entry = proposal.entry
    lines = compare_lines(proposal.standing_text.splitlines(), entry.body.splitlines())
    return {
        "entry": entry.id,
        "title": entry.title,
        "document": entry.document,
        "clause": entry.clause,
        "effective": entry.effective.isoformat() if entry.effective else "",
        "standing": proposal.standing.value,
        "text": dump(entry),
        "etag": etag,
        "lines": [[[piece.mark.value, piece.text] for piece in line] for line in lines],
    }
