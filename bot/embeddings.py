"""The plug for embeddings, put together from the settings; nothing when they name no service."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bot.engine.analysis import Analysis
from bot.engine.embeddings import Embeddings
from bot.engine.embeddings_client import EmbeddingsClient, EmbeddingsError, Service
from bot.engine.fitting import Embed
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.vector_filling import VectorFilling
from bot.engine.vector_source import VectorSource
from bot.settings import Settings
from domain.clock import Clock
from domain.consent import ConsentPurpose
from domain.editing import EditRefused
from knowledge.vectors import TextVectors
from storage.opening import Storage
from storage.vectors import VectorStore


@dataclass(frozen=True, slots=True)
class Plug:
    """client: to be entered for as long as the others are used. filling: for the knowledge base. questions: for what
    customers ask."""

    client: EmbeddingsClient
    filling: VectorFilling
    questions: Embeddings


def service_of(settings: Settings) -> Service | None:
    """The service that the settings name."""
    if not settings.embeddings_url:
        return None
    return Service(
        settings.embeddings_url,
        settings.embeddings_model,
        settings.embeddings_key.get_secret_value(),
        settings.embeddings_dimensions,
    )


def source_of(client: EmbeddingsClient, storage: Storage, metrics: Metrics) -> VectorSource:
    return VectorSource(client, VectorStore(storage.database), metrics)


@contextlib.asynccontextmanager
async def embedding(settings: Settings, storage: Storage) -> AsyncIterator[Embed]:
    """Vectors of texts from the service that the settings name, those that are kept first; for commands that end soon.

    Raises EditRefused when the service gives none.
    """
    service = service_of(settings)
    assert service is not None
    async with EmbeddingsClient(service) as client:
        source = source_of(client, storage, Metrics())

        async def embed(texts: Sequence[str]) -> TextVectors:
            try:
                return await source.of(texts)
            except EmbeddingsError as error:
                raise EditRefused(
                    f"SANGDAM_EMBEDDINGS_URL: 임베딩 서비스가 벡터를 주지 않습니다({error.reason}). 서비스를 확인하고 "
                    "다시 하거나, 이 설정을 비우고 말만으로 맞춰 주세요. 받은 벡터는 남겨 두었습니다."
                ) from None

        yield embed


def plugged(
    settings: Settings, storage: Storage, librarian: Librarian, analysis: Analysis, metrics: Metrics, clock: Clock
) -> Plug | None:
    service = service_of(settings)
    if service is None:
        return None
    client = EmbeddingsClient(service)
    filling = VectorFilling(source_of(client, storage, metrics), storage, librarian, analysis, clock)
    questions = Embeddings(
        client,
        filling,
        storage.conversations,
        metrics,
        seconds=settings.embeddings_timeout,
        consent=ConsentPurpose.OVERSEAS if settings.embeddings_consent == "overseas" else None,
    )
    return Plug(client, filling, questions)
