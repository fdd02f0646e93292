"""The analysis process: real processes, really killed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from bot.engine.analysis_process import AnalysisProcess, starting
from domain.knowledge import DecisionKind
from knowledge.files import default_texts, load_texts, prepared_index
from knowledge.vectors import text_hash, texts_of
from tests.analysis import thread_analysis

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "환불은 며칠 안에 해 주나요?"
PARENT = """
import asyncio, sys
from bot.engine.analysis_process import starting
async def main():
    async with starting() as analysis:
        await analysis.open(1, {}, [])
        print("open", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of the built index: built by the first test that opens it."""
    return [tmp_path_factory.mktemp("kept") / "knowledge.npz", prepared_index()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def analysis(kept: list[Path]) -> AsyncIterator[AnalysisProcess]:
    async with starting() as process:
        watching = asyncio.create_task(process.run())
        await process.open(1, default_texts(), kept)
        yield process
        watching.cancel()
        await asyncio.wait([watching])


def child() -> psutil.Process:
    (found,) = [p for p in psutil.Process().children() if "bot.engine.analysis_worker" in p.cmdline()]
    return found


async def test_it_decides_as_this_process_would(analysis: AnalysisProcess, kept: list[Path]) -> None:
    questions = [(QUESTION, None), ("안녕하세요", None), ("그럼 거부하면요?", "개인정보 수집에 꼭 동의해야 하나요?")]
    here = thread_analysis()
    entries = await here.open(1, default_texts(), kept)
    assert await analysis.decide(1, questions) == await here.decide(1, questions)
    assert (await analysis.open(2, default_texts(), kept)) == entries
    assert (await analysis.decide(2, questions[1:2]))[0][0].kind is DecisionKind.CHAT
    here.close()


async def test_a_message_of_surrogates_and_nothing_breaks_nothing(analysis: AnalysisProcess) -> None:
    decided = await analysis.decide(1, [("\ud800", None), ("", None), ("\0" * 50, None)])
    assert len(decided) == 3


async def test_a_signal_to_the_whole_group_is_the_programs_to_heed(analysis: AnalysisProcess) -> None:
    before, expected = child(), await analysis.decide(1, [(QUESTION, None)])
    before.terminate()
    assert await analysis.decide(1, [(QUESTION, None)]) == expected
    assert child().pid == before.pid


async def test_it_comes_back_when_it_is_killed(analysis: AnalysisProcess) -> None:
    before, expected = child(), await analysis.decide(1, [(QUESTION, None)])
    asked = asyncio.create_task(analysis.decide(1, [(QUESTION, None)] * 400))
    await asyncio.sleep(0)  # the request is on its way
    before.kill()
    assert [d.entry for (d,) in await asked] == [d.entry for (d,) in expected * 400]
    assert child().pid != before.pid


async def test_vectors_are_given_once_and_again_to_a_process_that_comes_back(analysis: AnalysisProcess) -> None:
    chance = np.random.default_rng(0)
    vectors: dict[str, bytes] = {}
    entries = load_texts((f"{entry}.md", text.encode()) for entry, text in default_texts().items())
    for entry in entries:
        about = chance.normal(size=64)
        for text in texts_of(entry):
            vectors[text_hash(text)] = _unit(about + 0.5 * chance.normal(size=64)).tobytes()
    asked = {QUESTION: _unit(about)}  # as the last entry
    by_words = await analysis.decide(1, [(QUESTION, None)])
    lacking = await analysis.lacking(1)
    assert lacking.keys() == vectors.keys()
    some = dict(list(vectors.items())[:700])
    await analysis.give(1, some)
    assert (await analysis.lacking(1)).keys() == vectors.keys() - some.keys()
    assert await analysis.decide(1, [(QUESTION, None)], asked) == by_words
    await analysis.give(1, vectors)
    assert await analysis.lacking(1) == {}
    with_vectors = await analysis.decide(1, [(QUESTION, None)], asked)
    assert with_vectors != by_words
    assert await analysis.decide(1, [(QUESTION, None)]) == by_words
    child().kill()
    assert await analysis.decide(1, [(QUESTION, None)], asked) == by_words
    assert await analysis.lacking(1) == lacking
    await analysis.give(1, vectors)
    assert await analysis.decide(1, [(QUESTION, None)], asked) == with_vectors
    assert await analysis.lacking(99) == {}


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


async def test_what_it_does_not_know_is_an_error_and_no_death(analysis: AnalysisProcess) -> None:
    before = child()
    with pytest.raises(RuntimeError, match="KeyError"):
        await analysis.decide(99, [(QUESTION, None)])
    assert child().pid == before.pid


async def test_it_ends_with_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"open\n"
    (orphan,) = psutil.Process(parent.pid).children()
    parent.kill()
    await parent.wait()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [orphan], 20)
    assert gone == [orphan]
