"""Who writes what: the chats, their parts, and a stream of updates in fixed shares."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from benchmarks.loopback import Button, Json, Loopback

SHARES = (("question", 50), ("press", 20), ("owned", 20), ("greeting", 10))  # per cent, exact in every 10 updates

_OPENINGS = (
    "",
    "안녕하세요, ",
    "문의드립니다. ",
    "죄송한데 ",
    "확인 부탁드려요, ",
    "처음 이용하는데요, ",
    "혹시 ",
    "하나만 여쭤볼게요. ",
)
_WHEN = (
    "",
    "가입할 때 ",
    "주문한 뒤에 ",
    "탈퇴하면 ",
    "이벤트에 참여하면 ",
    "선물을 보내면 ",
    "앱에서 ",
    "해외에서 주문하면 ",
)
_WHAT = (
    "개인정보",
    "선택 동의",
    "광고 문자 수신",
    "제 이름과 연락처",
    "결제 정보",
    "위치 정보",
    "쿠키",
    "회원 등급",
    "적립금",
    "미성년자 가입",
    "상담 내용",
    "배송지 주소",
    "사진 후기",
    "개인정보 제3자 제공",
    "주문 기록",
)
_ENDINGS = (
    " 관련 규정은 어떤 내용인가요?",
    " 얼마나 보관하나요?",
    " 안 하면 어떻게 되나요?",
    " 관련 조항이 몇 조인가요?",
    " 누가 볼 수 있나요?",
    " 왜 필요한가요?",
    " 언제부터 적용되나요?",
    " 바뀌면 미리 알려 주나요?",
    " 어디에서 확인할 수 있나요?",
    " 꼭 해야 하나요?",
)
_GREETINGS = ("안녕하세요", "안녕하세요!", "네 감사합니다", "고맙습니다", "수고하세요", "반갑습니다")
_TO_A_PERSON = (
    "네 기다리고 있겠습니다",
    "사진도 보내 드릴게요",
    "어제 산 흰색 셔츠예요",
    "다른 주소로 받고 싶어요",
    "언제쯤 답변 받을 수 있을까요?",
    "그럼 오후에 다시 연락 주세요",
    "아까 말씀드린 그 주문이에요",
    "확인해 보니 상자가 찢어져 있어요",
)


@dataclass(frozen=True, slots=True)
class Chats:
    """talking: the bot answers; pressing: there they press buttons; owned: a person has the conversation."""

    talking: tuple[int, ...]
    pressing: tuple[int, ...]
    owned: tuple[int, ...]

    @classmethod
    def make(cls, count: int, first: int = 5_000_000_001) -> "Chats":
        fifth = count // 5
        ids = tuple(range(first, first + count))
        return cls(ids[2 * fifth :], ids[:fifth], ids[fifth : 2 * fifth])

    def all(self) -> tuple[int, ...]:
        return self.talking + self.pressing + self.owned


@dataclass(frozen=True, slots=True)
class Offer:
    """One update to come; query is set for a button press."""

    kind: str
    chat: int
    update: Json | Callable[[], Json]
    query: str = ""


def offers(world: Loopback, chats: Chats, count: int, press: Callable[[int], Button], seed: int) -> list[Offer]:
    """count updates, the shares exact within every ten, shuffled within them; each question is asked once.

    press(chat) chooses the button, at the moment the update is fetched.
    """
    dice = random.Random(seed)
    asked = _questions(dice)
    turns = {name: _rounds(dice, ids) for name, ids in (("talking", chats.talking), ("pressing", chats.pressing))}
    turns["owned"] = _rounds(dice, chats.owned)
    made: list[Offer] = []
    while len(made) < count:
        ten = [name for name, share in SHARES for _ in range(share // 10)]
        dice.shuffle(ten)
        made.extend(_offer(world, kind, turns, asked, press, dice) for kind in ten)
    return made[:count]


def _offer(
    world: Loopback,
    kind: str,
    turns: dict[str, Iterator[int]],
    asked: Iterator[str],
    press: Callable[[int], Button],
    dice: random.Random,
) -> Offer:
    if kind == "press":
        chat, query = next(turns["pressing"]), world.new_query()
        return Offer(kind, chat, world.late_press(query, lambda: press(chat)), query)
    if kind == "owned":
        chat = next(turns["owned"])
        return Offer(kind, chat, world.message(chat, dice.choice(_TO_A_PERSON)))
    chat = next(turns["talking"])
    return Offer(kind, chat, world.message(chat, next(asked) if kind == "question" else dice.choice(_GREETINGS)))


def _questions(dice: random.Random) -> Iterator[str]:
    texts = ["".join(parts) for parts in product(_OPENINGS, _WHEN, _WHAT, _ENDINGS)]
    dice.shuffle(texts)
    yield from texts
    raise ValueError(f"only {len(texts)} distinct questions can be made: ask for fewer updates")


def _rounds(dice: random.Random, ids: tuple[int, ...]) -> Iterator[int]:
    order = list(ids)
    while True:
        dice.shuffle(order)
        yield from order
