import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import compose, from_keys, normalise, repair_keyboard, to_jamo

SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=12)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("환불 해주세요ㅠㅠㅠ", "환불 해주세요"),
        ("환불ㅋㅋㅋㅋ 되나요???", "환불 되나요?"),
        ("배송 언제 와요😡😡", "배송 언제 와요"),
        ("제에에에발 답해 주세요!!!!!", "제에발 답해 주세요!"),
        ("광고 메일 안오게 해줘 ㅡㅡ", "광고 메일 안오게 해줘"),
        ("  여러   칸\t띄움\n", "여러 칸 띄움"),
        ("ㅋㅋㅋㅋㅋㅋ", "ㅋ"),
        ("ㅇㅋㅇㅋ", "ㅇㅋ"),
        ("ㅠㅠ", "ㅠ"),
        ("\u1112\u116a\u11ab\u1107\u116e\u11af", "환불"),
        ("ＡＳ 문의", "AS 문의"),
        ("정ㅂ를 지워요", "정ㅂ를 지워요"),
        ("폭이 넓은\u200b 바지", "폭이 넓은 바지"),
    ],
)
def test_what_customers_add_is_taken_off(typed: str, meant: str) -> None:
    assert normalise(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ghksqnf goTdjdy", "환불 했어요"),
        ("dkssudgktpdy", "안녕하세요"),
        ("AStpsxjdp so wjsghkqjsgh dho wnjTdjdy", "AS센터에 내 전화번호 왜 줬어요"),
        ("rhkdrh apdlf dksdhrp gownj mm", "광고 메일 안오게 해줘 ㅡㅡ"),
        ("sms tntlsrjqn gkfuaus", "sms 수신거부 하려면"),
        ("sms 수신거부 하려면", "sms 수신거부 하려면"),
        ("LPG 차량 AS 되나요", "LPG 차량 AS 되나요"),
        ("DPO가 누구예요", "DPO가 누구예요"),
        ("아이폰 ghksqnf 가능?", "아이폰 환불 가능?"),
        ("how can I return this", "how can I return this"),
        ("the return policy please", "the return policy please"),
        ("SMS", "SMS"),
        ("주문번호 AB1234", "주문번호 AB1234"),
        ("", ""),
    ],
)
def test_the_wrong_keyboard_layout_is_mended_and_real_latin_stays(typed: str, meant: str) -> None:
    assert repair_keyboard(typed) == meant


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("rkqtdl", "값이"),
        ("rkqtl", "갑시"),
        ("dkfrdj", "앍어"),
        ("dhodksehofjqm", "왜안돼러브"),
        ("rr", "ㄱㄱ"),
        ("Qhrjwl", "뽀거지"),
    ],
)
def test_keystrokes_compose_as_an_input_method_would(keys: str, text: str) -> None:
    assert from_keys(keys) == text


@given(SYLLABLES)
def test_jamo_compose_back_to_the_syllables(text: str) -> None:
    assert compose(to_jamo(text)) == text


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
