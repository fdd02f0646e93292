"""A person: queueing for one, being told about it, and going back to the bot."""

import re

from domain.cases import CaseKind, CaseState
from domain.conversation import Owner
from domain.messages import Button
from handlers import expectations
from handlers.catalogue import Texts
from handlers.turn import Turn

_URGENT = re.compile(
    r"급해|급합|급한|급히|급하|시급|긴급|위급|촉박|빨리|빠른 ?(?:답|처리|확인|회신)|당장|지금 ?바로|"
    r"(?:오늘|내일|지금|\d{1,2}시|\d{1,2}분|\d{1,2}일) ?(?:중으로|안으로|안에|까지|전까지)"
)
_ASKS_WAIT = re.compile(
    r"얼마나 ?(?:더 ?)?(?:오래 ?)?(?:기다|걸리|걸려|남)|몇 ?(?:번째|명|분) ?(?:이|인|예|정도|남|기다|째|$)|"
    r"대기 ?(?:순서|순번|시간|인원|번호)|(?:제|내) ?(?:차례|순서|순번)|상담(?:원|사)\S* ?언제|"
    r"언제 ?(?:쯤 ?)?(?:연결|상담|답변|답장|차례)|(?:아직|계속) ?(?:도 ?)?기다"
)

_THANKS = re.compile(
    r"(?:네+|넵|넹|예|아+|오+|와|정말|진짜|너무|친절\S*|답변|빠른|덕분에|알려\S*|도와\S*|감사\S*|고맙\S*|고마\S*|수고\S*|"
    r"알겠\S*|알았\S*|확인했\S*|해결\S*|잘|됐\S*|되었\S*|좋은|하루\S*|주말\S*|보내세요|되세요|ㄳ|ㄱㅅ|ㅎ+|ㅋ+|[\s.,!~^♡❤️🙏👍:)]+)+"
)


def offer(texts: Texts) -> tuple[Button, ...]:
    """A row with the button that asks for a person."""
    return (Button(texts("agent.offer"), "agent:connect"),)


def hand_over(turn: Turn, reason: str) -> None:
    """Open a numbered case and queue the conversation; told of the first when it waits already."""
    if turn.owner is not Owner.BOT:
        tell(turn)
        return
    heed_urgency(turn)
    case = turn.open_case(CaseKind.HANDOVER, reason)
    turn.owner = Owner.QUEUE
    turn.remember(waiting_case=case.number, waiting_told=False, unsure=0)
    place = turn.queue.place(turn.conversation.id, urgent=turn.state.urgent)
    words = turn.texts("agent.queued", number=case.number, place=place)
    turn.say("\n".join([words, *_outlook(turn)]), [_cancel(turn)])


def reopen(turn: Turn) -> bool:
    """Back into the queue under the same number, when the hand-over was closed a short while ago and more than thanks
    is written. False when the message is the bot's to answer."""
    number, now = turn.state.closed_case, turn.context.now.timestamp()
    if turn.owner is not Owner.BOT or not number or now >= turn.state.closed_until:
        return False
    text = turn.incoming.text.strip()
    done = any(c.number == number and c.state is CaseState.DONE for c in turn.cases)
    if not done or (text and _THANKS.fullmatch(text)):
        return False
    heed_urgency(turn)
    place = turn.queue.place(turn.conversation.id, urgent=turn.state.urgent)
    turn.owner, turn.reopened = Owner.QUEUE, (number,)
    turn.urgent = turn.state.urgent
    turn.remember(waiting_case=number, waiting_told=True, unsure=0, closed_case="", closed_until=0)
    turn.record("case.reopened", f"case/{number}")
    words = turn.texts("agent.reopened", number=number, place=place)
    turn.say("\n".join([words, *_outlook(turn)]), [_cancel(turn)])
    return True


def tell(turn: Turn) -> None:
    """Who has the conversation, where it is not the bot."""
    if turn.owner is Owner.AGENT:
        turn.say(turn.texts("agent.with_agent"))
    else:
        place = turn.queue.place(turn.conversation.id, urgent=turn.state.urgent)
        words = turn.texts("agent.waiting", number=turn.state.waiting_case, place=place)
        turn.say("\n".join([words, *_outlook(turn)]), [_cancel(turn)])


def heed_urgency(turn: Turn) -> None:
    """Remember that the customer calls it urgent; who waits already moves up."""
    if not turn.state.urgent and _URGENT.search(turn.incoming.text):
        turn.remember(urgent=True)
        turn.urgent = turn.owner is not Owner.BOT


def note_while_waiting(turn: Turn) -> None:
    """What is written in the queue is for the person; the customer is told so once, and where the queue stands as
    often as he asks."""
    heed_urgency(turn)
    if _ASKS_WAIT.search(turn.incoming.text):
        tell(turn)
    elif not turn.state.waiting_told:
        turn.say(turn.texts("agent.noted", number=turn.state.waiting_case), [_cancel(turn)])
        turn.remember(waiting_told=True)


def stop_waiting(turn: Turn) -> None:
    """Leave the queue; the case is closed as cancelled. Pressed twice, or too late: told what is true now."""
    if turn.owner is Owner.AGENT:
        turn.say(turn.texts("agent.with_agent"))
        return
    number = turn.state.waiting_case
    if turn.owner is not Owner.QUEUE:
        turn.say(turn.texts("button.done"), menu=True)
        return
    if any(c.number == number and c.state is CaseState.RECEIVED for c in turn.cases):
        turn.cancel_case(number)
    turn.owner = Owner.BOT
    turn.remember(waiting_case="", waiting_told=False, urgent=False)
    turn.say(turn.texts("agent.cancelled", number=number), menu=True)


def _outlook(turn: Turn) -> list[str]:
    return expectations.outlook(turn.texts, turn.context.desk.hours, turn.queue, turn.context.now)


def _cancel(turn: Turn) -> list[Button]:
    return [Button(turn.texts("agent.cancel"), "agent:cancel")]
