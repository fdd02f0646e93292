"""A shop's site for tests: pages of another origin than the bot's, as strict as a shop can be about what they load."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import jwt
import uvicorn
from playwright.async_api import FrameLocator, Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.web.service import Server, listen

SECRET = "s3cret-of-the-shop-" + "x" * 64
PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>가게</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>가게</h1><p>{words}</p><a href="#goods" id="goods">상품</a>{scripts}</body></html>"""


class ShopSite:
    """Two origins, one allowed: localhost is, 127.0.0.1 is not. Pages are put up under a path."""

    def __init__(self) -> None:
        self._socket = listen()
        self.port = int(self._socket.getsockname()[1])
        self.bot = ""
        self._pages: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The origin of the shop that may show the widget."""
        return f"http://localhost:{self.port}"

    @property
    def stranger(self) -> str:
        """The same pages from an origin that may not."""
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, *, times: int = 1, **data: str) -> str:
        """A page with the widget and these data-attributes; returns its path."""
        attributes = "".join(f' data-{name}="{value}"' for name, value in data.items())
        script = f'<script src="{self.bot}/widget.js"{attributes} async></script>'
        return self.put_html(path, script * times)

    def put_html(self, path: str, html: str) -> str:
        self._pages[path] = PAGE.format(words="상품 안내입니다. " * 400, scripts=html)
        return path

    async def _page(self, request: Request) -> Response:
        policy = f"default-src 'none'; script-src {self.bot}; frame-src {self.bot}"
        return HTMLResponse(self._pages[request.url.path], headers={"Content-Security-Policy": policy})

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["ShopSite"]:
        app = Starlette(routes=[Route("/{path:path}", self._page)])
        server = Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        running = asyncio.create_task(server.serve([self._socket]))
        await server.up.wait()
        try:
            yield self
        finally:
            server.should_exit = True
            await running


def signed(subject: str, *, secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """What a shop's server makes for the visitor of a page; claims of None are left out."""
    now = int(datetime.now(UTC).timestamp())
    said = {"sub": subject, "iat": now, "exp": now + 600} | claims
    return jwt.encode({k: v for k, v in said.items() if v is not None}, secret, algorithm=algorithm)


class Widget:
    """The widget on a page, as its visitor finds it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def launcher(self) -> Locator:
        return self.page.locator("button.launcher")

    @property
    def window(self) -> Locator:
        return self.page.get_by_role("dialog", name="상담 창")

    @property
    def chat(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    @property
    def log(self) -> Locator:
        return self.chat.get_by_role("log")

    async def visit(self, path: str) -> "Widget":
        """Go to a page of the shop."""
        await self.page.goto(path)
        return self

    async def open(self) -> Locator:
        """The conversation, once the bot has spoken."""
        await self.launcher.click()
        await expect(self.chat.get_by_role("button", name="네, 18세 이상입니다")).to_be_visible()
        return self.log

    async def say(self, text: str) -> None:
        await self.chat.get_by_label("메시지").fill(text)
        await self.chat.get_by_label("메시지").press("Enter")
