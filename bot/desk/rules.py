"""Who may use a route. Every route says so itself; a test reads the real route table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from domain.staff import EVERYBODY, Role

Handler = Callable[[Request], Awaitable[ASGIApp]]


@dataclass(frozen=True, slots=True)
class Rule:
    """roles None: no session is asked for. data: failures are JSON (401, 403), not pages and redirects. bare: also for
    people who must have a second factor and have none yet."""

    roles: frozenset[Role] | None
    data: bool = False
    bare: bool = False

    def __str__(self) -> str:
        return "anyone" if self.roles is None else "staff: " + ", ".join(sorted(self.roles))


ANYONE = Rule(None)


# By the setting SANGDAM_DESK_SECOND_FACTOR: whose accounts must have a second factor.
SECOND_FACTOR = {"off": frozenset[Role](), "admins": frozenset({Role.ADMIN}), "all": EVERYBODY}


def page(roles: frozenset[Role], *, bare: bool = False) -> Rule:
    return Rule(roles, bare=bare)


def data(roles: frozenset[Role]) -> Rule:
    return Rule(roles, data=True)


class DeskRoute(Route):
    """A route that carries its rule."""

    def __init__(self, path: str, method: str, endpoint: Handler, rule: Rule) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.rule = rule


class DeskFiles(Mount):
    """Static files that carry their rule."""

    def __init__(self, path: str, files: StaticFiles, rule: Rule) -> None:
        super().__init__(path, files)
        self.rule = rule
