"""A customer's page without a browser: the same requests, read strictly."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson

Event = tuple[str, dict[str, Any]]


class Customer:
    """One session. Ids count up by themselves."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.token = http, token
        self._ids = 0

    @classmethod
    async def arrive(cls, http: httpx.AsyncClient) -> "Customer":
        response = await http.post("/chat/session")
        assert response.status_code == 201
        return cls(http, response.json()["token"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, **body: Any) -> httpx.Response:
        self._ids += 1
        return await self.http.post("/chat/messages", json={"id": f"m{self._ids}"} | body, headers=self.headers)

    async def say(self, **body: Any) -> int:
        response = await self.post(**body)
        assert response.status_code == 202, response.text
        seq: int = response.json()["seq"]
        return seq

    async def ack(self, seq: object) -> httpx.Response:
        return await self.http.post("/chat/ack", json={"seq": seq}, headers=self.headers)

    @contextlib.asynccontextmanager
    async def listening(self, after: int = 0) -> AsyncIterator[AsyncIterator[Event]]:
        """Events of the stream, keep-alive left out."""
        async with self.http.stream(
            "GET", "/chat/stream", params={"after": after}, headers=self.headers, timeout=20
        ) as response:
            assert response.status_code == 200, await response.aread()
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            events = _events(response)
            try:
                yield events
            finally:
                await events.aclose()

    @contextlib.asynccontextmanager
    async def listening_when_free(self) -> AsyncIterator[AsyncIterator[Event]]:
        """The server notices by itself that an earlier stream was closed; until then it answers 429."""
        while True:
            async with self.http.stream("GET", "/chat/stream", headers=self.headers) as response:
                if response.status_code != 429:
                    yield _events(response)
                    return


async def messages(events: AsyncIterator[Event], count: int) -> list[dict[str, Any]]:
    """The next `count` messages."""
    found: list[dict[str, Any]] = []
    async for name, data in events:
        if name == "message":
            found.append(data)
        if len(found) == count:
            return found
    raise AssertionError(f"the stream ended after {len(found)} of {count} messages")


async def until(events: AsyncIterator[Event], name: str, **values: Any) -> list[Event]:
    """Everything up to the first event of this name with these values."""
    found: list[Event] = []
    async for event in events:
        found.append(event)
        if event[0] == name and values.items() <= event[1].items():
            return found
    raise AssertionError(f"the stream ended without {name}")


async def _events(response: httpx.Response) -> AsyncIterator[Event]:
    name, lines = "", response.aiter_lines()
    try:
        async for line in lines:
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                yield name, orjson.loads(line[6:])
    finally:
        await lines.aclose()
