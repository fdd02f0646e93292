"""Policy documents as shops have them, taken apart into draft entries."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ContentError
from domain.knowledge import Entry, EntryKind
from knowledge.documents import Format, propose
from knowledge.files import dump, load_texts, parse

TERMS = """온담상점 이용약관

시행일: 2025년 1월 1일

제1장 총칙

제1조(목적) 이 약관은 온담상점이 운영하는 쇼핑몰의 이용 조건을 정합니다.

제2조(정의)
① 이 약관에서 쓰는 말의 뜻은 다음과 같습니다.
  1. "회원"이란 가입한 사람을 말합니다.
  2. "상품"이란 쇼핑몰에서 파는 물건을 말합니다.
    가. 디지털 상품을 포함합니다.
② 그 밖의 말은 관련 법령에 따릅니다.

제2조의2(약관의 게시와 개정(변경))
회사는 약관을 첫 화면에 게시합니다.
제3조(주문)에 따라 계약한 주문에도 같습니다.

제2장 주문과 취소

제 3 조 [주문]
회원은 화면의 안내에 따라 주문합니다.
제2조 제1항에서 정한 상품만 주문할 수 있습니다.

제4조 (삭제)

제5조 주문의 취소
상품을   보내기 전에는 언제든 취소할 수 있습니다.

부칙 <2024. 1. 1.>
이 약관은 2024. 1. 1.부터 시행합니다.

부칙 <2025. 1. 1.>
제1조(시행일) 이 약관은 2025년 1월 1일부터 시행합니다.
제2조(경과조치) 종전 약관에 따른 주문은 2023년 12월 31일까지 적용한 약관을 따릅니다.
"""


def proposed(text: str, form: Format = Format.TEXT, document: str = "") -> dict[str, Entry]:
    return {entry.clause: entry for entry in propose("policy.txt", text, form, document)}


def test_terms_with_chapters_articles_and_addenda() -> None:
    entries = proposed(TERMS)
    assert [(e.id, e.clause, e.title) for e in entries.values()] == [
        ("terms-01", "제1조", "목적"),
        ("terms-02", "제2조", "정의"),
        ("terms-02-2", "제2조의2", "약관의 게시와 개정(변경)"),
        ("terms-03", "제3조", "주문"),
        ("terms-05", "제5조", "주문의 취소"),
        ("terms-addenda20240101", "부칙(2024. 1. 1.)", "부칙(2024. 1. 1.)"),
        ("terms-addenda20250101-01", "부칙(2025. 1. 1.) 제1조", "시행일"),
        ("terms-addenda20250101-02", "부칙(2025. 1. 1.) 제2조", "경과조치"),
    ]
    assert {e.document for e in entries.values()} == {"온담상점 이용약관"}
    assert {e.effective for e in entries.values()} == {date(2025, 1, 1)}
    assert {e.kind for e in entries.values()} == {EntryKind.ANSWER}
    assert not any(e.aliases or e.questions for e in entries.values())
    assert entries["제1조"].body == "이 약관은 온담상점이 운영하는 쇼핑몰의 이용 조건을 정합니다."
    assert entries["제2조"].body.splitlines()[1:4] == [
        '1. "회원"이란 가입한 사람을 말합니다.',
        '2. "상품"이란 쇼핑몰에서 파는 물건을 말합니다.',
        "가. 디지털 상품을 포함합니다.",
    ]
    assert entries["제2조의2"].body.endswith("제3조(주문)에 따라 계약한 주문에도 같습니다.")
    assert "제2조 제1항에서" in entries["제3조"].body
    assert entries["제5조"].body == "상품을 보내기 전에는 언제든 취소할 수 있습니다."


PRIVACY = """# 개인정보 처리방침

온담상점은 「개인정보 보호법」 제30조에 따라 이 방침을 정하여 공개합니다.

## 1. 개인정보의 처리 목적

다음 목적으로만 **처리**합니다.

1. 주문 처리
2. 상담

### 가. 주문 처리

주문과 배송에 씁니다.

## 2. 보유 기간

| 항목 | 기간 |
|---|---|
| 주문 기록 | 5년 |
| 상담 기록 | 3년<br>민원 포함 |

## 3. 권리와 그 행사

