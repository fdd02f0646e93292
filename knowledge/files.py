"""Knowledge-base entries as Markdown files: YAML front matter, then the body customers read.

The form that `dump` writes is the normal form: parsing and dumping it again gives the same bytes. Reasons in errors
are Korean, because admins read them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import yaml

from domain.errors import ContentError
from domain.knowledge import Entry, EntryKind

_KEYS = ("id", "title", "kind", "document", "clause", "effective", "action", "aliases", "questions")
_LISTS = frozenset(("aliases", "questions"))
_ID = re.compile(r"[A-Za-z0-9가-힣][A-Za-z0-9가-힣_.-]{0,99}")
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was built
# A clause may have any name ("머리말"); one that is an article's number is written as laws write it.
_ARTICLE = re.compile(
    r"(부칙 ?(\([^()]+\) )?)?"
    r"제[1-9]\d*조(의[1-9]\d*)?( ?제[1-9]\d*항)?( ?제[1-9]\d*호(의[1-9]\d*)?)?( ?[가-하]목)?( ?\(.+\))?"
)
_NUMBERED = re.compile(r"\d\s*조(?![가-힣]*[원회각])|제\s*\d+$")
_FRONT = re.compile(r"---[ \t]*\n(.*?\n|)---[ \t]*(?:\n|\Z)", re.DOTALL)


def default_dir() -> Path:
    """The knowledge base that comes with the program."""
    return Path(__file__).parent / "content" / "ko"


def load_dir(directory: Path) -> tuple[Entry, ...]:
    """Every *.md below the directory, in path order. Raises ContentError for the first thing that is wrong."""
    paths = sorted(p for p in directory.rglob("*.md") if p.is_file())
    if not paths:
        raise ContentError(str(directory), 0, "지식 파일(*.md)이 없습니다.")
    return load_texts((str(p), p.read_bytes()) for p in paths)


def default_texts() -> dict[str, str]:
    """The knowledge base that comes with the program as Markdown by entry id; its files are in the normal form."""
    return {path.stem: path.read_text("utf-8") for path in sorted(default_dir().rglob("*.md"))}


def prepared_index() -> Path:
    """Where the index of that knowledge base is kept, once `sangdam kb build` has made it."""
    return Path(__file__).parent / "content" / "ko.npz"


def load_texts(files: Iterable[tuple[str, bytes]]) -> tuple[Entry, ...]:
    """Entries of (path, bytes) pairs, each checked alone and then against the others. Raises ContentError."""
    texts = {path: decode(path, raw) for path, raw in files}
    entries = {path: parse(path, text) for path, text in texts.items()}
    _check_together(entries, texts)
    return tuple(entries.values())


def decode(path: str, raw: bytes) -> str:
    """The file's text, without a byte order mark. Raises ContentError when it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ContentError(path, line, "UTF-8이 아닙니다. 파일을 UTF-8로 저장해 주세요.") from None


def parse(path: str, text: str) -> Entry:
    """One file's text as an Entry; `path` only names the file in a ContentError."""
    text = text.replace("\r\n", "\n")
    front = _FRONT.match(text)
    if not front:
        raise ContentError(path, 1, "머리말이 없습니다. 첫 줄의 --- 와 다음 --- 사이에 id, title, kind를 적어 주세요.")
    fields = _fields(path, front.group(1))
    for key in ("id", "title", "kind"):
        if not fields.text(key):
            raise ContentError(path, fields.line(key), f"{key}가 비어 있습니다.")
    if not _ID.fullmatch(fields.text("id")):
        raise ContentError(path, fields.line("id"), "id에는 글자, 숫자, '_', '-', '.'만 쓸 수 있습니다(100자까지).")
    body = text[front.end() :].strip("\n")
    if not body.strip():
        raise ContentError(path, text.count("\n", 0, front.end()) + 1, "본문이 비어 있습니다.")
    return Entry(
        id=fields.text("id"),
        title=fields.text("title"),
        kind=fields.kind(),
        body=body,
        document=fields.text("document"),
        clause=fields.text("clause"),
        effective=fields.date("effective"),
        aliases=fields.list("aliases"),
        questions=fields.list("questions"),
        action=fields.text("action") or None,
    )


