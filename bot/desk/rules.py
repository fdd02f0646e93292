"""Who may use a route. Every route says so itself; a test reads the real route table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from domain.staff import Role

Handler = Callable[[Request], Awaitable[ASGIApp]]


@dataclass(frozen=True, slots=True)
class Rule:
    """roles None: no session is asked for. data: failures are JSON (401, 403), not pages and redirects."""

    roles: frozenset[Role] | None
    data: bool = False

    def __str__(self) -> str:
        return "anyone" if self.roles is None else "staff: " + ", ".join(sorted(self.roles))


ANYONE = Rule(None)


def page(roles: frozenset[Role]) -> Rule:
    return Rule(roles)


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
