"""An admin runs the knowledge base from a messenger: on both engines, over Incoming and Outgoing as every channel has
them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.engine.guide import Door, Guide, load_guide_texts
from bot.engine.workshop import Workshop
from domain.editing import EntryState
from domain.messages import Attachment, Incoming, IncomingKind, Outgoing
from domain.staff import Role
from storage.kb_rows import DRAFT
from storage.opening import Storage
from storage.staff import TELEGRAM
from tests.dialogues.stage import Hands
from tests.knowledge.conftest import ADMIN
from tests.knowledge.test_publishing import DELIVERY, REFUND

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEXTS = load_guide_texts()


@dataclass
class Person:
    """Somebody in a private chat with the bot. seen: the last answer; None where the bot took it for a customer's."""

    door: Door
    user: str
    clock: Hands
    orders: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    seen: tuple[Outgoing, ...] | None = ()
    last: Incoming | None = None

    async def say(self, text: str) -> str:
        return await self._give(self._incoming(IncomingKind.TEXT, text=text))

    async def press(self, label: str) -> str:
        """Press a button of what was said last, by its label."""
        return await self.push(self.data(label))

    def data(self, label: str) -> str:
        """Of the button that has the label."""
        (found,) = [b.data for m in self.seen or () for row in m.buttons for b in row if b.label == label]
        return found

    async def push(self, data: str) -> str:
        return await self._give(self._incoming(IncomingKind.BUTTON, button=data))

    async def again(self) -> str:
        """The platform brings the last message once more."""
        assert self.last is not None
        return await self._give(self.last)

    async def send(self, kind: IncomingKind, text: str = "", *attachments: Attachment) -> str:
        return await self._give(self._incoming(kind, text=text, attachments=attachments))

    def _incoming(self, kind: IncomingKind, **fields: object) -> Incoming:
        order = next(self.orders)
        made = {"channel": "telegram", "platform_id": str(order), "address": self.user, "kind": kind, "order": order}
        return Incoming(at=self.clock(), **made, **fields)  # type: ignore[arg-type]

    async def _give(self, incoming: Incoming) -> str:
        self.last = incoming
        taken = await self.door.take(self.user, incoming)
        if taken is None:
            self.seen = None
            return ""
        self.seen = taken.said
        if taken.later is not None:
            self.seen = await taken.later()
        return self.words

    @property
    def words(self) -> str:
        return "\n".join(message.text for message in self.seen or ())

    @property
    def labels(self) -> list[str]:
        return [b.label for m in self.seen or () for row in m.buttons for b in row]


class House:
    """Delivery and refund are published; people join the bot's chat."""

    def __init__(self, storage: Storage, workshop: Workshop) -> None:
        self.storage, self.workshop, self.clock = storage, workshop, Hands(NOW)
        self._users = itertools.count(7001)

    async def person(self, name: str, role: Role | None = Role.ADMIN) -> Person:
        """role None: a customer."""
        user = str(next(self._users))
        if role is not None:
            staff = await self.storage.accounts.add(name, name, role)
            code = f"ABCDEF{user}"
            await self.storage.accounts.new_link(TELEGRAM, staff.id, code, 600 * 10**6)
            assert await self.storage.accounts.join_telegram(code, user) == staff
        return Person(self.door(), user, self.clock)

    def door(self) -> Door:
        return Door(self.storage, Guide(self.workshop, TEXTS), self.clock)

    async def text(self, entry: str) -> str:
        return (await self.workshop.editing.entry(ADMIN, entry)).text

    async def states(self) -> dict[str, EntryState]:
        return {row.entry.id: row.state for row in await self.workshop.editing.rows(ADMIN)}


@pytest.fixture
async def house(storage: Storage, workshop: Workshop) -> House:
    await workshop.editing.put_in(ADMIN, {"delivery.md": DELIVERY, "refund.md": REFUND}, merge=False)
    await workshop.publishing.publish(ADMIN)
    return House(storage, workshop)


