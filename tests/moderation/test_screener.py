"""Verdicts on single messages, and what holds for any text at all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import Category, Screener, Target, load

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)
MIXED = st.text(
    st.sampled_from("씨발새끼병신죽여너상담사배송 ㅅㅂㅄㅋ!1^~.tlqkfTL\u200f\u0301\ud83d\udc36🖕"), max_size=80
)
SHARED = load()


@pytest.mark.parametrize(
    ("text", "category", "severity"),
    [
        ("상담원 새끼야 환불이나 해", Category.PROFANITY, 2),
        ("ㅅㅂ새끼야 전화 받아", Category.PROFANITY, 2),
        ("씨.발.놈아 대답해", Category.PROFANITY, 2),
        ("tlqkfshadk 환불해", Category.PROFANITY, 2),
        ("칼 들고 찾아간다 기다려라", Category.THREAT, 3),
        ("퇴근길에 뒤통수 조심해라", Category.THREAT, 3),
        ("상담사님 몸매 좋아요? 벗은 사진 좀 보내줘요", Category.SEXUAL, 3),
        ("오빠랑 모텔 가서 한번 자자", Category.SEXUAL, 3),
        ("머리는 장식으로 달고 다니냐 너는", Category.INSULT, 2),
        ("짱깨 새끼가 상담하네", Category.HATE, 2),
    ],
)
def test_abuse_is_found_and_graded(screener: Screener, text: str, category: Category, severity: int) -> None:
    verdict = screener.screen(text)
    assert (verdict.abusive, verdict.category, verdict.severity) == (True, category, severity)
    assert verdict.target is Target.STAFF


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "시발점이 어디예요",
        "18개월 아기 신발 있나요",
        "새끼손가락 보호대 사이즈 문의",
        "2016년 병신년 기념주화 판매하나요",
        "식물이 썩을 때까지 두면 안 되나요",
        "오늘 5시 발송 맞나요",
        "상품을 다시 발송해 주세요",
        "환불 안 되면 소비자원에 신고하겠습니다",
        "이런 쓰레기 같은 제품을 팔다니 환불해 주세요",
        "기사님이 저한테 개새끼라고 욕했어요 신고합니다",
        "제가 바보같이 주소를 잘못 썼어요",
        "배송 ㅈㄴ 빨라서 놀랐어요",
        "화면이 자꾸 꺼져요",
        "where is my order",
        "😀😀😀",
    ],
)
def test_innocent_messages_pass(screener: Screener, text: str) -> None:
    verdict = screener.screen(text)
    assert not verdict.abusive
    assert (verdict.category, verdict.target, verdict.severity) == (Category.NONE, Target.NONE, 0)
    assert verdict.spans == ()


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("환불해 씨!!발 놈아", "씨!!발 놈"),
        ("야 ㅂㅕㅇㅅㅣㄴ 새끼", "ㅂㅕㅇㅅㅣㄴ"),
        ("배송 조회 해 개1새1끼야", "개1새1끼"),
        ("교환해라 tlqkfshadk 당장", "tlqkf"),
    ],
)
def test_spans_cover_the_disguised_word_in_the_original(screener: Screener, text: str, marked: str) -> None:
    spans = screener.screen(text).spans
    start = text.index(marked)
    assert any(first <= start and start + len(marked) <= last for first, last in spans)
    assert not any(first == 0 for first, _ in spans)


@given(st.one_of(ANY_TEXT, MIXED))
def test_any_text_gets_a_coherent_verdict(text: str) -> None:
    verdict = SHARED.screen(text)
    assert 0.0 <= verdict.score <= 1.0
    assert verdict.abusive == (verdict.score >= 0.5) == (verdict.severity > 0) == bool(verdict.spans)
    assert verdict.abusive == (verdict.category is not Category.NONE)
    end_before = 0
    for start, end in verdict.spans:
        assert end_before <= start < end <= len(text)
        end_before = end
    assert SHARED.screen(text) == verdict


@pytest.mark.parametrize(
    "unit",
    [
        "가",
        "씨발 ",
        "ㅅ",
        "ㅅㅣ",
        "ㄱㄱ",
        "a",
        "tlqkf",
        "\u0301",
        "\u200f",
        "씨\u0315\u0300",
        "18",
        "칼 ",
        "너 ",
        " ",
        "\ud800",
        "🖕",
    ],
)
def test_a_hundred_thousand_characters_are_read_to_the_end(screener: Screener, unit: str) -> None:
    filler = (unit * 100_000)[:100_000]
    assert screener.screen(filler + " 상담원 이 개새끼야 죽여버린다 씨발놈아").abusive


def test_marks_that_only_decorate_do_not_hide(screener: Screener) -> None:
    dressed = "".join(c + "\u0336\u0489" for c in "씨발놈아 환불해")
    assert screener.screen(dressed).abusive
    assert screener.screen(unicodedata.normalize("NFD", "상담원 개새끼야")).abusive


def test_verdict_names_what_judged(screener: Screener) -> None:
    assert screener.screen("안녕하세요").version == screener.screen("개새끼야").version != ""
