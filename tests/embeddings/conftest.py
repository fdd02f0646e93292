"""A service for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.embeddings.server import Embedder


@pytest.fixture
async def embedder() -> AsyncIterator[Embedder]:
    async with Embedder().serving() as running:
        yield running
