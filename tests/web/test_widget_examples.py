"""The examples of signing in docs/widget.md, run as they stand there."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from bot.channels.web.sessions import Visitor
from bot.channels.web.visitors import Visitors
from domain.clock import system_clock
from tests.web.shop import SECRET

PAGE = (Path(__file__).parents[2] / "docs/widget.md").read_text("utf-8")
SIGNED = Visitor("회원 7", '온담 "손님"')


def example(language: str) -> str:
    """The first block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_python_example_signs() -> None:
    names: dict[str, Any] = {}
    exec(example("python"), names)
    token = names["visitor_token"](SIGNED.subject, SIGNED.name, SECRET)
    assert Visitors(SECRET, system_clock).check(token) == SIGNED


def test_the_node_example_signs(tmp_path: Path) -> None:
    module = tmp_path / "sign.mjs"
    module.write_text(example("js") + "\nconsole.log(visitorToken(...process.argv.slice(2)));\n", "utf-8")
    node = compute_driver_executable()[0]  # the one that drives the browser
    command = [str(node), str(module), SIGNED.subject, SIGNED.name, SECRET]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert Visitors(SECRET, system_clock).check(run.stdout.strip()) == SIGNED


@pytest.mark.parametrize("name", ["data-label", "data-side", "data-bottom", "data-visitor"])
def test_every_attribute_is_one_the_script_reads(name: str) -> None:
    script = (Path(__file__).parents[2] / "bot/channels/web/launcher.js").read_text("utf-8")
    assert f"`{name}`" in PAGE
    assert f"script.dataset.{name.removeprefix('data-')}" in script
