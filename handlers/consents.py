"""동의 관리: every purpose with its state; one confirmation switches it, either way."""

from domain.cases import CaseKind
from domain.consent import ConsentAct, ConsentPurpose
from domain.conversation import Age
from domain.messages import Button
from handlers import welcome
from handlers.turn import Turn


def overview(turn: Turn) -> None:
    texts = turn.texts
    lines = [texts("consent.line", purpose=_name(turn, p), state=_state(turn, p)) for p in ConsentPurpose]
    rows = [[Button(_name(turn, p), f"consent:{p.value}:page")] for p in ConsentPurpose]
    turn.say(texts("consent.title") + "\n" + "\n".join(lines), rows)


def withdrawal_choices(turn: Turn) -> None:
    """Which of the granted consents is to be withdrawn."""
    granted = [p for p in ConsentPurpose if turn.granted(p)]
    if not granted:
        turn.say(turn.texts("request.withdrawal_none"), [[Button(turn.texts("menu.consent"), "menu:consent")]])
        return
    rows = [[Button(_name(turn, p), f"consent:{p.value}:page")] for p in granted]
    turn.say(turn.texts("request.withdrawal_which"), rows)


def pressed(turn: Turn, purpose: ConsentPurpose, what: str) -> bool:
    """A button of the overview or of a purpose's page. False for a button that does not exist."""
    if what == "page":
        _page(turn, purpose)
    elif what == "grant":
        _grant(turn, purpose)
    elif what == "withdraw":
        _withdraw(turn, purpose)
    elif what == "refuse":
        _refuse(turn, purpose)
    else:
        return False
    return True


def _page(turn: Turn, purpose: ConsentPurpose) -> None:
    texts = turn.texts
    on = turn.granted(purpose)
    switch = Button(
        texts("consent.withdraw" if on else "consent.grant"),
        f"consent:{purpose.value}:{'withdraw' if on else 'grant'}",
    )
    about = texts(f"purpose_about.{purpose.value}")
    turn.say(
        texts("consent.page", purpose=_name(turn, purpose), about=about, state=_state(turn, purpose)),
        [[switch], [Button(texts("consent.back"), "menu:consent")]],
    )


def _grant(turn: Turn, purpose: ConsentPurpose) -> None:
    if turn.granted(purpose):
        turn.say(turn.texts("consent.same"))
    elif turn.age is Age.UNKNOWN:
        turn.say(turn.texts("consent.age_first"))
        welcome.ask_next(turn)
    elif turn.age is Age.MINOR:
        turn.say(turn.texts("consent.minor"))
    elif purpose is not ConsentPurpose.NECESSARY and not turn.granted(ConsentPurpose.NECESSARY):
        necessary = Button(_name(turn, ConsentPurpose.NECESSARY), "consent:necessary:page")
        turn.say(turn.texts("consent.necessary_first"), [[necessary]])
    else:
        turn.record_consent(purpose, ConsentAct.GRANTED)
        turn.say(_result(turn, "consent.now_granted", purpose), [_back(turn)])


def _refuse(turn: Turn, purpose: ConsentPurpose) -> None:
    if turn.consent_state(purpose) is None:
        turn.record_consent(purpose, ConsentAct.REFUSED)
        turn.say(_result(turn, "consent.now_refused", purpose), [_back(turn)])
    else:
        turn.say(turn.texts("consent.same"))


def _withdraw(turn: Turn, purpose: ConsentPurpose) -> None:
    if not turn.granted(purpose):
        turn.say(turn.texts("consent.same"))
        return
    turn.record_consent(purpose, ConsentAct.WITHDRAWN)
    case = turn.open_case(CaseKind.WITHDRAWAL, reason=purpose.value)
    necessary = purpose is ConsentPurpose.NECESSARY
    turn.say(
        turn.texts(
            "consent.receipt",
            purpose=_name(turn, purpose),
            number=case.number,
            at=turn.time_text(turn.context.now),
            due=turn.date_text(case.due) if case.due else "-",
            after=turn.texts("consent.after_necessary" if necessary else "consent.after_optional"),
        ),
        [_back(turn)],
    )


def _result(turn: Turn, key: str, purpose: ConsentPurpose) -> str:
    return turn.texts(key, purpose=_name(turn, purpose), at=turn.time_text(turn.context.now))


def _back(turn: Turn) -> list[Button]:
    return [Button(turn.texts("menu.consent"), "menu:consent")]


def _name(turn: Turn, purpose: ConsentPurpose) -> str:
    return turn.texts(f"purpose.{purpose.value}")


def _state(turn: Turn, purpose: ConsentPurpose) -> str:
    act = turn.consent_state(purpose)
    return turn.texts(f"consent.{act.value}" if act else "consent.unasked")
