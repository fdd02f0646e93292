"""The model as part of the draft: fitted, judged, published, rolled back; on both engines."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.engine.workshop import Workshop
from domain.editing import EditRefused
from domain.knowledge import EntryKind
from domain.staff import Role, Staff
from knowledge.analysis import Analyzer
from knowledge.files import dump
from knowledge.model import DOCUMENT, Model, default_model, model_of
from knowledge.shelf import Shelf
from storage.opening import Storage
from tests.knowledge.conftest import ADMIN
from tests.knowledge.shop import ASKED, SHOP


async def _publish(workshop: Workshop, folder: Path) -> None:
    folder.mkdir()
    for entry in ASKED:
        cited = replace(entry, document="정책", clause="제1조") if entry.kind is EntryKind.ANSWER else entry
        (folder / f"{entry.id}.md").write_text(dump(cited), "utf-8")
    await workshop.editing.import_folder(ADMIN, folder, merge=False)
    await workshop.publishing.publish(ADMIN)


async def test_a_fitted_model_goes_live_with_its_version_and_back(
    workshop: Workshop, storage: Storage, analyzer: Analyzer, tmp_path: Path
) -> None:
    await _publish(workshop, tmp_path / "in")
    fitted = await workshop.fitting.fit(ADMIN)
    assert fitted.ranked != default_model().ranked
    report = await workshop.publishing.check(ADMIN)
    assert (report.added, report.changed, report.removed) == ((DOCUMENT,), (), ())
    version, _ = await workshop.publishing.publish(ADMIN)
    texts = await storage.knowledge.texts(version)
    assert model_of(texts) == fitted == Model.from_json(texts[DOCUMENT])
    shelf = Shelf(analyzer)
    assert DOCUMENT not in shelf.open(version, texts, [])
    # At a threshold that nothing reaches, the next version asks back or hands over where this one answered.
    never = replace(fitted, ranked=replace(fitted.ranked, answer=1.0, clarify=1.0))
    await workshop.editing.put_model(ADMIN, never.to_json())
    assert len((await workshop.publishing.check(ADMIN)).broken) > 0
    strict, _ = await workshop.publishing.publish(ADMIN, override="시험")
    difference = await storage.knowledge.difference(version, strict)
    assert shelf.change(strict, version, difference.texts, difference.removed) == {}
    question = [("개인정보를 삭제하고 싶습니다", None)]
    before, after = (shelf.decide(v, question)[0][0] for v in (version, strict))
    assert (before.entry, after.entry) == ("deletion", None)
    assert before.candidates == after.candidates
    back = await workshop.publishing.rollback(ADMIN, 1)
    assert DOCUMENT not in await storage.knowledge.texts(back)
    assert shelf.change(back, strict, {}, [DOCUMENT]) == {}
    assert shelf.decide(back, question)[0][0].entry == "deletion"


async def test_files_come_and_go_without_the_model(workshop: Workshop, storage: Storage, tmp_path: Path) -> None:
    await _publish(workshop, tmp_path / "in")
    await workshop.fitting.fit(ADMIN)
    await workshop.publishing.publish(ADMIN)
    assert await workshop.publishing.export_folder(tmp_path / "out", None) == len(SHOP)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{entry.id}.md" for entry in SHOP}
    await workshop.editing.import_folder(ADMIN, tmp_path / "out", merge=False)
    assert DOCUMENT in await storage.knowledge.texts(0)
    assert {row.entry.id for row in await workshop.editing.rows(ADMIN)} == {entry.id for entry in SHOP}
    await workshop.fitting.reset(ADMIN)
    assert (await workshop.publishing.check(ADMIN)).removed == (DOCUMENT,)
    await workshop.fitting.reset(ADMIN)
    (change,) = await workshop.editing.diff(ADMIN, 2)
    assert (change.entry, change.kind) == (DOCUMENT, "removed")


async def test_too_few_questions_and_other_roles_are_refused(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "delivery.md").write_text(dump(SHOP[0]), "utf-8")
    await workshop.editing.import_folder(ADMIN, tmp_path, merge=False)
    with pytest.raises(EditRefused, match="40개 이상"):
        await workshop.fitting.fit(ADMIN)
    with pytest.raises(EditRefused):
        await workshop.fitting.fit(Staff(2, "nari", "나리", Role.AGENT))
    with pytest.raises(EditRefused):
        await workshop.fitting.reset(Staff(2, "nari", "나리", Role.SUPERVISOR))
