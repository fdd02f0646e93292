from dataclasses import replace

from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.packed import pack, unpack
from tests.knowledge.shop import SHOP, entry

QUESTIONS = ("개인정보 지워 주세요", "선택동의 거부하면", "미셩년자 가입", "사람 바꿔줘요", "넷플릭스 요금")


def test_an_unpacked_answerer_decides_as_the_packed_one(analyzer: Analyzer) -> None:
    answerer = Answerer(analyzer, SHOP).replaced([entry("coupon", "쿠폰", "쿠폰 써요", "할인권")], ["greeting"])
    again = unpack(pack(answerer), analyzer, answerer.entries)
    assert again is not None
    for question in QUESTIONS:
        assert again.decide(question) == answerer.decide(question)
    assert again.index.ids == answerer.index.ids


def test_bytes_of_other_entries_and_damaged_bytes_are_refused(analyzer: Analyzer) -> None:
    data = pack(Answerer(analyzer, SHOP, learn=False))
    changed = (replace(SHOP[0], body="다른 본문입니다."), *SHOP[1:])
    assert unpack(data, analyzer, changed) is None
    assert unpack(data[: len(data) // 2], analyzer, SHOP) is None
    assert unpack(b"", analyzer, SHOP) is None
