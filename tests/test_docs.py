"""The documentation is compared with the code."""

import argparse
import re
from pathlib import Path

from bot.cli.main import parser
from bot.settings import Settings

DOCS = Path(__file__).parent.parent / "docs"


def test_settings_are_listed_with_their_defaults_and_words() -> None:
    listed = re.findall(r"^\| `(SANGDAM_\w+)` \| (.*?) \| (.*) \|$", (DOCS / "settings.md").read_text("utf-8"), re.M)
    told = []
    for name, field in Settings.model_fields.items():
        default = field.default
        text = str(default.get_secret_value() if hasattr(default, "get_secret_value") else default)
        told.append((f"SANGDAM_{name.upper()}", f"`{text}`" if text else "", field.description))
    assert [(n, d.strip(), w) for n, d, w in listed] == told


def test_commands_of_the_program_are_documented() -> None:
    commands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)).choices
    listed = set(re.findall(r"^\| `sangdam (\w+)", (DOCS / "commands.md").read_text("utf-8"), re.M))
    assert listed == set(commands)


def test_links_between_the_documents_hold() -> None:
    root = DOCS.parent
    for page in [root / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(root)} links to {target}"
