"""How a conversation changes hands: passed on, put off, given by the desk itself, taken back from who is gone."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.conversation import Conversation, Owner
from domain.presence import Presence
from domain.staff import MOVERS, Scene, StaffEffects, StepRefused
from handlers.staff_steps import Desk, Step, active, event, mine, say, take, unchanged

LONGEST_SNOOZE = timedelta(days=30)


def transfer(note: str) -> Step:
    """To the scene's target, who has it from then on; by whoever has it, or by somebody who may move conversations."""

    def step(desk: Desk, scene: Scene) -> StaffEffects:
        _may_move(scene)
        target = scene.target
        if target is None or target.disabled:
            raise StepRefused("no_such_person")
        if scene.agent is not None and target.id == scene.agent.id:
            raise StepRefused("has_it_already", target.alias)
        there = scene.attendance.get(target.id)
        if there is None or there.presence is Presence.OFF:
            raise StepRefused("target_off", target.alias)
        if there.full:
            raise StepRefused("target_full", target.alias)
        # Taking opens a hand-over where there is none, and tells the customer who speaks from now on.
        taken = take(desk, replace(scene, actor=target, agent=None, conversation=_freed(scene)))
        moved = event("case.transferred", f"case/{taken.state.waiting_case}/staff/{scene.actor.id}/staff/{target.id}")
        handover = replace(scene.handover, snoozed_until=None) if scene.handover else None
        return replace(taken, note=note, ledger=(*taken.ledger, moved), handover=handover)

    return step


def to_queue(note: str) -> Step:
    """Back to the queue, to the place it had."""

    def step(desk: Desk, scene: Scene) -> StaffEffects:
        _may_move(scene)
        if scene.conversation.owner is not Owner.AGENT:
            raise StepRefused("not_taken")
        return replace(_queued(desk, scene, "case.requeued"), note=note)

    return step


def snooze(until: datetime) -> Step:
    """Out of sight until then, or until the customer writes. It stays with whoever has it."""

    def step(desk: Desk, scene: Scene) -> StaffEffects:
        mine(scene)
        if not desk.now < until <= desk.now + LONGEST_SNOOZE:
            raise StepRefused("bad_time")
        if scene.handover is None:
            raise StepRefused("not_taken")
        return replace(unchanged(scene), handover=replace(scene.handover, snoozed_until=until))

    return step


def wake(_desk: Desk, scene: Scene) -> StaffEffects:
    """Back in sight before its time."""
    mine(scene)
    handover = replace(scene.handover, snoozed_until=None) if scene.handover else None
    return replace(unchanged(scene), handover=handover)


def assigned(desk: Desk, scene: Scene) -> StaffEffects:
    """The desk gives it to the scene's actor, if it still waits and the actor still takes."""
    there = scene.attendance.get(scene.actor.id)
    skill = scene.handover.skill if scene.handover else ""
    if scene.conversation.owner is not Owner.QUEUE or there is None or not there.takes(skill):
        raise StepRefused("not_waiting")
    return take(desk, scene)


def released(seq: int | None = None) -> Step:
    """Taken back from the scene's actor, who is off or whose account was disabled; or, where seq is given, who has
    left a message unanswered too long and has not said anything since."""

    def step(desk: Desk, scene: Scene) -> StaffEffects:
        there = scene.attendance.get(scene.actor.id)
        gone = scene.actor.disabled or (there is not None and there.presence is Presence.OFF)
        if scene.agent is None or scene.agent.id != scene.actor.id or not (gone or seq == scene.last_seq):
            raise StepRefused("not_waiting")
        return _queued(desk, scene, "case.released")

    return step


def _queued(desk: Desk, scene: Scene, what: str) -> StaffEffects:
    state = scene.conversation.state
    handover = scene.handover
    tell = handover is None or not handover.told_back
    return StaffEffects(
        owner=Owner.QUEUE,
        agent_id=None,
        state=replace(state, waiting_told=True),
        outgoing=(replace(say(desk, scene, "requeued", state.waiting_case), sender=""),) if tell else (),
        ledger=(event(what, f"case/{state.waiting_case}/staff/{scene.actor.id}"),),
        handover=replace(handover, snoozed_until=None, told_back=True) if handover else None,
    )


def _may_move(scene: Scene) -> None:
    active(scene)
    if scene.actor.role not in MOVERS:
        mine(scene)


def _freed(scene: Scene) -> Conversation:
    return replace(scene.conversation, owner=Owner.QUEUE)
