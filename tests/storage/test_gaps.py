"""Gaps: written with the message that shows them, read as long as its key lives, settled once."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
import sqlalchemy as sa

from domain.effects import Effects
from domain.gaps import GapKey, GapKind, GapsSettled, NewGap, QuestionPlace, Settling
from domain.messages import IncomingKind
from domain.work import Work
from storage.opening import Storage
from storage.tables import customers, kb_gaps
from storage.times import SECOND, from_us
from tests.storage.helpers import NOW, Decider, incoming, put, settle_all, take


async def happens(storage: Storage, changes: Mapping[str, Effects | dict[str, object]], now: int = NOW) -> None:
    """What is waiting is handled; changes: fields of its effects, by its text."""
    decide = Decider(change=lambda work, plain: replace(plain, **changes.get(work.incoming.text, {})))  # type: ignore[arg-type]
    await settle_all(storage, await take(storage, now=now), decide, now=now)


def noted(seq: int, kind: GapKind = GapKind.HANDOVER, entry: str = "", part: int = 0) -> dict[str, object]:
    return {"gaps": (NewGap(QuestionPlace(seq, part), kind, entry, 1),)}


async def rows(storage: Storage) -> list[tuple[object, ...]]:
    """Seq, part, kind, entry and how it was settled of each."""
    g = kb_gaps.c
    query = sa.select(g.seq, g.part, g.kind, g.entry, g.settled_by, g.settled_as)
    async with storage.database.read() as connection:
        found = await connection.execute(query.order_by(g.conversation_id, g.seq, g.part))
        return [tuple(row) for row in found.all()]


async def test_several_questions_of_one_message_are_kept_apart(storage: Storage) -> None:
    await put(storage, incoming("둘"))
    both = (*noted(1, part=1)["gaps"], *noted(1, GapKind.NOT_COVERED, "refund", 2)["gaps"])  # type: ignore[misc]
    await happens(storage, {"둘": {"gaps": both}})
    assert await rows(storage) == [(1, 1, "handover", "", "", ""), (1, 2, "not_covered", "refund", "", "")]


async def test_a_choice_that_is_pressed_settles_its_question_and_may_not_help_after_all(storage: Storage) -> None:
    await put(storage, incoming("하나"), incoming("둘"))
    await happens(storage, {"하나": noted(1, GapKind.CLARIFY, "coupon")})
    await happens(storage, {"둘": noted(2, GapKind.CLARIFY, "refund")})
    await put(storage, incoming("누름"))
    await happens(storage, {"누름": {"chosen": (QuestionPlace(1, 0), QuestionPlace(77, 0))}})
    second = (2, 0, "clarify", "refund", "", "")
    assert await rows(storage) == [(1, 0, "clarify", "coupon", "customer", "clicked"), second]
    for _ in range(2):
        await put(storage, incoming("도움 안 됨"))
        await happens(storage, {"도움 안 됨": noted(1, GapKind.UNHELPFUL, "points")}, NOW + SECOND)
        assert await rows(storage) == [(1, 0, "unhelpful", "points", "", ""), second]


async def test_what_an_admin_has_settled_is_not_opened_by_the_same_mark_again(storage: Storage) -> None:
    await put(storage, incoming("하나"))
    await happens(storage, {"하나": noted(1, GapKind.UNHELPFUL, "coupon")})
    await storage.gaps.settle(Settling((GapKey(1, 1, 0),), "alias:coupon"), by="bom", now=NOW)
    await put(storage, incoming("또"))
    await happens(storage, {"또": noted(1, GapKind.UNHELPFUL, "refund")})
    assert await rows(storage) == [(1, 0, "unhelpful", "coupon", "bom", "alias:coupon")]


async def test_a_place_where_the_customer_asked_nothing_is_not_kept(storage: Storage) -> None:
    await put(storage, incoming("하나"))
    await happens(storage, {})
    await put(storage, replace(incoming("누름"), kind=IncomingKind.BUTTON))
    for seq in (2, 3, 99):  # what the bot said, a press, nothing at all
        await put(storage, incoming(f"표시 {seq}"))
        await happens(storage, {f"표시 {seq}": noted(seq, GapKind.UNHELPFUL)})
    assert await rows(storage) == []


async def test_an_edited_question_takes_the_place_of_the_one_before(storage: Storage) -> None:
    await put(storage, replace(incoming("처음"), ref="m1"), replace(incoming("다른 것"), ref="m2"))
    await happens(storage, {"처음": noted(1)})
    await happens(storage, {"다른 것": noted(2)})
    await put(storage, replace(incoming("고침"), ref="m1", kind=IncomingKind.EDIT))
    await happens(storage, {"고침": noted(5) | {"asked_anew": True}})
    assert await rows(storage) == [
        (1, 0, "handover", "", "customer", "edited"),
        (2, 0, "handover", "", "", ""),
        (5, 0, "handover", "", "", ""),
    ]


async def test_a_decision_that_fails_notes_nothing(storage: Storage) -> None:
    await put(storage, incoming("하나"), incoming("터짐", address="2"))

    def breaks(work: Work, plain: Effects) -> Effects:
        if work.incoming.text == "터짐":
            raise ZeroDivisionError
        return replace(plain, **noted(1))  # type: ignore[arg-type]

    with pytest.raises(ZeroDivisionError):
        await settle_all(storage, await take(storage), Decider(change=breaks))
    assert await rows(storage) == []


async def three(storage: Storage) -> list[GapKey]:
    """A second apart, of three customers."""
    for n, kind in enumerate((GapKind.HANDOVER, GapKind.CLARIFY, GapKind.HANDOVER)):
        await put(storage, incoming(f"질문 {n}", address=str(n)))
        await happens(storage, {f"질문 {n}": noted(1, kind, f"e{n}")}, NOW + n * SECOND)
    return [gap.key for gap in reversed(await storage.gaps.open())]


async def test_open_gaps_are_read_newest_first_and_narrowed_down(storage: Storage) -> None:
    keys = await three(storage)
    assert [str(key) for key in keys] == ["1.1.0", "2.1.0", "3.1.0"]
    sealed = await storage.gaps.open()
    assert storage.gaps.texts(sealed) == ["질문 2", "질문 1", "질문 0"]
    assert [gap.entry for gap in await storage.gaps.open([GapKind.HANDOVER])] == ["e2", "e0"]
    assert [gap.entry for gap in await storage.gaps.open(since=from_us(NOW + SECOND))] == ["e2", "e1"]
    assert [gap.entry for gap in await storage.gaps.open(most=1)] == ["e2"]
    assert [gap.at for gap in await storage.gaps.open(most=1)] == [from_us(NOW + 2 * SECOND)]


async def test_a_destroyed_key_takes_the_words_with_it(storage: Storage) -> None:
    await three(storage)
    async with storage.database.read() as connection:
        ids = (await connection.execute(sa.select(customers.c.key_id).order_by(customers.c.id))).scalars().all()
    before = await storage.gaps.open()
    await storage.keys.destroy(ids[1])
    assert [gap.entry for gap in await storage.gaps.open()] == ["e2", "e0"]
    assert storage.gaps.texts(before) == ["질문 2", "", "질문 0"]


async def test_gaps_are_settled_once_and_by_one(storage: Storage) -> None:
    keys = await three(storage)
    one, two = Settling(tuple(keys[:2]), "alias:a"), Settling(tuple(keys[1:]), "draft:b")
    assert await storage.gaps.settle(one, by="bom", now=NOW) == 2
    assert await storage.gaps.settle(two, by="garam", now=NOW) == 1
    for settling in (one, two):
        with pytest.raises(GapsSettled, match="다른 관리자"):
            await storage.gaps.settle(settling, by="bom", now=NOW)
    assert await storage.gaps.settled([*keys, GapKey(9, 9, 9)]) == {
        keys[0]: ("bom", "alias:a"),
        keys[1]: ("bom", "alias:a"),
        keys[2]: ("garam", "draft:b"),
    }
    assert await storage.gaps.open() == []


async def test_of_two_who_settle_at_once_one_does(storage: Storage) -> None:
    keys = await three(storage)
    forth, back = Settling(tuple(keys), "alias:a"), Settling(tuple(reversed(keys)), "alias:b")
    settled = [storage.gaps.settle(s, by=by, now=NOW) for s, by in ((forth, "bom"), (back, "garam"))]
    done = await asyncio.gather(*settled, return_exceptions=True)
    assert sorted(map(str, done)) == ["3", str(GapsSettled())]
    assert len(set((await storage.gaps.settled(keys)).values())) == 1


@pytest.mark.parametrize("text", ["", "1.2", "1.2.3.4", "1.2.x", "-1.2.0", "1.²2.0", "1" * 19 + ".1.0"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no question"):
        GapKey.of(text)
    assert GapKey.of("1.2.0") == GapKey(1, 2, 0)
