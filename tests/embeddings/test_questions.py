"""Questions of customers: answered with vectors, answered in time without them, and what of them leaves."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.engine.breaker import Breaker
from bot.engine.embeddings import Embeddings
from domain.consent import ConsentPurpose
from domain.conversation import Owner
from knowledge.analysis import Analyzer
from storage.opening import Storage
from tests.conftest import Urls
from tests.embeddings.process import STRANGE, TOLD, Process, process, publish
from tests.embeddings.server import Embedder

KEY = "sk-loopback-only"


@pytest.fixture
async def storage(sqlite_urls: Urls) -> AsyncIterator[Storage]:
    async with sqlite_urls.open() as opened:
        await publish(opened)
        yield opened


@pytest.fixture
async def filled(storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path) -> AsyncIterator[Process]:
    """Answers, and has all vectors of the knowledge base. What was sent for them is forgotten."""
    embedder.key = KEY
    async with process(storage, analyzer, tmp_path, embedder, embeddings_key=KEY) as one, one.answering():
        assert await one.fill()
        embedder.requests.clear()
        yield one


def with_breaker(one: Process, breaker: Breaker, consent: ConsentPurpose | None = None) -> Embeddings:
    """As the process has it, with a breaker of the test's."""
    plug, parts = one.plug, one.parts
    return Embeddings(
        plug.client,
        plug.filling,
        parts.storage.conversations,
        parts.metrics,
        seconds=0.2,
        consent=consent,
        breaker=breaker,
    )


async def test_what_words_cannot_tell_is_answered_by_vectors(filled: Process, embedder: Embedder) -> None:
    assert TOLD in await filled.say(STRANGE)
    assert embedder.texts == [STRANGE]