def check_new(path: str, entry: Entry, text: str) -> None:
    """What is asked of an entry that comes in, beyond being readable: those that are published stay so. Raises
    ContentError."""
    if found := _UNKEEPABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ContentError(path, line, "저장할 수 없는 문자가 있습니다. 그 문자를 지워 주세요.")
    if entry.clause and not entry.document:
        line = _line_of(text, "clause:")
        raise ContentError(path, line, "어느 문서의 조항인지 알 수 없습니다. document를 적어 주세요.")
    if entry.document and not entry.clause:
        line = _line_of(text, "document:")
        raise ContentError(path, line, "문서의 어느 조항인지 알 수 없습니다. clause를 적어 주세요.")
    for part in re.split(r"[·,~]", entry.clause):
        if _NUMBERED.search(part) and not _ARTICLE.fullmatch(part.strip()):
            reason = f"'{part.strip()}'은(는) 없는 조항 번호입니다. 제3조, 제3조의2, 제3조 제1항처럼 적어 주세요."
            raise ContentError(path, _line_of(text, "clause:"), reason)


def dump(entry: Entry) -> str:
    """The entry as a file in the normal form."""
    lines = ["---"]
    for key in _KEYS:
        value = getattr(entry, key)
        if not value:
            continue
        if key in _LISTS:
            lines += [f"{key}:", *(f"  - {_scalar(item)}" for item in value)]
        else:
            lines.append(f"{key}: {_scalar(str(value))}")
    return "\n".join([*lines, "---", entry.body.strip("\n"), ""])


class _Fields:
    """Front matter as read: strings and lists of strings, each with its line."""

    def __init__(self, path: str, nodes: Mapping[str, yaml.Node], lines: Mapping[str, int]) -> None:
        self._path, self._nodes, self._lines = path, nodes, lines

    def line(self, key: str) -> int:
        return self._lines.get(key, 1)

    def text(self, key: str) -> str:
        node = self._nodes.get(key)
        return node.value.strip() if isinstance(node, yaml.ScalarNode) and not _is_null(node) else ""

    def list(self, key: str) -> tuple[str, ...]:
        node = self._nodes.get(key)
        if not isinstance(node, yaml.SequenceNode):
            return ()
        return tuple(item.value.strip() for item in node.value)

    def kind(self) -> EntryKind:
        try:
            return EntryKind(self.text("kind"))
        except ValueError:
            known = ", ".join(EntryKind)
            reason = f"kind '{self.text('kind')}'은(는) 없는 종류입니다. {known} 중 하나를 적어 주세요."
            raise ContentError(self._path, self.line("kind"), reason) from None

    def date(self, key: str) -> date | None:
        text = self.text(key)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            reason = f"{key} '{text}'은(는) 날짜가 아닙니다. 2025-01-31처럼 적어 주세요."
            raise ContentError(self._path, self.line(key), reason) from None


def _fields(path: str, front: str) -> _Fields:
    offset = 2  # the front matter begins on the file's second line
    try:
        root = _composed(front)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ContentError(path, (mark.line if mark else 0) + offset, "머리말을 읽을 수 없습니다(YAML 형식).") from None
    except yaml.reader.ReaderError as error:
        line = front.count("\n", 0, error.position) + offset
        raise ContentError(path, line, "머리말에 쓸 수 없는 문자가 있습니다.") from None
    if root is None:
        return _Fields(path, {}, {})
    if not isinstance(root, yaml.MappingNode):
        raise ContentError(path, offset, "머리말은 '이름: 값' 형식이어야 합니다.")
    nodes: dict[str, yaml.Node] = {}
    lines: dict[str, int] = {}
    for key_node, node in root.value:
        key, line = str(key_node.value), key_node.start_mark.line + offset
        if key not in _KEYS:
            raise ContentError(path, line, f"'{key}'은(는) 모르는 이름입니다. 쓸 수 있는 이름: {', '.join(_KEYS)}")
        if key in nodes:
            raise ContentError(path, line, f"'{key}'이(가) 두 번 있습니다.")
        nodes[key], lines[key] = node, line
        _check_shape(path, key, node, offset)
    return _Fields(path, nodes, lines)


