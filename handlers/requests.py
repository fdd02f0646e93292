"""내 정보 요청: choosing a right, one confirmation, a number with its due date and a receipt."""

from dataclasses import replace

from domain.cases import Case, CaseKind
from domain.conversation import Dialogue
from domain.deadlines import TERMS
from domain.messages import Button
from handlers import consents, questions
from handlers.turn import Turn

DIALOGUE = "request"
ASKED, LEFT = "asked", "left"  # steps: the confirmation was the last thing said; something else was said since
KINDS = (
    CaseKind.ACCESS,
    CaseKind.CORRECTION,
    CaseKind.DELETION,
    CaseKind.SUSPENSION,
    CaseKind.PORTABILITY,
    CaseKind.WITHDRAWAL,
    CaseKind.AUTOMATED_DECISION,
    CaseKind.APPEAL,
)
ENTRIES = {
    CaseKind.ACCESS: "data_access",
    CaseKind.CORRECTION: "data_correction",
    CaseKind.DELETION: "data_deletion",
    CaseKind.SUSPENSION: "data_suspend",
    CaseKind.PORTABILITY: "data_portability",
    CaseKind.AUTOMATED_DECISION: "automated_decision",
    CaseKind.APPEAL: "restriction_appeal",
    CaseKind.GUARDIAN: "minors",
}


def choices(turn: Turn) -> None:
    rows = [[Button(_name(turn, kind), f"req:{kind.value}")] for kind in KINDS]
    turn.say(turn.texts("request.title"), rows)


def begin(turn: Turn, kind: CaseKind, *, explain: bool = True) -> None:
    """Ask for the one confirmation; a request that is open already is told instead of being taken twice."""
    if kind is CaseKind.WITHDRAWAL:
        consents.withdrawal_choices(turn)
        return
    if case := turn.open_case_of(kind):
        _tell_open(turn, case)
        return
    entry = turn.context.library.entries.get(ENTRIES[kind])
    if entry and explain:
        source = questions.source_of(entry, turn.context.library, turn.texts)
        turn.say(entry.body.strip(), source=source)
    dialogue = Dialogue(DIALOGUE, ASKED, turn.new_id(), {"kind": kind.value})
    turn.remember(dialogue=dialogue)
    turn.say(
        turn.texts("request.confirm", kind=_name(turn, kind)),
        [
            [
                Button(turn.texts("request.yes"), f"dlg:{dialogue.id}:yes"),
                Button(turn.texts("request.no"), f"dlg:{dialogue.id}:no"),
            ]
        ],
    )


def answered(turn: Turn, answer: str) -> None:
    """The confirmation of the dialogue in progress."""
    dialogue = turn.state.dialogue
    assert dialogue is not None
    turn.remember(dialogue=None)
    if answer != "yes":
        turn.say(turn.texts("request.stopped"), menu=True)
        return
    kind = CaseKind(dialogue.data["kind"])
    if case := turn.open_case_of(kind):
        _tell_open(turn, case)
        return
    opened = turn.open_case(kind)
    term = TERMS.get(kind)
    values = {"kind": _name(turn, kind), "number": opened.number, "at": turn.time_text(turn.context.now)}
    if opened.due and term:
        turn.say(
            turn.texts("request.receipt", **values, due=turn.date_text(opened.due), article=term.article), menu=True
        )
    else:
        turn.say(turn.texts("request.receipt_plain", **values), menu=True)


def leave(turn: Turn) -> None:
    """Something else was said since: the buttons still count, but a "네" is no longer meant for the confirmation."""
    if turn.state.dialogue is not None:
        turn.remember(dialogue=replace(turn.state.dialogue, step=LEFT))


def answer_in_words(turn: Turn, text: str) -> bool:
    """Take "네" or "아니요" typed instead of pressed. False when the text is something else."""
    if turn.state.dialogue is None or turn.state.dialogue.step != ASKED:
        return False
    said = "".join(text.split()).rstrip(".!~")
    if said in {"네", "예", "넵", "응", "접수", "접수하기", "접수해주세요", "접수해줘"}:
        answered(turn, "yes")
    elif said in {"아니요", "아니오", "아뇨", "취소", "그만", "그만두기", "취소할게요"}:
        answered(turn, "no")
    else:
        return False
    return True


def _tell_open(turn: Turn, case: Case) -> None:
    if case.due:
        turn.say(turn.texts("request.exists", number=case.number, due=turn.date_text(case.due)))
    else:
        turn.say(turn.texts("request.exists_plain", number=case.number))


def _name(turn: Turn, kind: CaseKind) -> str:
    return turn.texts(f"request.{kind.value}")
