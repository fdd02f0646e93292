"""The web channel: its routes and what the page asks of the server."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from bot.channels.web.answers import DATA_HEADERS, Endpoint, Refused, answer, answering
from bot.channels.web.feed import Feed
from bot.channels.web.files import SessionFiles
from bot.channels.web.limits import Gate, WebLimits
from bot.channels.web.pages import Files, Pages
from bot.channels.web.policy import PolicyShelf
from bot.channels.web.reading import Posted, query_seq, read_message, read_seq
from bot.channels.web.sessions import Session, Sessions, platform_id, session_topic
from bot.channels.web.stream import EventStream
from bot.channels.web.visitors import Visitors
from bot.channels.web.widget import Widget
from bot.engine.intake import Intake
from bot.engine.signals import Signals
from domain.clock import Clock
from domain.messages import Incoming, IncomingKind
from handlers.catalogue import Texts
from handlers.entrance import MENU
from storage.opening import Storage
from storage.times import to_us

CHANNEL = "web"


class WebChat:
    """Chat page at /, policy at /policy, the widget at /widget, what they load at /static and /chat.

    frame_ancestors: sources (CSP) of the sites whose pages may frame the chat page. limits None lifts them.
    widget_origins: the shop's sites, on which /widget.js opens /widget. widget_secret: what they sign visitors with.
    """

    def __init__(
        self,
        *,
        storage: Storage,
        intake: Intake,
        signals: Signals,
        clock: Clock,
        texts: Texts,
        shop_name: str,
        limits: WebLimits | None = WebLimits(),  # noqa: B008 - frozen
        frame_ancestors: Sequence[str] = ("'self'",),
        widget_origins: Sequence[str] = (),
        widget_secret: str = "",
    ) -> None:
        self._intake, self._signals, self._clock = intake, signals, clock
        self._conversations = storage.conversations
        self._sessions = Sessions(storage.hashes, clock, widget_secret)
        self._feed = Feed(storage.conversations, signals)
        self._menu = {f"menu:{key}": texts(f"menu.{key}") for key in MENU}
        shelf, framing = PolicyShelf(storage.knowledge), " ".join(frame_ancestors)
        self._pages = Pages(shelf, self._menu, shop_name, framing, widget_origins)
        self._texts = Texts(tomllib.loads((Path(__file__).parent / "texts_ko.toml").read_text("utf-8")))
        self._gate = None if limits is None else Gate(limits)
        self._files = SessionFiles(storage, CHANNEL, self._session, clock, self._gate)
        self._widget = Widget(
            self._sessions, Visitors(widget_secret, clock), self._gate, self._texts, shop_name, widget_origins
        )

    @property
    def routes(self) -> list[BaseRoute]:
        """For the application that serves the page."""
        return [
            self._route("/", self._pages.chat, "GET"),
            self._route("/policy", self._pages.latest_policy, "GET"),
            self._route("/policy/changes", self._pages.policy_changes, "GET"),
            self._route("/policy/{version:int}", self._pages.policy, "GET"),
            self._route("/policy/{version:int}/{entry}", self._pages.clause, "GET"),
            self._route("/widget", self._pages.widget, "GET"),
            self._route("/widget.js", self._widget.script, "GET"),
            self._route("/widget/session", self._widget.open_session, "POST"),
            self._route("/chat/session", self._open_session, "POST"),
            self._route("/chat/messages", self._take_message, "POST"),
            self._route("/chat/files", self._files.upload, "POST"),
            self._route("/chat/files/{file}", self._files.give, "GET"),
            self._route("/chat/files/{file}", self._files.remove, "DELETE"),
            self._route("/chat/ack", self._acknowledge, "POST"),
            self._route("/chat/stream", self._stream, "GET"),
            Mount("/static", Files(), name="web-static"),
        ]

    async def run(self) -> None:
        """What has to be done now and then, until cancelled: uploads that no message came for are removed."""
        await self._files.run()

    def close(self) -> None:
        """End the open streams; call it before the server waits for its connections."""
        self._feed.close()

    def _route(self, path: str, endpoint: Endpoint, method: str) -> Route:
        return Route(path, answering(endpoint, self._texts), methods=[method])

    async def _open_session(self, request: Request) -> Response:
        if self._gate is not None:
            self._gate.session(request)
        return answer({"token": self._sessions.new()}, 201)

    async def _take_message(self, request: Request) -> Response:
        session = self._session(request)
        address = session.address
        if self._gate is not None:
            self._gate.message(request, address)
        posted = await read_message(request)
        label = await self._label(address, posted) if posted.kind is IncomingKind.BUTTON else ""
        number = platform_id(address, posted.id)
        attachments = await self._files.attach(address, posted.files, number) if posted.files else ()
        receipt = await self._intake.put(
            Incoming(
                channel=CHANNEL,
                platform_id=number,
                address=address,
                kind=posted.kind,
                at=self._clock(),
                text=posted.text or label,
                button=posted.button,
                ref=str(posted.ref or ""),
                attachments=attachments,
                name=session.name,
            )
        )
        if posted.files:
            await self._files.sent(receipt.conversation_id, posted.files, receipt.seq)
        if receipt.seq == 1:
            self._signals.tell([session_topic(address)])
        return answer({"seq": receipt.seq}, 202)

    async def _label(self, address: str, posted: Posted) -> str:
        """What stood on the button, from our own log: a label the page sends could say anything."""
        conversation = await self._conversations.find(CHANNEL, address) if posted.ref else None
        if conversation is None:
            return self._menu.get(posted.button, "")
        page = await self._conversations.log(conversation, posted.ref - 1, 1)
        shown = [b for m in page for row in m.buttons for b in row if m.seq == posted.ref]
        return next((b.label for b in shown if b.data == posted.button), "")

    async def _acknowledge(self, request: Request) -> Response:
        address = self._session(request).address
        if self._gate is not None:
            self._gate.ack(address)
        seq = await read_seq(request)
        conversation = await self._conversations.find(CHANNEL, address)
        if conversation is not None and seq:
            await self._conversations.acknowledge(conversation, seq, to_us(self._clock()))
        return Response(status_code=204, headers=DATA_HEADERS)

    async def _stream(self, request: Request) -> ASGIApp:
        address = self._session(request).address
        after = query_seq(request, "after")
        if request.method == "HEAD":
            return Response(headers=DATA_HEADERS)
        leave = self._gate.stream(request, address) if self._gate is not None else None
        return EventStream(self._feed, CHANNEL, address, after, leave)

    def _session(self, request: Request) -> Session:
        session = self._sessions.read(request.headers.get("authorization", ""))
        if session is None:
            raise Refused(401, "no_session")
        return session
