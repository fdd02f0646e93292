"""run, chat, check."""

import argparse
import contextlib
import gc
import sys
from collections.abc import Iterator

from bot.engine.analysis_process import starting
from bot.settings import Settings
from domain.errors import SangdamError

_TRIED = 10.0  # seconds for an answer of the embeddings service


async def run(_options: argparse.Namespace, settings: Settings) -> int:
    async with starting() as analysis:
        with _importing():
            from bot.app import run_service
        await run_service(settings, analysis)
    return 0


async def chat(_options: argparse.Namespace, settings: Settings) -> int:
    async with starting() as analysis:
        with _importing():
            from bot.app import run_terminal
        await run_terminal(settings, analysis)
    return 0


async def check(_options: argparse.Namespace, settings: Settings) -> int:
    """Wrong values have stopped before this; here the parts are tried and warnings given."""
    from bot.parts import open_program_storage

    findings = []
    try:
        async with open_program_storage(settings) as storage:
            if not await storage.database.answers():
                findings.append("SANGDAM_DATABASE_URL: 데이터베이스가 응답하지 않습니다. 주소와 서버를 확인하세요.")
    except SangdamError as error:
        findings.append(str(error))  # it names the setting itself
    except Exception as error:
        findings.append(
            f"SANGDAM_DATABASE_URL: 데이터베이스를 열 수 없습니다({type(error).__name__}). 주소와 권한을 확인하세요."
        )
    findings += await _embeddings(settings)
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    for word in _words(settings):
        sys.stderr.write(f"{word}\n")
    return 1 if findings else 0


async def _embeddings(settings: Settings) -> list[str]:
    """What is wrong with the service, asked for the vector of a word that is nobody's."""
    if not settings.embeddings_url:
        return []
    from bot.embeddings import service_of
    from bot.engine.embeddings_client import EmbeddingsClient, EmbeddingsError

    service = service_of(settings)
    assert service is not None
    try:
        async with EmbeddingsClient(service) as client:
            await client.embed(["연결 확인"], _TRIED)
    except EmbeddingsError as error:
        return [
            f"SANGDAM_EMBEDDINGS_URL: 임베딩 서비스가 벡터를 주지 않습니다({error.reason}). "
            "주소, 모델, 키를 확인하세요."
        ]
    return []


@contextlib.contextmanager
def _importing() -> Iterator[None]:
    """Import the program only now: meanwhile the analysis process loads on another core.

    What is imported stays, so that the garbage collector need not look through it, now or later.
    """
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _words(settings: Settings) -> list[str]:
    words = []
    if not settings.telegram_token.get_secret_value():
        words.append("SANGDAM_TELEGRAM_TOKEN이 없어 텔레그램은 켜지지 않습니다.")
    if not settings.public_url:
        words.append("SANGDAM_PUBLIC_URL이 없어 텔레그램 답변에 조항 링크가 붙지 않습니다.")
    if settings.telegram_limits == "off":
        words.append("SANGDAM_TELEGRAM_LIMITS=off는 측정용입니다. 실제 운영에서는 on으로 두세요.")
    return words
