import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from domain.knowledge import Decision, DecisionKind
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.fit import fit
from knowledge.model import FEATURES, Model, default_model
from tests.knowledge.shop import ASKED, SHOP, entry


@pytest.fixture(scope="module")
def answerer(analyzer: Analyzer) -> Answerer:
    return Answerer(analyzer, SHOP)


def only(decisions: tuple[Decision, ...]) -> Decision:
    (decision,) = decisions
    return decision


@pytest.mark.parametrize(
    ("text", "kind", "entry_id"),
    [
        ("개인정보를 누구한테 넘기나요?", DecisionKind.ANSWER, "sharing"),
        ("개인정보를 삭제하고 싶습니다", DecisionKind.START, "deletion"),
        ("환불 언제 되나요ㅠㅠ", DecisionKind.HANDOVER, "refund_status"),
        ("사람이랑 상담할래요", DecisionKind.HANDOVER, "agent"),
        ("안녕하세요!!", DecisionKind.CHAT, "greeting"),
        ("ㅎㅇ", DecisionKind.CHAT, "greeting"),
        ("qnahsla ehddmlrk vlfdygody?", DecisionKind.ANSWER, "minors"),
        ("판매자에게연락처를주나요", DecisionKind.ANSWER, "sharing"),
    ],
)
def test_each_kind_of_entry_leads_to_its_decision(
    answerer: Answerer, text: str, kind: DecisionKind, entry_id: str
) -> None:
    decision = only(answerer.decide(text))
    assert (decision.kind, decision.entry) == (kind, entry_id)
    assert decision.candidates[0].entry == entry_id
    assert decision.confidence >= answerer.weights.answer


@pytest.mark.parametrize("text", ["넷플릭스 요금제가 얼마죠", "점심 메뉴 추천", "asdfqwer", "?", "", "12345", "😡"])
def test_what_nothing_is_near_to_is_not_answered(answerer: Answerer, text: str) -> None:
    decision = only(answerer.decide(text))
    assert decision.kind in (DecisionKind.HANDOVER, DecisionKind.CLARIFY)
    assert decision.entry is None
    assert 0 <= decision.confidence < answerer.weights.answer


def test_candidates_come_best_first_and_at_most_five(answerer: Answerer) -> None:
    decision = only(answerer.decide("동의 안 하면 어떻게 돼요"))
    scores = [c.score for c in decision.candidates]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5
    assert len({c.entry for c in decision.candidates}) == 5


def test_a_message_with_two_questions_gets_two_decisions(answerer: Answerer) -> None:
    decisions = answerer.decide("환불 언제 되나요? 그리고 개인정보를 누구한테 넘기나요?")
    assert [d.entry for d in decisions] == ["refund_status", "sharing"]
    assert decisions[1].text == "개인정보를 누구한테 넘기나요?"


def test_a_greeting_before_a_question_is_not_a_question(answerer: Answerer) -> None:
    assert only(answerer.decide("안녕하세요. 청소년도 쓸 수 있나요?")).entry == "minors"


def test_a_follow_up_carries_the_question_before(answerer: Answerer) -> None:
    alone = only(answerer.decide("그럼 안 하면요?"))
    after = only(answerer.decide("그럼 안 하면요?", "선택 동의는 꼭 해야 하나요"))
    assert alone.entry is None
    assert after.candidates[0].entry == "optional"


def test_a_short_question_with_a_subject_of_its_own_does_not_lean_on_the_one_before(answerer: Answerer) -> None:
    (alone,) = answerer.decide("쿠폰 몇 장 써요")
    (after,) = answerer.decide("쿠폰 몇 장 써요", "택배사에 전화번호가 넘어가요?")
    assert (alone.entry, after.entry) == (None, None)
    assert after.confidence == alone.confidence


def test_a_replaced_entry_decides_at_once_and_the_old_version_stays(answerer: Answerer) -> None:
    coupon = entry("coupon", "쿠폰 사용", "쿠폰 어떻게 써요", "할인권 적용", "쿠폰 등록 방법", "쿠폰 번호 입력")
    following = answerer.replaced([coupon], ["greeting"])
    assert only(following.decide("쿠폰 어떻게 써요?")).entry == "coupon"
    assert "greeting" not in {e.id for e in following.entries}
    assert only(answerer.decide("쿠폰 어떻게 써요?")).entry is None
    assert only(answerer.decide("안녕")).entry == "greeting"


