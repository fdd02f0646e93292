"""Visitors whom the shop has signed: a JSON Web Token (HS256) that the shop's own server makes for each page."""

from typing import Any

import jwt
import structlog

from bot.channels.web.answers import Refused
from bot.channels.web.sessions import Visitor
from domain.clock import Clock

LONGEST_LIFE = 15 * 60  # seconds; the token passes through a page, so it may not be worth stealing for long
MOST_TOKEN = 4_096  # characters
MOST_SUBJECT = 200
MOST_NAME = 100
_SKEW = 60  # seconds by which the shop's clock may be ahead of ours
_LATEST = 2.0**53  # also not what is no number at all
_ALGORITHMS = ["HS256"]  # the only one: a token does not choose how it is checked
_OPTIONS: Any = {
    "require": ["exp", "iat", "sub"],
    # Times are compared below, with our own clock. An audience or issuer is the shop's affair.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
}
log = structlog.get_logger()


class Visitors:
    """Checks what the shop has signed. secret "": this shop signs nobody."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret, self._clock = secret, clock

    def check(self, token: str) -> Visitor:
        """Who it is. Raises Refused (403): `visitor_expired`, or `visitor_refused` for everything else."""
        try:
            return self._checked(token)
        except _Wrong as wrong:
            # The reason is for the shop's developer, who reads the log; a forger learns nothing from the answer.
            log.warning("visitor_refused", reason=wrong.reason)
            raise Refused(403, "visitor_expired" if wrong.reason == "expired" else "visitor_refused") from None

    def _checked(self, token: str) -> Visitor:
        if not self._secret:
            raise _Wrong("SANGDAM_WIDGET_SECRET is not set")
        if len(token) > MOST_TOKEN:
            raise _Wrong("too long")
        try:
            claims = jwt.decode(token, self._secret, algorithms=_ALGORITHMS, options=_OPTIONS)
        except jwt.PyJWTError as error:
            raise _Wrong(type(error).__name__) from None
        except (ValueError, RecursionError):  # lone surrogates, JSON that is nested without end
            raise _Wrong("malformed") from None
        self._check_times(claims)
        name = _words(claims, "name", MOST_NAME) if claims.get("name") else ""
        return Visitor(_words(claims, "sub", MOST_SUBJECT), name)

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self._clock().timestamp()
        begins, ends = _number(claims, "iat"), _number(claims, "exp")
        if ends <= now:
            raise _Wrong("expired")
        if ends - begins > LONGEST_LIFE:
            raise _Wrong("exp is more than 15 minutes after iat")
        if max(begins, _number(claims, "nbf") if "nbf" in claims else begins) > now + _SKEW:
            raise _Wrong("not valid yet: the shop's clock is ahead")


class _Wrong(Exception):
    """Why a token is refused, without any of its content."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST:
        raise _Wrong(f"{name} is not a number of seconds")
    return value


def _words(claims: dict[str, Any], name: str, most: int) -> str:
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise _Wrong(f"{name} is not 1 to {most} printable characters")
    return value
