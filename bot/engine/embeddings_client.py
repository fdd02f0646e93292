"""Asking a service for vectors of texts: POST <url>/embeddings, as OpenAI defined it and many servers speak it."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import numpy as np
import orjson
from numpy.typing import NDArray

from domain.errors import SangdamError

AT_ONCE = 32  # texts in a request: what servers accept that limit it most
_MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_TOO_MUCH = (400, 413, 422)

Matrix = NDArray[np.float32]


class EmbeddingsError(SangdamError):
    """The service gave no vectors. The reason never holds a text, the key or what the service wrote.

    too_much: fewer texts in a request may be accepted. retry_after: seconds that it asks for, else None.
    """

    def __init__(self, reason: str, *, too_much: bool = False, retry_after: float | None = None) -> None:
        self.reason, self.too_much, self.retry_after = reason, too_much, retry_after
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Service:
    """url: without /embeddings. dimensions: asked of the service, 0 for what the model gives."""

    url: str
    model: str
    key: str = ""
    dimensions: int = 0

    @property
    def name(self) -> str:
        """What its vectors are kept under: vectors of another length are others."""
        return f"{self.model}/{self.dimensions}" if self.dimensions else self.model


class EmbeddingsClient:
    """Use as a context manager; within it from any task.

    dimension: how many numbers a vector has, once known; any other number is an error from then on.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.dimension: int | None = service.dimensions or None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"Content-Type": "application/json"}
        if self.service.key:
            headers["Authorization"] = f"Bearer {self.service.key}"
        self._session = aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def embed(self, texts: Sequence[str], seconds: float) -> Matrix:
        """A row of length one for each text, by one request of at most `seconds`. Raises EmbeddingsError."""
        body: dict[str, Any] = {"model": self.service.model, "input": list(texts)}
        if self.service.dimensions:
            body["dimensions"] = self.service.dimensions
        matrix = _matrix(await self._ask(orjson.dumps(body), seconds), len(texts))
        if self.dimension is None:
            self.dimension = matrix.shape[1]
        elif self.dimension != matrix.shape[1]:
            raise EmbeddingsError(f"vectors of {matrix.shape[1]} numbers, not {self.dimension}")
        return matrix

    async def _ask(self, body: bytes, seconds: float) -> bytes:
        if self._session is None:
            raise EmbeddingsError("closed")
        try:
            async with self._session.post(
                f"{self.service.url}/embeddings",
                data=body,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,  # neither texts nor key go to an address that nobody has set
            ) as response:
                if response.status != 200:
                    raise EmbeddingsError(
                        f"status {response.status}",
                        too_much=response.status in _TOO_MUCH,
                        retry_after=_seconds(response.headers.get("Retry-After", "")),
                    )
                return await _read(response)
        except TimeoutError:
            raise EmbeddingsError(f"no answer in {seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise EmbeddingsError(type(error).__name__) from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_chunked(_CHUNK):
        size += len(part)
        if size > _MOST_BYTES:
            raise EmbeddingsError("an answer too long to be vectors")
        parts.append(part)
    return b"".join(parts)


def _matrix(answer: bytes, count: int) -> Matrix:
    """The answer's vectors in the order of the texts, brought to length one."""
    try:
        data = orjson.loads(answer)["data"]
        rows = {row["index"]: row["embedding"] for row in data}
        if len(data) != count or rows.keys() != set(range(count)):
            raise EmbeddingsError(f"{len(data)} vectors for {count} texts")
        matrix = np.array([rows[n] for n in range(count)], np.float64)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise EmbeddingsError("an answer that is not vectors") from None
    if matrix.ndim != 2 or not matrix.shape[1] or not np.isfinite(matrix).all():
        raise EmbeddingsError("vectors of what are no numbers")
    lengths = np.sqrt((matrix * matrix).sum(1, keepdims=True))
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise EmbeddingsError("a vector that has no direction")
    unit: Matrix = (matrix / lengths).astype(np.float32)
    return unit


def _seconds(header: str) -> float | None:
    """Of Retry-After; its other form, a date, is ignored."""
    return float(header) if header.isascii() and header.isdigit() else None
