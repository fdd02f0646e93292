"""Changing the draft entry by entry: on both engines."""

import asyncio
from dataclasses import replace

import pytest

from bot.engine.signals import Signals
from bot.engine.workbench import ThreadBench
from bot.engine.workshop import Workshop, open_workshop
from domain.clock import system_clock
from domain.editing import EditConflict, EditRefused, EntryState
from domain.errors import ContentError
from domain.knowledge import EntryKind
from domain.staff import Role, Staff
from handlers.catalogue import load_texts
from knowledge.analysis import Analyzer
from knowledge.changes import ChangeKind, Differing, Line, LineKind
from knowledge.workbench import Workbench
from storage.kb_rows import DRAFT
from storage.opening import Storage
from tests.conftest import Urls
from tests.knowledge.conftest import ADMIN
from tests.knowledge.test_publishing import DELIVERY, REFUND

OTHER = Staff(2, "garam", "가람", Role.ADMIN)
HEAD = "---\nid: coupon\ntitle: 쿠폰\nkind: answer\n"
COUPON = f"{HEAD}aliases:\n  - 쿠폰은 어디서 받나요\n---\n쿠폰은 내 정보에 있습니다.\n"


@pytest.fixture
async def live(workshop: Workshop) -> Workshop:
    """Delivery and refund are published."""
    await workshop.editing.put_in(ADMIN, {"delivery.md": DELIVERY, "refund.md": REFUND}, merge=False)
    await workshop.publishing.publish(ADMIN)
    return workshop


async def test_what_is_saved_stands_beside_what_is_live(live: Workshop) -> None:
    editing = live.editing
    await editing.save(ADMIN, COUPON, entry=None, based_on="")
    before = await editing.entry(ADMIN, "delivery")
    assert (before.state, before.text, before.live_text) == (EntryState.UNCHANGED, DELIVERY, DELIVERY)
    after = await editing.save(OTHER, DELIVERY.replace("사흘", "나흘"), entry="delivery", based_on=before.etag)
    assert (after.state, after.live_text, after.entry.body) == (EntryState.CHANGED, DELIVERY, "배송은 나흘 걸립니다.")
    await editing.remove(ADMIN, "refund", based_on=(await editing.entry(ADMIN, "refund")).etag)
    states = {row.entry.id: (row.state, row.edited.by if row.edited else "") for row in await editing.rows(ADMIN)}
    assert states == {
        "coupon": (EntryState.ADDED, "bom"),
        "delivery": (EntryState.CHANGED, "garam"),
        "refund": (EntryState.REMOVED, "bom"),
    }
    gone = await editing.entry(ADMIN, "refund")
    assert (gone.text, gone.etag, gone.live_text, gone.entry.title) == ("", "", REFUND, "환불")


async def test_the_list_is_narrowed_down(live: Workshop) -> None:
    await live.editing.save(ADMIN, COUPON, entry=None, based_on="")

    async def found(words: str = "", **narrowed: frozenset[object]) -> list[str]:
        return [row.entry.id for row in await live.editing.rows(ADMIN, words, **narrowed)]  # type: ignore[arg-type]

    assert await found("이레") == ["refund"]
    assert await found("택배는 언제") == ["delivery"]
    assert await found("COUPON") == ["coupon"]
    assert await found("없는 말") == []
    assert await found(states=frozenset({EntryState.ADDED})) == ["coupon"]
    assert await found(kinds=frozenset({EntryKind.CHAT})) == []


async def test_every_change_is_kept_with_who_made_it(live: Workshop) -> None:
    first = await live.editing.entry(ADMIN, "refund")
    second = await live.editing.save(OTHER, REFUND.replace("이레", "열흘"), entry="refund", based_on=first.etag)
    await live.editing.remove(ADMIN, "refund", based_on=second.etag)
    back = await live.editing.revert(OTHER, "refund")
    assert back is not None
    assert back.state is EntryState.UNCHANGED
    assert [(e.by, e.before, e.after) for e in back.edits] == [
        ("garam", "", first.etag),
        ("bom", second.etag, ""),
        ("garam", first.etag, second.etag),
        ("bom", "", first.etag),
    ]


async def test_the_same_text_again_changes_nothing(live: Workshop) -> None:
    saved = await live.editing.save(ADMIN, COUPON, entry=None, based_on="")
    again = await live.editing.save(OTHER, COUPON, entry=None, based_on="")
    assert again == saved
    assert await live.editing.save(OTHER, COUPON, entry="coupon", based_on="of an older text") == saved


