"""Vectors of the knowledge base's texts: those that are kept, and the rest fetched batch by batch and kept."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice

import numpy as np
import structlog

from bot.engine.breaker import Breaker
from bot.engine.embeddings_client import AT_ONCE, EmbeddingsClient, EmbeddingsError
from bot.engine.metrics import Metrics
from knowledge.vectors import TextVectors, text_hash
from storage.vectors import VectorStore

_PATIENCE = 30.0  # seconds for a batch: nobody waits for it
_FIRST, _LONGEST = 5.0, 600.0  # seconds of the pauses after failures
_AT_ONCE = 500  # vectors read at once: 2 MB at 1,024 numbers
log = structlog.get_logger()


class VectorSource:
    """breaker: of these requests alone; that questions find no answer in time says nothing about them."""

    def __init__(
        self, client: EmbeddingsClient, store: VectorStore, metrics: Metrics, breaker: Breaker | None = None
    ) -> None:
        self._client, self._store, self._metrics = client, store, metrics
        self.breaker = breaker or Breaker(1, _FIRST, _LONGEST)
        self._batch = AT_ONCE

    @property
    def name(self) -> str:
        """What the vectors are kept under."""
        return self._client.service.name

    async def kept(self, texts: Mapping[str, str]) -> AsyncIterator[dict[str, bytes]]:
        """Of texts by hash the vectors that are kept, by hash, some at a time."""
        hashes = iter(texts)
        while some := list(islice(hashes, _AT_ONCE)):
            if found := await self._store.of(self.name, some):
                yield found

    async def fetched(self, texts: Mapping[str, str]) -> AsyncIterator[dict[str, bytes]]:
        """Vectors of texts by hash, batch by batch, each kept before it is given. Raises EmbeddingsError at the first
        failure, which the breaker has counted."""
        if self._client.dimension is None:
            self._client.dimension = await self._store.dimension(self.name)
        rest = list(texts.items())
        while rest:
            some = rest[: self._batch]
            try:
                matrix = await self._client.embed([text for _, text in some], _PATIENCE)
            except EmbeddingsError as error:
                if error.too_much and self._batch > 1:
                    self._batch //= 2
                    continue
                self._failed(error, len(some))
                raise
            self.breaker.succeeded()
            self._metrics.embeddings.labels("knowledge", "done").inc()
            vectors = {h: row.astype("<f4").tobytes() for (h, _), row in zip(some, matrix, strict=True)}
            await self._store.add(self.name, vectors)
            yield vectors
            rest = rest[len(some) :]

    async def of(self, texts: Sequence[str]) -> TextVectors:
        """Vectors of all these texts, which are in the form in which they are sent. Raises EmbeddingsError."""
        wanted = {text_hash(text): text for text in texts}
        found: dict[str, bytes] = {}
        async for some in self.kept(wanted):
            found |= some
        async for some in self.fetched({h: text for h, text in wanted.items() if h not in found}):
            found |= some
        return {wanted[h]: np.frombuffer(vector, "<f4") for h, vector in found.items()}

    def _failed(self, error: EmbeddingsError, texts: int) -> None:
        self.breaker.failed(error.retry_after)
        self._metrics.embeddings.labels("knowledge", "failed").inc()
        pause = round(self.breaker.pause, 1)
        log.warning("embeddings_failed", of="knowledge", texts=texts, reason=error.reason, again_in=pause)
