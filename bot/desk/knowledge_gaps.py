"""What customers asked in vain, as an admin goes through it: groups of one meaning, and what becomes of each."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.desk.knowledge_forms import fields_of, text_in
from bot.desk.knowledge_steps import MOST_TEXT, titles_of, worded, wrong
from bot.desk.knowledge_words import entry_json
from bot.desk.pages import Pages
from bot.engine.editing import Editing
from bot.engine.gaps import MOST_REASON, Gaps, distinct, proposed
from domain.errors import AnalysisGone, ContentError
from domain.gaps import GapGroup, GapKey, GapKind

_MOST_GROUPS = 100  # on one page
_MOST_TEXTS = 50
_MOST_KEYS = 5_000
_FOUND = 20


class KnowledgeGaps:
    def __init__(self, editing: Editing, gaps: Gaps, pages: Pages) -> None:
        self._editing, self._gaps, self._pages = editing, gaps, pages

    async def page(self, request: Request, visitor: Visitor) -> Response:
        """?kind= narrows it down. Written down as a look at customers' words."""
        asked = request.query_params.get("kind", "")
        if asked and asked not in KINDS:
            raise Refused(400, "bad_request")
        try:
            view = await self._gaps.groups(visitor.staff, visitor.place, kinds=(GapKind(asked),) if asked else ())
        except AnalysisGone:
            raise Refused(503, "unavailable_analysis", 2.0) from None
        return self._pages.show(
            request,
            "knowledge_gaps.html",
            visitor=visitor,
            proof=visitor.proof,
            view=view,
            groups=[_group(group) for group in view.groups[:_MOST_GROUPS]],
            titles=await titles_of(self._editing, visitor.staff),
            kind=asked,
            kinds=KINDS,
            most_reason=MOST_REASON,
        )

    @worded
    async def take(self, request: Request, visitor: Visitor) -> Response:
        """{"keys"} and, by the step in the path: alias, question {"entry", "texts"}; draft {"fields" or "text"};
        dismiss {"reason"} → the entry that was changed."""
        body, step = await read_json(request, MOST_TEXT), request.path_params["step"]
        keys = _keys(body)
        if step == "dismiss":
            await self._gaps.dismiss(visitor.staff, keys, _words(body, "reason"))
            return answer({})
        if step == "draft":
            text = text_in(body)
            try:
                return answer(entry_json(await self._gaps.make_draft(visitor.staff, keys, text)))
            except ContentError as error:
                return wrong(error, text)
        steps = {"alias": self._gaps.make_alias, "question": self._gaps.make_question}
        if step not in steps:
            raise Refused(404, "bad_request")
        texts = [line.strip() for line in _words(body, "texts").splitlines() if line.strip()]
        if len(texts) > _MOST_TEXTS:
            raise Refused(413, "too_many_lines", limit=_MOST_TEXTS)
        return answer(entry_json(await steps[step](visitor.staff, keys, _words(body, "entry").strip(), texts)))

    async def find(self, request: Request, visitor: Visitor) -> Response:
        """?q= → the first entries that have these words: [{"id", "title"}]."""
        words = request.query_params.get("q", "").strip()[:200]
        found = [row.entry for row in await self._editing.rows(visitor.staff, words)]
        return answer([{"id": entry.id, "title": entry.title} for entry in found[:_FOUND]])


def _group(group: GapGroup) -> dict[str, Any]:
    """For the template. fields: what a new entry begins with."""
    return {
        "label": " ".join(group.label.split()),
        "count": len(group.gaps),
        "customers": group.customers,
        "kinds": [(kind.value, count) for kind, count in group.kinds.items()],
        "entries": group.entries,
        "newest": group.newest,
        "phrasings": distinct(group),
        "keys": [str(key) for key in group.keys],
        "fields": fields_of(proposed(group)),
    }


def _keys(body: dict[str, Any]) -> list[GapKey]:
    keys = body.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= _MOST_KEYS or not all(isinstance(key, str) for key in keys):
        raise Refused(400, "bad_request")
    try:
        return [GapKey.of(key) for key in keys]
    except ValueError:
        raise Refused(400, "bad_request") from None


def _words(body: dict[str, Any], name: str) -> str:
    words = body.get(name, "")
    if not isinstance(words, str):
        raise Refused(400, "bad_request")
    return words


KINDS = {
    "handover": "답을 찾지 못함",
    "not_covered": "정책에 없음",
    "clarify": "되물었으나 고르지 않음",
    "unhelpful": "도움이 안 됨",
}
