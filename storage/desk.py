"""A step at the desk: lock the conversation, let a plain function decide, write its effects; one transaction.

Who has the conversation is read under the same lock under which the step is written, so of two that take it at once one
is second and is told so, and nobody answers a conversation that went to somebody else meanwhile.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from domain.cases import CaseState, NewCase
from domain.conversation import Conversation, Owner
from domain.errors import SangdamError
from domain.messages import Author, Delivery, IncomingKind, Outgoing
from domain.staff import Scene, Staff, StaffEffects
from domain.work import Send
from storage.codec import outgoing_to_bytes, state_from_bytes, state_to_bytes
from storage.crypto import Hashes, Key
from storage.effects import ADD_CASE, ADD_OUTBOX, CANCEL_CASE, CUSTOMERS_FIRST
from storage.handling import LOAD_CASES, case_of
from storage.intake import ADD_MESSAGE, NeedKeys, message_binding
from storage.ledger import append
from storage.queue import (
    ADD_HANDOVER,
    CLOSE_HANDOVER,
    SAVE_HANDOVER,
    handover_rows,
    load_attendance,
    load_handover,
    mark_present,
    save_handover,
)
from storage.staff_rows import staff_of
from storage.statements import Params, Program, Statement, in_list
from storage.tables import accounts, conversations, customers, staff, staff_notes, staff_steps
from storage.times import to_us

_p = sa.bindparam

LOAD = Statement(
    sa.select(
        conversations.c.id,
        conversations.c.customer_id,
        conversations.c.channel,
        conversations.c.owner,
        conversations.c.state,
        conversations.c.last_seq,
        conversations.c.agent_id,
        accounts.c.address,
        customers.c.key_id,
    )
    .join(accounts, accounts.c.id == conversations.c.account_id)
    .join(customers, customers.c.id == conversations.c.customer_id)
    .where(conversations.c.id == _p("conversation"))
    .with_for_update(of=conversations)
)
LOAD_STAFF = Statement(
    sa.select(staff.c.id, staff.c.name, staff.c.alias, staff.c.role, staff.c.disabled_at).where(
        in_list(staff.c.id, "people")
    )
)
FIND_STEP = Statement(
    sa.select(staff_steps.c.conversation_id, staff_steps.c.seq).where(
        staff_steps.c.staff_id == _p("person"), staff_steps.c.client_id == _p("client")
    )
)
ADD_STEP = Statement(sa.insert(staff_steps).values({c.name: _p(c.name) for c in staff_steps.c}))
ADD_NOTE = Statement(sa.insert(staff_notes).values({c.name: _p(c.name) for c in staff_notes.c if c.name != "id"}))
SAVE = Statement(
    sa.update(conversations)
    .where(conversations.c.id == _p("conversation"))
    .values(
        owner=_p("new_owner"),
        agent_id=_p("new_agent", type_=sa.BigInteger()),
        state=_p("new_state"),
        last_seq=_p("new_seq"),
        updated_at=_p("now"),
    )
)


class NoSuchConversation(SangdamError):
    """There is no conversation of this id."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """seq: the last message the step became, 0 for none. repeated: it had been taken before, nothing was written.
    sends: what the caller's delivery has claimed already."""

    seq: int
    repeated: bool
    channel: str
    sends: tuple[Send, ...]


