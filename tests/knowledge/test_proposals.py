"""A policy document beside the entries there are."""

from datetime import date

from domain.knowledge import Entry, EntryKind
from knowledge.documents import Format, Standing, compare, format_of, propose
from tests.knowledge.test_documents import TERMS


def test_a_document_that_is_there_already_keeps_its_ids_aliases_and_questions() -> None:
    first = propose("terms.txt", TERMS, Format.TEXT)
    own = Entry(
        "주문",
        "주문하는 방법",
        EntryKind.ACTION,
        "옛 글",
        "온담상점 이용약관",
        "제3조",
        date(2024, 1, 1),
        ("주문 어떻게 해요",),
        ("주문은 어디서 하나요",),
        "contact_agent",
    )
    other = Entry("terms-05", "다른 글", EntryKind.ANSWER, "다른 문서입니다.", "다른 약관", "제5조")
    standing = [e for e in first if e.clause not in ("제3조", "제5조")] + [own, other]
    found = {p.entry.clause: p for p in compare(first, standing)}
    assert found["제1조"].standing is Standing.SAME
    order = found["제3조"]
    assert (order.entry.id, order.standing, order.standing_text) == ("주문", Standing.DIFFERS, "옛 글")
    assert (order.entry.aliases, order.entry.questions, order.entry.kind) == (own.aliases, own.questions, own.kind)
    assert order.entry.body.startswith("회원은 화면의 안내에 따라")
    assert (found["제5조"].entry.id, found["제5조"].standing) == ("terms-05.2", Standing.NEW)


def test_formats_are_told_by_the_files_name() -> None:
    names = ("a.TXT", "b.md", "c.htm", "d.pdf", "e")
    assert [format_of(name) for name in names] == [Format.TEXT, Format.MARKDOWN, Format.HTML, None, None]