async def test_from_finding_an_entry_to_a_version_and_back(house: House) -> None:
    admin = await house.person("haneul")
    assert "제1판" in await admin.say("/kb")
    assert "1개 중" in await admin.say("이레")
    shown = await admin.press("환불")
    assert shown.startswith("환불은 이레 안에 합니다.\n\n정책 제2조")  # as the customer will read it
    assert "이레" in await admin.press("본문")
    assert "환불은 열흘 안에 합니다." in await admin.say("환불은 열흘 안에 합니다.")
    await admin.press("다른 표현 추가")
    assert "다른 표현 3개" in await admin.say("돈을 언제 받나요\n환불이 안 와요")
    await admin.press("회귀 질문 추가")
    assert "회귀 질문 2개" in await admin.say("환불 기한이 궁금해요")
    await admin.press("처음으로")
    assert "변경 1개" in admin.words
    assert "회귀 질문 3개: 틀리게 됨 0개" in await admin.press("확인")
    assert "게시할까요" in await admin.press("게시")
    assert "제2판을 게시했습니다" in await admin.press("예")
    assert (await house.storage.knowledge.history())[0].published_by == "haneul"
    assert await house.text("refund") == (await house.storage.knowledge.texts(2))["refund"]
    assert "제2판" in await admin.press("판 이력")
    assert "제1판의 내용을" in await admin.press("제1판으로")
    assert "제1판의 내용을 제3판으로 게시했습니다" in await admin.press("예")
    assert await house.text("refund") == REFUND
    await admin.press("끝내기")
    assert await admin.say("이레") == ""
    assert admin.seen is None


@pytest.mark.parametrize(
    ("button", "sent", "wanted"),
    [
        ("제목", "환불 기한", "title: 환불 기한"),
        ("본문 이어 쓰기", "주말은 빼고 셉니다.", "환불은 이레 안에 합니다.\n\n주말은 빼고 셉니다.\n"),
        ("문서와 조항", "이용 약관\n제7조", "document: 이용 약관\nclause: 제7조"),
        ("시행일", "2026-12-01", "effective: 2026-12-01"),
        ("동작", "contact_agent", "action: contact_agent"),
    ],
)
async def test_each_part_is_changed_alone(house: House, button: str, sent: str, wanted: str) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.say("이레")
    await admin.press("환불")
    await admin.press(button)
    await admin.say(sent)
    assert wanted in await house.text("refund")
    before = await house.text("refund")
    await admin.again()
    assert await house.text("refund") == before


