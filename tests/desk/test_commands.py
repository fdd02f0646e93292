"""The commands for staff, the first account's link of a real process, and a Telegram user's code."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pyotp
import pytest

from domain.staff import Role
from storage.staff import TELEGRAM
from tests.botapi import BotApiServer
from tests.conftest import Urls
from tests.desk.service import SECRET, proof_in

CHAT = -1001234567890


async def sangdam(urls: Urls, folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run a command: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env=os.environ | urls.environment | {"SANGDAM_DATA_DIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    return process.returncode or 0, out.decode(), error.decode()


async def test_staff_are_added_listed_and_disabled(sqlite_urls: Urls, tmp_path: Path) -> None:
    new = ("staff", "add", "Haneul", "--role", "agent", "--alias", "하늘")
    code, out, error = await sangdam(sqlite_urls, tmp_path, *new)
    assert (code, error) == (0, "")
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/desk/welcome#[\w-]{43}\n", out)
    code, out, error = await sangdam(sqlite_urls, tmp_path, "staff", "add", "haneul", "--role", "admin")
    assert (code, out) == (1, "")
    assert "이미 있는 이름" in error
    assert (await sangdam(sqlite_urls, tmp_path, "staff", "add", "x y", "--role", "admin"))[0] == 1
    assert (await sangdam(sqlite_urls, tmp_path, "staff", "add", "other", "--role", "king"))[0] == 2
    assert (await sangdam(sqlite_urls, tmp_path, "staff", "disable", "nobody"))[0] == 1
    assert await sangdam(sqlite_urls, tmp_path, "staff", "disable", "haneul") == (0, "", "")
    code, out, _ = await sangdam(sqlite_urls, tmp_path, "staff", "list", "--json")
    haneul = {"name": "haneul", "alias": "하늘", "role": "agent", "second_factor": False, "seen": None}
    assert [orjson.loads(line) for line in out.splitlines()] == [haneul | {"disabled": True}]
    assert (await sangdam(sqlite_urls, tmp_path, "staff", "link", "haneul"))[0] == 1
    assert "haneul  하늘  agent  중지" in (await sangdam(sqlite_urls, tmp_path, "staff", "list"))[1]


async def test_staff_are_brought_back_moved_and_helped(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage:
        person = await storage.accounts.add("haneul", "하늘", Role.AGENT)
        secret = await storage.factors.begin(person)
        assert secret is not None
        assert await storage.factors.confirm(person, pyotp.TOTP(secret).now(), "") is not None
        await storage.sessions.open(person.id, "token")
    assert "2단계 인증" in (await sangdam(sqlite_urls, tmp_path, "staff", "list"))[1]
    for step in ("disable", "enable", "link", "revoke", "reset-factor"):
        assert (await sangdam(sqlite_urls, tmp_path, "staff", step, "haneul"))[0] == 0, step
    assert (await sangdam(sqlite_urls, tmp_path, "staff", "role", "haneul", "supervisor"))[0] == 0
    for wrong in (("revoke", "haneul"), ("enable", "nobody"), ("reset-factor", "nobody"), ("role", "nobody", "admin")):
        code, out, error = await sangdam(sqlite_urls, tmp_path, "staff", *wrong)
        assert (code, out) == (1, "")
        assert "없습니다" in error or "아닙니다" in error
    async with sqlite_urls.open() as storage:
        [account] = await storage.accounts.overview()
        assert (account.staff.role, account.staff.disabled, account.secured) == (Role.SUPERVISOR, False, False)
        assert account.link_until is None
        assert await storage.sessions.find("token") is None


class Process:
    """`sangdam run`, until the test ends. said: its standard error so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process, self.said = process, ""

    async def reads(self, pattern: str) -> str:
        """The first group of the first match in what it says."""
        assert self._process.stderr is not None
        async with asyncio.timeout(60):
            while not (found := re.search(pattern, self.said)):
                line = await self._process.stderr.readline()
                assert line, self.said
                self.said += line.decode()
        return found[1]

    async def stop(self) -> None:
        self._process.terminate()
        assert self._process.stderr is not None
        self.said += (await self._process.stderr.read()).decode()
        await self._process.wait()


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


async def start(urls: Urls, folder: Path, **settings: str) -> Process:
    environment = os.environ | urls.environment | {"SANGDAM_DATA_DIR": str(folder), "SANGDAM_HTTP_PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment | settings, stderr=asyncio.subprocess.PIPE
    )
    return Process(process)


async def test_run_prints_a_link_for_the_first_account_while_there_is_none(sqlite_urls: Urls, tmp_path: Path) -> None:
    service = await start(sqlite_urls, tmp_path)
    address, token = (await service.reads(r"(http://[\d.:]+/desk/welcome#[\w-]+)")).split("/desk/welcome#")
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as http:
        page = await http.get("/desk/welcome")
        form = {"proof": proof_in(page), "link": token, "name": "boss", "alias": "대표", "password": SECRET}
        made = await http.post("/desk/welcome/accept", data=form | {"again": SECRET})
        assert made.status_code == 303
        assert (await http.get("/desk/access")).status_code == 200  # the first is an admin
        again = await http.post("/desk/welcome/accept", data=form | {"name": "other", "again": SECRET})
        assert again.status_code in (403, 410)
    await service.stop()
    assert token not in service.said.partition("\n")[2].replace(token, "", 1)
    service = await start(sqlite_urls, tmp_path)
    await service.reads(r"(고객 채팅 화면: .*)\n")
    await service.stop()
    assert "welcome" not in service.said


async def test_a_code_joins_a_telegram_user_and_is_no_customers_message(
    api: BotApiServer, sqlite_urls: Urls, tmp_path: Path
) -> None:
    async with sqlite_urls.open() as storage:
        staff = await storage.accounts.add("haneul", "하늘", Role.AGENT)
        await storage.accounts.new_link(TELEGRAM, staff.id, "ABCDEFGHJK", 600 * 10**6)
    service = await start(
        sqlite_urls,
        tmp_path,
        SANGDAM_TELEGRAM_TOKEN=api.token,
        SANGDAM_TELEGRAM_API_URL=api.url,
        SANGDAM_TELEGRAM_LIMITS="off",
        SANGDAM_TELEGRAM_STAFF_CHAT=str(CHAT),
    )
    try:
        worker, buyer, group = api.user(7001, "직원"), api.user(7002, "고객"), api.group(CHAT, members=[7001])
        api.say(group, "/link ABCDE-FGHJK", sender=worker)  # the group is not the place for it
        api.say(worker, "/link WRONG-CODE1")
        await api.wait_sent(worker, contains="연결하지 못했습니다", timeout=60)
        api.say(worker, "/link abcde-fghjk")
        await api.wait_sent(worker, contains="하늘 계정과 연결했습니다")
        api.say(buyer, "/agent")
        [queued] = await api.wait_sent(buyer, contains="접수번호")
        [told] = await api.wait_sent(group, contains="상담을 기다리는 고객이 있습니다")
        number = re.search(r"\d{6}-\d{6}", queued.text)
        assert number is not None
        assert number[0] in told.text
    finally:
        await service.stop()
    async with sqlite_urls.open() as storage:
        assert await storage.accounts.by_telegram("7001") == staff
        assert await storage.conversations.find("telegram", "7001") is None