def test_a_replaced_knowledge_base_decides_as_one_made_anew(answerer: Answerer, analyzer: Analyzer) -> None:
    changed = replace(SHOP[2], aliases=("초등학생인데 써도 돼요", *SHOP[2].aliases))
    step = answerer.replaced([changed])
    anew = Answerer(analyzer, [changed if e.id == changed.id else e for e in SHOP])
    for text in ("초등학생인데 써도 돼요?", "선택 동의 거부", "택배사가 제 번호를 알아요"):
        one, two = only(step.decide(text)), only(anew.decide(text))
        assert (one.kind, one.entry) == (two.kind, two.entry)
        assert one.confidence == pytest.approx(two.confidence, abs=1e-3)


def test_an_empty_knowledge_base_hands_over(analyzer: Analyzer) -> None:
    decision = only(Answerer(analyzer, ()).decide("환불 되나요"))
    assert (decision.kind, decision.entry, decision.candidates) == (DecisionKind.HANDOVER, None, ())


def test_without_a_ranker_search_alone_finds_the_paragraph(analyzer: Analyzer) -> None:
    bodies = (
        "세종대왕은 1443년에 훈민정음을 만들었다.",
        "이순신은 명량에서 열두 척으로 싸웠다.",
        "장영실은 물시계를 만들었다.",
    )
    plain = Answerer(analyzer, [entry(f"p{n}", f"문단 {n}", body=b) for n, b in enumerate(bodies)])
    assert plain.weights is plain.model.searched
    assert only(plain.decide("명량에서 배 열두 척으로 싸운 사람은?")).candidates[0].entry == "p1"


def test_a_smaller_budget_answers_less_and_fitting_needs_enough_questions(
    analyzer: Analyzer, answerer: Answerer
) -> None:
    strange = ("동의어 사전", "정보 처리 기사 시험", "판매자 입점", "선택 과목 추천")
    asked = [(q, e.id) for e in ASKED for q in e.questions] + [(text, "") for text in strange]
    wrong = {}
    for budget in (0.1, 0.5):
        fitted = answerer.with_model(fit(analyzer, ASKED, budget))
        decided = [(only(fitted.decide(text)), entry) for text, entry in asked]
        wrong[budget] = [
            d.entry != entry for d, entry in decided if d.kind in (DecisionKind.ANSWER, DecisionKind.START)
        ]
    assert 0 < len(wrong[0.1]) < len(wrong[0.5])
    assert sum(wrong[0.1]) / len(wrong[0.1]) < sum(wrong[0.5]) / len(wrong[0.5])
    with pytest.raises(ValueError, match="at least 40"):
        fit(analyzer, SHOP[:2])


def test_a_model_is_data_and_names_its_features() -> None:
    text = default_model().to_json()
    assert Model.from_json(text) == default_model()
    data = json.loads(text)
    assert set(data["ranked"]["coefficients"]) == set(FEATURES)
    del data["ranked"]["coefficients"]["margin"]
    with pytest.raises(ValueError, match="coefficients"):
        Model.from_json(json.dumps(data))


def test_several_threads_may_ask_at_once(answerer: Answerer) -> None:
    questions = [
        f"{q} {n}" for n in range(20) for q in ("미셩년자 가입", "개인정보 삭재", "환불언제되나요", "직원 바꿔줘")
    ]
    alone = [answerer.decide(q) for q in questions]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(answerer.decide, questions)) == alone


def test_messages_decided_together_are_decided_as_each_alone(analyzer: Analyzer) -> None:
    answerer = Answerer(analyzer, SHOP)
    messages = [
        ("탈퇴하면 개인정보는 어떻게 되나요?", None),
        ("안녕하세요", None),
        ("그럼 거부하면요?", "선택 동의를 꼭 해야 하나요?"),
        ("미성년자도 가입되나요? 그리고 개인정보를 누구한테 넘기나요?", "환불되나요?"),
        ("", None),
        ("안녕하세요. 미성년자도 가입되나요?", None),
        ("넷플릭스 요금제", "미성년자 가입"),
    ]
    together = answerer.decide_many(messages * 3)
    alone = [answerer.decide(*message) for message in messages] * 3
    for these, those in zip(together, alone, strict=True):
        assert [_without_figures(d) for d in these] == [_without_figures(d) for d in those]
        for one, other in zip(these, those, strict=True):  # sums of floats may be added up in another order
            assert one.confidence == pytest.approx(other.confidence, abs=1e-4)


def _without_figures(decision: Decision) -> tuple[object, ...]:
    ids = [c.entry for c in decision.candidates]
    return decision.text, decision.kind, decision.entry, decision.action, ids
