"""First contact: who runs the bot, what it processes and why; then age and the necessary consent."""

from domain.consent import ConsentAct, ConsentPurpose
from domain.conversation import Age
from domain.messages import Button
from handlers.turn import Turn

NOTICE_VERSION = 1


def introduce(turn: Turn) -> None:
    """Show the notice once. `ask_next` asks about age, after what the customer wrote is answered."""
    texts, shop = turn.texts, turn.context.shop
    parts = [texts("welcome.notice", shop=shop.name, operator=shop.operator)]
    if turn.conversation.channel == "telegram":
        parts.append(texts("welcome.overseas"))
    if turn.conversation.channel == "terminal":
        parts.append(texts("welcome.terminal"))
    turn.say("\n".join(parts) + "\n\n" + texts("welcome.staff"), menu=True)
    turn.remember(introduced=NOTICE_VERSION)


def ask_next(turn: Turn) -> None:
    """Ask for what is still missing: age, then the necessary consent."""
    texts = turn.texts
    if turn.age is Age.UNKNOWN:
        turn.say(
            texts("welcome.age"),
            [[Button(texts("welcome.adult"), "age:adult")], [Button(texts("welcome.minor"), "age:minor")]],
        )
    elif turn.age is not Age.MINOR and turn.consent_state(ConsentPurpose.NECESSARY) is None:
        turn.say(
            texts("welcome.consent"),
            [
                [
                    Button(texts("welcome.agree"), "first:agree"),
                    Button(texts("welcome.disagree"), "first:disagree"),
                ]
            ],
        )


def age_answered(turn: Turn, answer: str) -> None:
    if turn.age is not Age.UNKNOWN:
        turn.say(turn.texts("welcome.age_changed"))
        return
    turn.age = Age.ADULT if answer == "adult" else Age.MINOR
    turn.record(f"age.{turn.age.value}", f"customer/{turn.customer.id}")
    if turn.age is Age.MINOR:
        turn.say(
            turn.texts("welcome.minor_noted"),
            [
                [Button(turn.texts("welcome.minor_start"), "act:minor_consent")],
                [Button(turn.texts("agent.offer"), "agent:connect")],
            ],
            menu=True,
        )
    else:
        ask_next(turn)


def consent_answered(turn: Turn, answer: str) -> None:
    """The necessary consent at first contact; a second press of an old button changes nothing."""
    if turn.age is Age.UNKNOWN:
        ask_next(turn)
    elif turn.age is Age.MINOR:
        turn.say(turn.texts("consent.minor"))
    elif turn.consent_state(ConsentPurpose.NECESSARY) is not None:
        turn.say(turn.texts("button.done"), menu=True)
    elif answer == "agree":
        turn.record_consent(ConsentPurpose.NECESSARY, ConsentAct.GRANTED)
        turn.say(turn.texts("welcome.agreed"), menu=True)
    else:
        turn.record_consent(ConsentPurpose.NECESSARY, ConsentAct.REFUSED)
        turn.say(turn.texts("welcome.disagreed"), menu=True)


def answer_in_words(turn: Turn, text: str) -> bool:
    """Take a typed answer to the question that is open ("네", "동의합니다"). False when the text is something else."""
    said = "".join(text.split()).rstrip(".!~")
    if turn.age is Age.UNKNOWN:
        adult = _same(said, turn.texts("welcome.adult")) or said in _ADULT
        if adult or _same(said, turn.texts("welcome.minor")) or said in _MINOR:
            age_answered(turn, "adult" if adult else "minor")
            return True
        return False
    if (
        turn.age is not Age.MINOR
        and turn.consent_state(ConsentPurpose.NECESSARY) is None
        and said in _AGREE | _DISAGREE
    ):
        consent_answered(turn, "agree" if said in _AGREE else "disagree")
        return True
    return False


_ADULT = {"네", "예", "넵", "성인", "성인입니다", "성인이에요", "18세이상", "18세이상입니다", "만18세이상입니다"}
_MINOR = {"아니요", "아니오", "아뇨", "미성년자", "미성년자입니다", "미성년자예요", "18세미만", "18세미만입니다"}
_AGREE = {"네", "예", "넵", "동의", "동의합니다", "동의해요", "동의할게요"}
_DISAGREE = {"아니요", "아니오", "아뇨", "동의하지않습니다", "동의안합니다", "동의안해요", "거부합니다"}


def _same(said: str, label: str) -> bool:
    return said == "".join(label.split())
