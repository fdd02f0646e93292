"""A small embeddings service on loopback, with the faults that such services have."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import web

from tests.embeddings.meaning import Meaning


@dataclass
class Embedder:
    """What it was asked, and how it answers.

    fault: "" for none, or "hangs", "500", "429", "401", "moved", "drops", "garbage", "nan", "infinite", "zero",
    "dimension", "count", "twice", "no index", "words", "uneven", "endless". fails_after, hangs_after: so many good
    answers. most: texts it takes in a request. key: what it wants to be shown. accepted: texts that were answered.
    """

    meaning: Meaning = field(default_factory=Meaning)
    fault: str = ""
    key: str = ""
    fails_after: int | None = None
    hangs_after: int | None = None
    most: int = 1_000
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    answers: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    asking: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def texts(self) -> list[str]:
        """Everything that has left, in order."""
        return [text for request in self.requests for text in request["input"]]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        self.asked.set()
        async with self.asking:
            self.asking.notify_all()
        if self.fault == "hangs" or self.answers == self.hangs_after:
            await self.released.wait()
        elif self.fault == "drops":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        elif self.fault == "moved":
            return web.Response(status=307, headers={"Location": f"{self.url}/embeddings"})
        elif self.fault.isdigit() or self.answers == self.fails_after:
            return web.Response(status=int(self.fault or 500), headers={"Retry-After": "7"}, text=str(body["input"]))
        elif self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.Response(status=401)
        elif len(body["input"]) > self.most:
            return web.Response(status=413)
        elif self.fault == "endless":
            return await self._endless(request)
        elif self.fault == "garbage":
            return web.Response(text='{"data": [{"embedding": [0.1, ', content_type="application/json")
        self.answers += 1
        self.accepted += body["input"]
        return web.Response(text=self._vectors(body), content_type="application/json")

    def _vectors(self, body: dict[str, Any]) -> str:
        vectors = [self.meaning.vector(text).tolist() for text in body["input"]]
        if "dimensions" in body:
            vectors = [v[: body["dimensions"]] for v in vectors]
        if self.fault == "dimension":
            vectors = [v[:-1] for v in vectors]
        elif self.fault == "uneven":
            vectors[-1] = vectors[-1][:-1]
        elif self.fault == "count":
            vectors = vectors[:-1]
        elif self.fault == "zero":
            vectors[-1] = np.zeros(len(vectors[-1])).tolist()
        elif self.fault == "words":
            vectors[-1] = ["하나", "둘"]
        rows = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
        if self.fault == "no index":
            rows = [{"embedding": row["embedding"]} for row in rows]
        elif self.fault == "twice":
            rows = [*rows, rows[0]]
        # Servers answer in any order; the index counts.
        text = web.json_response({"object": "list", "model": body["model"], "data": rows[::-1]}).text
        assert text is not None
        bad = {"nan": "NaN", "infinite": "1e999"}.get(self.fault)
        return text.replace("[0.", f"[{bad}, 0.", 1) if bad else text

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" " * 1_000_000)
        return response

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Embedder"]:
        app = web.Application()
        app.router.add_post("/v1/embeddings", self.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert runner.addresses
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield self
        finally:
            self.released.set()
            await runner.cleanup()
