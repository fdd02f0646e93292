"""Vectors beside the words: what they add, and that nothing changes where there are none."""

import numpy as np
import pytest

from domain.knowledge import DecisionKind
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.fit import fit, texts_to_embed
from knowledge.model import FEATURES, VECTOR_FEATURES, Model, Weights, default_model
from knowledge.split import texts_asked
from knowledge.vectors import Gathering, Matrix, Vectors, sent_form, text_hash, texts_of
from tests.embeddings.meaning import Meaning
from tests.knowledge.shop import ASKED, SHOP, entry

MEANING = Meaning()
STRANGE = "내 정보 말끔히 씻어 줘요"  # the words leave it in doubt
MESSAGES = [
    ("개인정보를 누구한테 넘기나요?", None),
    (STRANGE, None),
    ("그럼 거부하면요?", "선택 동의는 꼭 해야 하나요"),
    ("안녕하세요! 환불 언제 되나요? 그리고 부모님 동의가 필요해요?", "안녕"),
    ("ㅎㅇ", "취소한 돈 돌려주세요"),
    ("", None),
    ("\ud800", "\ud800"),
]


@pytest.fixture(scope="module")
def words(analyzer: Analyzer) -> Answerer:
    return Answerer(analyzer, SHOP)


@pytest.fixture(scope="module")
def both(words: Answerer) -> Answerer:
    return words.with_vectors(gathered())


def gathered() -> Vectors:
    gathering = Gathering(SHOP, {})
    gathering.give({h: MEANING.unit(text).tobytes() for h, text in gathering.lacking().items()})
    whole = gathering.whole()
    assert whole is not None
    return whole


def vectors_of(*messages: tuple[str, str | None]) -> dict[str, Matrix]:
    return {text: MEANING.unit(sent_form(text)) for message in messages for text in texts_asked(*message)}


def test_without_vectors_of_the_question_nothing_changes(words: Answerer, both: Answerer) -> None:
    for vectors in (None, {}, {"etwas anderes": MEANING.unit("x")}):
        assert both.decide_many(MESSAGES, vectors) == words.decide_many(MESSAGES)
        assert both.evidence_many(MESSAGES, vectors) == words.evidence_many(MESSAGES)


def test_without_vectors_of_the_knowledge_base_nothing_changes(words: Answerer) -> None:
    assert words.decide_many(MESSAGES, vectors_of(*MESSAGES)) == words.decide_many(MESSAGES)


def test_vectors_of_another_length_are_as_good_as_none(words: Answerer, both: Answerer) -> None:
    short = {text: vector[:7] for text, vector in vectors_of(*MESSAGES).items()}
    assert both.decide_many(MESSAGES, short) == words.decide_many(MESSAGES)


def test_what_the_words_cannot_tell_the_vectors_can(words: Answerer, both: Answerer) -> None:
    message = (STRANGE, None)
    ((alone,),), ((together,),) = words.decide_many([message]), both.decide_many([message], vectors_of(message))
    assert alone.kind in (DecisionKind.HANDOVER, DecisionKind.CLARIFY)
    assert (together.kind, together.entry) == (DecisionKind.START, "deletion")
    assert together.confidence > alone.confidence


def test_a_question_about_nothing_here_is_not_answered_by_vectors_either(both: Answerer) -> None:
    for text in ("넷플릭스 요금제가 얼마죠", "점심 메뉴 추천", "asdfqwer"):
        ((decision,),) = both.decide_many([(text, None)], vectors_of((text, None)))
        assert decision.entry is None, text


def test_one_questions_vector_does_not_touch_its_neighbours(words: Answerer, both: Answerer) -> None:
    vectors = vectors_of(MESSAGES[1])
    decided, alone = both.decide_many(MESSAGES, vectors), words.decide_many(MESSAGES)
    assert [n for n, (a, b) in enumerate(zip(decided, alone, strict=True)) if a != b] == [1]


class Asked(dict[str, Matrix]):
    """Remembers what was looked for."""

    def __init__(self) -> None:
        super().__init__({"": MEANING.unit("")})
        self.texts: set[str] = set()

    def __contains__(self, text: object) -> bool:
        self.texts.add(str(text))
        return super().__contains__(text)


@pytest.mark.parametrize("message", MESSAGES)
def test_no_text_is_looked_for_that_was_not_named_before(both: Answerer, message: tuple[str, str | None]) -> None:
    asked = Asked()
    both.decide_many([message], asked)
    assert asked.texts
    assert asked.texts <= set(texts_asked(*message))