async def test_another_id_renames(live: Workshop) -> None:
    etag = (await live.editing.entry(ADMIN, "refund")).etag
    renamed = REFUND.replace("id: refund", "id: money_back")
    await live.editing.save(ADMIN, renamed, entry="refund", based_on=etag)
    states = {row.entry.id: row.state for row in await live.editing.rows(ADMIN)}
    assert states["money_back"] is EntryState.ADDED
    assert states["refund"] is EntryState.REMOVED
    again = await live.editing.save(ADMIN, renamed, entry="refund", based_on=etag)
    taken = renamed.replace("id: money_back", "id: delivery")
    with pytest.raises(ContentError, match="id 'delivery'"):
        await live.editing.save(ADMIN, taken, entry="money_back", based_on=again.etag)


async def test_a_conflict_says_who_was_first_and_what_stands(live: Workshop) -> None:
    etag = (await live.editing.entry(ADMIN, "refund")).etag
    theirs = await live.editing.save(OTHER, REFUND.replace("이레", "열흘"), entry="refund", based_on=etag)
    with pytest.raises(EditConflict, match="garam 님이 먼저 고쳤습니다") as conflict:
        await live.editing.save(ADMIN, REFUND.replace("이레", "보름"), entry="refund", based_on=etag)
    assert (conflict.value.text, conflict.value.etag) == (theirs.text, theirs.etag)
    for step in (live.editing.remove, live.editing.revert):
        with pytest.raises(EditConflict):
            await step(ADMIN, "refund", based_on=etag)
    await live.editing.remove(OTHER, "refund", based_on=theirs.etag)
    with pytest.raises(EditConflict, match="삭제") as conflict:
        await live.editing.save(ADMIN, REFUND.replace("이레", "보름"), entry="refund", based_on=theirs.etag)
    assert conflict.value.text == ""


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("쿠폰입니다.", 1, "머리말이 없습니다"),
        (f"{HEAD}---\n", 6, "본문이 비어"),
        (f"{HEAD}aliases:\n  - 택배는 언제 오나요?\n---\n본문\n", 6, "'delivery'에도 있습니다"),
        (HEAD.replace("coupon", "refund") + "---\n본문\n", 2, "id 'refund'"),
        (f"{HEAD}clause: 제3조\n---\n본문\n", 5, "어느 문서의"),
        (f"{HEAD}document: 약관\n---\n본문\n", 5, "어느 조항인지"),
        (f"{HEAD}document: 약관\nclause: 제0조\n---\n본문\n", 6, "없는 조항 번호"),
        (f"{HEAD}document: 약관\nclause: 3조\n---\n본문\n", 6, "없는 조항 번호"),
        (f"{HEAD}document: 약관\nclause: 제12\n---\n본문\n", 6, "없는 조항 번호"),
        (f"{HEAD}document: 약관\nclause: 제3조·제4조의\n---\n본문\n", 6, "없는 조항 번호"),
        (f"{HEAD}---\n본문\n끝\x00\n", 7, "저장할 수 없는 문자"),
        (f"{HEAD}---\n본문\ud800\n", 6, "저장할 수 없는 문자"),
        ("---\nid: coupon\ntitle: [\n---\n본문\n", 4, "머리말을 읽을 수 없습니다"),
    ],
)
async def test_a_wrong_text_is_refused_with_line_and_reason(live: Workshop, text: str, line: int, reason: str) -> None:
    before = await live.editing.rows(ADMIN)
    with pytest.raises(ContentError, match=reason) as wrong:
        await live.editing.save(ADMIN, text, entry=None, based_on="")
    assert (wrong.value.path, wrong.value.line) == ("새 항목.md", line)
    assert await live.editing.rows(ADMIN) == before


@pytest.mark.parametrize(
    "clause",
    ["제3조", "제35조의2", "제3조 제1항 제2호", "제35조·제36조", "머리말", "제3자 제공", "수집·이용 1", "부칙 제1조"],
)
async def test_clauses_as_documents_have_them_are_taken(live: Workshop, clause: str) -> None:
    text = f"{HEAD}document: 약관\nclause: {clause}\n---\n본문\n"
    assert (await live.editing.save(ADMIN, text, entry=None, based_on="")).entry.clause == clause


async def test_of_two_programs_one_gets_the_alias(urls: Urls, analyzer: Analyzer) -> None:
    texts = [COUPON.replace("id: coupon", f"id: coupon{n}") for n in range(6)]
    async with urls.open() as one, urls.open() as two:
        programs = [_program(storage, analyzer) for storage in (one, two)]
        saves = [programs[n % 2].editing.save(ADMIN, text, entry=None, based_on="") for n, text in enumerate(texts)]
        results = await asyncio.gather(*saves, return_exceptions=True)
        assert len([r for r in results if not isinstance(r, BaseException)]) == 1
        assert {type(r) for r in results if isinstance(r, BaseException)} == {ContentError}
        lists = [[row.entry.id for row in await program.editing.rows(ADMIN)] for program in programs]
        assert lists[0] == lists[1]
        assert len(lists[0]) == 1
        for program in programs:
            await program.close()


