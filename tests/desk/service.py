"""The whole service in this process: what `sangdam run` composes, on a port of its own."""

import asyncio
import contextlib
import re
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import httpx
import uvicorn
from starlette.applications import Starlette

from bot.app import Service as Composed
from bot.app import compose
from bot.desk import DeskLimits
from bot.parts import Parts, assemble
from bot.settings import Settings
from domain.clock import Clock, system_clock
from domain.staff import Role, Staff
from storage.opening import Storage
from storage.staff import FIRST, LINK_LASTS, PASSWORD
from tests.analysis import thread_analysis

SECRET = "긴 비밀번호 1234"
_PROOF = re.compile(r'name="proof" value="([0-9a-f]{64})"')


class Running:
    """HTTP can stop and come back on the same port."""

    def __init__(self, settings: Settings, parts: Parts, limits: DeskLimits | None) -> None:
        self.limits = limits
        self.settings, self.parts, self.storage = settings, parts, parts.storage
        self.port = 0
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._composed: Composed | None = None
        self._loops: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20)

    async def start(self) -> None:
        self._composed = await compose(self.settings, self.parts, self.limits)
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(Starlette(routes=self._composed.routes), log_config=None, lifespan="off")
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listening]))
        await self._server.up.wait()
        self._loops = [asyncio.create_task(run()) for run in self._composed.loops.values()]

    async def stop(self) -> None:
        if self._server is None or self._serving is None or self._composed is None:
            return
        self._composed.close()
        self._server.should_exit = True
        await self._serving
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._server = None

    async def first_link(self) -> str:
        token = secrets.token_urlsafe(16)
        await self.storage.accounts.new_link(FIRST, None, token, LINK_LASTS)
        return token

    async def hire(self, alias: str, role: Role = Role.AGENT) -> Staff:
        """An account whose password is SECRET."""
        staff = await self.storage.accounts.add(f"user-{secrets.token_hex(4)}", alias, role)
        token = secrets.token_urlsafe(16)
        await self.storage.accounts.new_link(PASSWORD, staff.id, token, LINK_LASTS)
        async with self.client() as http:
            page = await http.get("/desk/welcome")
            answer = await http.post(
                "/desk/welcome/accept",
                data={"proof": proof_in(page), "link": token, "password": SECRET, "again": SECRET},
            )
        assert answer.status_code == 303, answer.text
        return staff


class Member:
    """A staff member's browser without a screen."""

    def __init__(self, http: httpx.AsyncClient, staff: Staff) -> None:
        self.http, self.staff, self.proof = http, staff, ""

    async def sign_in(self, password: str = SECRET, back: str = "") -> httpx.Response:
        page = await self.http.get("/desk/login")
        form = {"proof": proof_in(page), "name": self.staff.name, "password": password, "next": back}
        answer = await self.http.post("/desk/login", data=form)
        if answer.status_code == 303:
            self.proof = re.findall(r'data-proof="([0-9a-f]{64})"', (await self.http.get("/desk/")).text)[0]
        return answer

    async def step(self, conversation: int, kind: str, text: str = "", client_id: str = "") -> httpx.Response:
        body = {"id": client_id or secrets.token_hex(8), "kind": kind, "text": text}
        headers = {"X-Desk-Token": self.proof}
        return await self.http.post(f"/desk/c/{conversation}/steps", json=body, headers=headers)


def proof_in(page: httpx.Response) -> str:
    found = _PROOF.search(page.text)
    assert found is not None, page.text
    return found[1]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextlib.asynccontextmanager
async def running(
    storage: Storage,
    folder: Path,
    clock: Clock = system_clock,
    *,
    limits: DeskLimits | None = None,
    widget_origins: str = "",
    two_person: bool = False,
    second_factor: Literal["off", "admins", "all"] = "off",
) -> AsyncIterator[Running]:
    settings = Settings(
        data_dir=folder,
        shop_name="온담상점",
        widget_origins=widget_origins,
        kb_two_person="on" if two_person else "off",
        desk_second_factor=second_factor,
    )
    analysis = thread_analysis()
    parts = assemble(settings, storage, analysis, clock)
    service = Running(settings, parts, limits)
    try:
        await service.start()
        yield service
    finally:
        await service.stop()
        await parts.workshop.close()
        analysis.close()
