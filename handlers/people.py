"""A person: queueing for one, being told about it, and going back to the bot."""

from domain.cases import CaseKind, CaseState
from domain.conversation import Owner
from domain.messages import Button
from handlers.catalogue import Texts
from handlers.turn import Turn


def offer(texts: Texts) -> tuple[Button, ...]:
    """A row with the button that asks for a person."""
    return (Button(texts("agent.offer"), "agent:connect"),)


def hand_over(turn: Turn, reason: str) -> None:
    """Open a numbered case and queue the conversation; told of the first when it waits already."""
    if turn.owner is not Owner.BOT:
        tell(turn)
        return
    case = turn.open_case(CaseKind.HANDOVER, reason)
    turn.owner = Owner.QUEUE
    turn.remember(waiting_case=case.number, waiting_told=False, unsure=0)
    turn.say(turn.texts("agent.queued", number=case.number), [_cancel(turn)])


def tell(turn: Turn) -> None:
    """Who has the conversation, where it is not the bot."""
    if turn.owner is Owner.AGENT:
        turn.say(turn.texts("agent.with_agent"))
    else:
        turn.say(turn.texts("agent.waiting", number=turn.state.waiting_case), [_cancel(turn)])


def note_while_waiting(turn: Turn) -> None:
    """What is written in the queue is for the person; the customer is told so once."""
    if not turn.state.waiting_told:
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
    turn.remember(waiting_case="", waiting_told=False)
    turn.say(turn.texts("agent.cancelled", number=number), menu=True)


def _cancel(turn: Turn) -> list[Button]:
    return [Button(turn.texts("agent.cancel"), "agent:cancel")]