def step(
    conversation_id: int,
    staff_id: int,
    client_id: str,
    kind: str,
    decide: Callable[[Scene], StaffEffects],
    *,
    hashes: Hashes,
    keys: Mapping[int, Key],
    now: int,
    push: Mapping[str, str],
    pull: Collection[str],
    target_id: int | None = None,
    by_itself: bool = False,
) -> Program[Stepped]:
    """Take one step of a staff member. client_id is the page's own id of it, so that it can be repeated safely.

    push maps the channels that this process delivers onto its tokens; of the others all but those in pull are delivered
    by another process. target_id: whom the step names. by_itself: the desk takes the step in the staff member's place,
    who need not be there. An exception of `decide` rolls everything back.
    Raises NeedKeys, Conflict, NoSuchConversation.
    """
    rows = yield LOAD, {"conversation": conversation_id}
    if not rows:
        raise NoSuchConversation("there is no such conversation")
    _, customer_id, channel, owner, state, seq, agent_id, address, key_id = rows[0]
    if key_id not in keys:
        raise NeedKeys({key_id}, 0)
    key = keys[key_id]
    before = yield FIND_STEP, {"person": staff_id, "client": client_id}
    if before and before[0][0] == conversation_id:
        return Stepped(before[0][1], True, channel, ())
    scene = yield from _scene(conversation_id, customer_id, channel, owner, state, agent_id, staff_id, target_id, key)
    scene = replace(scene, last_seq=seq)
    effects = decide(scene)
    said: list[Params] = []
    outbox: list[Params] = []
    sends: list[Send] = []
    first = seq
    for message in effects.outgoing:
        seq += 1
        said.append(_message(conversation_id, seq, message, key, now))
        if channel in pull:
            continue
        token = push.get(channel, "")
        outbox.append(_outbox(conversation_id, seq, channel, token))
        if token:
            opened = key.open(address, b"address").decode()
            sends.append(Send(channel, conversation_id, seq, CUSTOMERS_FIRST, 0, 0, opened, message))
    became = seq if seq > first else 0
    new_state = key.seal(state_to_bytes(effects.state), b"state:%d" % conversation_id)
    yield (
        SAVE,
        {
            "conversation": conversation_id,
            "new_owner": effects.owner.value,
            "new_agent": effects.agent_id,
            "new_state": new_state,
            "new_seq": seq,
            "now": now,
        },
    )
    if said:
        yield ADD_MESSAGE, said
    if outbox:
        yield ADD_OUTBOX, outbox
    if effects.note:
        yield ADD_NOTE, _note(conversation_id, seq, staff_id, client_id, effects.note, key, now)
    if effects.opened:
        yield ADD_CASE, [_case(case, customer_id, conversation_id, key, now) for case in effects.opened]
    if added := handover_rows(effects.opened, conversation_id, now):
        yield ADD_HANDOVER, added
    if effects.done:
        yield CANCEL_CASE, [_done(number, customer_id, now) for number in effects.done]
        yield CLOSE_HANDOVER, [{"case_number": number, "now": now} for number in effects.done]
    if effects.handover:
        yield SAVE_HANDOVER, save_handover(effects.handover)
    if not by_itself:
        works = effects.owner is Owner.AGENT and effects.agent_id == staff_id
        yield from mark_present(staff_id, now, scene.attendance.get(staff_id), works=works)
    row = {"staff_id": staff_id, "client_id": client_id, "conversation_id": conversation_id, "kind": kind}
    yield ADD_STEP, row | {"seq": became, "at": now}
    if effects.ledger:
        yield from append(effects.ledger, hashes, now)
    return Stepped(became, False, channel, tuple(sends))


def note_binding(conversation_id: int, staff_id: int, client_id: str) -> bytes:
    return b"note:%d:%d:%s" % (conversation_id, staff_id, client_id.encode())


def _scene(
    conversation_id: int,
    customer_id: int,
    channel: str,
    owner: str,
    state: bytes,
    agent_id: int | None,
    staff_id: int,
    target_id: int | None,
    key: Key,
) -> Program[Scene]:
    people_rows = yield LOAD_STAFF, {"people": [i for i in (staff_id, agent_id, target_id) if i is not None]}
    people: dict[int, Staff] = {row[0]: staff_of(row) for row in people_rows}
    case_rows = yield LOAD_CASES, {"customers": [customer_id]}
    handover = yield from load_handover(conversation_id)
    attendance = yield from load_attendance([i for i in (staff_id, target_id) if i is not None])
    opened = state_from_bytes(key.open(state, b"state:%d" % conversation_id))
    return Scene(
        conversation=Conversation(conversation_id, channel, customer_id, Owner(owner), opened),
        actor=people[staff_id],
        agent=None if agent_id is None else people[agent_id],
        cases=tuple(case_of(row[1:]) for row in case_rows),
        handover=handover,
        target=people.get(target_id) if target_id is not None else None,
        attendance=attendance,
    )


def _message(conversation_id: int, seq: int, message: Outgoing, key: Key, now: int) -> Params:
    return {
        "conversation_id": conversation_id,
        "seq": seq,
        "author": Author.AGENT.value,
        "kind": IncomingKind.TEXT.value,
        "at": now,
        "body": key.seal(outgoing_to_bytes(message), message_binding(conversation_id, seq)),
        "ref": "",
        "delivery": Delivery.PENDING.value,
    }


def _outbox(conversation_id: int, seq: int, channel: str, token: str) -> Params:
    return {
        "channel": channel,
        "conversation": conversation_id,
        "message_seq": seq,
        "priority": CUSTOMERS_FIRST,
        "token": token,
    }


def _note(conversation_id: int, seq: int, staff_id: int, client_id: str, text: str, key: Key, now: int) -> Params:
    return {
        "conversation_id": conversation_id,
        "after_seq": seq,
        "staff_id": staff_id,
        "client_id": client_id,
        "at": now,
        "body": key.seal(text.encode(), note_binding(conversation_id, staff_id, client_id)),
    }


def _case(case: NewCase, customer_id: int, conversation_id: int, key: Key, now: int) -> Params:
    return {
        "number": case.number,
        "kind": case.kind.value,
        "state": CaseState.RECEIVED.value,
        "customer_id": customer_id,
        "conversation_id": conversation_id,
        "reason": case.reason,
        "detail": key.seal(case.detail.encode(), b"case:" + case.number.encode()),
        "opened_at": now,
        "due_at": to_us(case.due) if case.due else None,
    }


def _done(number: str, customer_id: int, now: int) -> Params:
    return {"case_number": number, "customer": customer_id, "new_state": CaseState.DONE.value, "now": now}
