"""The one error a method answers with, and the two ways a call is lost on purpose."""

from typing import Any


class ApiError(Exception):
    """An answer {"ok": false, error_code, description, parameters}; retry_after is in whole seconds."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        self.code, self.description, self.retry_after = code, description, retry_after
        super().__init__(f"{code} {description}")

    def answer(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


class Misuse(Exception):
    """The test asked for something no person could do (press a button that is not there, write while blocking)."""


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


def too_many(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