def test_only_what_changed_is_lacking_in_the_next_version() -> None:
    changed = entry("minors", "미성년자 이용", *SHOP[2].aliases[1:], "열네 살인데 되나요", body=SHOP[2].body)
    gathering = Gathering((*SHOP[:2], changed, *SHOP[3:]), gathered().rows())
    assert list(gathering.lacking().values()) == ["열네 살인데 되나요"]
    assert gathering.whole() is None
    gathering.give({h: MEANING.unit(t).tobytes() for h, t in gathering.lacking().items()} | {"0": b"other"})
    assert gathering.whole() is not None
    shorter = Gathering(SHOP[:3], gathered().rows())
    assert not shorter.lacking()
    with pytest.raises(KeyError):
        gathered().of(["x"] * len(SHOP))


def test_vectors_of_several_lengths_are_refused() -> None:
    gathering = Gathering(SHOP, {})
    one, two, *_ = gathering.lacking()
    with pytest.raises(ValueError, match="several lengths"):
        gathering.give({one: b"\0" * 8, two: b"\0" * 12})
    gathering.give({one: b"\0" * 8})
    with pytest.raises(ValueError, match="several lengths"):
        gathering.give({two: b"\0" * 12})
    assert two in gathering.lacking()


def test_the_order_of_the_entries_makes_no_difference(words: Answerer, analyzer: Analyzer) -> None:
    turned = words.with_vectors(gathered().of([e.id for e in reversed(SHOP)]))
    vectors = vectors_of(*MESSAGES)
    straight = words.with_vectors(gathered())
    assert turned.decide_many(MESSAGES, vectors) == straight.decide_many(MESSAGES, vectors)


def test_an_entry_sends_its_texts_once_without_identifiers() -> None:
    texts = texts_of(entry("call", "전화  상담", "전화 상담", "010-1234-5678로 전화", body="가" * 2000))
    assert texts == ("전화 상담", "[번호]로 전화", "가" * 500)
    assert len({text_hash(text) for text in texts}) == 3


def test_vectors_that_tell_nothing_apart_weigh_nothing() -> None:
    gathering = Gathering(SHOP, {})
    gathering.give({h: np.array([1, 0], "<f4").tobytes() for h in gathering.lacking()})
    whole = gathering.whole()
    assert whole is not None
    odds = whole.odds_of(["x"], {"x": np.array([1, 0], np.float32)})
    assert odds is not None
    assert not odds.odds.any()


def test_odds_are_positive_for_what_an_entry_says_and_negative_for_strangers() -> None:
    texts = ["제 개인정보를 삭제하고 싶어요", "quux"]
    odds = gathered().odds_of(texts, {t: MEANING.unit(t) for t in texts})
    assert odds is not None
    best = odds.odds.argmax(1)
    assert SHOP[best[0]].id == "deletion"
    assert odds.odds[0].max() > 0 > odds.odds[1].max()


def test_a_model_fitted_with_vectors_is_kept_apart() -> None:
    model = default_model()
    for ranked in (True, False):
        alone, together = (model.weights(ranked=ranked, vectors=v) for v in (False, True))
        assert together.coefficients[: len(FEATURES)] == alone.coefficients
        assert (together.bias, together.answer, together.clarify) == (alone.bias, alone.answer, alone.clarify)
    fitted = Weights(-1.0, tuple(range(len(FEATURES + VECTOR_FEATURES))), 0.9, 0.2)
    other = Model(model.ranked, model.searched, ranked_vectors=fitted)
    assert Model.from_json(other.to_json()) == other
    assert other.weights(ranked=True, vectors=True) == fitted
    assert other.weights(ranked=True, vectors=False) == model.ranked
    assert Model.from_json(model.to_json()) == model


def test_fitting_with_vectors_leaves_the_words_part_as_it_is(analyzer: Analyzer) -> None:
    texts = texts_to_embed(ASKED)
    assert len(set(texts)) == len(texts)
    vectors = {text: MEANING.unit(text) for text in texts}
    by_words, by_both = fit(analyzer, ASKED, 0.3), fit(analyzer, ASKED, 0.3, vectors=vectors)
    assert (by_both.ranked, by_both.searched) == (by_words.ranked, by_words.searched)
    assert by_words.ranked_vectors is None
    assert by_both.ranked_vectors is not None
    assert len(by_both.ranked_vectors.coefficients) == len(FEATURES + VECTOR_FEATURES)
    assert Model.from_json(by_both.to_json()) == by_both
