"""Versions of the knowledge base: published by compare-and-swap, never changed afterwards."""

import asyncio

import pytest

from domain.editing import Edit, Review
from domain.effects import LedgerEvent
from domain.errors import Conflict
from storage import ledger
from storage.drafts import Change, DraftMoved
from storage.kb_rows import DRAFT, hash_of
from storage.knowledge import Difference, Publication
from storage.opening import Storage
from tests.conftest import Urls
from tests.storage.helpers import NOW


async def _publish(storage: Storage, after: int, **texts: str) -> int:
    return await storage.knowledge.publish(texts, after=after, by="관리자", note="고침", now=NOW)


async def test_versions_count_up_and_stay_as_they_were(storage: Storage) -> None:
    assert await storage.knowledge.latest() is None
    assert await _publish(storage, 0, 가="# 하나", 나="# 둘") == 1
    assert await _publish(storage, 1, 가="# 하나, 고침") == 2
    assert await storage.knowledge.texts(1) == {"가": "# 하나", "나": "# 둘"}
    assert await storage.knowledge.texts(2) == {"가": "# 하나, 고침"}
    latest = await storage.knowledge.latest()
    assert latest is not None
    assert (latest.version, latest.published_by, latest.note) == (2, "관리자", "고침")
    assert [v.version for v in await storage.knowledge.history()] == [2, 1]


async def test_publishing_on_a_version_that_is_not_the_latest_is_refused(storage: Storage) -> None:
    await _publish(storage, 0, 가="# 하나")
    await _publish(storage, 1, 가="# 둘")
    for after in (0, 1, 3):
        with pytest.raises(Conflict):
            await _publish(storage, after, 가="# 셋")
    assert await storage.knowledge.texts(2) == {"가": "# 둘"}
    assert [v.version for v in await storage.knowledge.history()] == [2, 1]


@pytest.mark.parametrize("latest", [0, 1])
async def test_of_two_that_judged_the_same_version_one_publishes(urls: Urls, latest: int) -> None:
    async with urls.open() as one, urls.open() as two:
        if latest:
            await _publish(one, 0, 가="# 처음")
        results = await asyncio.gather(
            *(_publish(s, latest, 가=f"# {i}") for i in range(4) for s in (one, two)), return_exceptions=True
        )
        assert [r for r in results if isinstance(r, int)] == [latest + 1]
        assert {type(r) for r in results if not isinstance(r, int)} == {Conflict}
        assert len(await one.knowledge.history()) == latest + 1


async def test_the_difference_names_what_changed_and_what_went(storage: Storage) -> None:
    await _publish(storage, 0, 가="# 하나", 나="# 둘", 다="# 셋")
    await _publish(storage, 1, 가="# 하나", 나="# 둘, 고침", 라="# 넷")
    assert await storage.knowledge.difference(1, 2) == Difference({"나": "# 둘, 고침", "라": "# 넷"}, ("다",))
    assert await storage.knowledge.difference(2, 1) == Difference({"나": "# 둘", "다": "# 셋"}, ("라",))
    assert await storage.knowledge.difference(2, 2) == Difference({}, ())


async def test_a_change_of_the_draft_is_for_the_revision_it_was_made_for(storage: Storage) -> None:
    edits = await _edit(storage, 0, "하나", ("가", "", "# 하나"), ("나", "", "# 둘"))
    assert [(e.id, e.entry, e.before, e.after, e.by) for e in edits] == [
        (1, "가", "", hash_of("# 하나"), "하나"),
        (2, "나", "", hash_of("# 둘"), "하나"),
    ]
    with pytest.raises(DraftMoved):
        await _edit(storage, 0, "둘", ("나", "# 둘", "# 둘, 고침"))
    await _edit(storage, 1, "둘", ("나", "# 둘", "# 둘, 고침"), ("가", "# 하나", ""))
    assert await storage.knowledge.texts(DRAFT) == {"나": "# 둘, 고침"}
    state = await storage.drafts.state()
    assert (state.revision, state.hashes) == (2, {"나": hash_of("# 둘, 고침")})
    assert await storage.drafts.revision() == 2
    assert [(e.by, e.after) for e in await storage.drafts.edits("나", 10)] == [
        ("둘", hash_of("# 둘, 고침")),
        ("하나", hash_of("# 둘")),
    ]
    assert {i: e.by for i, e in (await storage.drafts.last_edits()).items()} == {"가": "둘", "나": "둘"}
    assert (await storage.drafts.last_edits(4)) == {}
    assert await storage.knowledge.latest() is None


