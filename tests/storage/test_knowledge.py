"""Versions of the knowledge base: published by compare-and-swap, never changed afterwards."""

import asyncio

import pytest

from domain.errors import Conflict
from storage.knowledge import DRAFT
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


async def test_the_draft_is_replaced_or_merged(storage: Storage) -> None:
    await storage.knowledge.replace_draft({"가": "# 하나", "나": "# 둘"}, keep_others=False)
    await storage.knowledge.replace_draft({"나": "# 둘, 고침", "다": "# 셋"}, keep_others=True)
    assert await storage.knowledge.texts(DRAFT) == {"가": "# 하나", "나": "# 둘, 고침", "다": "# 셋"}
    await storage.knowledge.replace_draft({"라": "# 넷"}, keep_others=False)
    assert await storage.knowledge.texts(DRAFT) == {"라": "# 넷"}
    assert await storage.knowledge.latest() is None
