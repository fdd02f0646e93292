"""The commands from outside: exit codes, what they write where, stopping, and bad input."""

import asyncio
import socket
import sqlite3
from pathlib import Path

import aiohttp
import orjson
import pytest

from handlers.catalogue import load_texts
from tests.acceptance.process import PATIENCE, Ran, Runner, leaks
from tests.botapi import BotApiServer
from tests.conftest import MASTER_KEY, Urls
from tests.postgres import PostgresServer

CHAT = 735_000_001
QUESTION = "선택 동의를 안 하면 어떻게 되나요?"


@pytest.fixture
def fresh(tmp_path: Path) -> Runner:
    """A machine where the program was never started."""
    return Runner(tmp_path, {"SANGDAM_DATA_DIR": str(tmp_path / "data"), "SANGDAM_HTTP_PORT": "0"})


@pytest.fixture
def commands(sqlite_urls: Urls, tmp_path: Path) -> Runner:
    """Commands beside a database."""
    return Runner(tmp_path, sqlite_urls.environment | {"SANGDAM_DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANGDAM_HTTP_PORT", "eighty"),
        ("SANGDAM_HTTP_PORT", "70000"),
        ("SANGDAM_MASTER_KEY", "c2hvcnQ="),
        ("SANGDAM_DATABASE_URL", "mysql://x"),
        ("SANGDAM_PUBLIC_URL", "shop"),
        ("SANGDAM_TELEGRAM_API_URL", "127.0.0.1:8081"),
        ("SANGDAM_TELEGRAM_MODE", "pigeon"),
        ("SANGDAM_TELEGRAM_LIMITS", "maybe"),
        ("SANGDAM_LOG_LEVEL", "loud"),
        ("SANGDAM_SHOP_NAME", ""),
        ("SANGDAM_TELEGRAM_TOKEN_FILE", "/no/such/file"),
        ("SANGDAM_DATA_DIR", "/proc/nothing"),
    ],
)
async def test_a_wrong_setting_stops_the_start_with_one_line(fresh: Runner, name: str, value: str) -> None:
    fresh.settings[name] = value
    ran = await fresh.command("run")
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert name in line
    assert "Traceback" not in line


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1/x"}, "SANGDAM_KEYS_URL"),
        ({"TELEGRAM_TOKEN": "1:a", "TELEGRAM_MODE": "webhook"}, "SANGDAM_PUBLIC_URL"),
        (
            {"TELEGRAM_TOKEN": "1:a", "TELEGRAM_MODE": "webhook", "PUBLIC_URL": "https://shop.example"},
            "SANGDAM_TELEGRAM_WEBHOOK_SECRET",
        ),
    ],
)
async def test_settings_that_do_not_fit_together_stop_the_start(
    fresh: Runner, settings: dict[str, str], named: str
) -> None:
    ran = await fresh.command("run", **settings)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert named in ran.err
    assert "u:p" not in ran.err


async def test_a_database_that_is_not_there_stops_the_start_without_a_trace(fresh: Runner) -> None:
    away = "postgresql+asyncpg://nobody:geheim77@127.0.0.1:9"
    for command in ("run", "check"):
        ran = await fresh.command(command, DATABASE_URL=f"{away}/data", KEYS_URL=f"{away}/keys")
        assert ran.code in (1, 2)
        assert "SANGDAM_DATABASE_URL" in ran.out + ran.err
        assert "Traceback" not in ran.err
        assert "geheim77" not in ran.out + ran.err


