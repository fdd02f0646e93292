"""Handling: what is decided is written whole, by the worker whose claim still stands."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from domain.cases import CaseKind, CaseState, NewCase
from domain.consent import ConsentAct, ConsentEvent, ConsentPurpose
from domain.conversation import Age, Owner
from domain.effects import Effects, LedgerEvent
from domain.errors import Conflict
from domain.gaps import GapKind, NewGap, QuestionPlace
from domain.messages import Outgoing
from domain.work import Work
from storage.cases import all_cases
from storage.intake import Lease
from storage.ledger import rows, verify
from storage.opening import Storage
from storage.tables import cases, conversations, customers, inbox, messages, outbox
from storage.times import SECOND
from tests.storage.helpers import NOW, Decider, incoming, put, scalars, settle_all, take

DUE = datetime(2026, 3, 13, 14, 59, 59, tzinfo=UTC)


def change_everything(work: Work, plain: Effects) -> Effects:
    number = f"260303-{1000 * work.conversation_id + work.seq:06d}"
    return replace(
        plain,
        owner=Owner.QUEUE,
        age=Age.ADULT,
        state=replace(plain.state, question="비밀 질문", introduced=1),
        consents=(ConsentEvent(ConsentPurpose.NECESSARY, ConsentAct.GRANTED, 1),),
        cases=(NewCase(number, CaseKind.ACCESS, DUE, "asked", "자세한 내용"),),
        ledger=(LedgerEvent("rights", "case.received", f"case/{number}"),),
        blocked=True,
        gaps=(NewGap(QuestionPlace(work.seq, 0), GapKind.HANDOVER, "", 1),),
    )


async def test_all_effects_are_written(storage: Storage) -> None:
    await put(storage, incoming())
    await settle_all(storage, await take(storage), Decider(change=change_everything), push={"web": ""})
    seen: list[tuple[Owner, Age, dict[str, str], str, CaseKind, CaseState]] = []

    class Looks(Decider):
        def __call__(self, work: Work, loaded):  # type: ignore[no-untyped-def]
            found = loaded.conversation, loaded.customer, loaded.cases[0]
            seen.append(
                (
                    found[0].owner,
                    found[1].age,
                    found[1].consents,
                    found[0].state.question,
                    found[2].kind,
                    found[2].state,
                )
            )
            return super().__call__(work, loaded)

    await put(storage, incoming())
    await settle_all(storage, await take(storage), Looks())
    assert seen == [
        (Owner.QUEUE, Age.ADULT, {"necessary": "granted"}, "비밀 질문", CaseKind.ACCESS, CaseState.RECEIVED)
    ]
    (case,) = [c async for c in all_cases(storage.database)]
    assert (case.number, case.due, case.reason) == ("260303-001001", DUE, "asked")
    assert [r.subject async for r in rows(storage.database)] == ["case/260303-001001"]
    assert await verify(storage.database, storage.hashes) == []
    assert await scalars(storage, sa.select(outbox.c.seq)) == [2]


async def test_rows_whose_lease_went_to_another_worker_are_left_out(storage: Storage) -> None:
    await put(storage, incoming("가", address="가"), incoming("나", address="나"))
    works = await take(storage, token="slow")
    await take(storage, token="quick", most=1, now=NOW + 16 * SECOND)
    decide = Decider()
    handled = await settle_all(storage, works, decide)
    assert len(decide.seen) == len(handled.touched) == 1
    assert sorted(await scalars(storage, sa.select(inbox.c.state))) == [0, 1]


async def test_a_row_handled_once_is_not_handled_again(storage: Storage) -> None:
    await put(storage, incoming())
    works = await take(storage)
    await settle_all(storage, works)
    decide = Decider()
    assert (await settle_all(storage, works, decide)).touched == []
    assert decide.seen == []
    assert await scalars(storage, sa.select(messages.c.seq)) == [1, 2]


async def test_an_exception_in_a_decision_rolls_everything_back(storage: Storage) -> None:
    await put(storage, incoming("가", address="가"), incoming("나", address="나"))
    works = await take(storage)

    def breaks(work: Work, plain: Effects) -> Effects:
        if work.conversation_id == works[-1].conversation_id:
            raise ZeroDivisionError
        return change_everything(work, plain)

    with pytest.raises(ZeroDivisionError):
        await settle_all(storage, works, Decider(change=breaks), push={"web": ""})
    assert await scalars(storage, sa.select(inbox.c.state)) == [0, 0]
    assert await scalars(storage, sa.select(conversations.c.owner)) == ["bot", "bot"]
    assert await scalars(storage, sa.select(customers.c.age)) == ["unknown", "unknown"]
    for table in (cases, outbox):
        assert await scalars(storage, sa.select(sa.func.count()).select_from(table)) == [0]
    assert await scalars(storage, sa.select(messages.c.author)) == ["customer", "customer"]
    # The writer is whole after it: the neighbour is handled alone.
    assert (await settle_all(storage, works[:1], Decider())).touched


async def test_a_case_number_that_is_taken_is_a_conflict_and_writes_nothing(storage: Storage) -> None:
    await put(storage, incoming("가", address="가"), incoming("나", address="나"))

    def same_number(work: Work, plain: Effects) -> Effects:
        return replace(plain, cases=(NewCase("260303-000007", CaseKind.HANDOVER, None),))

    with pytest.raises(Conflict):
        await settle_all(storage, await take(storage), Decider(change=same_number))
    assert await scalars(storage, sa.select(cases.c.number)) == []


async def test_messages_of_one_batch_see_what_those_before_them_changed(storage: Storage) -> None:
    _, works = await put(storage, incoming("하나"), incoming("둘"), lease=Lease("w", NOW + SECOND))
    owners: list[Owner] = []

    def moves(work: Work, plain: Effects) -> Effects:
        owners.append(plain.owner)
        return replace(plain, owner=Owner.AGENT)

    await settle_all(storage, works, Decider(change=moves))
    assert owners == [Owner.BOT, Owner.AGENT]
    log = await storage.conversations.log(works[0].conversation_id, 0)
    assert [m.text for m in log] == ["하나", "둘", "들었습니다: 하나", "들었습니다: 둘"]


async def test_a_message_set_aside_is_not_claimed_again(storage: Storage) -> None:
    await put(storage, incoming("하나"), incoming("둘"))
    await settle_all(storage, await take(storage), aside=True)
    assert await scalars(storage, sa.select(inbox.c.state).order_by(inbox.c.seq)) == [2, 0]
    assert [w.incoming.text for w in await take(storage)] == ["둘"]


async def test_what_this_process_delivers_comes_back_claimed(storage: Storage) -> None:
    await put(
        storage,
        incoming("가", channel="telegram"),
    )
    await put(storage, incoming("나", channel="web"))
    handled = await settle_all(
        storage, await take(storage), Decider(lambda w: [Outgoing("하나"), Outgoing("둘")]), push={"telegram": "mine"}
    )
    assert [(s.channel, s.address, s.message.text) for s in handled.sends] == [
        ("telegram", "1", "하나"),
        ("telegram", "1", "둘"),
    ]
    assert await scalars(storage, sa.select(outbox.c.lease_token)) == ["mine", "mine"]
