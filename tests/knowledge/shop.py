"""A small knowledge base that the decision tests share."""

from dataclasses import replace

from domain.knowledge import Entry, EntryKind


def entry(entry_id: str, title: str, *aliases: str, kind: EntryKind = EntryKind.ANSWER, body: str = "") -> Entry:
    return Entry(entry_id, title, kind, body or f"{title}에 관한 안내입니다.", aliases=aliases)


SHOP = (
    entry(
        "deletion",
        "개인정보 삭제 요구",
        "내 정보 지워 주세요",
        "개인정보를 삭제하고 싶어요",
        "저장된 정보 없애 줘",
        "제 데이터 전부 삭제해 주세요",
        "회원 정보 파기 신청",
        kind=EntryKind.ACTION,
    ),
    entry(
        "sharing",
        "개인정보의 제3자 제공",
        "개인정보를 누구한테 넘기나요",
        "제 정보가 다른 회사로 가나요",
        "판매자에게 연락처를 주나요",
        "택배사에 전화번호가 넘어가요?",
        "제삼자에게 제공하는 경우",
    ),
    entry(
        "minors",
        "미성년자 이용",
        "열여섯 살인데 가입해도 되나요",
        "부모님 동의가 필요해요?",
        "청소년도 쓸 수 있나요",
        "아이가 이용하려면 보호자 허락을 받아야 하나요",
        "미성년자 회원가입",
    ),
    entry(
        "optional",
        "선택 동의와 부가 기능",
        "선택 동의는 꼭 해야 하나요",
        "선택 항목에 동의하지 않으면 어떻게 되나요",
        "선택 동의를 거부하면 불이익이 있나요",
        "부가 기능은 안 써도 되나요",
        "선택 정보는 안 줘도 되죠",
    ),
    entry(
        "refund_status",
        "환불 진행 상황",
        "환불 언제 되나요",
        "환불금이 아직 안 들어왔어요",
        "취소한 돈 돌려주세요",
        "환불 처리 확인해 주세요",
        "반품 환불 얼마나 걸려요",
        kind=EntryKind.NOT_COVERED,
    ),
    entry(
        "agent",
        "상담원 연결",
        "상담원과 이야기하고 싶어요",
        "사람이랑 상담할래요",
        "직원 연결해 주세요",
        "상담사 바꿔 주세요",
        "사람 불러 줘",
        kind=EntryKind.HANDOVER,
    ),
    entry(
        "greeting",
        "인사",
        "안녕하세요",
        "안녕",
        "반갑습니다",
        "ㅎㅇ",
        "안녕하신가요",
        kind=EntryKind.CHAT,
    ),
)

# With a regression question each, some of which another entry takes.
ASKED = tuple(
    replace(e, questions=(f"{e.title} 알려 주세요", f"{SHOP[n - 1].aliases[0]} 말고요")) for n, e in enumerate(SHOP)
)