async def test_nothing_leaves_while_it_is_off(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    async with process(storage, analyzer, tmp_path, None) as one, one.answering():
        assert one.parts.plug is None
        assert TOLD not in await one.say(STRANGE)
    assert embedder.requests == []


async def test_nothing_customers_write_leaves_before_the_knowledge_base_is_ready(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    async with process(storage, analyzer, tmp_path, embedder) as one, one.answering():
        assert TOLD not in await one.say(STRANGE)
        assert embedder.requests == []


async def test_what_leaves_says_nothing_about_who_asks(filled: Process, embedder: Embedder) -> None:
    await filled.say("판매자에게 제 번호 010-2345-6789를 주나요? 메일은 haneul@shop.kr예요", address="비밀의 하늘")
    await filled.say("그럼 900101-1234568이나 ORD-2024-778899는요?", address="비밀의 하늘")
    sent = str(embedder.requests) + str(embedder.headers[1:])
    for private in ("2345", "haneul", "900101", "1234568", "778899", "비밀의 하늘"):
        assert private not in sent
    assert "판매자에게 제 번호 [번호]를 주나요?" in embedder.texts
    # A follow-up goes together with the question before it, which is masked as well.
    assert any(t.startswith("판매자에게") and t.endswith("[번호]는요?") for t in embedder.texts)


@pytest.mark.parametrize("owner", [Owner.QUEUE, Owner.AGENT])
async def test_what_is_said_to_a_person_does_not_leave(filled: Process, embedder: Embedder, owner: Owner) -> None:
    conversation, seq = await filled.put("안녕하세요")
    await filled.handled(conversation, seq)
    embedder.requests.clear()
    await filled.hand_to(owner, conversation)
    await filled.say(STRANGE)
    # Whoever has it is asked again just before anything is sent, whatever the claim said.
    version = (await filled.parts.librarian.live()).version
    assert await filled.plug.questions.of_messages(version, [(conversation, (STRANGE, None))]) == {}
    assert embedder.requests == []


async def test_processing_abroad_needs_the_customers_consent(
    storage: Storage, analyzer: Analyzer, embedder: Embedder, tmp_path: Path
) -> None:
    consent = {"embeddings_consent": "overseas"}
    async with process(storage, analyzer, tmp_path, embedder, **consent) as one, one.answering():
        assert await one.fill()
        embedder.requests.clear()
        assert TOLD not in await one.say(STRANGE)
        for button in ("age:adult", "first:agree", "consent:marketing_email:grant"):
            await one.say("", button=button)
        assert TOLD in await one.say("개인정보를 누구한테 넘기나요?")  # or the bot, unsure twice, would give up
        assert TOLD not in await one.say(STRANGE)
        assert TOLD in await one.say("개인정보를 누구한테 넘기나요?")
        assert embedder.requests == []
        await one.say("", button="consent:overseas:grant")
        assert TOLD in await one.say(STRANGE)
        assert TOLD not in await one.say(STRANGE, address="다른 사람")
        assert len(embedder.requests) == 1
        await one.say("", button="consent:overseas:withdraw")
        assert TOLD not in await one.say(STRANGE)
        assert len(embedder.requests) == 1


async def test_a_service_that_hangs_costs_its_time_and_then_none(filled: Process, embedder: Embedder) -> None:
    embedder.fault = "hangs"
    now = 0.0
    library = await filled.parts.librarian.live()
    questions = with_breaker(filled, Breaker(3, 2.0, 60.0, lambda: now, lambda: 0.0))
    with capture_logs() as logs:
        for _ in range(3):
            began = time.monotonic()
            assert await questions.of_questions(library.version, [(STRANGE, None)]) == {}
            assert time.monotonic() - began < 2.0
        assert len(embedder.requests) == 3
        assert await questions.of_questions(library.version, [(STRANGE, None)]) == {}
        assert len(embedder.requests) == 3
        embedder.fault = ""
        now = 2.1
        assert await questions.of_questions(library.version, [(STRANGE, None)])
        assert await questions.of_questions(library.version, [(STRANGE, None)])
    assert [line["event"] for line in logs] == [*["embeddings_failed"] * 3, "embeddings_paused", "embeddings_back"]
    assert STRANGE not in str(logs)
    assert KEY not in str(logs)


@pytest.mark.parametrize("fault", ["hangs", "500", "drops", "garbage", "nan", "dimension", "count"])
async def test_with_a_broken_service_the_words_decide_as_ever(
    filled: Process, analyzer: Analyzer, embedder: Embedder, tmp_path: Path, fault: str
) -> None:
    asked = ["개인정보를 누구한테 넘기나요?", STRANGE, "그럼 거부하면요?", "사람이랑 상담할래요"]
    async with process(filled.parts.storage, analyzer, tmp_path, None) as plain, plain.answering():
        by_words = [_timeless(await plain.say(text, address="말로만")) for text in asked]
    embedder.fault = fault
    with_fault = [_timeless(await filled.say(text, address="고장 난 채")) for text in asked]
    assert with_fault == by_words
    assert embedder.requests


def _timeless(answer: str) -> str:
    """Without the number of the case, which is drawn by lot, and the place in the queue."""
    return "\n".join(line for line in answer.splitlines() if "번호" not in line and "순서:" not in line)


async def test_many_questions_go_together_and_each_text_once(filled: Process, embedder: Embedder) -> None:
    library = await filled.parts.librarian.live()
    questions = [(f"{n}번 질문은 어떻게 되나요", None) for n in range(70)] * 2
    vectors = await filled.plug.questions.of_questions(library.version, questions)
    assert len(vectors) == 70
    assert sorted(len(r["input"]) for r in embedder.requests) == [6, 32, 32]


async def test_of_several_requests_one_that_fails_is_enough(filled: Process, embedder: Embedder) -> None:
    library = await filled.parts.librarian.live()
    embedder.fails_after = embedder.answers + 1
    questions = [(f"{n}번 질문은 어떻게 되나요", None) for n in range(70)]
    assert await filled.plug.questions.of_questions(library.version, questions) == {}


async def test_nothing_to_ask_asks_nothing(filled: Process, embedder: Embedder) -> None:
    library = await filled.parts.librarian.live()
    for questions in ([], [("", None)], [("  \n", None)]):
        assert await filled.plug.questions.of_questions(library.version, questions) == {}
    assert await filled.plug.questions.of_messages(library.version, []) == {}
    assert embedder.requests == []
    assert await filled.plug.questions.of_questions(library.version, [("\ud800 환불", "\udfff")])


async def test_a_cancelled_wait_leaves_the_service_its_good_name(filled: Process, embedder: Embedder) -> None:
    library = await filled.parts.librarian.live()
    breaker = Breaker(1, 2.0, 60.0)
    questions = with_breaker(filled, breaker)
    embedder.fault = "hangs"
    embedder.asked.clear()
    waiting = asyncio.create_task(questions.of_questions(library.version, [(STRANGE, None)]))
    await embedder.asked.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert breaker.allows()
