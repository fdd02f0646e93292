"""What tells who somebody is does not leave; what a question is about does."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers import RRN_MASK
from domain.masking import ACCOUNT, EMAIL, LINK, NUMBER, mask

MASKED = [
    ("010-1234-5678로 연락 주세요", f"{NUMBER}로 연락 주세요"),
    ("０１０－１２３４－５６７８ 입니다", f"{NUMBER} 입니다"),
    ("+82 10 1234 5678", NUMBER),
    ("(02) 123-4567로요", f"{NUMBER}로요"),
    ("공일공 일이삼사 오육칠팔로요", f"{NUMBER}로요"),
    ("010 일이삼사 5678", NUMBER),
    ("①②③-④⑤⑥⑦", NUMBER),
    ("주문번호 20240301-0000123 환불", f"주문번호 {NUMBER} 환불"),
    ("ORD-20240301-AB12 언제 와요", f"{NUMBER} 언제 와요"),
    ("송장 6865 1234 5678 어디예요", f"송장 {NUMBER} 어디예요"),
    ("국민은행 123456-78-901234로 환불해 주세요", f"국민은행 {NUMBER}로 환불해 주세요"),
    ("회원번호 123456", f"회원번호 {NUMBER}"),
    ("제 주민번호는 900101-1234568", f"제 주민번호는 {RRN_MASK}"),
    ("hong.gil+a@shop.co.kr로 보내 주세요", f"{EMAIL}로 보내 주세요"),
    ("카톡 @haneul_k 로 주세요", f"카톡 {ACCOUNT} 로 주세요"),
    ("https://shop.kr/orders/12?token=abc 이거요", f"{LINK} 이거요"),
    ("shop.kr/order?id=3 이거요", f"{LINK} 이거요"),
    ("1234567890123원", f"{NUMBER}원"),
]
KEPT = [
    "",
    "30,000원 넘으면 배송비가 없나요?",
    "10000원 이상이면요?",
    "1,234,567원 결제했어요",
    "2024년 3월 1일에 샀는데 7일 지났어요",
    "제12조 3항이 무슨 말이에요",
    "3~5일 걸려요? 10~14일?",
    "아이폰15 케이스 2개요",
    "iphone15 pro",
    "이 일은 이사 오면 그만인가요",
    "[번호] [이메일]",
    "\ud800",
]


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_identifiers_are_replaced_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize("text", KEPT)
def test_what_a_question_is_about_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("0123456789-.@ /가공일")))
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(
    st.text(st.sampled_from("가나다라 ?!."), max_size=20),
    st.lists(st.sampled_from("0123456789"), min_size=6, max_size=18),
    st.sampled_from(["", "-", " ", ".", " - "]),
    st.integers(2, 5),
)
def test_no_long_number_is_left_however_it_is_grouped(words: str, digits: list[str], gap: str, size: int) -> None:
    number = gap.join("".join(digits[i : i + size]) for i in range(0, len(digits), size))
    masked = mask(f"{words} 번호는 {number} {words}")
    assert sum(c.isdigit() for c in masked) < 6  # what is left of one that a card number was cut out of


@pytest.mark.parametrize("hostile", ["1 ", "a1-", "@", "a.", "http://", "일", "aaaa@", "1a", "1----"])
def test_a_long_message_takes_no_long_time(hostile: str) -> None:
    began = time.process_time()
    mask(hostile * (4_000 // len(hostile)))
    assert time.process_time() - began < 1.0