async def test_a_taken_port_is_named(fresh: Runner) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = await fresh.command("run", HTTP_PORT=str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "SANGDAM_HTTP_PORT" in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err


async def test_the_first_start_makes_a_key_and_says_so_once(fresh: Runner) -> None:
    first, second = await fresh.command("check"), await fresh.command("check")
    assert (first.code, second.code, first.out, second.out) == (0, 0, "", "")
    assert "master.key" in first.err
    assert "master.key" not in second.err
    key = fresh.folder / "data" / "master.key"
    assert key.stat().st_mode & 0o077 == 0
    assert key.read_text().strip() not in first.err + second.err


async def test_first_starts_at_once_agree(fresh: Runner, postgres: PostgresServer) -> None:
    """Several machines that begin together on one new, empty database make its keys and facts once."""
    names = postgres.new_name(), postgres.new_name()
    for name in names:
        postgres.create(name)
    urls = {"DATABASE_URL": postgres.url(names[0]), "KEYS_URL": postgres.url(names[1]), "MASTER_KEY": MASTER_KEY}
    ran = await asyncio.gather(*(fresh.command("check", **urls) for _ in range(4)))
    assert [(r.code, r.out) for r in ran] == [(0, "")] * 4
    assert not any("Traceback" in r.err for r in ran)
    for name in names:
        postgres.drop(name)


async def test_wrong_use_exits_2(fresh: Runner) -> None:
    for arguments in (["fly"], ["ledger"], ["restore"], ["ask", "--json", "/no/such/file"]):
        ran = await fresh.command(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "Traceback" not in ran.err


async def test_health_readiness_and_figures(api: BotApiServer, sqlite_runner: Runner) -> None:
    service = await sqlite_runner.start()
    url = await service.url()
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
        await service.ready()
        async with http.get(f"{url}/readyz") as answer:
            assert (answer.status, (await answer.json())["waits_for"]) == (200, [])
        api.user(CHAT)
        api.say(CHAT, "/start")
        await api.wait_sent(CHAT, count=2, timeout=PATIENCE)
        async with http.get(f"{url}/metrics") as answer:
            figures = await answer.text()
    assert 'sangdam_received_total{channel="telegram",kind="start"} 1.0' in figures
    assert 'sangdam_handled_total{result="done"} 1.0' in figures
    assert leaks([figures], [str(CHAT), api.token]) == []


async def test_a_stop_loses_nothing_and_sends_nothing_twice(api: BotApiServer, sqlite_runner: Runner) -> None:
    """What the platform is being told at that moment is heard to its end."""
    service = await sqlite_runner.start()
    await service.ready()
    chats = [api.user(CHAT + n) for n in range(10)]
    api.delay("sendMessage", 0.3, times=10)
    for chat in chats:
        for command in ("/start", "/help", "/privacy"):
            api.say(chat, command)
    await api.wait_for(lambda: len(api.calls_of("sendMessage")) >= 5, PATIENCE)
    assert await service.stop(10) == 0
    assert (await (again := await sqlite_runner.start()).ready()) is None
    for chat in chats:
        await api.wait_sent(chat, count=4, timeout=PATIENCE)
    assert await again.stop() == 0
    assert [len(api.sent(chat)) for chat in chats] == [4] * len(chats)


async def test_a_stop_while_starting_is_a_stop(sqlite_runner: Runner) -> None:
    service = await sqlite_runner.start()
    await service.url()
    assert await service.stop() == 0


async def test_chat_greets_first_and_answers_each_line_before_the_next(commands: Runner) -> None:
    ran = await commands.command("chat", text=f"{QUESTION}\n/help\n")
    assert ran.code == 0
    texts = load_texts()
    places = [ran.out.index(part) for part in ("고객센터 챗봇입니다", "수집·이용 2", texts("help.text").split("\n")[1])]
    assert places == sorted(places)
    assert ran.out.count("> ") == 3
    assert leaks([ran.err], [QUESTION]) == []


async def test_chat_takes_the_number_of_a_button(commands: Runner) -> None:
    ran = await commands.command("chat", text="1\n1\n상담원\n")
    assert ran.code == 0
    assert load_texts()("welcome.agreed").split(".")[0] in ran.out


async def test_cases_and_the_ledger(commands: Runner, tmp_path: Path) -> None:
    await _with_a_case(commands)
    listed = await commands.command("cases", "--json")
    (case,) = [orjson.loads(line) for line in listed.out.splitlines()]
    assert (listed.code, case["kind"], case["state"]) == (0, "handover", "received")
    assert {"number", "opened", "due"} <= case.keys()
    assert await commands.command("ledger", "verify") == Ran(0, "", "")
    exported = [orjson.loads(line) for line in (await commands.command("ledger", "export")).out.splitlines()]
    assert [row["event"] for row in exported][-1] == "case.received"
    with sqlite3.connect(tmp_path / "data.db") as database:
        database.execute("UPDATE ledger SET subject = replace(subject, '/', '|') WHERE n = 1")
    database.close()
    broken = await commands.command("ledger", "verify")
    assert broken.code == 1
    assert "rights 1" in broken.out


async def test_a_backup_of_sqlite_is_restored_into_postgresql(
    commands: Runner, postgres_urls: Urls, sqlite_urls: Urls, tmp_path: Path
) -> None:
    await _with_a_case(commands)
    before = await commands.command("cases", "--json")
    saved = await commands.command("backup", str(tmp_path / "saved.gz"))
    assert (saved.code, saved.out) == (0, "")
    assert MASTER_KEY.encode() not in (tmp_path / "saved.gz").read_bytes()
    # The keys stay where they are: a backup holds none.
    to = {"DATABASE_URL": postgres_urls.data, "KEYS_URL": sqlite_urls.keys}
    restored = await commands.command("restore", str(tmp_path / "saved.gz"), **to)
    assert (restored.code, restored.out) == (0, "")
    assert (await commands.command("cases", "--json", **to)).out == before.out != ""
    assert (await commands.command("ledger", "verify", **to)).code == 0
    talk = await commands.command("chat", text="/agent\n", **to)
    assert orjson.loads(before.out)["number"] in talk.out
    again = await commands.command("restore", str(tmp_path / "saved.gz"), **to)
    assert (again.code, again.out, "Traceback" in again.err) == (1, "", False)


async def test_after_a_rotation_only_the_new_key_opens(commands: Runner, tmp_path: Path) -> None:
    await _with_a_case(commands)
    number = orjson.loads((await commands.command("cases", "--json")).out)["number"]
    rotated = await commands.command("keys", "rotate", "--new-key-file", str(tmp_path / "new.key"))
    new = (tmp_path / "new.key").read_text().strip()
    assert (rotated.code, rotated.out) == (0, "")
    assert new not in rotated.err
    refused = await commands.command("cases")
    assert (refused.code, refused.out) == (1, "")
    assert "SANGDAM_MASTER_KEY" in refused.err
    talk = await commands.command("chat", text="/agent\n", MASTER_KEY=new)
    assert (talk.code, number in talk.out) == (0, True)
    assert (await commands.command("ledger", "verify", MASTER_KEY=new)).code == 0
    twice = await commands.command("keys", "rotate", "--new-key-file", str(tmp_path / "new.key"), MASTER_KEY=new)
    assert twice.code == 2  # the file of a key is never written over


BAD_LINES = [
    b"\x00\x01\x02\x1b[31m\x7f\xc2\x85",
    b'{"text": "\\ud800 \\udfff"}',
    b"\xed\xa0\x80\xed\xbf\xbf",
    b"\xff\xfe\xfa",
    b'{"text": 5}',
    b'{"text": "\\u0000"}',
    b'{"text": null, "prev": {}}',
    b"{" * 5_000,
    b"",
    b" ",
    "가나다 ".encode() * 3_000,
    "\u202e\u2066\ufeff\U0001f469\u200d\U0001f469".encode(),
    QUESTION.encode(),
]


@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape"])
async def test_ask_gives_a_line_for_each_line_whatever_it_holds(commands: Runner, encoding: str) -> None:
    commands.settings["PYTHONIOENCODING"] = encoding  # as machines of other languages have it
    ran = await commands.command("ask", "--json", text=b"\n".join(BAD_LINES) + b"\n")
    assert (ran.code, ran.err) == (0, "")
    answers = [orjson.loads(line) for line in ran.out.rstrip("\n").split("\n")]
    assert len(answers) == len(BAD_LINES)
    assert answers[-1]["entry"] == "optional_collection"


async def test_chat_survives_bad_lines(commands: Runner) -> None:
    commands.settings["PYTHONIOENCODING"] = "utf-8:strict"
    # A question it knows after each: unsure twice in a row, it would hand over.
    lines = [part for line in BAD_LINES if line.strip() for part in (line, QUESTION.encode())]
    ran = await commands.command("chat", text=b"\n".join(lines) + b"\n")
    assert ran.code == 0
    assert "수집·이용 2" in ran.out.rpartition("> ")[0][-2_000:]
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", [["ask", "--json"], ["chat"]])
async def test_ten_megabytes_in_one_line_are_answered(commands: Runner, command: list[str]) -> None:
    ran = await commands.command(*command, text="가나다라마바사 " * 480_000 + f"\n{QUESTION}\n", timeout=2 * PATIENCE)
    assert ran.code == 0
    assert "수집·이용 2" in ran.out
    assert "Traceback" not in ran.err


async def _with_a_case(commands: Runner) -> None:
    ran = await commands.command("chat", text="1\n1\n/agent\n")
    assert ran.code == 0, ran.err
