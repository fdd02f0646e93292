"""The catalogue: nothing missing, nothing left over, the blanks filled with what they ask for, in one tone."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
import handlers
from domain.cases import CaseKind, CaseState
from domain.consent import ConsentAct, ConsentPurpose
from domain.identifiers import redact
from handlers.catalogue import Texts, load_texts
from handlers.entrance import ACTIONS, MENU

TEXTS = load_texts()
SECTIONS = {key.split(".")[0] for key in TEXTS.keys}
FOLDERS = [Path(str(package.__file__)).parent for package in (handlers, bot)]
MADE_FROM = {
    "action": {*ACTIONS, "manage_consent", "unsubscribe_email", "contact_agent"},
    "case_state": {s.value for s in CaseState},
    "menu": set(MENU),
    "purpose": {p.value for p in ConsentPurpose},
    "purpose_about": {p.value for p in ConsentPurpose},
    "redacted": set(redact("900101-1234568 4111111111111111").kinds),
    "request": {k.value for k in CaseKind},
    "telegram": {"help", "privacy", "request", "agent"},
    "consent": {a.value for a in ConsentAct},
}
IN_THE_CUSTOMERS_VOICE = {"unhelpful.offer"}  # what a button says is what the customer says


def _trees() -> Iterator[ast.AST]:
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.py")):
            yield ast.parse(path.read_text("utf-8"), str(path))


def _other_catalogues() -> set[str]:
    """Keys of catalogues that a channel or the desk keeps for itself."""
    found: set[str] = set()
    for folder in FOLDERS:
        for path in folder.rglob("*.toml"):
            tables = tomllib.loads(path.read_text("utf-8"))
            found |= {f"{s}.{k}" for s, keys in tables.items() if isinstance(keys, dict) for k in keys}
    return found - TEXTS.keys


def _beginnings() -> Iterator[str]:
    """What keys begin with that are put together: f"staff.reason_{reason}"."""
    for node in (n for tree in _trees() for n in ast.walk(tree)):
        first = str(getattr(node.values[0], "value", "")) if isinstance(node, ast.JoinedStr) else ""
        if re.fullmatch(r"[a-z_]+\.[a-z_]*", first):
            yield first


def _calls() -> Iterator[ast.Call]:
    """Calls of a catalogue: texts("…"), turn.texts("…"), self._texts("…")."""
    for node in (n for tree in _trees() for n in ast.walk(tree)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("texts", "_texts"):
                yield node


def test_every_key_that_is_used_exists() -> None:
    used = {
        node.value
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z_]+\.[a-z_]+", node.value)
        and node.value.split(".")[0] in SECTIONS
        and not re.search(r"\.(html|offset|toml)$|_$", node.value)  # files, facts, beginnings of keys
    }
    asked = {
        c.args[0].value for c in _calls() if isinstance(c.args[0], ast.Constant) and isinstance(c.args[0].value, str)
    }
    assert len(asked) > 40
    assert {k for k in asked if "." in k} <= TEXTS.keys | _other_catalogues()
    assert used - TEXTS.keys - _other_catalogues() == set()


def test_every_key_is_used() -> None:
    source = "\n".join(p.read_text("utf-8") for folder in FOLDERS for p in folder.rglob("*.py"))
    left = {k for k in TEXTS.keys if f'"{k}"' not in source and f"'{k}'" not in source}
    made = {f"{section}.{name}" for section, names in MADE_FROM.items() for name in names}
    begun = tuple(b for b in _beginnings() if b.split(".")[0] not in MADE_FROM)
    assert {k for k in left - made if not k.startswith(begun)} == set()


@pytest.mark.parametrize("section", MADE_FROM)
def test_keys_that_are_put_together_exist(section: str) -> None:
    assert {f"{section}.{name}" for name in MADE_FROM[section]} <= TEXTS.keys


def test_the_blanks_are_filled_with_what_they_ask_for() -> None:
    checked = 0
    for call in _calls():
        key = call.args[0]
        if not isinstance(key, ast.Constant) or key.value not in TEXTS.keys:
            continue
        given = {k.arg for k in call.keywords}
        wanted = _blanks(TEXTS(key.value))
        if None in given:  # **values
            assert given - {None} <= wanted, key.value
        elif given or wanted:
            assert given == wanted, key.value
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("key", sorted(TEXTS.keys))
def test_texts_are_tidy_and_polite(key: str) -> None:
    text = TEXTS(key)
    assert text.strip() == text
    assert not re.search(r"  | \n|\n\n\n| [.,?!]", text)
    assert not re.search(r"당신|귀하|하세요|됩니다만|[!！]", text.replace("안녕하세요", ""))
    if key in IN_THE_CUSTOMERS_VOICE:
        return
    # Sentences end in 합니다체; 해요체 only in requests (…주세요), questions (…까요, …가요).
    said = re.sub(r"안녕하세요\.|주세요\.|(까|가|나)요\?", "", text)
    assert not re.search(r"요[.?]|요$", said)
    for sentence in re.findall(r"[가-힣]+\.(?=\s|$)", said):
        assert sentence.endswith("니다."), sentence


def test_a_missing_key_and_a_missing_name_are_errors() -> None:
    texts = Texts({"a": {"b": "{name}님\n"}})
    assert texts("a.b", name="하늘") == "하늘님"
    with pytest.raises(KeyError):
        texts("a.c")
    with pytest.raises(KeyError):
        texts("a.b", other="x")


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