async def test_of_changes_at_once_one_goes_through(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as two:
        results = await asyncio.gather(
            *(_edit(s, 0, f"{i}", ("가", "", f"# {i}")) for i in range(4) for s in (one, two)), return_exceptions=True
        )
        assert len([r for r in results if isinstance(r, list)]) == 1
        assert {type(r) for r in results if not isinstance(r, list)} == {DraftMoved}
        assert len(await one.drafts.edits("가", 10)) == 1


async def test_authors_are_who_had_a_hand_in_what_is_not_live(storage: Storage) -> None:
    await _publish(storage, 0, 가="# 하나")
    await _edit(storage, 0, "하나", ("가", "# 하나", "# 둘"), ("나", "", "# 나"))
    await _edit(storage, 1, "둘", ("가", "# 둘", "# 하나"))
    await _edit(storage, 2, "셋", ("가", "# 하나", "# 셋"))
    await _edit(storage, 3, "넷", ("나", "# 나", ""))
    assert await storage.drafts.authors({"가": hash_of("# 하나")}) == {"셋"}
    assert await storage.drafts.authors({"가": hash_of("# 하나"), "나": hash_of("# 나")}) == {"셋", "넷"}
    assert await storage.drafts.authors({}) == frozenset()


async def test_only_the_draft_that_was_judged_is_published(storage: Storage) -> None:
    await _publish(storage, 0, 가="# 하나")
    await _edit(storage, 0, "하나", ("나", "", "# 나"))
    publication = Publication(
        "관리자", "고침", NOW, "다른관리자", [LedgerEvent("rights", "kb.published", "kb/2/관리자")]
    )
    with pytest.raises(DraftMoved):
        await storage.knowledge.publish_draft(after=1, revision=0, publication=publication)
    with pytest.raises(Conflict, match="제1판"):
        await storage.knowledge.publish_draft(after=0, revision=1, publication=publication)
    assert [row async for row in ledger.rows(storage.database)] == []
    assert await storage.knowledge.publish_draft(after=1, revision=1, publication=publication) == 2
    assert await storage.knowledge.texts(2) == await storage.knowledge.texts(DRAFT) == {"나": "# 나"}
    assert (await storage.knowledge.history())[0].approved_by == "다른관리자"
    assert [row.event async for row in ledger.rows(storage.database)] == ["kb.published"]


async def test_going_back_is_in_the_drafts_history_too(storage: Storage) -> None:
    await _publish(storage, 0, 가="# 하나")
    await _edit(storage, 0, "하나", ("나", "", "# 나"))
    made = await storage.knowledge.restore(1, after=1, publication=Publication("관리자", "되돌림", NOW))
    assert made == 2
    assert await storage.knowledge.texts(2) == await storage.knowledge.texts(DRAFT) == {"가": "# 하나"}
    assert [(e.by, e.after) for e in await storage.drafts.edits("나", 10)] == [
        ("관리자", ""),
        ("하나", hash_of("# 나")),
    ]
    assert await storage.drafts.revision() == 2


async def test_a_review_is_decided_once(storage: Storage) -> None:
    review = await storage.drafts.submit("요약", revision=0, by="하나", note="봐 주세요", now=NOW)
    event = LedgerEvent("rights", "kb.approved", "kb/review/1/둘")

    async def decide(by: str, revision: int = 0) -> Review | None:
        return await storage.drafts.decide(
            review.id, "approved", revision=revision, by=by, remark="", now=NOW, event=event
        )

    with pytest.raises(DraftMoved):
        await decide("둘", revision=1)
    decided = await decide("둘")
    assert decided is not None
    assert (decided.verdict, decided.decided_by) == ("approved", "둘")
    assert await decide("셋") is None
    assert await storage.drafts.reviews() == [decided]
    assert [row.event async for row in ledger.rows(storage.database)] == ["kb.approved"]


async def _edit(storage: Storage, revision: int, by: str, *changes: tuple[str, str, str]) -> list[Edit]:
    made = [Change(entry, before and hash_of(before), after and hash_of(after)) for entry, before, after in changes]
    texts = [after for _, _, after in changes if after]
    return await storage.drafts.change(made, texts, revision=revision, by=by, now=NOW)
