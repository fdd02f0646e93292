"""The plug from outside: settings, ask, check, and a service that is killed while it fills."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from bot.settings import load_settings
from domain.errors import SettingsError
from knowledge.files import default_texts, dump, load_texts
from knowledge.fit import texts_to_embed
from knowledge.model import model_of
from storage.kb_rows import DRAFT
from tests.acceptance.process import Ran, Runner, closing
from tests.conftest import Urls
from tests.embeddings.process import STRANGE, TOLD, publish, texts_in
from tests.embeddings.server import Embedder
from tests.knowledge.shop import ASKED

KEY = "sk-loopback-only"


@pytest.fixture
async def runner(sqlite_urls: Urls, tmp_path: Path):  # type: ignore[no-untyped-def]
    settings = sqlite_urls.environment | {"SANGDAM_DATA_DIR": str(tmp_path / "data"), "SANGDAM_HTTP_PORT": "0"}
    async with closing(Runner(tmp_path, settings)) as made:
        yield made


def plug(embedder: Embedder) -> dict[str, str]:
    embedder.key = KEY
    return {"EMBEDDINGS_URL": embedder.url, "EMBEDDINGS_MODEL": "small", "EMBEDDINGS_KEY": KEY}


def answered(ran: Ran) -> list[dict[str, object]]:
    assert ran.code == 0, ran.err
    return [orjson.loads(line) for line in ran.out.splitlines()]


async def test_ask_uses_it_and_does_without_it(runner: Runner, sqlite_urls: Urls, embedder: Embedder) -> None:
    async with sqlite_urls.open() as storage:
        await publish(storage)
    lines = "\n".join(
        [STRANGE, "사람이랑 상담할래요", '{"text": "그럼 거부하면요?", "prev": "선택 동의는 꼭 해야 하나요"}']
    )
    words = await runner.command("ask", "--json", text=lines)
    assert (words.err, embedder.requests) == ("", [])
    both = await runner.command("ask", "--json", text=lines, **plug(embedder))
    assert both.err == ""
    assert answered(words)[0]["decision"] == "clarify"
    first = answered(both)[0]
    assert (first["decision"], first["entry"]) == ("answer", "sharing")
    assert set(texts_in()) < set(embedder.accepted)
    embedder.fault = "500"
    broken = await runner.command("ask", "--json", text=lines, **plug(embedder))
    assert broken.out == words.out
    assert KEY not in broken.err
    assert STRANGE not in broken.err
    assert "embeddings_failed" in broken.err


async def test_chat_uses_what_is_kept_from_its_first_line_on(
    runner: Runner, sqlite_urls: Urls, embedder: Embedder
) -> None:
    async with sqlite_urls.open() as storage:
        await publish(storage)
    await runner.command("ask", text="안녕하세요", **plug(embedder))
    embedder.requests.clear()
    talk = await runner.command("chat", text=f"{STRANGE}\n", **plug(embedder))
    assert talk.code == 0
    assert TOLD in talk.out
    assert embedder.texts == [STRANGE]


async def test_check_tries_the_service(runner: Runner, embedder: Embedder) -> None:
    good = await runner.command("check", **plug(embedder))
    assert (good.code, good.out) == (0, "")
    bad = await runner.command("check", **plug(embedder) | {"EMBEDDINGS_KEY": "sk-wrong"})
    assert bad.code == 1
    assert bad.out.startswith("SANGDAM_EMBEDDINGS_URL: ")
    assert "status 401" in bad.out
    assert "sk-wrong" not in bad.out + bad.err


@pytest.mark.parametrize(
    ("names", "changes"),
    [
        ("SANGDAM_EMBEDDINGS_URL", {"URL": "ftp://host/v1"}),
        ("SANGDAM_EMBEDDINGS_URL", {"URL": "http://embeddings.example/v1"}),
        ("SANGDAM_EMBEDDINGS_URL", {"URL": "https://name:word@embeddings.example/v1"}),
        ("SANGDAM_EMBEDDINGS_URL", {"URL": "https://embeddings.example/v1?key=1"}),
        ("SANGDAM_EMBEDDINGS_URL", {"URL": "https://[embeddings"}),
        ("SANGDAM_EMBEDDINGS_MODEL", {"MODEL": ""}),
        ("SANGDAM_EMBEDDINGS_CONSENT", {"CONSENT": ""}),
        ("SANGDAM_EMBEDDINGS_CONSENT", {"CONSENT": "yes"}),
        ("SANGDAM_EMBEDDINGS_TIMEOUT", {"TIMEOUT": "0"}),
        ("SANGDAM_EMBEDDINGS_TIMEOUT", {"TIMEOUT": "60"}),
        ("SANGDAM_EMBEDDINGS_DIMENSIONS", {"DIMENSIONS": "-1"}),
    ],
)
def test_wrong_settings_are_named(names: str, changes: dict[str, str]) -> None:
    right = {"url": "https://embeddings.example/v1/", "model": "small", "key": KEY, "consent": "overseas"}
    assert load_settings(**_named(right)).embeddings_url == "https://embeddings.example/v1"
    with pytest.raises(SettingsError, match=f"^{names}") as caught:
        load_settings(**_named(right | {k.lower(): v for k, v in changes.items()}))
    assert KEY not in str(caught.value)


def _named(values: dict[str, str]) -> dict[str, str]:
    return {f"embeddings_{k}": v for k, v in values.items()}


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "127.8.0.1", "[::1]:8000"])
def test_on_this_machine_neither_encryption_nor_consent_is_needed(host: str) -> None:
    assert load_settings(embeddings_url=f"http://{host}/v1", embeddings_model="small").embeddings_consent == ""


def test_the_key_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("SANGDAM_EMBEDDINGS_KEY_FILE", str(tmp_path / "key"))
    assert load_settings().embeddings_key.get_secret_value() == KEY


async def test_a_service_killed_while_it_fills_goes_on_where_it_was(runner: Runner, embedder: Embedder) -> None:
    embedder.hangs_after = 9
    first = await runner.start(**plug(embedder))
    async with embedder.asking:
        await embedder.asking.wait_for(lambda: len(embedder.requests) > 9)
    await first.kill()
    sent = len(embedder.accepted)
    embedder.hangs_after = None
    embedder.released.set()
    second = await runner.start(**plug(embedder))
    await second.line("vectors_live")
    assert await second.stop() == 0
    entries = load_texts((f"{entry}.md", text.encode()) for entry, text in default_texts().items())
    assert 0 < sent < len(texts_in(entries))
    # The batch that was on its way when it died goes once more; nothing that was answered does.
    times = Counter(embedder.accepted)
    assert sorted(times) == texts_in(entries)
    assert {text for text, count in times.items() if count > 1} <= set(embedder.requests[9]["input"])
    assert not [line for line in runner.lines if KEY in line]


async def test_fitting_asks_the_service_for_what_it_needs(
    runner: Runner, sqlite_urls: Urls, embedder: Embedder, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for entry in ASKED:
        (tmp_path / "in" / f"{entry.id}.md").write_text(dump(entry), "utf-8")
    assert (await runner.command("kb", "import", str(tmp_path / "in"))).code == 0
    service = plug(embedder)
    embedder.fault = "500"
    broken = await runner.command("kb", "check", "--fit", **service)
    assert (broken.code, broken.out) == (1, "")
    assert "임베딩 서비스가 벡터를 주지 않습니다(status 500)" in broken.err
    embedder.fault = ""
    fitted = await runner.command("kb", "check", "--fit", **service)
    assert "다른 표현이 넉넉하고 임베딩이 있을 때: 확률" in fitted.out
    assert sorted(embedder.accepted) == sorted(texts_to_embed(sorted(ASKED, key=lambda e: e.id)))
    async with sqlite_urls.open() as storage:
        model = model_of(await storage.knowledge.texts(DRAFT))
    assert model.ranked_vectors is not None