def _program(storage: Storage, analyzer: Analyzer) -> Workshop:
    bench = ThreadBench(Workbench(lambda: analyzer))
    return open_workshop(storage, bench, load_texts(), system_clock, Signals(storage.database), two_person=False)


async def test_going_back_to_what_is_live_needs_its_aliases_free(live: Workshop) -> None:
    etag = (await live.editing.entry(ADMIN, "delivery")).etag
    changed = DELIVERY.replace("택배는 언제 오나요", "배송이 궁금해요")
    await live.editing.save(ADMIN, changed, entry="delivery", based_on=etag)
    taken = COUPON.replace("쿠폰은 어디서 받나요", "택배는 언제 오나요")
    await live.editing.save(ADMIN, taken, entry=None, based_on="")
    with pytest.raises(ContentError, match="'coupon'에도"):
        await live.editing.revert(ADMIN, "delivery")
    assert await live.editing.revert(ADMIN, "coupon") is None
    assert (await live.editing.revert(ADMIN, "delivery")) == await live.editing.entry(ADMIN, "delivery")


async def test_many_at_once_are_all_or_nothing(live: Workshop) -> None:
    files = {"one.md": COUPON, "two.md": REFUND}
    with pytest.raises(ContentError, match=r"two\.md:2: id 'refund'"):
        await live.editing.put_in(ADMIN, files, merge=True, only_new=True)
    assert [row.state for row in await live.editing.rows(ADMIN)] == [EntryState.UNCHANGED] * 2
    assert await live.editing.put_in(ADMIN, files, merge=True) == Differing(("coupon",), (), ())
    assert await live.editing.put_in(ADMIN, {"one.md": COUPON}, merge=False) == Differing(
        (), (), ("delivery", "refund")
    )


async def test_a_difference_is_told_line_by_line(live: Workshop) -> None:
    etag = (await live.editing.entry(ADMIN, "refund")).etag
    await live.editing.save(ADMIN, REFUND.replace("이레", "열흘"), entry="refund", based_on=etag)
    await live.editing.save(ADMIN, COUPON, entry=None, based_on="")
    coupon, refund = await live.editing.diff(ADMIN, 1, DRAFT)
    assert (coupon.entry, coupon.kind) == ("coupon", ChangeKind.ADDED)
    assert {line.kind for line in coupon.lines} == {LineKind.ADDED}
    assert (refund.entry, refund.kind) == ("refund", ChangeKind.CHANGED)
    assert refund.lines[-2:] == (
        Line(LineKind.REMOVED, "환불은 이레 안에 합니다."),
        Line(LineKind.ADDED, "환불은 열흘 안에 합니다."),
    )
    assert await live.editing.diff(ADMIN, 1, 1) == ()
    with pytest.raises(EditRefused, match="제9판이 없습니다"):
        await live.editing.diff(ADMIN, 9)


async def test_a_preview_is_what_the_customer_reads(live: Workshop) -> None:
    shown = await live.editing.preview(ADMIN, REFUND)
    assert shown.text == "환불은 이레 안에 합니다."
    assert shown.source is not None
    assert shown.source.label.startswith("정책 제2조 · 제2판")
    with pytest.raises(ContentError):
        await live.editing.preview(ADMIN, "머리말 없음")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_nobody_but_an_admin_does_anything(workshop: Workshop, role: Role) -> None:
    editing, publishing = workshop.editing, workshop.publishing
    for person in (Staff(3, "nuri", "누리", role), replace(ADMIN, disabled=True)):
        for refused in (
            editing.rows(person),
            editing.entry(person, "refund"),
            editing.save(person, COUPON, entry=None, based_on=""),
            editing.remove(person, "refund", based_on=""),
            editing.revert(person, "refund"),
            editing.put_in(person, {}, merge=False),
            editing.diff(person, 1),
            editing.preview(person, COUPON),
            publishing.try_question(person, "환불은요?"),
            publishing.check(person),
            publishing.review(person),
            publishing.submit(person, ""),
            publishing.approve(person),
            publishing.return_(person, "이유"),
            publishing.publish(person),
            publishing.rollback(person, 1),
            publishing.history(person),
        ):
            with pytest.raises(EditRefused, match="관리자만"):
                await refused
