"""What is missing, and what admins make of it: on both engines."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.engine.gaps import MOST_REASON, distinct, proposed, words_of
from bot.engine.workshop import Workshop
from domain.editing import EditRefused
from domain.errors import ContentError
from domain.gaps import GapGroup, GapKey, GapKind, GapsSettled, NewGap, QuestionPlace
from domain.staff import Role, Staff
from knowledge.files import dump
from storage.ledger import rows as ledger_rows
from storage.ledger import verify
from storage.opening import Storage
from storage.tables import customers, kb_gaps
from storage.times import SECOND, from_us
from tests.knowledge.test_publishing import DELIVERY, REFUND
from tests.storage.helpers import NOW, Decider, incoming, put, settle_all, take

ASKED = {
    "1": ("해외 배송 되나요", GapKind.HANDOVER, ""),
    "2": ("해외배송되나요", GapKind.CLARIFY, "delivery"),
    "3": ("혹시 해외 배송도 되나요?", GapKind.UNHELPFUL, "delivery"),
    "4": ("세금계산서 발행해 주세요", GapKind.HANDOVER, "refund"),
}


async def ask(storage: Storage, address: str, text: str, kind: GapKind, entry: str, part: int = 0) -> None:
    """A second after the one before."""
    now = NOW + int(address) * SECOND
    (receipt,), _ = await put(storage, incoming(text, address=address), now=now)
    gap = NewGap(QuestionPlace(receipt.seq, part), kind, entry, 1)
    decide = Decider(lambda _: [], lambda _, plain: replace(plain, gaps=(gap,)))
    await settle_all(storage, await take(storage, now=now), decide, now=now)


@pytest.fixture
async def asked(workshop: Workshop, storage: Storage, admin: Staff) -> Workshop:
    """Delivery and refund are in the draft; four customers asked in vain."""
    await workshop.editing.put_in(admin, {"delivery.md": DELIVERY, "refund.md": REFUND}, merge=False)
    for address, (text, kind, entry) in ASKED.items():
        await ask(storage, address, text, kind, entry)
    return workshop


@pytest.fixture
async def admin(storage: Storage) -> Staff:
    return await storage.accounts.add("bom", "봄", Role.ADMIN)


@pytest.fixture
async def other(storage: Storage) -> Staff:
    return await storage.accounts.add("garam", "가람", Role.ADMIN)


async def groups(workshop: Workshop, admin: Staff) -> tuple[GapGroup, ...]:
    return (await workshop.gaps.groups(admin, "127.0.0.1")).groups


async def open_gaps(storage: Storage) -> int:
    query = sa.select(sa.func.count()).where(kb_gaps.c.settled_at.is_(None))
    async with storage.database.read() as connection:
        return (await connection.execute(query)).scalar_one()


async def test_questions_of_one_meaning_stand_together_with_what_is_known_of_them(
    asked: Workshop, admin: Staff
) -> None:
    view = await asked.gaps.groups(admin, "127.0.0.1")
    assert (view.questions, view.more) == (4, False)
    shipping, invoice = view.groups
    assert {gap.text for gap in shipping.gaps} == {ASKED[n][0] for n in "123"}
    assert shipping.label == shipping.gaps[0].text
    assert (shipping.id, shipping.customers) == ("1.1.0", 3)
    assert shipping.kinds == {GapKind.HANDOVER: 1, GapKind.CLARIFY: 1, GapKind.UNHELPFUL: 1}
    assert shipping.entries == {"delivery": 2}
    assert (shipping.oldest, shipping.newest) == (from_us(NOW + SECOND), from_us(NOW + 3 * SECOND))
    assert (invoice.label, invoice.entries) == ("세금계산서 발행해 주세요", {"refund": 1})


async def test_the_list_is_narrowed_down_and_the_most_asked_stands_first(asked: Workshop, admin: Staff) -> None:
    found = await asked.gaps.groups(admin, "127.0.0.1", kinds=[GapKind.HANDOVER])
    assert [g.label for g in found.groups] == ["세금계산서 발행해 주세요", "해외 배송 되나요"]  # of equals the newest
    since = from_us(NOW + 3 * SECOND)
    assert (await asked.gaps.groups(admin, "127.0.0.1", since=since)).questions == 2
    later = await asked.gaps.groups(admin, "127.0.0.1", since=since + timedelta(days=1))
    assert (later.groups, later.questions) == ((), 0)


async def test_each_look_is_written_down(asked: Workshop, storage: Storage, admin: Staff) -> None:
    for _ in range(2):
        await groups(asked, admin)
    looks = await storage.access_log.rows()
    assert [(look.what, look.name, look.place, look.customer_id) for look in looks] == [
        ("gaps.read", "bom", "127.0.0.1", None)
    ] * 2
    await asked.gaps.groups(Staff(0, "root", "root", Role.ADMIN), "command line")
    assert [r.subject async for r in ledger_rows(storage.database) if r.event == "gaps.read"] == ["system/root"]
    assert await verify(storage.database, storage.hashes) == []
    assert await storage.access_log.broken() == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_nobody_but_an_admin_reads_or_settles(asked: Workshop, storage: Storage, role: Role) -> None:
    person = await storage.accounts.add("nae", "내", role)
    key = [GapKey(1, 1, 0)]
    for refused in (
        asked.gaps.groups(person, "127.0.0.1"),
        asked.gaps.make_alias(person, key, "delivery", ["해외 배송"]),
        asked.gaps.make_question(person, key, "delivery", ["해외 배송"]),
        asked.gaps.make_draft(person, key, DELIVERY.replace("delivery", "overseas")),
        asked.gaps.dismiss(person, key, "장난"),
    ):
        with pytest.raises(EditRefused, match="관리자만"):
            await refused
    assert await open_gaps(storage) == 4
    assert await storage.access_log.rows() == []


async def test_an_erased_customer_is_in_no_group(asked: Workshop, storage: Storage, admin: Staff) -> None:
    assert (await groups(asked, admin))[0].customers == 3
    async with storage.database.read() as connection:
        ids = (await connection.execute(sa.select(customers.c.key_id).order_by(customers.c.id))).scalars().all()
    await storage.keys.destroy(ids[0])
    shipping = (await groups(asked, admin))[0]
    assert (shipping.customers, shipping.id) == (2, "2.1.0")
    assert "해외 배송 되나요" not in [gap.text for gap in shipping.gaps]


async def test_only_the_question_that_was_not_answered_is_read(asked: Workshop, storage: Storage, admin: Staff) -> None:
    await ask(storage, "5", "배송은 며칠 걸려요? 그리고 선물 포장 되나요?", GapKind.NOT_COVERED, "gift", part=2)
    assert "선물 포장 되나요?" in [group.label for group in await groups(asked, admin)]


async def test_an_alias_is_added_and_settles_its_questions_in_the_same_step(
    asked: Workshop, storage: Storage, admin: Staff
) -> None:
    shipping = (await groups(asked, admin))[0]
    for _ in range(2):  # a press that came twice
        texts = [" 해외로도  배송하나요 ", "택배는 언제 오나요?"]
        made = await asked.gaps.make_alias(admin, shipping.keys, "delivery", texts)
        assert made.entry.aliases == ("택배는 언제 오나요", "해외로도 배송하나요")
        assert len(made.edits) == 2
    assert await storage.gaps.settled(shipping.keys) == dict.fromkeys(shipping.keys, ("bom", "alias:delivery"))
    assert [group.label for group in await groups(asked, admin)] == ["세금계산서 발행해 주세요"]


async def test_a_regression_question_is_added(asked: Workshop, admin: Staff) -> None:
    invoice = (await groups(asked, admin))[1]
    made = await asked.gaps.make_question(admin, invoice.keys, "refund", ["세금계산서 주세요"])
    assert made.entry.questions == ("환불은 어떻게 받나요?", "세금계산서 주세요")


async def test_what_the_checks_refuse_settles_nothing(asked: Workshop, storage: Storage, admin: Staff) -> None:
    shipping, invoice = await groups(asked, admin)
    with pytest.raises(ContentError):
        await asked.gaps.make_alias(admin, shipping.keys, "delivery", ["돈을 돌려받고 싶어요"])  # another entry's
    for texts in ([], ["  "], ["배송", ""]):
        with pytest.raises(EditRefused, match="질문을 적어"):
            await asked.gaps.make_alias(admin, shipping.keys, "delivery", texts)
    with pytest.raises(EditRefused, match="골라"):
        await asked.gaps.make_alias(admin, [], "delivery", ["해외 배송"])
    with pytest.raises(EditRefused, match="항목이 없습니다"):
        await asked.gaps.make_alias(admin, shipping.keys, "overseas", ["해외 배송"])
    with pytest.raises(ContentError):  # its body is for the admin to write
        await asked.gaps.make_draft(admin, shipping.keys, dump(proposed(shipping)))
    with pytest.raises(ContentError, match="delivery"):
        await asked.gaps.make_draft(admin, invoice.keys, DELIVERY.replace("사흘", "나흘"))
    for reason in ("", "  ", "가" * (MOST_REASON + 1)):
        with pytest.raises(EditRefused, match="이유"):
            await asked.gaps.dismiss(admin, shipping.keys, reason)
    assert await open_gaps(storage) == 4
    assert (await asked.editing.entry(admin, "delivery")).text == DELIVERY


async def test_an_entry_that_left_the_draft_takes_no_alias(asked: Workshop, admin: Staff) -> None:
    await asked.publishing.publish(admin)
    shipping = (await groups(asked, admin))[0]
    await asked.editing.remove(admin, "delivery", based_on=(await asked.editing.entry(admin, "delivery")).etag)
    with pytest.raises(EditRefused, match="삭제되었습니다"):
        await asked.gaps.make_alias(admin, shipping.keys, "delivery", ["해외 배송"])


async def test_a_draft_begins_with_the_groups_questions_and_holds_one_apart(
    asked: Workshop, storage: Storage, admin: Staff
) -> None:
    shipping = (await groups(asked, admin))[0]
    entry = proposed(shipping)
    assert len(distinct(shipping)) == 2  # two of the three differ in a space and in nothing else
    assert (entry.id, entry.body, len(entry.aliases), len(entry.questions)) == ("question-1-1-0", "", 1, 1)
    assert {*entry.aliases, *entry.questions} == set(distinct(shipping))
    text = dump(replace(entry, title="해외 배송", body="해외로는 배송하지 않습니다."))
    for _ in range(2):
        made = await asked.gaps.make_draft(admin, shipping.keys, text)
        assert (made.id, made.text, len(made.edits)) == ("question-1-1-0", text, 1)
    assert set((await storage.gaps.settled(shipping.keys)).values()) == {("bom", "draft:question-1-1-0")}


async def test_what_another_admin_settled_first_stays_as_it_is(
    asked: Workshop, storage: Storage, admin: Staff, other: Staff
) -> None:
    shipping = (await groups(asked, admin))[0]
    await asked.gaps.dismiss(other, shipping.keys, "  팔지 않는 곳 ")
    await asked.gaps.dismiss(other, shipping.keys, "팔지 않는 곳")
    for late in (
        asked.gaps.make_alias(admin, shipping.keys, "delivery", ["해외 배송"]),
        asked.gaps.make_draft(admin, shipping.keys, DELIVERY.replace("delivery", "overseas")),
        asked.gaps.dismiss(admin, shipping.keys, "팔지 않는 곳"),
    ):
        with pytest.raises(GapsSettled, match="다른 관리자"):
            await late
    assert set((await storage.gaps.settled(shipping.keys)).values()) == {("garam", "dismissed:팔지 않는 곳")}
    assert (await asked.editing.entry(admin, "delivery")).text == DELIVERY


async def test_questions_that_came_in_meanwhile_stay_open(asked: Workshop, storage: Storage, admin: Staff) -> None:
    seen = (await groups(asked, admin))[0]
    await ask(storage, "6", "해외 배송 되나요?", GapKind.HANDOVER, "")
    await asked.gaps.make_alias(admin, seen.keys, "delivery", ["해외로도 배송하나요"])
    assert {g.id: len(g.gaps) for g in await groups(asked, admin)} == {"5.1.0": 1, "4.1.0": 1}


@pytest.mark.parametrize(
    ("message", "part", "words"),
    [
        ("  하나만 묻습니다 ", 0, "하나만 묻습니다"),
        ("첫째예요? 둘째예요?", 0, "첫째예요? 둘째예요?"),
        ("첫째예요? 둘째예요?", 1, "첫째예요?"),
        ("첫째예요? 그리고 둘째예요?", 2, "둘째예요?"),
        ("첫째예요? 둘째예요?", 7, "첫째예요? 둘째예요?"),
        ("가" * 3_000, 0, "가" * 2_000),
    ],
)
def test_the_words_of_a_question(message: str, part: int, words: str) -> None:
    assert words_of(message, part) == words
