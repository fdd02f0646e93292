"""HTML pages and the files they load."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.channels.web.answers import FOR_OTHER_SITES, Refused, answer, page_headers
from bot.channels.web.policy import PolicyEdition, PolicyShelf
from bot.channels.web.policy_changes import PolicyHistory, listed
from bot.channels.web.stream import clause_href

_HERE = Path(__file__).parent
_OWN_FILES = "blob:"  # a customer's own pictures, fetched with a token and shown from memory
_ENTRIES = ("chat.js", "frame.js")  # what a page begins with; the frame's goes on to the other


class Pages:
    """The chat page, the policy, and their errors. widget_origins: the sites that may frame the chat."""

    def __init__(
        self,
        shelf: PolicyShelf,
        menu: Mapping[str, str],
        shop_name: str,
        frame_ancestors: str,
        widget_origins: Sequence[str] = (),
    ) -> None:
        self._shelf, self._menu, self._shop = shelf, menu, shop_name
        self._past = PolicyHistory(shelf)
        self._headers = page_headers(frame_ancestors)
        self._chat_headers = page_headers(frame_ancestors, pictures=_OWN_FILES)
        self._widget_origins = widget_origins
        self._widget_headers = page_headers(" ".join(widget_origins) or "'none'", pictures=_OWN_FILES) | FOR_OTHER_SITES
        # Named in the page, so that a browser fetches them at once and not as each import is met.
        self._modules = sorted(file.name for file in (_HERE / "static").glob("*.js"))
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def chat(self, request: Request) -> Response:
        return self._chat(request, self._chat_headers)

    async def widget(self, request: Request) -> Response:
        """The chat page for a frame on one of the shop's pages."""
        return self._chat(request, self._widget_headers, origins=self._widget_origins, entry="frame.js")

    async def latest_policy(self, request: Request) -> Response:
        history = await self._shelf.history()
        if not history:
            page = self._page(
                request, "missing.html", 503, message="정책을 준비하고 있습니다. 잠시 뒤에 다시 열어 주세요."
            )
            page.headers["Retry-After"] = "3"
            return page
        return await self._policy(request, history[0].version)

    async def policy(self, request: Request) -> Response:
        return await self._policy(request, request.path_params["version"])

    async def policy_changes(self, request: Request) -> Response:
        """?from=1&to=2: what became of each clause; without numbers the latest version and the one before it."""
        history = await self._shelf.history()
        numbers = {v.version: v for v in history}
        newest = history[0].version if history else 0
        after = _number(request, "to", newest)
        before = _number(request, "from", max((n for n in numbers if n < after), default=after))
        if after not in numbers or before not in numbers:
            return self._page(request, "missing.html", 404, message="그 판의 정책은 없습니다.")
        changes = await self._past.changes(numbers[before], numbers[after])
        return self._page(request, "policy_changes.html", changes=changes, versions=listed(history))

    async def clause(self, request: Request) -> Response:
        """One clause as JSON. changed: the latest version says something else, or nothing, in its place."""
        history = await self._shelf.history()
        number = request.path_params["version"]
        asked = next((v for v in history if v.version == number), None)
        clause = (await self._shelf.edition(asked)).clauses.get(request.path_params["entry"]) if asked else None
        if clause is None:
            raise Refused(404, "no_clause")
        latest = (await self._shelf.edition(history[0])).clauses.get(clause.entry)
        return answer(
            {
                "entry": clause.entry,
                "title": clause.title,
                "document": clause.document,
                "clause": clause.clause,
                "version": number,
                "latest": history[0].version,
                "changed": latest is None or (latest.body, latest.clause) != (clause.body, clause.clause),
                "effective": clause.effective.isoformat(),
                "body": clause.body,
                "href": clause_href(clause.entry, number),
            }
        )

    def _chat(
        self, request: Request, headers: dict[str, str], *, origins: Sequence[str] = (), entry: str = "chat.js"
    ) -> Response:
        modules = [name for name in self._modules if name in (entry, "chat.js") or name not in _ENTRIES]
        values: dict[str, Any] = {"menu": self._menu, "modules": modules, "origins": list(origins), "entry": entry}
        return self._page(request, "chat.html", headers=headers, **values)

    async def _policy(self, request: Request, number: int) -> Response:
        history = await self._shelf.history()
        asked = next((v for v in history if v.version == number), None)
        if asked is None:
            return self._page(request, "missing.html", 404, message="그 판의 정책은 없습니다.")
        edition: PolicyEdition = await self._shelf.edition(asked)
        return self._page(
            request,
            "policy.html",
            edition=edition,
            versions=listed(history),
            latest=history[0].version,
        )

    def _page(
        self, request: Request, name: str, status: int = 200, *, headers: dict[str, str] | None = None, **values: Any
    ) -> Response:
        root = request.scope.get("root_path", "")
        html = self._templates.get_template(name).render(shop=self._shop, root=root, **values)
        return HTMLResponse(html, status, headers or self._headers)


def _number(request: Request, name: str, otherwise: int) -> int:
    """A version's number in the address; -1, which no version has, for what is none."""
    text = request.query_params.get(name, "")
    if not text:
        return otherwise
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


class Files(StaticFiles):
    """Static files that a browser asks about each time and fetches again only when they changed."""

    def __init__(self) -> None:
        super().__init__(directory=_HERE / "static")

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            response = Response(status_code=error.status_code)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
