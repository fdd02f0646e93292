"""Who may use the routes that are not the desk's. The desk's carry their rules themselves (bot.desk.rules).

A test compares this with the real route table: a route that is added without a line here, or without a rule, fails it.
"""

from collections.abc import Iterable

from starlette.routing import BaseRoute

ANYONE = "anyone"
SESSION = "a customer's session token"
SHOP = "whom the shop has signed"
PLATFORM = "the platform's secret"
OPERATOR = "whoever reaches the port; no personal data"

RULES = {
    "/": ANYONE,
    "/policy": ANYONE,
    "/policy/changes": ANYONE,
    "/policy/{version:int}": ANYONE,
    "/policy/{version:int}/{entry}": ANYONE,
    "/static": ANYONE,
    "/chat/session": ANYONE,
    "/chat/messages": SESSION,
    "/chat/ack": SESSION,
    "/chat/files": SESSION,
    "/chat/files/{file}": SESSION,
    "/chat/stream": SESSION,
    "/widget.js": ANYONE,
    "/widget": ANYONE,
    "/widget/session": SHOP,
    "/healthz": OPERATOR,
    "/readyz": OPERATOR,
    "/metrics": OPERATOR,
    "/telegram/webhook": PLATFORM,
}


def rules_of(routes: Iterable[BaseRoute]) -> dict[str, str | None]:
    """Every route as "METHODS path" with its rule, None where there is none."""
    found: dict[str, str | None] = {}
    for route in routes:
        path = getattr(route, "path", repr(route))
        methods = ",".join(sorted((getattr(route, "methods", None) or {"ANY"}) - {"HEAD"}))
        own = getattr(route, "rule", None)
        found[f"{methods} {path}"] = RULES.get(path) if own is None else str(own)
    return found
