"""A policy document on the command line: what is put in the draft, what is kept, and what is refused."""

from pathlib import Path

import pytest

from tests.acceptance.process import Runner
from tests.conftest import Urls

TERMS = """온담상점 이용약관
시행일: 2026년 1월 1일

제1조(목적) 이 약관은 온담상점을 쓰는 조건을 정합니다.

제2조(쿠폰)
① 쿠폰은 한 번에 한 장씩 쓰십니다.
② 기한이 지난 쿠폰은 쓰실 수 없습니다.
"""


@pytest.fixture
def commands(sqlite_urls: Urls, tmp_path: Path) -> Runner:
    return Runner(tmp_path, sqlite_urls.environment | {"SANGDAM_DATA_DIR": str(tmp_path)})


async def draft(commands: Runner, folder: Path) -> dict[str, str]:
    assert (await commands.command("kb", "export", str(folder), "--version", "0")).code == 0
    return {path.stem: path.read_text("utf-8") for path in folder.iterdir()}


async def test_a_document_becomes_entries_and_a_newer_one_replaces_only_what_is_asked(
    commands: Runner, tmp_path: Path
) -> None:
    file = tmp_path / "terms.txt"
    file.write_text(TERMS, "utf-8")
    first = await commands.command("kb", "import", str(file))
    assert (first.code, first.out) == (0, "추가\tterms-01\t제1조\t목적\n추가\tterms-02\t제2조\t쿠폰\n")
    held = await draft(commands, tmp_path / "one")
    assert "clause: 제2조\neffective: 2026-01-01\n---\n① 쿠폰은 한 번에" in held["terms-02"]
    assert len(held) > 50  # the others stay
    file.write_text(TERMS.replace("한 장씩", "두 장까지"), "utf-8")
    second = await commands.command("kb", "import", str(file))
    assert second.out == "같음\tterms-01\t제1조\t목적\n그대로 둠\tterms-02\t제2조\t쿠폰\n"
    assert "--replace" in second.err
    assert (await draft(commands, tmp_path / "two"))["terms-02"] == held["terms-02"]
    third = await commands.command("kb", "import", str(file), "--replace")
    assert third.out.endswith("바꿈\tterms-02\t제2조\t쿠폰\n")
    assert "두 장까지" in (await draft(commands, tmp_path / "three"))["terms-02"]


async def test_an_entrys_own_file_is_put_in_as_it_is(commands: Runner, tmp_path: Path) -> None:
    file, text = tmp_path / "coupons.md", "---\nid: coupons\ntitle: 쿠폰\nkind: answer\n---\n쿠폰 안내입니다.\n"
    file.write_text(text, "utf-8")
    assert (await commands.command("kb", "import", str(file))).code == 0
    assert (await draft(commands, tmp_path / "out"))["coupons"] == text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("terms.txt", TERMS.encode("euc-kr"), "terms.txt:1: UTF-8이 아닙니다"),
        ("terms.txt", (TERMS + "\n제1조(또)\n글\n").encode(), "terms.txt:10: '제1조'이(가) 4번째 줄에도 있습니다"),
        ("terms.txt", "그냥 글입니다.\n".encode(), "terms.txt: 조항을 찾지 못했습니다"),
        ("terms.pdf", b"%PDF-1.7", "terms.pdf: 텍스트(.txt)"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_changes_nothing(
    commands: Runner, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    ran = await commands.command("kb", "import", str(tmp_path / name))
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert not any(entry.startswith("terms") for entry in await draft(commands, tmp_path / "out"))
