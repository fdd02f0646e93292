"""A service for each test, and the analyzer that all tests of a knowledge base share."""

from collections.abc import AsyncIterator

import pytest

from tests.embeddings.server import Embedder
from tests.knowledge.conftest import analyzer

__all__ = ["analyzer"]


@pytest.fixture
async def embedder() -> AsyncIterator[Embedder]:
    async with Embedder().serving() as running:
        yield running
