"""From draft to version at the desk: what would change, the gate, the second admin, publishing, and the way back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.desk.knowledge_steps import titles_of, worded
from bot.desk.knowledge_words import change_views, report_json
from bot.desk.once import Once
from bot.desk.pages import Pages
from bot.engine.editing import Editing
from bot.engine.fitting import Fitting
from bot.engine.publishing import Publishing, PublishRefused
from domain.staff import Staff

_DRAFT = 0
_MOST_WORDS = 1_000  # characters of a note, a reason or a remark
_MOST_VERSION = 10**9


class KnowledgeVersions:
    def __init__(self, editing: Editing, fitting: Fitting, publishing: Publishing, pages: Pages) -> None:
        self._editing, self._fitting, self._publishing, self._pages = editing, fitting, publishing, pages
        self._once = Once()
        self._done = (0, 0)

    async def publishing(self, request: Request, visitor: Visitor) -> Response:
        """What the draft changes, and the way to publish it."""
        history = await self._publishing.history(visitor.staff)
        live = history[0].version if history else 0
        changes = await self._editing.diff(visitor.staff, live)
        review = await self._publishing.review(visitor.staff)
        own = visitor.staff.name in review.authors | {review.review.submitted_by if review.review else ""}
        return self._pages.show(
            request,
            "knowledge_publish.html",
            visitor=visitor,
            proof=visitor.proof,
            live=live,
            changes=await asyncio.to_thread(change_views, changes),
            count=len(changes),
            titles=await titles_of(self._editing, visitor.staff),
            review=review,
            own=own,
            two_person=self._publishing.two_person,
        )

    async def versions(self, request: Request, visitor: Visitor) -> Response:
        history = await self._publishing.history(visitor.staff)
        return self._pages.show(
            request, "knowledge_versions.html", visitor=visitor, proof=visitor.proof, history=history
        )

    async def difference(self, request: Request, visitor: Visitor) -> Response:
        """?from=1&to=2; 0 is the draft."""
        before, after = (_version(request.query_params.get(name, "")) for name in ("from", "to"))
        changes = await self._editing.diff(visitor.staff, before, after)
        history = await self._publishing.history(visitor.staff)
        return self._pages.show(
            request,
            "knowledge_diff.html",
            visitor=visitor,
            proof=visitor.proof,
            before=before,
            after=after,
            history=history,
            titles=await titles_of(self._editing, visitor.staff),
            changes=await asyncio.to_thread(change_views, changes),
            count=len(changes),
        )

    @worded
    async def check(self, request: Request, visitor: Visitor) -> Response:
        """{} → the gate's report on the draft, once every regression question has been asked."""
        await read_json(request)
        return answer(report_json(await self._publishing.check(visitor.staff, self._told)))

    async def progress(self, _request: Request, _visitor: Visitor) -> Response:
        """{"done", "of"}: questions of the check that this process works on."""
        done, of = self._done
        return answer({"done": done, "of": of})

    @worded
    async def publish(self, request: Request, visitor: Visitor) -> Response:
        """{"id", "note"?, "override"?} → {"version"}; 409 "broken" with the report when a reason is asked for."""
        body = await read_json(request)
        note, override = _words(body, "note"), _words(body, "override")

        async def begin() -> Response:
            try:
                version, _ = await self._publishing.publish(
                    visitor.staff, note=note, override=override, progress=self._told
                )
            except PublishRefused as refused:
                report = report_json(refused.report)
                return answer({"error": "broken", "message": str(refused), "report": report}, 409)
            return answer({"version": version})

        return await self._once.take(visitor.staff.id, body.get("id"), begin)

    @worded
    async def roll_back(self, request: Request, visitor: Visitor) -> Response:
        """{"id", "version"} → {"version"}: what that version held, as a new one."""
        body = await read_json(request)
        version = body.get("version")
        if not isinstance(version, int) or not 0 < version < _MOST_VERSION:
            raise Refused(400, "bad_request")

        async def begin() -> Response:
            return answer({"version": await self._publishing.rollback(visitor.staff, version)})

        return await self._once.take(visitor.staff.id, body.get("id"), begin)

    @worded
    async def review(self, request: Request, visitor: Visitor) -> Response:
        """{"id", "step": "submit" | "approve" | "return", "remark"?} → {}."""
        body = await read_json(request)
        remark, step = _words(body, "remark"), body.get("step")
        steps: dict[object, Callable[[Staff, str], Awaitable[object]]] = {
            "submit": self._publishing.submit,
            "approve": self._publishing.approve,
            "return": self._publishing.return_,
        }
        if step not in steps:
            raise Refused(400, "bad_request")

        async def begin() -> Response:
            await steps[step](visitor.staff, remark)
            return answer({})

        return await self._once.take(visitor.staff.id, body.get("id"), begin)

    @worded
    async def model(self, request: Request, visitor: Visitor) -> Response:
        """{"id", "step": "fit" | "reset"} → {}: the draft decides by a model fitted to it, or by the program's own."""
        body = await read_json(request)
        steps: dict[object, Callable[[Staff], Awaitable[object]]] = {
            "fit": self._fitting.fit,
            "reset": self._fitting.reset,
        }
        step = body.get("step")
        if step not in steps:
            raise Refused(400, "bad_request")

        async def begin() -> Response:
            await steps[step](visitor.staff)
            return answer({})

        return await self._once.take(visitor.staff.id, body.get("id"), begin)

    def _told(self, done: int, of: int) -> None:
        self._done = done, of


def _words(body: dict[str, Any], name: str) -> str:
    words = body.get(name, "")
    if not isinstance(words, str):
        raise Refused(400, "bad_request")
    if len(words) > _MOST_WORDS:
        raise Refused(413, "too_long", limit=f"{_MOST_WORDS:,}")
    return words.strip()


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(400, "bad_request")
    return int(text)
