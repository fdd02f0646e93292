"""What every response of the chat page carries, and how a request is refused."""

import functools
import math
from collections.abc import Awaitable, Callable

import orjson
import sqlalchemy as sa
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from domain.errors import Conflict, KeyGone
from handlers.catalogue import Texts

_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DATA_HEADERS = _COMMON | {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"}
FOR_OTHER_SITES = {"Cross-Origin-Resource-Policy": "cross-origin"}
log = structlog.get_logger()

Endpoint = Callable[[Request], Awaitable[ASGIApp]]


def page_headers(frame_ancestors: str, *, pictures: str = "") -> dict[str, str]:
    """Headers of an HTML page: it runs nothing but our own files. frame_ancestors: sources that may frame it;
    pictures: a source of pictures beside our own."""
    images = f"'self' data: {pictures}".strip()
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src {images}; "
        f"frame-ancestors {frame_ancestors}; base-uri 'none'; form-action 'self'"
    )
    return _COMMON | {
        "Content-Security-Policy": policy,
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-cache",
    }


class Refused(Exception):
    """A request that is answered with an error. key is a text of the [error] section."""

    def __init__(self, status: int, key: str, retry_after: float = 0.0) -> None:
        self.status, self.key, self.retry_after = status, key, retry_after
        super().__init__(key)


def answer(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, DATA_HEADERS, media_type="application/json")


def answering(endpoint: Endpoint, texts: Texts) -> Endpoint:
    """Make every failure of an endpoint a JSON answer {"error", "message"} that a customer can read."""

    @functools.wraps(endpoint)
    async def answered(request: Request) -> ASGIApp:
        try:
            return await endpoint(request)
        except Refused as refused:
            return _refusal(refused, texts)
        except KeyGone:
            return _refusal(Refused(410, "gone"), texts)
        except ClientDisconnect:
            return Response(status_code=400)
        except (sa.exc.SQLAlchemyError, OSError, Conflict) as error:
            log.error("chat_request_failed", path=request.url.path, error=type(error).__name__)
            return _refusal(Refused(503, "unavailable", 2.0), texts)
        except Exception as error:
            log.error("chat_request_failed", path=request.url.path, error=type(error).__name__)
            return _refusal(Refused(500, "failed"), texts)

    return answered


def _refusal(refused: Refused, texts: Texts) -> Response:
    seconds = math.ceil(refused.retry_after)
    body: dict[str, object] = {"error": refused.key, "message": texts(f"error.{refused.key}", seconds=seconds)}
    response = answer(body, refused.status)
    if refused.retry_after:
        response.headers["Retry-After"] = str(seconds)
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
