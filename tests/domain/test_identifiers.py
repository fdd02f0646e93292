"""Resident registration numbers and card numbers are found however they are typed; nothing else is touched."""

import sys
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.identifiers import CARD_MASK, RRN_MASK, redact

VALID = "900101-1234568"  # 9·2+0·3+0·4+1·5+0·6+1·7+1·8+2·9+3·2+4·3+5·4+6·5 = 124, 124 mod 11 = 3, 11 − 3 = 8

RRN = [
    VALID,
    "9001011234568",
    "900101 1234568",
    "900101 - 1234568",
    "900101  -  1234568",
    "900101–1234568",
    "900101—1234568",
    "900101−1234568",
    "900101ㅡ1234568",
    "900101ー1234568",
    "900101~1234568",
    "900101.1234568",
    "900101/1234568",
    "900101·1234568",
    "900101\u00a01234568",
    "900101\u30001234568",
    "900101\u20111234568",
    "９００１０１－１２３４５６８",
    "９００１０１　１２３４５６８",
    "900101-1234567",  # a wrong last digit: since October 2020 it is random, and a typing error is no reason to keep it
    "000229-3123456",  # 29 February 2000
    "210115-4000000",
    "2101154000000",  # born after October 2020: no checksum to hold it against
    "850505-5678901",  # a foreign resident
]
CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111 - 1111 - 1111 - 1111",
    "４１１１ １１１１ １１１１ １１１１",
    "4111.1111.1111.1111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "3782 822463 10005",
    "30569309025904",
    "3530111333300000",
    "6250941006528599",
    "9410123456789010",
]
NOTHING = [
    "",
    "안녕하세요",
    "010-1234-5678",
    "02-123-4567",
    "+82 10 1234 5678",
    "01012345678 01087654321",
    "주문번호 2026030112345678",
    "주문번호 20260301-0012345",
    "송장 1234567890123",
    "송장 612345678901",
    "계좌 110-123-456789",
    "계좌 3021234567890",
    "1,234,567원 2026-03-01 10:00",
    "900101-123456",  # a digit short
    "900101-12345678",  # a digit long
    "991301-1234567",  # no thirteenth month
    "900230-1234567",  # no 30 February
    "900101-9234567",  # 9 and 0 were for people born before 1900
    "9001011234567",  # written together, the checksum wrong
    "1900101-1234568",
    "4111111111111112",  # the checksum wrong
    "1111 1111 1111 1111",
    "0000-0000-0000-0000",
    "1700000000000",  # milliseconds of a clock
    "41111111111111111111111",
]


@pytest.mark.parametrize("written", RRN)
def test_a_resident_number_is_removed(written: str) -> None:
    found = redact(f"제 번호는 {written}입니다")
    assert (found.text, found.kinds) == (f"제 번호는 {RRN_MASK}입니다", ("rrn",))


@pytest.mark.parametrize("written", CARDS)
def test_a_card_number_is_removed(written: str) -> None:
    found = redact(f"카드({written})로 냈어요")
    assert (found.text, found.kinds) == (f"카드({CARD_MASK})로 냈어요", ("card",))


@pytest.mark.parametrize("written", NOTHING)
def test_other_numbers_are_left_alone(written: str) -> None:
    assert redact(written) == type(redact(""))(written, ())


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("4111 1111 1111 1111 12/27", f"{CARD_MASK} 12/27"),
        ("4111111111111111 123", f"{CARD_MASK} 123"),
        ("010-1234-5678 4111-1111-1111-1111", f"010-1234-5678 {CARD_MASK}"),
        ("12345678901 900101-1234568", f"12345678901 {RRN_MASK}"),
        ("4111111111111111, 5555555555554444", f"{CARD_MASK}, {CARD_MASK}"),
        ("4111111111111111 5555555555554444", f"{CARD_MASK} {CARD_MASK}"),
        ("900101-1234568 900101-1234568", f"{RRN_MASK} {RRN_MASK}"),
    ],
)
def test_a_number_is_found_beside_others(written: str, left: str) -> None:
    assert redact(written).text == left


def test_each_kind_is_named_once_in_the_order_found() -> None:
    found = redact(f"{VALID} 4111111111111111 그리고 {VALID}")
    assert found.kinds == ("rrn", "card")
    assert found.text == f"{RRN_MASK} {CARD_MASK} 그리고 {RRN_MASK}"


def _checked(born: str, rest: str) -> str:
    digits = born + rest
    total = sum(int(d) * w for d, w in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    return str((11 - total % 11) % 10)


_born = st.dates(min_value=date(1930, 1, 1), max_value=date(2026, 1, 1))
_around = st.text(alphabet=st.characters(exclude_categories=["Nd", "Cs"]), max_size=20)
_numbers = st.text(alphabet="0123456789-–ㅡ. ~\t／０９", max_size=200)


@given(born=_born, place=st.text(alphabet="0123456789", min_size=5, max_size=5), before=_around, after=_around)
def test_no_valid_number_with_a_hyphen_is_left(born: date, place: str, before: str, after: str) -> None:
    first = f"{born:%y%m%d}"
    rest = ("1" if born.year < 2000 else "3") + place
    number = f"{first}-{rest}{_checked(first, rest)}"
    found = redact(f"{before}{number}{after}")
    assert number not in found.text
    assert number[7:] not in found.text
    assert "rrn" in found.kinds


@given(text=st.one_of(st.text(max_size=300), _numbers))
def test_it_never_raises_and_what_it_leaves_it_leaves_again(text: str) -> None:
    found = redact(text)
    assert redact(found.text).text == found.text
    assert bool(found.kinds) == (found.text != text)


@given(numbers=_numbers, hidden=st.sampled_from([VALID, "4111-1111-1111-1111"]))
@settings(max_examples=300)
def test_numbers_around_a_number_do_not_hide_it(numbers: str, hidden: str) -> None:
    """Words keep the neighbours' digits from becoming part of the number itself."""
    text = redact(f"{numbers} 번호 {hidden} 끝 {numbers}").text
    assert hidden not in text


@pytest.mark.parametrize("piece", ["1", "12 ", "900101-", "4111 1111 1111 111 ", "1-", "0 - ", "９", "900101 1234567 "])
def test_the_work_grows_with_the_length_only(piece: str) -> None:
    """Counted in calls, which are the same on every machine: four times the text, about four times the work."""
    assert _calls(piece * 2_000) < 4.5 * _calls(piece * 500) + 100


def _calls(text: str) -> int:
    count = 0

    def counts(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counts)
    try:
        redact(text)
    finally:
        sys.setprofile(before)
    return count
