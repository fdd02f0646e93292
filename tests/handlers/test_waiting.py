"""What a customer who waits is told, and what the agent reads of what came before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.conversation import Owner
from domain.desk_plan import DeskPlan, read_skills
from domain.effects import Effects
from domain.hours import BusinessHours, read_hours
from domain.messages import Author, IncomingKind, LoggedMessage, Source
from domain.queue import NeedsQueue, Queue, Waiting
from handlers.entrance import handle
from handlers.expectations import moment, outlook, roughly
from handlers.summary import summary
from tests.handlers.making import INTRODUCED, NOW, TEXTS, turn

WAITS = replace(INTRODUCED, waiting_case="260303-000001", waiting_told=True)


def says(text: str, **known: object) -> Effects:
    return handle(turn(IncomingKind.TEXT, text, owner=Owner.QUEUE, state=WAITS, **known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "급해요",
        "오늘까지 받아야 해요",
        "빨리 좀 부탁드려요",
        "내일 전까지 답 주세요",
        "지금 바로 확인해 주세요",
        "시급합니다",
    ],
)
def test_words_of_urgency_mark_who_waits(text: str) -> None:
    effects = says(text)
    assert effects.urgent
    assert effects.state.urgent


@pytest.mark.parametrize(
    "text", ["급여는 언제 나오나요", "어제까지는 괜찮았어요", "천천히 하셔도 됩니다", "오늘 주문했어요"]
)
def test_other_words_are_not_urgent(text: str) -> None:
    assert not says(text).urgent


@pytest.mark.parametrize(
    "text",
    [
        "얼마나 기다려요",
        "얼마나 더 걸리나요?",
        "제 앞에 몇 명이에요",
        "제 차례는요",
        "대기 순번 알려 주세요",
        "상담원은 언제 와요",
    ],
)
def test_the_place_is_told_whenever_it_is_asked_for(text: str) -> None:
    ahead = Waiting(9, urgent=False, entered=NOW - timedelta(hours=1))
    queue = Queue((ahead, Waiting(1, urgent=False, entered=NOW)), timedelta(minutes=7))
    (said,) = says(text, queue=queue).outgoing
    assert "지금 2번째로" in said.text
    assert said.text.endswith("요즘은 첫 답변까지 보통 10분쯤 걸립니다.")


@pytest.mark.parametrize("text", ["언제 배송되나요", "환불은 며칠 걸려요", "몇 개까지 살 수 있나요", "고맙습니다"])
def test_other_questions_are_left_to_the_person(text: str) -> None:
    assert says(text).outgoing == ()


def test_without_the_queue_the_decision_asks_for_it() -> None:
    with pytest.raises(NeedsQueue):
        handle(turn(IncomingKind.BUTTON, button="agent:connect", queue=None))


def test_urgent_ones_are_ahead_and_a_place_is_counted_among_equals() -> None:
    queue = Queue((), None).joined(Waiting(1, urgent=False, entered=NOW))
    queue = queue.joined(Waiting(2, urgent=True, entered=NOW + timedelta(minutes=5)))
    assert [one.conversation_id for one in queue.waiting] == [2, 1]
    assert (queue.place(1, urgent=False), queue.place(3, urgent=False), queue.place(3, urgent=True)) == (2, 3, 2)


def test_what_is_promised_is_never_shorter_than_it_took() -> None:
    told = [
        (1, "5분쯤"),
        (5, "5분쯤"),
        (6, "10분쯤"),
        (31, "45분쯤"),
        (60, "1시간쯤"),
        (61, "2시간쯤"),
        (541, "하루 넘게"),
    ]
    assert [(minutes, roughly(timedelta(minutes=minutes))) for minutes, _ in told] == told
    assert roughly(timedelta(minutes=5, seconds=1)) == "10분쯤"


def test_outside_the_hours_only_the_return_is_told() -> None:
    hours = read_hours("mon-fri 09:00-18:00")
    evening = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)  # 19:00 in Seoul, a Tuesday
    queue = Queue((), timedelta(minutes=5))
    assert outlook(TEXTS, hours, queue, evening) == [TEXTS("agent.closed_until", when="내일 09:00")]
    assert outlook(TEXTS, hours, queue, datetime(2026, 3, 3, 1, 0, tzinfo=UTC)) == [TEXTS("agent.usual", time="5분쯤")]
    assert outlook(TEXTS, BusinessHours(((),) * 7), queue, evening) == [TEXTS("agent.closed")]
    assert moment(datetime(2026, 3, 6, 0, 0, tzinfo=UTC), evening) == "3월 6일(금) 09:00"


def test_who_should_take_it_follows_from_reason_and_entry() -> None:
    plan = DeskPlan(skills=read_skills("개인정보: deletion access*; 급한 일: set_aside"))
    assert plan.escalate("asked", "access_how", NOW, urgent=False).skill == "개인정보"
    assert plan.escalate("set_aside", "", NOW, urgent=False).skill == "급한 일"
    assert plan.escalate("asked", "delivery", NOW, urgent=False).skill == ""
    with pytest.raises(ValueError, match="must look like"):
        read_skills("개인정보")


def test_the_summary_is_the_transcripts_own_words() -> None:
    def said(seq: int, author: Author, kind: str, text: str, cited: str = "") -> LoggedMessage:
        return LoggedMessage(seq, author, kind, NOW, text, source=Source(cited, "x", 1) if cited else None)

    log = [
        said(1, Author.CUSTOMER, "text", "지난번 문의입니다"),
        said(2, Author.AGENT, "text", "상담을 마쳤습니다"),
        said(3, Author.CUSTOMER, "start", ""),
        said(4, Author.CUSTOMER, "text", "/agent"),
        said(5, Author.CUSTOMER, "text", "배송은\n언제 오나요"),
        said(6, Author.BOT, "text", "사흘 안에 옵니다.", "이용약관 제3조 · 제1판"),
        said(7, Author.CUSTOMER, "button", "도움이 안 됐어요"),
        said(8, Author.CUSTOMER, "text", "가" * 300),
    ]
    first, second = summary(log)
    assert (first.question, first.answers) == (
        "배송은 언제 오나요",
        ("이용약관 제3조 · 제1판", "‘도움이 안 됐어요’ 누름"),
    )
    assert (len(second.question), second.answers) == (120, ())
