"""The desk's door: sessions, forged requests, roles and rates, in one place for every route."""

import functools
import hashlib
import hmac
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from bot.desk.answers import Refused, answer, read_form
from bot.desk.limits import Buckets, DeskLimits, network
from bot.desk.pages import Pages
from bot.desk.rules import DeskRoute, Rule
from domain.errors import Conflict, KeyGone
from domain.staff import Role, Staff, StaffError, StepRefused
from handlers.catalogue import Texts
from storage.desk import NoSuchConversation
from storage.sessions import StaffSessions

TOKEN_HEADER = "x-desk-token"  # noqa: S105 - the name of a header
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. token is the session's; proof is what its forms and scripts send back. since: of the session; secured:
    the account has a second factor; lacks_factor: it must have one and has none."""

    staff: Staff
    token: str
    place: str
    since: datetime
    secured: bool
    lacks_factor: bool

    @property
    def proof(self) -> str:
        return proof_of(self.token)


Open = Callable[[Request], Awaitable[ASGIApp]]
Signed = Callable[[Request, Visitor], Awaitable[ASGIApp]]


class Guard:
    """public_url is where the pages are reached from outside; under https its cookies are for https only.
    factor_roles: who must have a second factor."""

    def __init__(
        self,
        sessions: StaffSessions,
        pages: Pages,
        errors: Texts,
        public_url: str,
        limits: DeskLimits | None,
        factor_roles: frozenset[Role],
    ) -> None:
        self._sessions, self._pages, self._errors = sessions, pages, errors
        self._factor_roles = factor_roles
        self._public = urlsplit(public_url)
        self._rates = None if limits is None else Buckets(limits.requests)

    def open(self, path: str, method: str, endpoint: Open, rule: Rule) -> DeskRoute:
        """A route for people without a session."""
        return DeskRoute(path, method, self._answering(endpoint, rule), rule)

    def signed(self, path: str, method: str, endpoint: Signed, rule: Rule) -> DeskRoute:
        """A route for staff of the rule's roles."""

        @functools.wraps(endpoint)
        async def checked(request: Request) -> ASGIApp:
            visitor = await self.visitor(request)
            if visitor is None:
                raise Refused(401, "signed_out")
            if visitor.lacks_factor and not rule.bare:
                raise Refused(403, "factor_needed")
            if rule.roles is None or visitor.staff.role not in rule.roles:
                raise Refused(403, "wrong_role")
            if self._rates is not None and (wait := self._rates.take(str(visitor.staff.id))):
                raise Refused(429, "too_many", wait)
            if method in _UNSAFE and rule.data:
                self.check_proof(request.headers.get(TOKEN_HEADER, ""), visitor.token)
            return await endpoint(request, visitor)

        return DeskRoute(path, method, self._answering(checked, rule), rule)

    async def visitor(self, request: Request) -> Visitor | None:
        token = request.cookies.get(self.cookie(request), "")
        found = await self._sessions.find(token) if token else None
        if found is None:
            return None
        lacks = not found.secured and found.staff.role in self._factor_roles
        return Visitor(found.staff, token, place_of(request), found.since, found.secured, lacks)

    def check_proof(self, given: str, token: str) -> None:
        """Raises Refused unless the page that asks has read what only our own pages can read."""
        if not token or not hmac.compare_digest(given.encode("utf-8", "replace"), proof_of(token).encode()):
            raise Refused(403, "forged")

    async def read(self, request: Request, visitor: Visitor) -> dict[str, str]:
        """The fields of a form that one of our own pages sent. Raises Refused."""
        form = await read_form(request)
        self.check_proof(form.get("proof", ""), visitor.token)
        return form

    def cookie(self, request: Request, name: str = "desk") -> str:
        return f"__Host-sangdam-{name}" if self._is_secure(request) else f"sangdam-{name}"

    def set_cookie(self, response: Response, request: Request, token: str, name: str = "desk") -> None:
        response.set_cookie(
            self.cookie(request, name), token, path="/", secure=self._is_secure(request), httponly=True, samesite="lax"
        )

    def drop_cookie(self, response: Response, request: Request, name: str = "desk") -> None:
        response.delete_cookie(
            self.cookie(request, name), path="/", secure=self._is_secure(request), httponly=True, samesite="lax"
        )

    def _is_secure(self, request: Request) -> bool:
        outside = self._public.scheme == "https" and request.headers.get("host") == self._public.netloc
        return request.url.scheme == "https" or outside

    def _check_origin(self, request: Request) -> None:
        origin = request.headers.get("origin")
        if origin is not None:
            site = urlsplit(origin).netloc  # "" of "null", as a page without an origin says
            if not site or site not in {request.headers.get("host"), self._public.netloc}:
                raise Refused(403, "forged")
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refused(403, "forged")

    def _answering(self, endpoint: Open, rule: Rule) -> Open:
        """Make every failure an answer that a person can read: JSON for data, else a page."""

        @functools.wraps(endpoint)
        async def answered(request: Request) -> ASGIApp:
            try:
                if request.method in _UNSAFE:
                    self._check_origin(request)
                return await endpoint(request)
            except Refused as refused:
                return self._refuse(request, refused, rule)
            except StepRefused as refused:
                return self._refuse(request, Refused(409, refused.key, alias=refused.alias), rule)
            except StaffError as error:
                return self._refuse(request, Refused(409, "said", words=str(error)), rule)
            except NoSuchConversation:
                return self._refuse(request, Refused(404, "no_conversation"), rule)
            except KeyGone:
                return self._refuse(request, Refused(410, "gone"), rule)
            except ClientDisconnect:
                return Response(status_code=400)
            except (sa.exc.SQLAlchemyError, OSError, Conflict) as error:
                log.error("desk_request_failed", error=type(error).__name__)
                return self._refuse(request, Refused(503, "unavailable", 2.0), rule)
            except Exception as error:
                log.error("desk_request_failed", error=type(error).__name__)
                return self._refuse(request, Refused(500, "failed"), rule)

        return answered

    def _refuse(self, request: Request, refused: Refused, rule: Rule) -> Response:
        seconds = math.ceil(refused.retry_after)
        words = self._errors(f"error.{refused.key}", **({"seconds": seconds} | refused.values))
        response: Response
        if rule.data:
            response = answer({"error": refused.key, "message": words}, refused.status)
        elif refused.status == 401:
            root = request.scope.get("root_path", "")
            back = request.url.path.removeprefix(root)
            query = f"?next={quote(back)}" if request.method == "GET" and back != "/desk/" else ""
            response = RedirectResponse(f"{root}/desk/login{query}", 303)
        elif refused.key == "factor_needed":
            response = RedirectResponse(f"{request.scope.get('root_path', '')}/desk/me/factor", 303)
        else:
            response = self._pages.message(request, words, refused.status)
        if seconds:
            response.headers["Retry-After"] = str(seconds)
        return response


def proof_of(token: str) -> str:
    return hashlib.sha256(b"proof\0" + token.encode("utf-8", "replace")).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def place_of(request: Request) -> str:
    return request.client.host if request.client else ""


def network_of(request: Request) -> str:
    return network(place_of(request))