def _composed(front: str) -> yaml.Node | None:
    try:
        root: yaml.Node | None = yaml.compose(front, Loader=_FAST)
    except yaml.YAMLError:
        root = yaml.compose(front, Loader=yaml.SafeLoader)  # tells the line exactly
    return root


def _check_shape(path: str, key: str, node: yaml.Node, offset: int) -> None:
    line = node.start_mark.line + offset
    if key not in _LISTS:
        if not isinstance(node, yaml.ScalarNode) or "\n" in node.value:
            raise ContentError(path, line, f"{key}에는 한 줄의 글을 적어 주세요.")
        return
    if isinstance(node, yaml.ScalarNode) and _is_null(node):
        return
    if not isinstance(node, yaml.SequenceNode):
        raise ContentError(path, line, f"{key}는 '- '로 시작하는 목록이어야 합니다.")
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode) or "\n" in item.value or not item.value.strip():
            line = item.start_mark.line + offset
            raise ContentError(
                path, line, f"{key}의 항목은 한 줄의 글이어야 합니다(쌍점이 있으면 따옴표로 감싸 주세요)."
            )


def _is_null(node: yaml.ScalarNode) -> bool:
    return node.style is None and node.value in ("", "~", "null")


class Claims:
    """Ids and aliases that entries have, each of them one entry's alone."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._aliases: dict[str, tuple[str, str]] = {}

    def check(self, path: str, entry: Entry, text: str, instead_of: str = "") -> None:
        """Raises ContentError when another entry than `instead_of` has the id or an alias of this one."""
        if entry.id in self._ids and entry.id != instead_of:
            line = _line_of(text, entry.id)
            raise ContentError(path, line, f"id '{entry.id}'이(가) 다른 파일에도 있습니다: {self._ids[entry.id]}")
        for alias in entry.aliases:
            other, other_path = self._aliases.get(alias_key(alias), (entry.id, path))
            if other not in (entry.id, instead_of):
                line = _line_of(text, alias)
                raise ContentError(path, line, f"alias '{alias}'은(는) '{other}'에도 있습니다: {other_path}")

    def add(self, path: str, entry: Entry) -> None:
        self._ids.setdefault(entry.id, path)
        for alias in entry.aliases:
            self._aliases.setdefault(alias_key(alias), (entry.id, path))

    def drop(self, entry: Entry) -> None:
        """What the entry had is free again."""
        self._ids.pop(entry.id, None)
        for key in map(alias_key, entry.aliases):
            if self._aliases.get(key, ("", ""))[0] == entry.id:
                del self._aliases[key]


def _check_together(entries: Mapping[str, Entry], texts: Mapping[str, str]) -> None:
    claims = Claims()
    for path, entry in entries.items():
        check_new(path, entry, texts[path])
        claims.check(path, entry, texts[path])
        claims.add(path, entry)


def alias_key(alias: str) -> str:
    """Two aliases with one key ask the same: spaces, case and closing marks make no difference."""
    return re.sub(r"[\s.?!~]+", "", alias).casefold()


def _line_of(text: str, value: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if value in line:
            return number
    return 0


_PLAIN = re.compile(
    r"[^\s\-?:,\[\]{}#&*!|>'\"%@`~=\x00-\x1f\x7f-\xa0\ufeff\ufffe\uffff]"
    r"[^\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*"
)
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")  # no database takes them, no file holds them
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and ": " not in text and " #" not in text and not text.endswith((":", " "))
    if plain and text != "null":
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda m: f"\\u{ord(m.group()):04x}", quoted)
