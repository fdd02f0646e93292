"""The bots that are compared: how each is started, brought to the state that is measured, and known to be done."""

import asyncio
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loopback import BOT, TOKEN, Button, Loopback
from benchmarks.traffic import Chats

# Buttons that show something and start nothing, so that the chat is in the same state after them.
HARMLESS = ("광고 메일", "목록으로")  # from the overview of consents to a page, and back
TOGETHER = 50


@dataclass(frozen=True, slots=True)
class BotSpec:
    """command(url, folder), environment(url, folder); folder is an empty one of its own.

    prepare: brings every chat to its part by what people would send. press(world, chat): the button pressed next.
    drained(folder): everything it took is worked off, also what earns no reply. replies_to_owned: whether messages in
    chats a person has are answered (an echo bot knows no persons).
    """

    name: str
    title: str
    command: Callable[[str, Path], list[str]]
    environment: Callable[[str, Path], dict[str, str]]
    prepare: Callable[[Loopback, Chats], Awaitable[None]]
    press: Callable[[Loopback, int], Button]
    drained: Callable[[Path], bool]
    replies_to_owned: bool


def specs() -> dict[str, BotSpec]:
    bots = (
        BotSpec(
            "sangdam", "sangdam", _sangdam_command, _sangdam_environment, _first_contact, _shown_button, _drained, False
        ),
        BotSpec(
            "stock", "python-telegram-bot echo", _peer("echo_ptb"), lambda *_: {}, _greet, _any_button, _always, True
        ),
        BotSpec("aiogram", "aiogram 3 echo", _peer("echo_aiogram"), lambda *_: {}, _greet, _any_button, _always, True),
    )
    return {bot.name: bot for bot in bots}


def _peer(module: str) -> Callable[[str, Path], list[str]]:
    return lambda url, _: [sys.executable, "-m", f"benchmarks.bots.{module}", url, TOKEN]


async def _greet(world: Loopback, chats: Chats) -> None:
    """An echo bot has no state to reach; the round warms its code and its connections."""
    await _few_at_once([world.ask(chat, "안녕하세요") for chat in chats.all()])


def _any_button(world: Loopback, chat: int) -> Button:
    message = {"message_id": 1, "from": BOT, "chat": {"id": chat, "type": "private", "first_name": "고객"}, "date": 1}
    return Button(chat, "메뉴", "menu:1", message | {"text": "무엇을 도와드릴까요?"})


def _always(folder: Path) -> bool:
    return True


def _sangdam_command(url: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "bot", "run"]


def _sangdam_environment(url: str, folder: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "SANGDAM_TELEGRAM_TOKEN": TOKEN,
        "SANGDAM_TELEGRAM_API_URL": url,
        "SANGDAM_TELEGRAM_LIMITS": "off",
        "SANGDAM_DATA_DIR": str(folder),
        "SANGDAM_HTTP_PORT": str(port),
    }


async def _first_contact(world: Loopback, chats: Chats) -> None:
    """Everybody answers the two first questions by their buttons; the owned ones then ask for a person."""
    await _few_at_once([_enter(world, chat, chat in set(chats.owned)) for chat in chats.all()])


async def _enter(world: Loopback, chat: int, wants_person: bool) -> None:
    world.say(chat, "/start")
    world.press(await world.button(chat, "네, 18세 이상"))
    world.press(await world.button(chat, "동의합니다"))
    await world.ask(chat, "/privacy")
    await world.button(chat, HARMLESS[0])
    if wants_person:
        await world.ask(chat, "/agent")


def _shown_button(world: Loopback, chat: int) -> Button:
    for button in world.buttons(chat):
        if any(label in button.label for label in HARMLESS):
            return button
    raise RuntimeError(f"chat {chat} shows none of the buttons {HARMLESS}: {[b.label for b in world.buttons(chat)]}")


def _drained(folder: Path) -> bool:
    """No message waits to be handled and none to be sent, by the bot's own database."""
    for path in folder.glob("**/*.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if {"inbox", "outbox"} <= tables:
                waiting = "SELECT EXISTS (SELECT 1 FROM inbox WHERE state = 0) OR EXISTS (SELECT 1 FROM outbox)"
                return not database.execute(waiting).fetchone()[0]
    raise RuntimeError(f"no database with an inbox and an outbox under {folder}")


async def _few_at_once(deeds: list[Awaitable[None]]) -> None:
    gate = asyncio.Semaphore(TOGETHER)

    async def one(deed: Awaitable[None]) -> None:
        async with gate:
            await deed

    await asyncio.gather(*(one(deed) for deed in deeds))
