"""Vectors of questions: fetched for a batch at once, within a time that no customer notices, or not at all."""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.engine.analysis import Question
from bot.engine.breaker import Breaker
from bot.engine.embeddings_client import AT_ONCE, EmbeddingsClient, EmbeddingsError
from bot.engine.metrics import Metrics
from domain.consent import ConsentPurpose
from knowledge.split import texts_asked
from knowledge.vectors import TextVectors, sent_form
from storage.conversations import Conversations

_FAILURES, _FIRST, _LONGEST = 5, 2.0, 300.0  # in a row; seconds
log = structlog.get_logger()


class Served(Protocol):
    """Whether a version's own vectors are there to compare with: vector_filling.VectorFilling."""

    def serves(self, version: int) -> bool: ...


class Embeddings:
    """Asks the service for the vectors of questions, and leaves it alone when it fails again and again.

    seconds: that a batch of questions waits at most. consent: what a customer must have granted before anything that
    they wrote leaves; None where no consent is needed.
    """

    def __init__(
        self,
        client: EmbeddingsClient,
        served: Served,
        conversations: Conversations,
        metrics: Metrics,
        *,
        seconds: float,
        consent: ConsentPurpose | None,
        breaker: Breaker | None = None,
    ) -> None:
        self._client, self._served, self._conversations = client, served, conversations
        self._metrics, self._seconds, self._consent = metrics, seconds, consent
        self._breaker = breaker or Breaker(_FAILURES, _FIRST, _LONGEST)

    async def of_messages(self, version: int, asked: Sequence[tuple[int, Question]]) -> TextVectors:
        """Vectors of what deciding (conversation, question) pairs may ask for, by text; {} where the words must do.

        Nothing leaves of conversations that the bot does not have at this moment, nor of customers without consent.
        """
        if not asked or not self._may_ask(version):
            return {}
        allowed = await self._conversations.with_bot({c for c, _ in asked}, self._consent)
        return await self.of_questions(version, [question for c, question in asked if c in allowed])

    async def of_questions(self, version: int, questions: Sequence[Question]) -> TextVectors:
        """The same for questions that belong to no conversation."""
        forms = {text: sent_form(text) for question in questions for text in texts_asked(*question)}
        wanted = list(dict.fromkeys(form for form in forms.values() if form))
        if not wanted or not self._may_ask(version):
            return {}
        vectors = await self._fetch(wanted)
        return {text: vectors[form] for text, form in forms.items() if form in vectors}

    def _may_ask(self, version: int) -> bool:
        return self._served.serves(version) and self._breaker.allows()

    async def _fetch(self, texts: Sequence[str]) -> TextVectors:
        began = time.monotonic()
        was_open = self._breaker.open
        try:
            with self._breaker.trying(EmbeddingsError):
                parts = await self._all([texts[i : i + AT_ONCE] for i in range(0, len(texts), AT_ONCE)])
        except EmbeddingsError as error:
            self._metrics.embeddings.labels("question", "failed").inc()
            log.warning("embeddings_failed", of="questions", texts=len(texts), reason=error.reason)
            if self._breaker.open and not was_open:
                log.warning("embeddings_paused", seconds=round(self._breaker.pause, 1))
            return {}
        finally:
            self._metrics.embeddings_seconds.observe(time.monotonic() - began)
            self._metrics.embeddings_paused.set(self._breaker.open)
        if was_open:
            log.info("embeddings_back")
        self._metrics.embeddings.labels("question", "done").inc()
        return dict(zip(texts, np.concatenate(parts), strict=True))

    async def _all(self, parts: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        """The parts at the same time; when one fails, the others are of no use."""
        if len(parts) == 1:
            return [await self._client.embed(parts[0], self._seconds)]
        tasks = [asyncio.create_task(self._client.embed(part, self._seconds)) for part in parts]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
