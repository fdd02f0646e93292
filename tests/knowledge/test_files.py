from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ContentError
from domain.knowledge import Entry, EntryKind
from knowledge.files import default_dir, dump, load_dir, load_texts, parse

LINES = st.text(st.characters(exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]))
LINE = LINES.map(str.strip).filter(bool)
ENTRIES = st.builds(
    Entry,
    id=st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True),
    title=LINE,
    kind=st.sampled_from(EntryKind),
    body=st.lists(LINE, min_size=1, max_size=4).map("\n".join),
    document=LINES.map(str.strip),
    clause=LINES.map(str.strip),
    effective=st.none() | st.dates(date(1900, 1, 1)),
    aliases=st.lists(LINE, max_size=3).map(tuple),
    questions=st.lists(LINE, max_size=3).map(tuple),
    action=st.none() | LINE,
)


@given(ENTRIES)
def test_what_is_dumped_parses_to_the_same_entry_and_the_same_bytes(entry: Entry) -> None:
    text = dump(entry)
    assert parse("entry.md", text) == entry
    assert dump(parse("entry.md", text)) == text


def test_the_default_knowledge_base_is_in_normal_form() -> None:
    paths = sorted(default_dir().rglob("*.md"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert dump(parse(str(path), text)) == text


def test_an_entry_needs_only_id_title_kind_and_body() -> None:
    entry = parse("a.md", "---\nid: a\ntitle: 제목\nkind: answer\n---\n본문입니다.\n")
    assert entry == Entry("a", "제목", EntryKind.ANSWER, "본문입니다.")


def test_windows_line_ends_and_a_byte_order_mark_are_taken() -> None:
    raw = "\ufeff---\r\nid: a\r\ntitle: 제목\r\nkind: chat\r\n---\r\n첫 줄\r\n둘째 줄\r\n".encode()
    (entry,) = load_texts([("a.md", raw)])
    assert entry.body == "첫 줄\n둘째 줄"


HEAD = "---\nid: a\ntitle: 제목\nkind: answer\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("본문만 있습니다.\n", 1, "머리말이 없습니다"),
        ("---\nid: [a\ntitle: b\nkind: answer\n---\n본문\n", 3, "읽을 수 없습니다"),
        ("---\n- id\n---\n본문\n", 2, "'이름: 값'"),
        ("---\nid: a\nkind: answer\n---\n본문\n", 1, "title가 비어 있습니다"),
        ("---\nid: 'a b'\ntitle: 제목\nkind: answer\n---\n본문\n", 2, "id에는"),
        ("---\nid: a\ntitle: 제목\nkind: anwser\n---\n본문\n", 4, "없는 종류"),
        (f"{HEAD}effective: 어제\n---\n본문\n", 5, "날짜가 아닙니다"),
        (f"{HEAD}aliases: 하나\n---\n본문\n", 5, "목록이어야"),
        (f"{HEAD}aliases:\n  - 질문\n  - a: b\n---\n본문\n", 7, "한 줄의 글"),
        (f"{HEAD}titel: 오타\n---\n본문\n", 5, "모르는 이름"),
        (f"{HEAD}id: b\n---\n본문\n", 5, "두 번"),
        (f"{HEAD}---\n\n  \n", 6, "본문이 비어"),
        (f"{HEAD}clause: \x07\n---\n본문\n", 5, "쓸 수 없는 문자"),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(ContentError) as caught:
        parse("a.md", text)
    assert (caught.value.path, caught.value.line) == ("a.md", line)
    assert reason in caught.value.reason


def file(entry_id: str, *aliases: str) -> bytes:
    return dump(Entry(entry_id, "제목", EntryKind.ANSWER, "본문", aliases=aliases)).encode()


def test_two_entries_with_one_id_are_refused() -> None:
    with pytest.raises(ContentError) as caught:
        load_texts([("one.md", file("a")), ("two.md", file("a"))])
    assert (caught.value.path, caught.value.line) == ("two.md", 2)
    assert "one.md" in caught.value.reason


def test_an_alias_of_another_entry_is_refused_however_it_is_spaced() -> None:
    with pytest.raises(ContentError) as caught:
        load_texts([("one.md", file("a", "환불 되나요?")), ("two.md", file("b", "배송 문의", "환불되나요"))])
    assert (caught.value.path, caught.value.line) == ("two.md", 7)
    assert "환불되나요" in caught.value.reason


def test_a_file_that_is_not_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(ContentError) as caught:
        load_texts([("a.md", b"---\nid: a\ntitle: " + "제목".encode("euc-kr") + b"\n---\n")])
    assert (caught.value.line, "UTF-8" in caught.value.reason) == (3, True)


def test_a_folder_without_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError):
        load_dir(tmp_path)
