"""The knowledge base on the command line, each command a process of its own."""

from pathlib import Path

import pytest

from domain.staff import Role
from tests.conftest import Urls
from tests.desk.test_commands import sangdam
from tests.knowledge.test_publishing import DELIVERY, REFUND


async def test_from_a_folder_to_a_version_under_four_eyes(
    sqlite_urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANGDAM_KB_TWO_PERSON", "on")
    monkeypatch.setenv("LOGNAME", "operator")
    folder = tmp_path / "entries"
    folder.mkdir()
    (folder / "delivery.md").write_text(DELIVERY, "utf-8")
    (folder / "refund.md").write_text(REFUND, "utf-8")

    async def kb(*arguments: str) -> tuple[int, str, str]:
        return await sangdam(sqlite_urls, tmp_path, "kb", *arguments)

    assert (await kb("import", str(folder)))[0] == 0
    async with sqlite_urls.open() as storage:
        await storage.accounts.add("haneul", "하늘", Role.ADMIN)
        await storage.accounts.add("bada", "바다", Role.ADMIN)
        await storage.accounts.add("noeul", "노을", Role.AGENT)
    code, out, error = await kb("publish")
    assert (code, out) == (1, "")
    assert "operator: 그런 관리자 계정이 없습니다" in error
    code, _, error = await kb("submit", "--by", "noeul")
    assert (code, error) == (1, "지식은 관리자만 고치고 게시할 수 있습니다.\n")
    code, _, error = await kb("publish", "--by", "haneul")
    assert (code, error) == (1, "다른 관리자의 승인이 필요합니다. 초안을 제출하고 승인을 받은 뒤 게시해 주세요.\n")
    assert (await kb("submit", "--note", "처음", "--by", "haneul"))[0] == 0
    assert (await kb("return", "기한을 확인해 주세요", "--by", "bada"))[1] == "초안을 돌려보냈습니다.\n"
    assert (await kb("submit", "--by", "haneul"))[0] == 0
    code, _, error = await kb("approve", "--by", "haneul")
    assert (code, error.startswith("자신이 고치거나 제출한 초안은")) == (1, True)
    assert (await kb("approve", "--by", "bada"))[0] == 0
    assert (await kb("publish", "--note", "우리 정책", "--by", "haneul"))[0] == 0
    code, out, error = await kb("history")
    assert (code, error) == (0, "")
    newest = out.splitlines()[0].split("\t")
    assert (newest[0], newest[2:]) == ("2", ["haneul", "우리 정책", "승인 bada"])
    assert (await kb("approve", "--by", "bada"))[2] == "승인을 기다리는 초안이 없습니다.\n"


async def test_differences_and_trials(sqlite_urls: Urls, tmp_path: Path) -> None:
    folder = tmp_path / "entries"
    folder.mkdir()
    (folder / "delivery.md").write_text(DELIVERY, "utf-8")
    (folder / "refund.md").write_text(REFUND, "utf-8")
    assert (await sangdam(sqlite_urls, tmp_path, "kb", "import", str(folder)))[0] == 0
    assert (await sangdam(sqlite_urls, tmp_path, "kb", "publish", "--override", "옮김"))[0] == 0
    (folder / "refund.md").write_text(REFUND.replace("이레", "열흘"), "utf-8")
    (folder / "delivery.md").unlink()
    assert (await sangdam(sqlite_urls, tmp_path, "kb", "import", str(folder)))[0] == 0
    code, out, _ = await sangdam(sqlite_urls, tmp_path, "kb", "diff")
    lines = out.splitlines()
    assert (code, lines[0], lines[-3:]) == (
        0,
        "삭제 delivery",
        ["변경 refund", "  - 환불은 이레 안에 합니다.", "  + 환불은 열흘 안에 합니다."],
    )
    assert (await sangdam(sqlite_urls, tmp_path, "kb", "diff", "2", "2"))[:2] == (0, "")
    code, _, error = await sangdam(sqlite_urls, tmp_path, "kb", "diff", "7")
    assert (code, error.startswith("제7판이 없습니다")) == (1, True)
    code, out, _ = await sangdam(sqlite_urls, tmp_path, "kb", "try", "택배는 언제 오나요")
    draft, live = out.split("게시된 판\n")
    assert "answer delivery" in live
    assert "delivery" not in draft
    out = (await sangdam(sqlite_urls, tmp_path, "kb", "check"))[1]
    assert "삭제 1: delivery\n" in out
    assert "삭제되는 항목의 질문 1개\n  delivery: 배송은 며칠 걸려요? (" in out
