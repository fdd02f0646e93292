"""What customers asked in vain, from the chat to the command line and into the draft."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.acceptance.process import Runner, leaks
from tests.conftest import Urls

PROOF, SPACELESS, MINORS = "피타고라스 정리를 증명해 줘", "피타고라스정리를증명해줘", "미성년자도 가입할 수 있나요"


@pytest.fixture
def commands(sqlite_urls: Urls, tmp_path: Path) -> Runner:
    return Runner(tmp_path, sqlite_urls.environment | {"SANGDAM_DATA_DIR": str(tmp_path)})


async def listed(commands: Runner, *options: str) -> list[dict[str, Any]]:
    ran = await commands.command("kb", "unanswered", "--json", *options)
    assert (ran.code, leaks([ran.err], [PROOF])) == (0, [])
    return [orjson.loads(line) for line in ran.out.splitlines()]


async def test_from_the_chat_to_the_draft(commands: Runner, tmp_path: Path) -> None:
    assert await listed(commands) == []
    talk = await commands.command("chat", text=f"{PROOF}\n{MINORS}\n{SPACELESS}\n{MINORS}\n2\n")
    assert "[2] 도움이 안 됐어요" in talk.out
    assert "도움이 되지 못해 죄송합니다" in talk.out
    proof, minors = await listed(commands)
    assert {k: proof[k] for k in ("count", "customers", "kinds")} == {
        "count": 2,
        "customers": 1,
        "kinds": {"handover": 2},
    }
    assert proof["label"] in (PROOF, SPACELESS)
    assert (minors["label"], minors["kinds"]) == (MINORS, {"unhelpful": 1})
    assert minors["entries"] == [{"entry": "minors", "count": 1}]
    assert [g["label"] for g in await listed(commands, "--kind", "unhelpful")] == [MINORS]
    assert await listed(commands, "--since", "2999-01-01") == []
    shown = await commands.command("kb", "unanswered")
    assert [line.split("\t")[0] for line in shown.out.splitlines() if line[0] != "\t"] == ["2", "1"]
    assert "도움이 안 됨 1" in shown.out

    added = await commands.command(
        "kb", "unanswered", "--alias", minors["group"], "minors", "--text", "열다섯 살도 쓰나요"
    )
    assert (added.code, added.out) == (0, "")
    new = await commands.command("kb", "unanswered", "--propose", proof["group"])
    file = tmp_path / "new.md"
    file.write_text(new.out, "utf-8")
    empty = await commands.command("kb", "unanswered", "--draft", proof["group"], str(file))
    assert (empty.code, empty.out) == (1, "")
    file.write_text(new.out + "수학 문제는 풀어 드리지 않습니다.\n", "utf-8")
    assert (await commands.command("kb", "unanswered", "--draft", proof["group"], str(file))).code == 0
    assert await listed(commands) == []
    changes = (await commands.command("kb", "diff")).out
    assert "추가 question-" in changes
    assert "+   - 열다섯 살도 쓰나요" in changes


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--alias", "1.1.0", "minors"], 1),
        (["--dismiss", "1.1.0", "장난"], 1),
        (["--propose", "nothing"], 1),
        (["--kind", "lost"], 2),
        (["--since", "yesterday"], 2),
        (["--text", "글"], 2),
        (["--alias", "1.1.0", "minors", "--question", "1.1.0", "minors"], 2),
    ],
)
async def test_what_cannot_be_done_is_said(commands: Runner, options: list[str], code: int) -> None:
    ran = await commands.command("kb", "unanswered", *options)
    assert (ran.code, ran.out, "Traceback" in ran.err) == (code, "", False)
    assert ran.err.strip()
