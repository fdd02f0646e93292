"""2,000 updates from 100 chats while processes are killed: nothing lost, handled twice or out of order."""

import random
from collections import Counter
from collections.abc import Callable

import orjson
import pytest

from domain.messages import Delivery
from storage.tables import DONE
from tests.acceptance.flood import ChatReport, Flood, Report, Row, Told, check, learn
from tests.acceptance.process import PATIENCE, Runner, Service, until
from tests.botapi import BotApiServer
from tests.conftest import Urls

CHATS, EACH, KILLS = 100, 20, 4


async def test_one_process_on_sqlite_killed_again_and_again(
    api: BotApiServer, sqlite_runner: Runner, sqlite_urls: Urls, tell: Callable[[str], None]
) -> None:
    service = await sqlite_runner.start()
    first, probes = await learn(api)
    flood = Flood(api, first, probes, chats=CHATS, each=EACH)
    for _ in range(KILLS):
        flood.wave(CHATS * EACH // KILLS)
        await _moment(api, flood)
        await service.kill()
        service = await sqlite_runner.start()
    await _settled(flood, sqlite_urls)
    assert await service.stop() == 0
    _judge(await _report(flood, sqlite_urls, KILLS), tell)


async def test_two_processes_on_postgresql_killed_in_turn(
    api: BotApiServer, postgres_runner: Runner, postgres_urls: Urls, tell: Callable[[str], None]
) -> None:
    services = [await postgres_runner.start(), await postgres_runner.start()]
    first, probes = await learn(api)
    flood = Flood(api, first, probes, chats=CHATS, each=EACH)
    for _ in range(KILLS):
        flood.wave(CHATS * EACH // KILLS)
        await _moment(api, flood)
        # Always the one that polls, so that the lease has to move each time.
        holder = max(services, key=_holdings)
        services.remove(holder)
        await holder.kill()
        services.append(await postgres_runner.start())
    await _settled(flood, postgres_urls)
    for service in services:
        assert await service.stop() == 0
    _judge(await _report(flood, postgres_urls, KILLS), tell)


async def test_acknowledging_before_the_commit_loses_updates(
    api: BotApiServer, sqlite_runner: Runner, sqlite_urls: Urls
) -> None:
    """The same harness, with one thing wrong in the program: it must find fault."""
    module = "tests.acceptance.acknowledges_first"
    service = await sqlite_runner.start(module=module)
    first, probes = await learn(api)
    flood = Flood(api, first, probes, chats=CHATS, each=EACH)
    flood.wave(CHATS * EACH)
    for confirmed in (200, 900, 1_500):
        await api.wait_for(lambda n=confirmed: api.queue.confirmed >= n, PATIENCE)
        await service.kill()
        service = await sqlite_runner.start(module=module)
    await _settled(flood, sqlite_urls)
    await service.stop()
    report = await _report(flood, sqlite_urls, 3)
    stored = sum(len(chat.stored) for chat in report.chats.values())
    assert stored < flood.updates
    with pytest.raises(AssertionError, match="updates or not in their order"):
        check(report)


@pytest.mark.parametrize("fault", ["lost", "twice", "swapped", "unsettled", "forgotten", "open", "unexpected"])
def test_the_check_finds_each_kind_of_fault(fault: str) -> None:
    report = _sound()
    check(report)
    chat = report.chats[1]
    if fault == "lost":
        chat.stored.pop()
    elif fault == "twice":
        chat.answers.append(chat.answers[-1])
    elif fault == "swapped":
        chat.shown[0], chat.shown[1] = chat.shown[1], chat.shown[0]
    elif fault == "unsettled":
        chat.answers[1] = Row("b", Delivery.PENDING, "")
    elif fault == "forgotten":
        chat.shown.pop()
    elif fault == "open":
        report.inbox[DONE] -= 1
        report.inbox[0] += 1
    else:
        chat.shown.append(("z", "14"))
    with pytest.raises(AssertionError):
        check(report)


async def _moment(api: BotApiServer, flood: Flood) -> None:
    """A random moment of the wave that has just begun, told by what was taken in or by what was sent."""
    taken, sent = api.queue.confirmed, len(api.calls)
    steps = random.randrange(1, CHATS * EACH // KILLS)
    if random.random() < 0.5:
        await api.wait_for(lambda: api.queue.confirmed >= taken + steps, PATIENCE, f"{steps} updates taken in")
    else:
        await api.wait_for(lambda: len(api.calls) >= sent + steps, PATIENCE, f"{steps} calls")


def _holdings(service: Service) -> str:
    """When it last took the lease; the newest of all is the holder's."""
    taken = [orjson.loads(line)["timestamp"] for line in service.lines if "lease_taken" in line]
    return max(taken, default="")


async def _settled(flood: Flood, urls: Urls) -> None:
    left: dict[str, int] = {}

    async def nothing() -> bool:
        left.clear()
        left.update(await flood.left(storage))
        return not left

    async with urls.open() as storage:
        try:
            await until(nothing, "the end of the flood", 3 * PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}; left: {left}") from None


async def _report(flood: Flood, urls: Urls, kills: int) -> Report:
    async with urls.open() as storage:
        return await flood.report(storage, kills)


def _judge(report: Report, tell: Callable[[str], None]) -> None:
    check(report)
    replies = sum(len(chat.told.replies) for chat in report.chats.values())
    tell(f"{replies} replies, {report.kills} kills, {report.twice} replies sent twice")


def _sound() -> Report:
    """A report without fault: three replies, of which a kill had the second sent twice."""
    answers = [Row(text, Delivery.SENT, ref) for text, ref in (("a", "10"), ("b", "12"), ("c", "13"))]
    shown = [("a", "10"), ("b", "11"), ("b", "12"), ("c", "13")]
    told = Told(["x", "y", "z"], ["a", "b", "c"])
    return Report({1: ChatReport(told, ["x", "y", "z"], answers, shown)}, Counter({DONE: 3}), 0, 0, kills=1)
