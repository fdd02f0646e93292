"""What a step at the desk changes and what the customer is told of it. Plain functions, no I/O."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from domain.cases import CaseKind, CaseState, NewCase
from domain.conversation import BotState, Owner
from domain.deadlines import SEOUL
from domain.desk_plan import DeskPlan
from domain.effects import LedgerEvent
from domain.messages import Outgoing
from domain.queue import Handover
from domain.staff import Scene, StaffEffects, StepRefused, may_see
from handlers.catalogue import Texts

ANSWER_LIMIT = 4_000  # characters of one answer or note
_PREVIEW = 80
_HIDDEN = "○○○"
# What could name or reach a person: e-mail addresses, links, and every run of digits that is longer than a year.
_PRIVATE = re.compile(
    r"[^\s@]{1,64}@[^\s@]{1,255}|https?://\S+|\d(?:[ .,)-]{0,2}\d){4,}",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What is the same for every step. nonce is a random number from which a case number is made."""

    texts: Texts
    now: datetime
    nonce: int
    plan: DeskPlan = field(default_factory=DeskPlan)


Step: TypeAlias = Callable[[Desk, Scene], StaffEffects]


def take(desk: Desk, scene: Scene) -> StaffEffects:
    """From the queue, from the bot, or from somebody whose account was disabled. Again by the same: nothing changes."""
    active(scene)
    conversation, actor = scene.conversation, scene.actor
    if conversation.owner is Owner.AGENT and scene.agent is not None:
        if scene.agent.id == actor.id:
            return StaffEffects(Owner.AGENT, actor.id, conversation.state)
        if not scene.agent.disabled:
            raise StepRefused("taken", scene.agent.alias)
    number = conversation.state.waiting_case
    opened: tuple[NewCase, ...] = ()
    ledger: list[LedgerEvent] = []
    if not _is_open(scene, number):
        state = conversation.state
        carries = desk.plan.escalate("agent", state.topic, desk.now, urgent=state.urgent)
        case = NewCase(_number(desk), CaseKind.HANDOVER, None, "agent", escalation=carries)
        number, opened = case.number, (case,)
        ledger.append(event("case.received", f"case/{number}/{case.kind.value}"))
    ledger.append(event("case.taken", f"case/{number}/staff/{actor.id}"))
    return StaffEffects(
        owner=Owner.AGENT,
        agent_id=actor.id,
        state=replace(conversation.state, waiting_case=number, waiting_told=False, unsure=0),
        outgoing=(say(desk, scene, "taken", number),),
        opened=opened,
        ledger=tuple(ledger),
    )


def answer(text: str) -> Step:
    """A message to the customer, by whoever has the conversation at this moment."""

    def step(desk: Desk, scene: Scene) -> StaffEffects:
        mine(scene)
        said = (Outgoing(text, sender=scene.actor.alias),)
        return replace(unchanged(scene), outgoing=said, handover=_answered(desk, scene))

    return step


def note(text: str) -> Step:
    """For the staff only, by anybody whose business the conversation is."""

    def step(_desk: Desk, scene: Scene) -> StaffEffects:
        active(scene)
        agent_id = scene.agent.id if scene.agent else None
        if not may_see(scene.actor, scene.conversation.owner, agent_id):
            raise StepRefused("not_yours", scene.agent.alias if scene.agent else "")
        return replace(unchanged(scene), note=text)

    return step


def give_back(desk: Desk, scene: Scene) -> StaffEffects:
    """The bot goes on; the hand-over is done."""
    return _end(desk, scene, "returned", menu=True)


def close(desk: Desk, scene: Scene) -> StaffEffects:
    """The hand-over is done. Who writes again soon is back in the queue under the same number."""
    effects = _end(desk, scene, "closed", menu=True)
    if not effects.done:
        return effects
    until = int((desk.now + desk.plan.reopen).timestamp())
    return replace(effects, state=replace(effects.state, closed_case=effects.done[0], closed_until=until))


def preview(text: str) -> str:
    """The beginning of a message without what could name or reach a person, for lists that everybody sees."""
    line = " ".join(_PRIVATE.sub(_HIDDEN, text[: 4 * _PREVIEW]).split())
    return line if len(line) <= _PREVIEW else line[: _PREVIEW - 1].rstrip() + "…"


def _end(desk: Desk, scene: Scene, how: str, *, menu: bool) -> StaffEffects:
    mine(scene)
    state = scene.conversation.state
    number = state.waiting_case
    done = (number,) if _is_open(scene, number) else ()
    return StaffEffects(
        owner=Owner.BOT,
        agent_id=None,
        state=replace(state, waiting_case="", waiting_told=False, unsure=0, question="", urgent=False),
        outgoing=(replace(say(desk, scene, how, number), menu=menu),),
        done=done,
        ledger=tuple(event(f"case.{how}", f"case/{n}/staff/{scene.actor.id}") for n in done),
    )


def _answered(desk: Desk, scene: Scene) -> Handover | None:
    """The hand-over with its first answer; None when it has one already."""
    handover = scene.handover
    if handover is None or handover.answered is not None:
        return None
    return replace(handover, answered=desk.now, took=desk.plan.hours.between(handover.entered, desk.now))


def unchanged(scene: Scene) -> StaffEffects:
    """As it is."""
    state: BotState = scene.conversation.state
    return StaffEffects(scene.conversation.owner, scene.agent.id if scene.agent else None, state)


def mine(scene: Scene) -> None:
    """Raises StepRefused unless the actor has the conversation."""
    active(scene)
    if scene.conversation.owner is not Owner.AGENT or scene.agent is None:
        raise StepRefused("not_taken")
    if scene.agent.id != scene.actor.id:
        raise StepRefused("not_yours", scene.agent.alias)


def active(scene: Scene) -> None:
    """Raises StepRefused for an account that was disabled."""
    if scene.actor.disabled:
        raise StepRefused("disabled")


def _is_open(scene: Scene, number: str) -> bool:
    return any(c.number == number and c.state is CaseState.RECEIVED for c in scene.cases)


def say(desk: Desk, scene: Scene, key: str, number: str) -> Outgoing:
    """A text of the [staff] section, in the actor's name."""
    alias = scene.actor.alias
    return Outgoing(desk.texts(f"staff.{key}", alias=alias, number=number), sender=alias)


def event(name: str, subject: str) -> LedgerEvent:
    """A link for the ledger of rights."""
    return LedgerEvent("rights", name, subject, hashlib.sha256(subject.encode()).hexdigest())


def _number(desk: Desk) -> str:
    return f"{desk.now.astimezone(SEOUL).strftime('%y%m%d')}-{desk.nonce % 1_000_000:06d}"
