"""The log as a stream: nothing is skipped, whoever wrote it, and what waits for an answer is told."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from bot.channels.web import CHANNEL
from bot.engine.intake import Intake
from bot.engine.metrics import Metrics
from bot.engine.signals import Signals
from domain.clock import system_clock
from domain.messages import Incoming, IncomingKind
from storage.opening import Storage
from tests.conftest import Urls
from tests.web.conftest import client
from tests.web.customer import Customer, messages, until
from tests.web.service import Service, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_conversation_arrives_in_order_and_goes_on_where_it_stopped(customer: Customer) -> None:
    async with customer.listening() as events:
        assert (await until(events, "ready"))[-1] == ("ready", {"seq": 0})
        await customer.say(start=True)
        greeting = await messages(events, 3)
        await customer.say(text="선택 동의를 안 하면 어떻게 되나요?")
        asked, answered = await messages(events, 2)
    everything = [*greeting, asked, answered]
    assert [m["seq"] for m in everything] == [1, 2, 3, 4, 5]
    assert [m["author"] for m in everything] == ["customer", "bot", "bot", "customer", "bot"]
    assert answered["source"]["entry"] == "optional_collection"
    assert answered["source"]["href"] == f"policy/{answered['source']['version']}#optional_collection"
    async with customer.listening(after=3) as events:
        assert await messages(events, 2) == [asked, answered]
    async with customer.listening(after=5) as events:
        assert (await until(events, "ready"))[-1][1] == {"seq": 5}


async def test_a_wrong_place_to_go_on_from_is_refused(customer: Customer, http: httpx.AsyncClient) -> None:
    for after in ("-1", "x", "1.5", "9" * 30, "٣"):
        response = await http.get("/chat/stream", params={"after": after}, headers=customer.headers)
        assert response.status_code == 400


async def test_no_message_of_a_crowd_is_skipped(customer: Customer) -> None:
    count = 60
    async with customer.listening() as one, customer.listening() as two:
        await until(one, "ready")
        await asyncio.gather(*(customer.say(button=f"x:{n}") for n in range(count)))
        seen = [[m["seq"] for m in await messages(stream, 2 * count)] for stream in (one, two)]
    assert seen == [list(range(1, 2 * count + 1))] * 2


async def test_nobody_reads_another_conversation(customer: Customer, http: httpx.AsyncClient) -> None:
    other = await Customer.arrive(http)
    async with other.listening() as events:
        await until(events, "ready")
        await customer.say(text="비밀입니다")
        await other.say(text="제 말입니다")
        assert [m["text"] for m in await messages(events, 1)] == ["제 말입니다"]


@pytest_asyncio.fixture(loop_scope="session")
async def silent(urls: Urls) -> AsyncIterator[Service]:
    async with urls.open() as storage, serving(storage, answers=False) as running:
        yield running


async def test_what_another_process_wrote_arrives(silent: Service, urls: Urls) -> None:
    async with client(silent) as http, urls.open() as elsewhere:
        customer = await Customer.arrive(http)
        async with customer.listening() as events:
            await until(events, "ready")
            await _write(elsewhere, customer, "first", signals=Signals(elsewhere.database))
            assert [m["text"] for m in await messages(events, 1)] == ["first"]
            await _write(elsewhere, customer, "second", signals=Signals(elsewhere.database))
            assert [m["text"] for m in await messages(events, 1)] == ["second"]


async def test_a_lost_signal_costs_a_moment_and_no_message(silent: Service) -> None:
    async with client(silent) as http:
        customer = await Customer.arrive(http)
        deaf = Signals(silent.storage.database)  # nobody listens to it
        async with customer.listening() as events:
            await until(events, "ready")
            for text in ("first", "second"):
                await _write(silent.storage, customer, text, signals=deaf)
                assert [m["text"] for m in await messages(events, 1)] == [text]


async def _write(storage: Storage, customer: Customer, text: str, *, signals: Signals) -> None:
    intake = Intake(storage, signals, Metrics(), system_clock, None)
    address = customer.token.partition(".")[0]
    await intake.put(Incoming(CHANNEL, f"{address}{text}", address, IncomingKind.TEXT, system_clock(), text))


async def test_a_message_waits_visibly_until_it_is_answered(sqlite_urls: Urls) -> None:
    async with sqlite_urls.open() as storage, serving(storage, answers=False) as service, client(service) as http:
        customer = await Customer.arrive(http)
        async with customer.listening() as events:
            await until(events, "ready")
            await customer.say(start=True)
            assert [name for name, _ in await until(events, "typing", on=True)] == ["message", "typing"]
            async with customer.listening() as later:  # a page that is opened meanwhile
                assert [name for name, _ in await until(later, "ready")] == ["message", "typing", "ready"]
                await service.start_handling()
                for stream in (events, later):
                    names = [name for name, _ in await until(stream, "typing", on=False)]
                    assert names == ["message", "message", "typing"]


async def test_closing_ends_the_streams(sqlite_urls: Urls) -> None:
    async with sqlite_urls.open() as storage, serving(storage, answers=False) as service, client(service) as http:
        customer = await Customer.arrive(http)
        async with customer.listening() as events:
            await until(events, "ready")
            await service.stop_http()
            assert [event async for event in events] == []


async def test_an_erased_customer_is_told_that_the_conversation_is_gone(urls: Urls) -> None:
    async with urls.open() as storage, serving(storage, answers=False) as service, client(service) as http:
        customer = await Customer.arrive(http)
        await customer.say(text="지워 주세요")
        async with customer.listening() as events:
            await until(events, "ready")
        await storage.keys.destroy(1)
        async with customer.listening() as events:
            assert [event async for event in events] == [("gone", {})]
        assert (await customer.post(text="아직 있나요?")).status_code == 410
