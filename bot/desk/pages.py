"""HTML of the desk. Everything that is filled in is escaped."""

from pathlib import Path
from typing import Any

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.desk.answers import PAGE_HEADERS
from domain.deadlines import SEOUL
from handlers.catalogue import Texts

_HERE = Path(__file__).parent


class Pages:
    def __init__(self, shop: str, texts: Texts) -> None:
        self._shop, self._texts = shop, texts
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["seoul"] = lambda at: at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S")

    def show(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        root = request.scope.get("root_path", "")
        values = {"visitor": None, "shop": self._shop, "root": root, "t": self._texts} | values
        return HTMLResponse(self._templates.get_template(template).render(**values), status, PAGE_HEADERS)

    def message(self, request: Request, words: str, status: int) -> Response:
        """A page that says one thing."""
        return self.show(request, "message.html", status, words=words)


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
