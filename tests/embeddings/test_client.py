"""The client against a real server: what it sends, and every way in which an answer can be wrong."""

import time

import numpy as np
import pytest

from bot.engine.embeddings_client import EmbeddingsClient, EmbeddingsError, Service
from tests.embeddings.server import Embedder

TEXTS = ["환불은 언제 되나요", "상담원 연결", "비밀스러운 말"]
KEY = "sk-0123456789"


async def test_vectors_come_in_the_order_of_the_texts_and_of_length_one(embedder: Embedder) -> None:
    embedder.key = KEY
    async with EmbeddingsClient(Service(embedder.url, "small", KEY)) as client:
        matrix = await client.embed(TEXTS, 5.0)
    assert matrix.dtype == np.float32
    assert client.dimension == embedder.meaning.length == matrix.shape[1]
    for row, text in zip(matrix, TEXTS, strict=True):
        np.testing.assert_allclose(row, embedder.meaning.unit(text), atol=1e-6)
    assert embedder.requests == [{"model": "small", "input": TEXTS}]


async def test_dimensions_are_asked_for_and_kept_apart(embedder: Embedder) -> None:
    service = Service(embedder.url, "small", dimensions=64)
    async with EmbeddingsClient(service) as client:
        assert (await client.embed(TEXTS, 5.0)).shape == (3, 64)
    assert embedder.requests[0]["dimensions"] == 64
    assert service.name != Service(embedder.url, "small").name
    assert "Authorization" not in embedder.headers[0]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("500", "status 500"),
        ("429", "status 429"),
        ("401", "status 401"),
        ("moved", "status 307"),
        ("drops", "ServerDisconnectedError"),
        ("garbage", "not vectors"),
        ("nan", "not vectors"),
        ("infinite", "not vectors|no numbers"),
        ("zero", "no direction"),
        ("dimension", r"of \d+ numbers, not \d+"),
        ("count", "2 vectors for 3 texts"),
        ("twice", "4 vectors for 3 texts"),
        ("no index", "not vectors"),
        ("words", "not vectors"),
        ("uneven", "not vectors"),
        ("endless", "too long"),
    ],
)
async def test_what_is_no_answer_is_an_error_without_texts_and_key(embedder: Embedder, fault: str, reason: str) -> None:
    async with EmbeddingsClient(Service(embedder.url, "small", KEY)) as client:
        await client.embed(TEXTS[:1], 5.0)
        embedder.fault = fault
        with pytest.raises(EmbeddingsError, match=reason) as caught:
            await client.embed(TEXTS, 20.0)
        assert len(embedder.requests) == 2
        embedder.fault = ""
        assert len(await client.embed(TEXTS, 5.0)) == 3
    for private in (*TEXTS, KEY):
        assert private not in str(caught.value)
    assert caught.value.retry_after == (7.0 if fault in ("500", "429", "401") else None)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


async def test_a_service_that_does_not_answer_costs_no_more_than_its_time(embedder: Embedder) -> None:
    embedder.fault = "hangs"
    async with EmbeddingsClient(Service(embedder.url, "small")) as client:
        began = time.monotonic()
        with pytest.raises(EmbeddingsError, match=r"no answer in 0\.2 s"):
            await client.embed(TEXTS, 0.2)
        assert time.monotonic() - began < 2.0


async def test_nobody_there_is_an_error_at_once() -> None:
    async with EmbeddingsClient(Service("http://127.0.0.1:9/v1", "small")) as client:
        with pytest.raises(EmbeddingsError, match="ClientConnectorError"):
            await client.embed(TEXTS, 5.0)
    with pytest.raises(EmbeddingsError, match="closed"):
        await client.embed(TEXTS, 5.0)


async def test_a_service_that_takes_fewer_texts_says_so(embedder: Embedder) -> None:
    embedder.most = 2
    async with EmbeddingsClient(Service(embedder.url, "small")) as client:
        with pytest.raises(EmbeddingsError) as caught:
            await client.embed(TEXTS, 5.0)
    assert caught.value.too_much
