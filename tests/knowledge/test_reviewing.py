"""From draft to version: what the gate reports, who has to approve, and who hears of it. On both engines."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.engine.publishing import NothingNew
from bot.engine.signals import KNOWLEDGE, Signals
from bot.engine.workbench import ThreadBench
from bot.engine.workshop import Workshop, open_workshop
from domain.clock import system_clock
from domain.editing import EditRefused, ReviewState
from domain.knowledge import DecisionKind
from domain.staff import Role, Staff
from handlers.catalogue import load_texts
from knowledge.analysis import Analyzer
from knowledge.files import default_texts
from knowledge.workbench import Workbench
from storage import ledger
from storage.drafts import DraftMoved
from storage.kb_rows import DRAFT
from storage.opening import Storage
from tests.knowledge.conftest import ADMIN
from tests.knowledge.test_editing import COUPON, OTHER
from tests.knowledge.test_publishing import DELIVERY, REFUND

THIRD = Staff(3, "nuri", "누리", Role.ADMIN)


@pytest.fixture
async def two_person(storage: Storage, analyzer: Analyzer) -> AsyncIterator[Workshop]:
    """Delivery is published; ADMIN has added refund to the draft."""
    bench, signals = ThreadBench(Workbench(lambda: analyzer)), Signals(storage.database)
    alone = open_workshop(storage, bench, load_texts(), system_clock, signals, two_person=False)
    await alone.editing.put_in(ADMIN, {"delivery.md": DELIVERY}, merge=False)
    await alone.publishing.publish(ADMIN)
    made = open_workshop(storage, bench, load_texts(), system_clock, signals, two_person=True)
    await made.editing.save(ADMIN, REFUND, entry=None, based_on="")
    yield made
    await signals.told()
    await made.close()


async def test_nothing_goes_live_that_a_second_admin_has_not_approved(two_person: Workshop, storage: Storage) -> None:
    publishing = two_person.publishing
    with pytest.raises(EditRefused, match="승인이 필요"):
        await publishing.publish(ADMIN)
    with pytest.raises(EditRefused, match="기다리는 초안이 없습니다"):
        await publishing.approve(OTHER)
    await publishing.submit(OTHER, "환불을 더했습니다")
    view = await publishing.review(THIRD)
    assert (view.state, view.authors) == (ReviewState.WAITING, {"bom"})
    for person in (ADMIN, OTHER):  # one wrote it, the other handed it in
        with pytest.raises(EditRefused, match="자신이 고치거나 제출한"):
            await publishing.approve(person)
    await publishing.approve(THIRD, "좋습니다")
    assert (await publishing.review(ADMIN)).state is ReviewState.APPROVED
    version, _ = await publishing.publish(ADMIN)
    newest = (await publishing.history(ADMIN))[0]
    assert (version, newest.published_by, newest.approved_by) == (2, "bom", "nuri")
    assert (await publishing.review(ADMIN)).state is ReviewState.NONE
    events = [row.event async for row in ledger.rows(storage.database)]
    assert events == ["kb.published", "kb.approved", "kb.published"]


async def test_a_change_after_the_approval_makes_it_void(two_person: Workshop) -> None:
    publishing = two_person.publishing
    await publishing.submit(ADMIN, "")
    await publishing.approve(THIRD)
    await two_person.editing.save(OTHER, COUPON, entry=None, based_on="")
    assert (await publishing.review(ADMIN)).state is ReviewState.VOID
    with pytest.raises(EditRefused, match="승인이 필요"):
        await publishing.publish(ADMIN)
    await publishing.submit(ADMIN, "")
    coupon = await two_person.editing.entry(ADMIN, "coupon")
    await two_person.editing.remove(OTHER, "coupon", based_on=coupon.etag)
    await two_person.editing.save(OTHER, COUPON.replace("내 정보", "쿠폰함"), entry=None, based_on="")
    with pytest.raises(EditRefused, match="다시 제출"):
        await publishing.approve(THIRD)


async def test_an_approval_of_ones_own_words_does_not_count(two_person: Workshop) -> None:
    """Somebody approves, then the draft is changed by the approver and back to what was approved."""
    await two_person.publishing.submit(ADMIN, "")
    await two_person.publishing.approve(THIRD)
    refund = await two_person.editing.entry(ADMIN, "refund")
    changed = await two_person.editing.save(THIRD, REFUND.replace("이레", "열흘"), entry="refund", based_on=refund.etag)
    await two_person.editing.save(THIRD, REFUND, entry="refund", based_on=changed.etag)
    assert (await two_person.publishing.review(ADMIN)).state is ReviewState.APPROVED
    with pytest.raises(EditRefused, match="승인이 필요"):
        await two_person.publishing.publish(ADMIN)


async def test_a_returned_draft_waits_to_be_handed_in_again(two_person: Workshop) -> None:
    publishing = two_person.publishing
    await publishing.submit(ADMIN, "")
    with pytest.raises(EditRefused, match="이유"):
        await publishing.return_(THIRD, " ")
    returned = await publishing.return_(THIRD, "기한을 확인해 주세요")
    assert (returned.verdict, returned.remark) == ("returned", "기한을 확인해 주세요")
    assert (await publishing.review(ADMIN)).state is ReviewState.RETURNED
    with pytest.raises(EditRefused):
        await publishing.approve(THIRD)
    await publishing.submit(ADMIN, "확인했습니다")
    assert (await publishing.review(ADMIN)).state is ReviewState.WAITING


async def test_of_two_that_decide_at_once_one_does(two_person: Workshop) -> None:
    await two_person.publishing.submit(ADMIN, "")
    results = await asyncio.gather(*(two_person.publishing.approve(p) for p in (OTHER, THIRD)), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["EditRefused", "Review"]


async def test_one_person_goes_back_alone(two_person: Workshop, storage: Storage) -> None:
    assert await two_person.publishing.rollback(ADMIN, 1) == 2
    assert await storage.knowledge.texts(DRAFT) == {"delivery": DELIVERY}
    (removed, _) = await storage.drafts.edits("refund", 5)
    assert (removed.by, removed.after) == ("bom", "")
    for version in (0, 9):
        with pytest.raises(EditRefused, match="판이 없습니다"):
            await two_person.publishing.rollback(ADMIN, version)


async def test_without_a_difference_there_is_nothing_to_hand_in(workshop: Workshop) -> None:
    with pytest.raises(NothingNew):
        await workshop.publishing.submit(ADMIN, "")
    with pytest.raises(NothingNew):
        await workshop.publishing.publish(ADMIN)


async def test_the_report_tells_what_changes_also_where_the_answer_stays(workshop: Workshop) -> None:
    files = {f"{name}.md": text for name, text in default_texts().items()}
    await workshop.editing.put_in(ADMIN, files, merge=False)
    await workshop.publishing.publish(ADMIN)
    gone = await workshop.editing.entry(ADMIN, "account_closure")
    assert gone.entry.questions
    await workshop.editing.remove(ADMIN, "account_closure", based_on=gone.etag)
    told: list[tuple[int, int]] = []
    report = await workshop.publishing.check(ADMIN, lambda done, of: told.append((done, of)))
    assert report.removed == ("account_closure",)
    assert [a.question for a in report.orphaned] == list(gone.entry.questions)
    assert all(a.was.rank and not a.would.rank and a.after != "account_closure" for a in report.orphaned)
    moved = {(a.entry, a.question) for a in (*report.broken, *report.mended)}
    for asked in report.shifted:
        assert asked.was.told != asked.would.told
        assert (asked.before == asked.entry) == (asked.after == asked.entry)
        assert (asked.entry, asked.question) not in moved
    assert told[-1][0] == told[-1][1] >= report.asked
    again: list[tuple[int, int]] = []
    assert await workshop.publishing.check(ADMIN, lambda done, of: again.append((done, of))) is report
    assert again == []


async def test_a_draft_that_changes_while_it_is_judged_stays_a_draft(workshop: Workshop, storage: Storage) -> None:
    files = {f"{name}.md": text for name, text in default_texts().items()}
    await workshop.editing.put_in(ADMIN, files, merge=False)
    begun = asyncio.Event()
    publish = asyncio.create_task(workshop.publishing.publish(ADMIN, progress=lambda _done, _of: begun.set()))
    await begun.wait()
    await workshop.editing.save(OTHER, COUPON, entry=None, based_on="")
    with pytest.raises(DraftMoved, match="초안이 바뀌었습니다"):
        await publish
    assert await storage.knowledge.latest() is None


async def test_a_question_is_tried_with_a_text_that_nobody_saved(workshop: Workshop) -> None:
    await workshop.editing.put_in(ADMIN, {"delivery.md": DELIVERY, "refund.md": REFUND}, merge=False)
    await workshop.publishing.publish(ADMIN)
    question = "쿠폰은 어디서 받나요"
    tried = await workshop.publishing.try_question(ADMIN, question, text=COUPON)
    assert (tried.draft[0].entry, tried.draft[0].kind) == ("coupon", DecisionKind.ANSWER)
    assert tried.live[0].entry != "coupon"
    renamed = REFUND.replace("id: refund", "id: money")
    tried = await workshop.publishing.try_question(ADMIN, "돈을 돌려받고 싶어요", text=renamed, entry="refund")
    assert (tried.draft[0].entry, tried.live[0].entry) == ("money", "refund")
    tried = await workshop.publishing.try_question(ADMIN, question)
    assert tried.draft == tried.live


async def test_a_new_version_is_told(workshop: Workshop, storage: Storage, analyzer: Analyzer) -> None:
    signals = Signals(storage.database)
    bench = ThreadBench(Workbench(lambda: analyzer))
    telling = open_workshop(storage, bench, load_texts(), system_clock, signals, two_person=False)
    heard = signals.subscribe(KNOWLEDGE)
    await telling.editing.save(ADMIN, COUPON, entry=None, based_on="")
    await telling.publishing.publish(ADMIN)
    assert await heard.wait(0)
    await telling.editing.save(ADMIN, REFUND, entry=None, based_on="")
    await telling.publishing.rollback(ADMIN, 1)
    assert await heard.wait(0)
    await signals.told()
    await telling.close()
