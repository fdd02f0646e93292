"""Draft, gate, versions: on both engines."""

from pathlib import Path

import pytest

from bot.engine.publishing import PublishRefused
from bot.engine.workshop import Workshop
from domain.errors import Conflict, ContentError
from storage import ledger
from storage.kb_rows import DRAFT
from storage.opening import Storage
from tests.knowledge.conftest import ADMIN

ENTRY = """---
id: {id}
title: {title}
kind: answer
document: 정책
clause: 제{n}조
aliases:
  - {alias}
questions:
  - {question}
---
{body}
"""
DELIVERY = ENTRY.format(
    id="delivery",
    title="배송",
    n=1,
    alias="택배는 언제 오나요",
    question="배송은 며칠 걸려요?",
    body="배송은 사흘 걸립니다.",
)
REFUND = ENTRY.format(
    id="refund",
    title="환불",
    n=2,
    alias="돈을 돌려받고 싶어요",
    question="환불은 어떻게 받나요?",
    body="환불은 이레 안에 합니다.",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "entries"
    made.mkdir()
    (made / "delivery.md").write_text(DELIVERY, "utf-8")
    (made / "refund.md").write_text(REFUND, "utf-8")
    return made


async def test_from_folder_to_version_and_back_byte_for_byte(
    workshop: Workshop, storage: Storage, folder: Path, tmp_path: Path
) -> None:
    assert await workshop.editing.import_folder(ADMIN, folder, merge=False) == 2
    version, report = await workshop.publishing.publish(ADMIN, note="처음")
    assert (version, report.added, report.broken) == (1, ("delivery", "refund"), ())
    await workshop.publishing.export_folder(tmp_path / "out", None)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {
        p.name: p.read_bytes() for p in folder.iterdir()
    }


async def test_a_publish_that_breaks_a_question_is_refused_and_an_override_leaves_its_reason(
    workshop: Workshop, storage: Storage, folder: Path
) -> None:
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    await workshop.publishing.publish(ADMIN)
    # The words that led to the refund now stand in the other entry.
    swapped = DELIVERY.replace("택배는 언제 오나요", "환불은 어떻게 받나요").replace(
        "title: 배송", "title: 환불 받는 방법"
    )
    (folder / "delivery.md").write_text(swapped, "utf-8")
    plain = REFUND.replace("title: 환불", "title: 기타").replace("돈을 돌려받고 싶어요", "그 밖의 안내")
    (folder / "refund.md").write_text(plain.replace("환불은 이레 안에 합니다.", "이레 안에 합니다."), "utf-8")
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    with pytest.raises(PublishRefused) as refused:
        await workshop.publishing.publish(ADMIN)
    assert [(a.entry, a.after) for a in refused.value.report.broken if a.entry == "refund"] == [("refund", "delivery")]
    assert (await storage.knowledge.history())[0].version == 1
    version, _ = await workshop.publishing.publish(ADMIN, override="문구를 옮겼습니다")
    assert version == 2
    assert "문구를 옮겼습니다" in (await storage.knowledge.history())[0].note
    events = [row.event async for row in ledger.rows(storage.database)]
    assert events == ["kb.published", "kb.published", "kb.gate_overridden"]


async def test_rollback_publishes_what_an_older_version_held(
    workshop: Workshop, storage: Storage, folder: Path
) -> None:
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    await workshop.publishing.publish(ADMIN)
    (folder / "refund.md").unlink()
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    await workshop.publishing.publish(ADMIN, override="하나만 둡니다")
    assert await workshop.publishing.rollback(ADMIN, 1) == 3
    assert await storage.knowledge.texts(3) == await storage.knowledge.texts(1) == await storage.knowledge.texts(DRAFT)


async def test_an_import_is_all_or_nothing(workshop: Workshop, storage: Storage, folder: Path) -> None:
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    (folder / "zz.md").write_text("---\nid: zz\ntitle: 빈 글\nkind: answer\n---\n", "utf-8")
    with pytest.raises(ContentError, match=r"zz\.md"):
        await workshop.editing.import_folder(ADMIN, folder, merge=False)
    assert sorted(await storage.knowledge.texts(DRAFT)) == ["delivery", "refund"]


async def test_merge_keeps_the_others_and_sees_their_aliases(
    workshop: Workshop, storage: Storage, folder: Path, tmp_path: Path
) -> None:
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    more = tmp_path / "more"
    more.mkdir()
    (more / "coupon.md").write_text("---\nid: coupon\ntitle: 쿠폰\nkind: answer\n---\n쿠폰 안내입니다.\n", "utf-8")
    await workshop.editing.import_folder(ADMIN, more, merge=True)
    assert sorted(await storage.knowledge.texts(DRAFT)) == ["coupon", "delivery", "refund"]
    taken = "---\nid: coupon\ntitle: 쿠폰\nkind: answer\naliases:\n  - 택배는 언제 오나요\n---\n쿠폰 안내입니다.\n"
    (more / "coupon.md").write_text(taken, "utf-8")
    with pytest.raises(ContentError, match=r"택배는 언제 오나요|delivery"):
        await workshop.editing.import_folder(ADMIN, more, merge=True)


async def test_publishing_nothing_new_is_said(workshop: Workshop, folder: Path) -> None:
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    await workshop.publishing.publish(ADMIN)
    with pytest.raises(Conflict, match="같습니다"):
        await workshop.publishing.publish(ADMIN)
