from hypothesis import given
from hypothesis import strategies as st

from knowledge.wording import Mark, Piece, compare_lines, compare_words

WORDS = st.lists(st.sampled_from(["반품", "7일", "14일", "안에", " ", "  ", ".", "은", "교환"]), max_size=20).map(
    "".join
)


def test_the_words_that_changed_are_marked_and_the_space_between_them_with_them() -> None:
    assert compare_words("배송 기간은 3일입니다", "배송 걸리는 날은 4일입니다") == (
        Piece(Mark.SAME, "배송 "),
        Piece(Mark.REMOVED, "기간은 3일입니다"),
        Piece(Mark.ADDED, "걸리는 날은 4일입니다"),
    )
    assert [p.text for p in compare_words("7일 안에", "14일 안에")] == ["7일", "14일", " 안에"]


@given(WORDS, WORDS)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = compare_words(before, after)
    assert "".join(p.text for p in pieces if p.mark is not Mark.ADDED) == before
    assert "".join(p.text for p in pieces if p.mark is not Mark.REMOVED) == after


@given(st.lists(WORDS.filter(bool), max_size=6), st.lists(WORDS.filter(bool), max_size=6))
def test_both_texts_lines_can_be_read_too(before: list[str], after: list[str]) -> None:
    lines = compare_lines(before, after)
    for mark, text in ((Mark.ADDED, before), (Mark.REMOVED, after)):
        read = ["".join(p.text for p in line if p.mark is not mark) for line in lines]
        assert [line for line in read if line] == text


def test_lines_with_little_in_common_stand_as_a_whole() -> None:
    lines = compare_lines(["하나", "옛 규정은 이렇습니다."], ["하나", "전혀 다른 글", "새 줄"])
    assert [[piece.mark for piece in line] for line in lines] == [
        [Mark.SAME],
        [Mark.REMOVED],
        [Mark.ADDED],
        [Mark.ADDED],
    ]


def test_very_long_lines_are_told_apart_without_counting_their_words() -> None:
    before, after = "가 " * 3_000, "나 " * 3_000
    assert compare_words(before, after) == (Piece(Mark.REMOVED, before), Piece(Mark.ADDED, after))
