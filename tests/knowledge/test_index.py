import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.knowledge import Entry, EntryKind
from knowledge.analysis import Analyzer
from knowledge.index import Hits, Index
from tests.knowledge.shop import SHOP, entry

WORDS = ("환불", "배송", "개인정보", "삭제", "상담원", "연결", "동의", "선택", "미성년자", "메일", "구독", "쿠폰")
PHRASE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
ENTRY = st.builds(
    Entry,
    id=st.sampled_from("abcdef"),
    title=PHRASE,
    kind=st.just(EntryKind.ANSWER),
    body=PHRASE,
    aliases=st.lists(PHRASE, max_size=3).map(tuple),
)
STEPS = st.lists(st.tuples(st.lists(ENTRY, max_size=3), st.lists(st.sampled_from("abcdef"), max_size=2)), max_size=6)


def by_id(hits: Hits) -> dict[str, list[float]]:
    table = zip(hits.ids, hits.ask_words[0], hits.ask_grams[0], hits.body_words[0], hits.body_grams[0], strict=True)
    return {i: [float(s) for s in scores] for i, *scores in table}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(steps=STEPS, question=PHRASE)
def test_an_index_changed_step_by_step_equals_one_built_at_once(
    analyzer: Analyzer, steps: list[tuple[list[Entry], list[str]]], question: str
) -> None:
    index, entries = Index.of(analyzer, ()), {}
    for changed, removed in steps:
        index = index.replace(changed, removed)
        entries = {i: e for i, e in entries.items() if i not in removed} | {e.id: e for e in changed}
    asked = analyzer.analyse_many([question])
    changed_hits, built_hits = index.search(asked), Index.of(analyzer, entries.values()).search(asked)
    assert by_id(changed_hits).keys() == entries.keys()
    for i, scores in by_id(built_hits).items():
        np.testing.assert_allclose(by_id(changed_hits)[i], scores, rtol=1e-6)
    np.testing.assert_allclose(changed_hits.words.idf, built_hits.words.idf)
    np.testing.assert_allclose(changed_hits.grams.idf, built_hits.grams.idf)


def test_readers_keep_the_index_they_have(analyzer: Analyzer) -> None:
    index = Index.of(analyzer, SHOP)
    before = by_id(index.search(analyzer.analyse_many(["미성년자 가입"])))
    index.replace([entry("minors", "전혀 다른 제목")], ["deletion"])
    assert by_id(index.search(analyzer.analyse_many(["미성년자 가입"]))) == before


def test_an_alias_typed_as_it_stands_scores_its_whole_ideal_and_first(analyzer: Analyzer) -> None:
    index = Index.of(analyzer, SHOP)
    hits = index.search(analyzer.analyse_many(["부모님 동의가 필요해요?"]))
    best = int(np.argmax(hits.ask_words + hits.ask_grams))
    assert hits.ids[best] == "minors"
    assert hits.words.coverage() == 1.0
    assert hits.grams.coverage() == 1.0


def test_a_typo_is_repaired_to_a_word_that_entries_have(analyzer: Analyzer) -> None:
    index = Index.of(analyzer, SHOP)
    hits = index.search(analyzer.analyse_many(["미셩년자 회원가입"]))
    assert hits.ids[int(np.argmax(hits.ask_words))] == "minors"
    assert 0.7 < hits.words.trust.min() < 1.0


def test_spaces_make_no_difference_to_the_letters(analyzer: Analyzer) -> None:
    index = Index.of(analyzer, SHOP)
    apart, together = (index.search(analyzer.analyse_many([q])) for q in ("선택 동의를 거부하면", "선택동의를거부하면"))
    np.testing.assert_allclose(apart.ask_grams, together.ask_grams)


def test_unknown_words_and_strange_names_are_told(analyzer: Analyzer) -> None:
    hits = Index.of(analyzer, SHOP).search(analyzer.analyse_many(["넷플릭스 요금제"]))
    assert hits.words.coverage() < 0.5
    assert hits.strange_names > 0
    assert hits.words.missing() > 0


def test_questions_searched_together_score_as_each_alone(analyzer: Analyzer) -> None:
    texts = [
        "부모님 동의가 필요해요?",
        "",
        "넷플릭스 요금제",
        "미셩년자 회원가입",
        "ㅋㅋ",
        "탈퇴하면 어떻게 되나요",
    ] * 2
    index = Index.of(analyzer, SHOP)
    together = index.search(analyzer.analyse_many(texts))
    for n, text in enumerate(texts):
        alone = index.search(analyzer.analyse_many([text]))
        for name in ("ask_words", "ask_grams", "body_words", "body_grams", "strange_names"):
            np.testing.assert_allclose(getattr(together, name)[n], getattr(alone, name)[0], rtol=1e-9)
        np.testing.assert_allclose(together.words.coverage()[n], alone.words.coverage()[0])
        np.testing.assert_allclose(together.words.missing()[n], alone.words.missing()[0])
        assert together.morphemes[n] == alone.morphemes[0]


def test_an_empty_index_and_an_empty_question_find_nothing(analyzer: Analyzer) -> None:
    empty = Index.of(analyzer, ())
    assert len(empty) == 0
    assert len(empty.search(analyzer.analyse_many(["환불"])).ask_words[0]) == 0
    assert not Index.of(analyzer, SHOP).search(analyzer.analyse_many([""])).ask_words.any()


def test_typos_are_not_repaired_to_words_that_no_entry_has_any_more(analyzer: Analyzer) -> None:
    index = Index.of(analyzer, SHOP).replace([], ["minors"])
    hits = index.search(analyzer.analyse_many(["미셩년자"]))
    assert not hits.words.known.any()
    assert "minors" not in hits.ids


def test_a_long_message_without_spaces_is_searched(analyzer: Analyzer) -> None:
    hits = Index.of(analyzer, SHOP).search(analyzer.analyse_many(["개인정보를누구한테넘기나요" * 60]))
    assert hits.ids[int(np.argmax(hits.ask_grams))] == "sharing"
