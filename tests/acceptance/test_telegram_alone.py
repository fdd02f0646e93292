"""Telegram where a process of one's own is needed: limits, taking over, long texts, a platform that does not answer."""

from pathlib import Path

from bot.channels.telegram.render import MOST, split, units
from domain.messages import Button, Outgoing, Source
from handlers.catalogue import load_texts
from knowledge.files import default_dir
from storage.times import to_us
from tests.acceptance.process import PATIENCE, Runner
from tests.botapi import BotApiServer
from tests.conftest import Urls

CHAT, OTHERS = 733_000_001, range(733_000_002, 733_000_008)


async def test_a_burst_in_one_chat_keeps_the_limits_and_others_go_on(api: BotApiServer, sqlite_runner: Runner) -> None:
    api.set_limits()
    service = await sqlite_runner.start(TELEGRAM_LIMITS="on")
    await service.ready()
    for chat in (CHAT, *OTHERS):
        api.user(chat)
    for command in ("/help", "/privacy", "/request", "/help", "/privacy", "/request"):
        api.say(CHAT, command)
    for chat in OTHERS:
        api.say(chat, "/help")
    await api.wait_sent(CHAT, count=8, timeout=PATIENCE)
    calls = [c.params["chat_id"] for c in api.calls_of("sendMessage")]
    last = len(calls) - 1 - calls[::-1].index(CHAT)
    assert all(calls.index(chat) < last for chat in OTHERS)
    keys = ("help.text", "welcome.age", "consent.title", "request.title", "help.text", "consent.title", "request.title")
    assert [t.split("\n")[0] for t in api.texts(CHAT)[1:]] == [load_texts()(key).split("\n")[0] for key in keys]
    assert api.limits.refused == 0
    assert await service.stop() == 0


async def test_another_process_takes_over_from_one_that_was_killed(api: BotApiServer, postgres_runner: Runner) -> None:
    first = await postgres_runner.start()
    await first.line("lease_taken")
    second = await postgres_runner.start()
    await second.ready()
    api.user(CHAT)
    api.say(CHAT, "/start")
    await api.wait_sent(CHAT, count=2, timeout=PATIENCE)
    assert not any("lease_taken" in line for line in second.lines)
    await first.kill()
    api.say(CHAT, "/help")
    await api.wait_sent(CHAT, count=3, timeout=PATIENCE)
    await second.line("lease_taken")
    assert await second.stop() == 0


async def test_a_process_that_stops_hands_over_at_once(api: BotApiServer, postgres_runner: Runner) -> None:
    first = await postgres_runner.start()
    await first.line("lease_taken")
    second = await postgres_runner.start()
    await second.ready()
    api.user(CHAT)
    assert await first.stop() == 0
    api.say(CHAT, "/start")
    await api.wait_sent(CHAT, count=2, timeout=PATIENCE)
    await second.line("lease_taken")


async def test_a_long_answer_comes_in_parts_that_telegram_takes(
    api: BotApiServer, sqlite_runner: Runner, sqlite_urls: Urls
) -> None:
    service = await sqlite_runner.start()
    await service.ready()
    sentence = "이 조항은 아주 길어서 여러 부분으로 나뉘어 전달되어야 합니다. "
    body = "\n\n".join(sentence * 20 for _ in range(10)).strip()
    entry = (Path(default_dir()) / "preamble.md").read_text("utf-8").split("---\n")
    async with sqlite_urls.open() as storage:
        texts = await storage.knowledge.texts(1)
        texts["preamble"] = "---\n".join([*entry[:2], body + "\n"])
        now = to_us((await storage.knowledge.history())[0].published_at)
        await storage.knowledge.publish(texts, after=1, by="test", note="long", now=now)
    await service.line('"version": 2')
    api.user(CHAT)
    api.say(CHAT, "/start")
    await api.wait_sent(CHAT, count=2, timeout=PATIENCE)
    api.press(CHAT, 1, "ask:preamble", forge=True)
    parts = await api.wait_sent(CHAT, after=api.sent(CHAT)[-1].message_id, contains="조항은", count=2, timeout=PATIENCE)
    assert "제2판" in parts[-1].text
    whole = "".join(p.text for p in parts).partition("ooccnnmm.com")[0]
    assert "".join(whole.split()) == "".join(body.split())
    assert all(p.text.rstrip().endswith("합니다.") for p in parts[:-1])
    assert await service.stop() == 0


async def test_a_platform_that_does_not_answer_is_asked_again(api: BotApiServer, sqlite_runner: Runner) -> None:
    service = await sqlite_runner.start()
    await service.ready()
    api.user(CHAT)
    api.user(OTHERS[0])
    api.delay("sendMessage", 3_600, chat=CHAT, before=True)
    api.say(CHAT, "/start")
    api.say(OTHERS[0], "/start")
    await api.wait_sent(OTHERS[0], count=2, timeout=PATIENCE)
    assert api.sent(CHAT) == []
    await service.line("TimedOut")
    await api.wait_sent(CHAT, count=2, timeout=PATIENCE)
    assert await service.stop() == 0


def test_parts_end_where_sentences_end_and_lose_nothing() -> None:
    text = "문장이 하나 있습니다. " * 1_000
    button, source = Button("누르기", "x"), Source("정책 제1조", "e", 1)
    parts = split(Outgoing(text.strip(), ((button,),), source))
    assert all(units(p.text) <= MOST for p in parts)
    assert all(p.text.endswith("있습니다.") for p in parts)
    assert " ".join(p.text for p in parts) == text.strip()
    assert [p.source for p in parts] == [None] * (len(parts) - 1) + [source]
    assert parts[-1].buttons == ((button,),)


def test_text_without_any_space_is_cut_between_whole_characters() -> None:
    parts = split(Outgoing("😀" * 5_000))
    assert "".join(p.text for p in parts) == "😀" * 5_000
    assert all(units(p.text) <= MOST for p in parts)
