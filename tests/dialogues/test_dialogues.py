"""Every transcript of this folder, played through the real engine."""

import asyncio
from pathlib import Path

import pytest

from handlers.catalogue import Texts
from tests.conftest import Urls
from tests.dialogues.conftest import Libraries
from tests.dialogues.form import FormError, read
from tests.dialogues.play import Play
from tests.dialogues.stage import Hands, Stage

FOLDER = Path(__file__).parent
PATHS = sorted(FOLDER.glob("*.yaml"))


def _cases() -> list[tuple[Path, str]]:
    return [(path, engine) for path in PATHS for engine in read(path).engines]


@pytest.mark.parametrize(("path", "engine"), _cases(), ids=lambda v: v.stem if isinstance(v, Path) else v)
def test_transcript(
    path: Path, engine: str, libraries: Libraries, texts: Texts, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    transcript = read(path)
    librarian = libraries.of(transcript.entries)
    urls: Urls = request.getfixturevalue("sqlite_urls" if engine == "sqlite" else "postgres_urls")
    stage = Stage(urls, librarian, texts, Hands(transcript.at), transcript.hours)
    asyncio.run(_play(Play(transcript, stage, texts, tmp_path), stage))


async def _play(play: Play, stage: Stage) -> None:
    await stage.start()
    try:
        await play.run()
    finally:
        await stage.stop()


@pytest.mark.parametrize(
    "text",
    [
        "제목: 하나\n대화:\n  - 손님: 안녕하세요\n",
        "제목: 하나\n누구: 나\n대화: []\n",
        "제목: 하나\n대화:\n  - 봇: {글: 네, 버튼들: [예]}\n",
        "제목: 하나\n대화:\n  - 상태: {owners: bot}\n",
        "제목: 하나\n대화:\n  - 고객: 안녕하세요\n    봇: 안녕하세요\n",
        "대화: []\n",
    ],
)
def test_a_transcript_out_of_form_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(FormError, match=r"odd\.yaml"):
        read(path)
