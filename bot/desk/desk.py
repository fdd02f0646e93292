"""The desk: its parts put together, and its routes, each with its rule."""

import tomllib
from pathlib import Path

from starlette.routing import BaseRoute

from bot.desk.access import AccessPages
from bot.desk.account import Account
from bot.desk.factor import FactorPages
from bot.desk.guard import Guard
from bot.desk.identity import Identity
from bot.desk.inbox import Inbox
from bot.desk.knowledge_desk import KnowledgeDesk
from bot.desk.limits import DeskLimits
from bot.desk.pages import Files, Pages
from bot.desk.passwords import Passwords
from bot.desk.presence import PresencePages
from bot.desk.rules import ANYONE, SECOND_FACTOR, DeskFiles, data, page
from bot.desk.sign_in import SignIn
from bot.desk.staff import StaffPages
from bot.desk.steps import Steps
from bot.desk.stream import Streams
from bot.engine.desk_steps import DeskSteps
from bot.engine.signals import Signals
from bot.engine.workshop import Workshop
from domain.clock import Clock
from domain.staff import AUDITORS, EVERYBODY, MANAGERS, MOVERS
from handlers.catalogue import Texts
from storage.opening import Storage


class Desk:
    """Pages under /desk. steps: what its pages take. limits None lifts them."""

    def __init__(
        self,
        *,
        storage: Storage,
        signals: Signals,
        clock: Clock,
        texts: Texts,
        shop_name: str,
        public_url: str,
        steps: DeskSteps,
        workshop: Workshop,
        second_factor: str = "off",
        limits: DeskLimits | None = DeskLimits(),  # noqa: B008 - frozen
    ) -> None:
        errors = Texts(tomllib.loads((Path(__file__).parent / "texts_ko.toml").read_text("utf-8")))
        pages = Pages(shop_name, texts)
        self._passwords = Passwords()
        self._streams = Streams(storage, signals, texts, steps.plan.remind)
        self._guard = Guard(storage.sessions, pages, errors, public_url, limits, SECOND_FACTOR[second_factor])
        self._sign_in = SignIn(storage, self._guard, pages, self._passwords, errors, limits)
        self._inbox = Inbox(storage, self._streams, pages, limits)
        self._steps = Steps(steps)
        self._presence = PresencePages(storage, signals, pages)
        identity = Identity(storage, self._passwords, errors)
        self._account = Account(storage, self._guard, pages, self._passwords, identity, self._sign_in)
        self._factor = FactorPages(storage, self._guard, pages, identity, errors, shop_name, clock)
        self._staff = StaffPages(storage, signals, self._guard, pages, errors, public_url)
        self._access = AccessPages(storage, self._guard, pages, errors)
        self._knowledge = KnowledgeDesk(workshop, self._guard, pages, texts)

    @property
    def routes(self) -> list[BaseRoute]:
        """For the application that serves the desk."""
        opened, signed = self._guard.open, self._guard.signed
        return [
            opened("/desk/login", "GET", self._sign_in.show, ANYONE),
            opened("/desk/login", "POST", self._sign_in.enter, ANYONE),
            opened("/desk/login/code", "GET", self._sign_in.ask_code, ANYONE),
            opened("/desk/login/code", "POST", self._sign_in.take_code, ANYONE),
            opened("/desk/welcome", "GET", self._sign_in.welcome, ANYONE),
            opened("/desk/welcome", "POST", self._sign_in.check_link, ANYONE),
            opened("/desk/welcome/accept", "POST", self._sign_in.accept, ANYONE),
            signed("/desk/logout", "POST", self._sign_in.leave, page(EVERYBODY, bare=True)),
            signed("/desk", "GET", self._inbox.queue, page(EVERYBODY)),
            signed("/desk/", "GET", self._inbox.queue, page(EVERYBODY)),
            signed("/desk/find", "GET", self._inbox.find, page(EVERYBODY)),
            signed("/desk/c/{id:int}", "GET", self._inbox.conversation, page(EVERYBODY)),
            signed("/desk/c/{id:int}/files/{file}", "GET", self._inbox.file, page(EVERYBODY)),
            signed("/desk/c/{id:int}/steps", "POST", self._steps.post, data(EVERYBODY)),
            signed("/desk/presence", "POST", self._presence.post, data(EVERYBODY)),
            signed("/desk/team", "GET", self._presence.team, page(MOVERS)),
            signed("/desk/team/{staff:int}", "POST", self._presence.configure, data(MOVERS)),
            signed("/desk/stream", "GET", self._inbox.stream, data(EVERYBODY)),
            signed("/desk/me", "GET", self._account.show, page(EVERYBODY)),
            signed("/desk/me/telegram", "POST", self._account.new_code, page(EVERYBODY)),
            signed("/desk/me/telegram/leave", "POST", self._account.leave_telegram, page(EVERYBODY)),
            signed("/desk/me/password", "POST", self._account.change_password, page(EVERYBODY)),
            signed("/desk/me/sessions", "POST", self._account.end_sessions, page(EVERYBODY)),
            signed("/desk/me/factor", "GET", self._factor.show, page(EVERYBODY, bare=True)),
            signed("/desk/me/factor/begin", "POST", self._factor.begin, page(EVERYBODY, bare=True)),
            signed("/desk/me/factor/confirm", "POST", self._factor.confirm, page(EVERYBODY, bare=True)),
            signed("/desk/me/factor/recovery", "POST", self._factor.renew, page(EVERYBODY)),
            signed("/desk/me/factor/off", "POST", self._factor.remove, page(EVERYBODY)),
            signed("/desk/staff", "GET", self._staff.show, page(MANAGERS)),
            signed("/desk/staff", "POST", self._staff.invite, page(MANAGERS)),
            signed("/desk/staff/{name}/{step}", "POST", self._staff.take, page(MANAGERS)),
            signed("/desk/access", "GET", self._access.show, page(AUDITORS)),
            signed("/desk/access/check", "POST", self._access.check, page(AUDITORS)),
            signed("/desk/access/export", "POST", self._access.export, page(AUDITORS)),
            *self._knowledge.routes,
            DeskFiles("/desk/static", Files(), ANYONE),
        ]

    def close(self) -> None:
        """End the open streams; call it before the server waits for its connections."""
        self._streams.close()
        self._passwords.close()