- 열람을 요구하실 수 있습니다.
- [고객센터](https://shop.example)로 알려 주세요.

## 10. 방침의 변경

이 방침은 2025. 3. 1.부터 적용됩니다. 이전 방침은 2026. 1. 1.부터 적용되지 않습니다.
"""


def test_a_privacy_policy_in_markdown() -> None:
    entries = proposed(PRIVACY, Format.MARKDOWN)
    assert [(e.id, e.title) for e in entries.values()] == [
        ("privacy-preamble", "머리말"),
        ("privacy-01", "개인정보의 처리 목적"),
        ("privacy-02", "보유 기간"),
        ("privacy-03", "권리와 그 행사"),
        ("privacy-10", "방침의 변경"),
    ]
    assert entries["머리말"].body == "온담상점은 「개인정보 보호법」 제30조에 따라 이 방침을 정하여 공개합니다."
    purpose = entries["1. 개인정보의 처리 목적"].body
    assert purpose == ("다음 목적으로만 처리합니다.\n\n1. 주문 처리\n2. 상담\n\n가. 주문 처리\n\n주문과 배송에 씁니다.")
    assert entries["2. 보유 기간"].body == "- 항목: 주문 기록 / 기간: 5년\n- 항목: 상담 기록 / 기간: 3년 민원 포함"
    assert entries["3. 권리와 그 행사"].body == "- 열람을 요구하실 수 있습니다.\n- 고객센터로 알려 주세요."
    assert entries["머리말"].document == "개인정보 처리방침"


def test_what_stands_in_front_for_a_sites_generator_is_not_read() -> None:
    text = "---\nlayout: page\ntitle: 이용약관\n---\n# 약관\n\n## 목적\n\n목적입니다.\n\n## 목적\n\n또\n"
    with pytest.raises(ContentError) as caught:
        proposed(text, Format.MARKDOWN)
    assert caught.value.line == 11
    assert "7번째 줄" in caught.value.reason


def test_a_day_in_a_line_that_speaks_of_the_former_policy_is_not_this_ones() -> None:
    changes = "이 방침은 2025. 3. 1.부터 적용됩니다.\n이전 방침은 2026. 1. 1.부터 적용했습니다."
    text = f"# 방침\n\n## 변경\n\n{changes}\n\n## 끝\n\n끝입니다.\n"
    assert proposed(text, Format.MARKDOWN)["변경"].effective == date(2025, 3, 1)


HTML = """<!doctype html><html><head><title>배송 안내 | 온담상점</title><style>h2 {}</style></head><body>
<nav><ul><li><a href="/">홈</a><li><a href="/x">제9조(메뉴)</a></ul></nav>
<script>document.write("제8조(글)")</script>
<main><h1>배송·반품 정책</h1><p>시행일자 : 2024.11.05</p>
<h2>배송 기간</h2>
<p>오후 2시 전에 주문하시면<br>그날 보냅니다.</p>
<table><thead><tr><th>지역</th><th colspan=2>기간</th></tr></thead>
<tr><td rowspan=2>육지</td><td>보통</td><td>2일</td></tr>
<tr><td>빠른 배송</td><td>1일</td></tr>
<tr><td>제주 &amp; 섬</td><td>보통</td><td>4일</td></table>
<h2>반품</h2><ol start=3><li>포장을 뜯지 않은 상품<li>영수증이 있는 상품</ol>
<div>기한은 7일입니다.</div></main><footer>사업자등록번호</footer></body></html>"""


def test_a_web_page_with_a_menu_lists_and_a_table() -> None:
    entries = proposed(HTML, Format.HTML)
    assert [(e.id, e.title, e.document) for e in entries.values()] == [
        ("delivery-returns-배송-기간", "배송 기간", "배송·반품 정책"),
        ("delivery-returns-반품", "반품", "배송·반품 정책"),
    ]
    assert entries["배송 기간"].body == (
        "오후 2시 전에 주문하시면\n그날 보냅니다.\n\n"
        "- 지역: 육지 / 기간: 보통 / 2일\n- 지역: 육지 / 기간: 빠른 배송 / 1일\n- 지역: 제주 & 섬 / 기간: 보통 / 4일"
    )
    assert entries["반품"].body == "3. 포장을 뜯지 않은 상품\n4. 영수증이 있는 상품\n\n기한은 7일입니다."
    assert entries["반품"].effective == date(2024, 11, 5)


def test_a_page_on_one_line_with_bold_articles() -> None:
    text = (
        "<html><title>이용약관</title><body><p><b>제1조 (목적)</b></p><p>목적입니다.</p><p><b>제2조</b> (효력)</p>"
        "<p>효력입니다.</p><table><tr><td>제3조(표 안의 말)</td></tr></table></body>"
    )
    entries = propose("terms.html", text, Format.HTML)
    assert [(e.id, e.title, e.body) for e in entries] == [
        ("terms-01", "목적", "목적입니다."),
        ("terms-02", "효력", "효력입니다.\n\n- 제3조(표 안의 말)"),
    ]
    assert entries[0].document == "이용약관"


NUMBERED = """개인정보 수집·이용 안내

1. 수집 항목
이름과 연락처를 받습니다.
 1. 이름
 2. 연락처

2. 이용 목적
배송과 상담에 씁니다.

3. 보유 기간
법에서 정한 동안 둡니다.
"""


def test_a_text_with_numbered_headings_and_numbered_items_below_them() -> None:
    entries = proposed(NUMBERED)
    assert [(e.id, e.clause) for e in entries.values()] == [
        ("privacy-01", "1. 수집 항목"),
        ("privacy-02", "2. 이용 목적"),
        ("privacy-03", "3. 보유 기간"),
    ]
    assert entries["1. 수집 항목"].body == "이름과 연락처를 받습니다.\n1. 이름\n2. 연락처"


def test_headings_in_bold_type_only() -> None:
    text = "**환불 규정**\n\n**환불 기간**\n\n이레 안에 돌려드립니다.\n\n**환불 방법**\n\n쓰신 카드로 돌려드립니다.\n"
    entries = propose("refund.md", text, Format.MARKDOWN, "환불 규정")
    assert [(e.id, e.title, e.body) for e in entries] == [
        ("refund-환불-기간", "환불 기간", "이레 안에 돌려드립니다."),
        ("refund-환불-방법", "환불 방법", "쓰신 카드로 돌려드립니다."),
    ]


def test_a_table_of_contents_is_no_clause() -> None:
    text = "이용약관\n\n제1조(목적)\n제2조(효력)\n\n제1조(목적)\n목적입니다.\n제2조(효력)\n효력입니다.\n부칙\n"
    assert [e.body for e in proposed(text).values()] == ["목적입니다.", "효력입니다."]


def test_roman_numbers_annexes_and_windows_line_ends() -> None:
    text = "위치기반서비스 약관\r\n\r\nⅠ. 목적\r\n목적입니다.\r\n\r\nⅡ. 요금\r\n요금은 없습니다.\r\n"
    assert [e.id for e in proposed(text).values()] == ["location-terms-01", "location-terms-02"]
    text = "약관\n제1조(요금) 별표 1과 같습니다.\n부칙 이 약관은 2025-02-01부터 시행한다.\n[별표 1] 요금표\n기본 0원\n"
    entries = proposed(text)
    assert list(entries) == ["제1조", "부칙", "별표 1"]
    assert (entries["별표 1"].title, entries["별표 1"].body) == ("요금표", "기본 0원")
    assert entries["제1조"].effective == date(2025, 2, 1)


def test_the_given_name_stands_before_the_documents_own() -> None:
    assert {e.document for e in proposed(TERMS, document="쇼핑몰 약관").values()} == {"쇼핑몰 약관"}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("안녕하세요.\n그냥 글입니다.\n", 0, "조항을 찾지 못했습니다"),
        ("", 0, "조항을 찾지 못했습니다"),
        ("약관\n제1조(목적)\n목적\n제2조(효력)\n효력\n제1조(다시)\n또\n", 6, "2번째 줄에도"),
        ("약관\n제1조(목적)\n제2조(효력)\n효력\n", 2, "본문이 없습니다"),
        ("제1조(목적)\n목적입니다.\n", 0, "이름을 찾지 못했습니다"),
        ("약관\n시행일: 2025년 13월 1일\n제1조(목적)\n목적\n", 2, "없는 날짜"),
    ],
)
def test_a_document_that_cannot_be_taken_apart_is_refused_with_line_and_reason(
    text: str, line: int, reason: str
) -> None:
    with pytest.raises(ContentError) as caught:
        propose("policy.txt", text, Format.TEXT)
    assert (caught.value.path, caught.value.line) == ("policy.txt", line)
    assert reason in caught.value.reason


ARTICLES = (
    "제1조(목적) ",
    "제2조",
    "의2",
    "\n",
    "\n\n",
    "1. ",
    "가. ",
    "① ",
    "부칙",
    "<2025. 1. 1.>",
    "시행일: 2025.2.30",
)
MARKUP = (
    "# ",
    "**",
    "| a | b |\n|--|--|\n",
    "<table>",
    "<tr>",
    "<td rowspan=3>",
    "</table>",
    "<li>",
    "<![if x]>",
    "<!--",
)
PIECES = st.sampled_from([*ARTICLES, *MARKUP, "&#x1f600;", "글입니다."]) | st.text(max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(Format))
def test_whatever_comes_is_proposed_as_valid_entries_or_refused(text: str, form: Format) -> None:
    try:
        entries = propose("policy", text, form, "문서")
    except ContentError:
        return
    assert entries
    load_texts((f"{e.id}.md", dump(e).encode()) for e in entries)
    assert [parse("a.md", dump(e)) for e in entries] == list(entries)
