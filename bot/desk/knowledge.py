"""The pages of the knowledge base's entries: the list, one entry, a new one."""

import asyncio
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused
from bot.desk.guard import Visitor
from bot.desk.knowledge_forms import fields_of
from bot.desk.knowledge_words import edit_views
from bot.desk.pages import Pages
from bot.engine.editing import Editing
from domain.editing import DraftRow, EntryState
from domain.knowledge import EntryKind
from handlers.catalogue import Texts

_PAGE = 50
_EDITS = 20  # of one entry that are shown
_ACTION = "action."
_NEW = dict.fromkeys(("id", "title", "document", "clause", "effective", "action", "aliases", "questions", "body"), "")


class KnowledgePages:
    def __init__(self, editing: Editing, pages: Pages, texts: Texts) -> None:
        self._editing, self._pages = editing, pages
        self._actions = {key.removeprefix(_ACTION): texts(key) for key in sorted(texts.keys) if key.startswith(_ACTION)}

    async def entries(self, request: Request, visitor: Visitor) -> Response:
        """The list, narrowed down by ?q=, state=, kind=; 50 a page."""
        query = request.query_params
        words = query.get("q", "").strip()[:200]
        state, kind = _chosen(EntryState, query.get("state", "")), _chosen(EntryKind, query.get("kind", ""))
        found = await self._editing.rows(visitor.staff, words)
        rows = [r for r in found if state in (None, r.state) and kind in (None, r.entry.kind)]
        pages = max(1, -(-len(rows) // _PAGE))
        page = min(_number(query.get("page", "1")), pages)
        return self._pages.show(
            request,
            "knowledge.html",
            visitor=visitor,
            proof=visitor.proof,
            rows=rows[(page - 1) * _PAGE : page * _PAGE],
            count=len(rows),
            states=_counts(found),
            words=words,
            state=state.value if state else "",
            kind=kind.value if kind else "",
            page=page,
            pages=pages,
            kinds=KINDS,
            state_names=STATES,
        )

    async def entry(self, request: Request, visitor: Visitor) -> Response:
        found = await self._editing.entry(visitor.staff, request.path_params["entry"])
        edits = found.edits[:_EDITS]
        texts = await self._editing.wordings(visitor.staff, edits)
        shown = await asyncio.to_thread(edit_views, edits, texts)
        return self._editor(request, visitor, found=found, fields=fields_of(found.entry), edits=shown)

    async def new(self, request: Request, visitor: Visitor) -> Response:
        return self._editor(request, visitor, found=None, fields={**_NEW, "kind": EntryKind.ANSWER.value}, edits=[])

    def _editor(self, request: Request, visitor: Visitor, **values: Any) -> Response:
        return self._pages.show(
            request,
            "knowledge_entry.html",
            visitor=visitor,
            proof=visitor.proof,
            kinds=KINDS,
            actions=self._actions,
            state_names=STATES,
            **values,
        )


def _chosen(choices: type[EntryState] | type[EntryKind], value: str) -> EntryState | EntryKind | None:
    if not value:
        return None
    try:
        return choices(value)
    except ValueError:
        raise Refused(400, "bad_request") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Refused(400, "bad_request")
    return max(1, int(text))


def _counts(rows: list[DraftRow]) -> dict[str, int]:
    counted = Counter(row.state.value for row in rows)
    return {state.value: counted[state.value] for state in EntryState}


KINDS = {
    "answer": "답변",
    "action": "처리",
    "chat": "인사말",
    "not_covered": "다루지 않음",
    "handover": "상담원 연결",
}
STATES = {"unchanged": "그대로", "added": "새 항목", "changed": "고침", "removed": "삭제"}
