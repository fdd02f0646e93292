"""What a message is read as, and the way back to its characters."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.hangul import as_typed_in_korean
from moderation.normalise import Normaliser

NORMALISER = Normaliser()
TRICKY = st.text(
    st.sampled_from("가씨발아이이ㅆㅣㅂㅏㄹㅋㅠ 1l8!^7tlqkfRA\u0301\u200b\u1109\u1175\ud800🅰ⓢ.\n"), max_size=60
)


@pytest.mark.parametrize(
    ("text", "compact"),
    [
        ("씨!!발!! 상담사", "씨발상담사"),
        ("ㅆㅣㅂㅏㄹ", "씨발"),
        ("ㄱㅐㅅㅐㄲㅣ", "개새끼"),
        ("tlqkfshadk", "시발놈아"),
        ("qudtlstoRl", "병신새끼"),
        ("TLQKF", "씨빨"),
        ("씨이이이발", "씨발"),
        ("미이이친", "미친"),
        ("ㅆ1발", "씨발"),
        ("^^ㅂ", "ㅆㅂ"),
        ("ㅅH77ㅣ", "새끼"),
        ("시8놈", "시팔놈"),
        ("18놈아", "십팔놈아"),
        ("씨\u200b발", "씨발"),
        ("\u1109\u1175\u1107\u1161\u11af", "시발"),
        ("ｔｌｑｋｆ", "시발"),
        ("ѕhit", "shit"),
        ("order the size", "orderthesize"),
        ("10시 발송", "0시발송"),
    ],
)
def test_disguises_are_undone(text: str, compact: str) -> None:
    assert NORMALISER.read(text).compact == compact


def test_case_decides_which_key_was_pressed() -> None:
    assert as_typed_in_korean("toRl") == "ㅅㅐㄲㅣ"
    assert as_typed_in_korean("torl") == "ㅅㅐㄱㅣ"


def test_english_stays_english() -> None:
    assert as_typed_in_korean("delivery") == "delivery"


def test_positions_lead_back_to_the_original() -> None:
    text = "아 ㅆㅣㅂㅏㄹ!!"
    reading = NORMALISER.read(text)
    places = NORMALISER.positions(text, reading)
    assert reading.compact == "아씨발"
    assert [text[start:end] for start, end in places] == ["아", "ㅆㅣ", "ㅂㅏㄹ"]


@given(st.one_of(st.text(max_size=80), TRICKY))
def test_every_character_has_a_place_in_order(text: str) -> None:
    reading = NORMALISER.read(text)
    places = NORMALISER.positions(text, reading)
    assert len(places) == len(reading.compact)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))


@given(st.text(st.sampled_from("가나다라마바사 ,.?"), max_size=60))
def test_plain_text_is_left_alone(text: str) -> None:
    reading = NORMALISER.read(text)
    assert reading.compact == "".join(c for c in reading.plain if "가" <= c <= "힣")