async def test_parts_are_taken_away(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.say("이레")
    await admin.press("환불")
    await admin.press("다른 표현 삭제")
    assert "다른 표현 0개" in await admin.press("돈을 돌려받고 싶어요")
    await admin.press("회귀 질문 삭제")
    assert "회귀 질문 0개" in await admin.press("환불은 어떻게 받나요?")
    await admin.press("종류")
    assert "종류: 정책에 없음" in await admin.press("정책에 없음")
    await admin.press("문서와 조항")
    await admin.say("없음")
    assert "document" not in await house.text("refund")
    await admin.press("되돌리기")
    await admin.press("예")
    assert await house.text("refund") == REFUND
    await admin.press("삭제")
    assert "초안에서 삭제할까요" in admin.words
    await admin.press("아니요")
    assert (await house.states())["refund"] is EntryState.UNCHANGED
    await admin.press("삭제")
    await admin.press("예")
    assert (await house.states())["refund"] is EntryState.REMOVED
    await admin.press("되돌리기")
    await admin.press("예")
    assert (await house.states())["refund"] is EntryState.UNCHANGED


@pytest.mark.parametrize(
    ("button", "sent", "told"),
    [
        ("다른 표현 추가", "택배는 언제 오나요", "'delivery'에도 있습니다"),
        ("제목", "두\n줄", "한 줄로"),
        ("문서와 조항", "약관", "두 줄로"),
        ("문서와 조항", "약관\n제0조", "없는 조항 번호"),
        ("시행일", "내일", "날짜가 아닙니다"),
        ("본문", "   ", "빈 글"),
    ],
)
async def test_what_is_wrong_is_said_and_asked_for_again(house: House, button: str, sent: str, told: str) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.say("이레")
    await admin.press("환불")
    await admin.press(button)
    assert told in await admin.say(sent)
    assert await house.text("refund") == REFUND
    await admin.press("항목으로")
    await admin.press("제목")
    await admin.say("환불 안내")
    assert "title: 환불 안내" in await house.text("refund")


async def test_a_new_entry_is_made_once_however_often_its_text_comes(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.press("새 항목")
    await admin.say("회원 등급 혜택")
    await admin.press("답변")
    assert "고객이 읽을 본문" in admin.words
    made = await admin.say("등급이 높을수록 할인율이 높습니다.")
    assert "회원_등급_혜택" in made
    assert await admin.again() == made
    assert (await house.states())["회원_등급_혜택"] is EntryState.ADDED
    await admin.press("처음으로")
    await admin.press("새 항목")
    assert "회원_등급_혜택_2" not in admin.words
    await admin.say("회원 등급 혜택")
    await admin.press("답변")
    await admin.say("다른 글입니다.")
    assert len(await house.states()) == 4
    assert (
        "회원 등급 혜택 (새로 추가)" in (await admin.press("처음으로"), await admin.press("바뀐 항목"), admin.labels)[2]
    )


async def test_a_message_that_comes_twice_is_done_once(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.say("이레")
    first = await admin.press("환불")
    assert await admin.again() == first
    await admin.press("본문 이어 쓰기")
    await admin.say("더 씁니다.")
    await admin.again()
    assert (await house.text("refund")).count("더 씁니다.") == 1


async def test_old_and_doubled_buttons_show_the_present_screen(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.say("이레")
    old = admin.data("환불")
    await admin.press("환불")
    assert TEXTS("guide.old_button") in await admin.push(old)
    assert "무엇을 고칠까요" in admin.words
    await admin.press("제목")  # the buttons of the screen that was shown again work
    assert TEXTS("guide.old_button") in await admin.push(old)
    assert "새 제목을" in admin.words
    await admin.say("환불 안내")
    await admin.press("처음으로")
    await admin.press("게시")
    yes = admin.data("예")
    await admin.push(yes)
    await admin.push(yes)
    assert len(await house.storage.knowledge.history()) == 2
    for forged in ("kb:", "kb:zz:yes", "kb:1:drop_tables", "kb:-1:menu", "kb:ffffff:open:9"):
        assert TEXTS("guide.old_button") in await admin.push(forged)


async def test_somebody_else_was_first_and_nothing_is_lost(house: House) -> None:
    one, two = await house.person("haneul"), await house.person("bada")
    for admin in (one, two):
        await admin.say("/kb")
        await admin.say("이레")
        await admin.press("환불")
        await admin.press("본문")
    await one.say("환불은 열흘 안에 합니다.")
    told = await two.say("환불은 보름 안에 합니다.")
    assert "haneul 님이 먼저 고쳤습니다" in told
    assert "열흘" in told
    assert "열흘" in await house.text("refund")
    mine = two.data("보내신 글로 바꾸기")
    assert TEXTS("guide.pick") in await two.say("아무 말")
    await two.push(mine)
    assert "보름" in await house.text("refund")
    await one.press("다른 표현 추가")  # what is added to stands beside what others change
    await one.say("환불 기한")
    assert "보름" in await house.text("refund")
    assert "환불 기한" in await house.text("refund")
    await two.press("본문")
    await one.press("삭제")
    await one.press("예")
    told = await two.say("환불은 하루 안에 합니다.")
    assert "삭제되었습니다" in told
    assert "환불은 하루 안에 합니다." in told


async def test_the_place_is_kept_when_the_program_starts_anew(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.say("이레")
    await admin.press("환불")
    await admin.press("제목")
    admin.door = house.door()
    await admin.say("환불 안내")
    assert "title: 환불 안내" in await house.text("refund")


async def test_a_question_is_tried_on_both(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.say("이레")
    await admin.press("환불")
    await admin.press("질문 시험")
    told = await admin.say("돈을 돌려받고 싶어요")
    assert told.startswith("초안: 답변 refund (")
    assert "게시된 판: 답변 refund (" in told
    await admin.say("배송은요?")  # one after the other
    assert "게시된 판:" in admin.words


async def test_a_broken_question_asks_for_a_reason(house: House) -> None:
    taken = DELIVERY.replace("택배는 언제 오나요", "환불은 어떻게 받나요").replace("배송", "환불 받는 방법")
    emptied = (
        "---\nid: refund\ntitle: 기타\nkind: answer\nquestions:\n  - 환불은 어떻게 받나요?\n---\n그 밖의 안내입니다.\n"
    )
    files = {"delivery.md": taken, "refund.md": emptied}
    await house.workshop.editing.put_in(ADMIN, files, merge=False)
    admin = await house.person("haneul")
    await admin.say("/kb")
    await admin.press("게시")
    told = await admin.press("예")
    assert "- 환불은 어떻게 받나요? (refund → delivery)" in told
    assert "이유를 적어" in told
    assert "제2판을 게시했습니다" in await admin.say("문구를 옮겼습니다")
    assert "문구를 옮겼습니다" in (await house.storage.knowledge.history())[0].note


async def test_two_admins_hand_in_and_approve(house: House) -> None:
    one, two = await house.person("haneul"), await house.person("bada")
    await one.say("/kb")
    await one.say("이레")
    await one.press("환불")
    await one.press("제목")
    await one.say("환불 안내")
    await one.press("처음으로")
    await one.press("제출")
    assert "haneul 님이 제출한" in await one.say("제목을 고쳤습니다")
    assert "자신이 고치거나 제출한" in await one.press("승인")
    assert "haneul 님이 제출한" in await two.say("/kb")
    await two.press("돌려보내기")
    assert "bada 님이 초안을 돌려보냈습니다: 더 짧게" in await two.say("더 짧게")
    await one.say("/kb")
    await one.press("제출")
    await one.press("메모 없이 제출")
    await two.say("/kb")
    assert "bada 님이 초안을 승인했습니다" in await two.press("승인")
    await two.press("게시")
    await two.press("예")
    assert (await house.storage.knowledge.history())[0].approved_by == "bada"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_other_staff_are_refused(house: House, role: Role) -> None:
    person = await house.person("noeul", role)
    assert await person.say("/kb") == TEXTS("guide.not_admin")
    assert await person.say("환불은요?") == ""
    assert await person.push("kb:1:publish") == TEXTS("guide.not_admin")
    assert (await house.storage.knowledge.latest()).version == 1  # type: ignore[union-attr]


async def test_customers_are_customers(house: House) -> None:
    customer = await house.person("", None)
    for text in ("/kb", "/cancel", "환불은요?"):
        await customer.say(text)
        assert customer.seen is None
    await customer.push("kb:1:publish")
    assert customer.seen is None


async def test_an_admin_is_a_customer_until_the_command_and_after_an_hour(house: House) -> None:
    admin = await house.person("haneul")
    for text in ("환불은요?", "/cancel", "/help"):
        await admin.say(text)
        assert admin.seen is None
    await admin.say("/kb@shop_bot")
    assert "항목이 없습니다" in await admin.say("제주도")
    await admin.say("/help")
    assert admin.seen is None
    assert "제1판" in await admin.say("/cancel")
    house.clock.at += timedelta(minutes=61)
    await admin.say("환불은요?")
    assert admin.seen is None
    await admin.send(IncomingKind.BLOCKED)
    assert admin.seen is None
    assert "제1판" in await admin.say("/kb")


async def test_what_is_no_text_is_asked_for_as_text(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    assert await admin.send(IncomingKind.ATTACHMENT, "", Attachment("photo", "x")) == TEXTS("guide.only_text")
    assert await admin.send(IncomingKind.EDIT, "이레") == TEXTS("guide.edited")
    await admin.say("이레")
    await admin.press("환불")
    await admin.press("본문 이어 쓰기")
    told = await admin.say("예: 900101-1234568")
    assert told.startswith(TEXTS("guide.redacted"))
    assert "1234568" not in await house.text("refund")


async def test_who_is_disabled_is_a_customer_at_once(house: House) -> None:
    admin = await house.person("haneul")
    await admin.say("/kb")
    await house.storage.accounts.disable("haneul")
    await admin.say("이레")
    assert admin.seen is None


async def test_long_lists_have_pages(house: House) -> None:
    files = {f"{n}.md": f"---\nid: e{n:02d}\ntitle: 쿠폰 {n}\nkind: answer\n---\n쿠폰 안내 {n}\n" for n in range(8)}
    await house.workshop.editing.put_in(ADMIN, files, merge=True)
    admin = await house.person("haneul")
    await admin.say("/kb")
    assert "8개 중 1~6번째" in await admin.say("쿠폰")
    assert "8개 중 7~8번째" in await admin.press("더 보기")
    assert "쿠폰 안내 7" in await admin.press("쿠폰 7 (새로 추가)")
    assert set(await house.storage.knowledge.texts(DRAFT)) >= {"e00", "e07"}


def test_what_is_said_is_in_one_tone() -> None:
    for key in TEXTS.keys:
        for sentence in TEXTS(key).replace("\n", " ").split(". "):
            words = sentence.strip().rstrip(".")
            if key.startswith("guide.") and words.endswith(("요", "다")):
                assert words.endswith(("니다", "세요", "까요")), key
