"""Handling: lock and load what a batch needs, decide each message in its order, write all effects; one transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
import sqlalchemy as sa

from domain.cases import Case, CaseKind, CaseState
from domain.conversation import Age, Conversation, Customer, Owner
from domain.effects import Effects
from domain.queue import NeedsQueue, Queue
from domain.work import Send, Work
from storage.codec import state_from_bytes
from storage.crypto import Hashes, Key
from storage.effects import Batch, Thread
from storage.intake import OPEN, NeedKeys
from storage.ledger import append
from storage.queue import (
    load_queue,
)
from storage.statements import Params, Program, Row, Statement, in_list
from storage.tables import ASIDE, DONE, cases, conversations, customers, inbox, outbox
from storage.times import from_us

_p = sa.bindparam

STILL_OURS = Statement(
    sa.select(inbox.c.conversation_id, inbox.c.seq, inbox.c.lease_token)
    .where(OPEN, in_list(inbox.c.conversation_id, "conversations"))
    .order_by(inbox.c.conversation_id, inbox.c.position, inbox.c.seq)
    .with_for_update()
)
# An answer that waits for another delivery, or for none yet: nothing newer may be sent before it is claimed.
_waits_elsewhere = sa.exists(
    sa.select(sa.literal_column("1")).where(
        outbox.c.conversation_id == conversations.c.id, ~in_list(outbox.c.lease_token, "tokens")
    )
)
LOAD_CONVERSATIONS = Statement(
    sa.select(
        conversations.c.id,
        conversations.c.customer_id,
        conversations.c.channel,
        conversations.c.owner,
        conversations.c.state,
        conversations.c.last_seq,
        conversations.c.account_id,
        _waits_elsewhere,
    )
    .where(in_list(conversations.c.id, "conversations"))
    .order_by(conversations.c.id)
    .with_for_update()
)
LOAD_CUSTOMERS = Statement(
    sa.select(customers.c.id, customers.c.key_id, customers.c.age, customers.c.consents)
    .where(in_list(customers.c.id, "customers"))
    .order_by(customers.c.id)
    .with_for_update()
)
LOAD_CASES = Statement(
    sa.select(
        cases.c.customer_id,
        cases.c.number,
        cases.c.kind,
        cases.c.state,
        cases.c.opened_at,
        cases.c.due_at,
        cases.c.closed_at,
        cases.c.reason,
    )
    .where(in_list(cases.c.customer_id, "customers"))
    .order_by(cases.c.id)
)
SAVE_CUSTOMER = Statement(
    sa.update(customers).where(customers.c.id == _p("customer")).values(age=_p("new_age"), consents=_p("new_consents"))
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a decision may look at. cases are all of the customer, oldest first; queue comes with the second try of a
    decision that raised NeedsQueue."""

    conversation: Conversation
    customer: Customer
    cases: tuple[Case, ...]
    queue: Queue | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """sends: what the caller's delivery has claimed already. touched: conversations whose log grew. staffed: one of
    them was or became somebody else's than the bot's."""

    sends: list[Send]
    touched: list[int]
    staffed: bool = False


Decide = Callable[[Work, Loaded], Effects]


def handle(
    works: Sequence[Work],
    decide: Decide,
    *,
    hashes: Hashes,
    keys: Mapping[int, Key],
    now: int,
    push: Mapping[str, str],
    aside: bool = False,
) -> Program[Handled]:
    """Decide and write a batch; works of one conversation stand in their order.

    push maps each channel we send to onto the token under which this process delivers it ("" when another process
    does). Rows whose lease went to another worker, or whose turn has not come, are left out. aside marks the messages
    as given up instead of done.
    An exception of `decide` rolls everything back.
    Raises NeedKeys, Conflict.
    """
    ours = yield STILL_OURS, {"conversations": [w.conversation_id for w in works]}
    works = _in_turn(works, ours)
    if not works:
        return Handled([], [])
    threads, people, known_cases = yield from _load(works, keys, [token for token in push.values() if token])
    batch = Batch(now=now, push=push, finish=ASIDE if aside else DONE)
    queue: Queue | None = None
    before = dict(people)
    staffed = any(t.conversation.owner is not Owner.BOT for t in threads.values())
    for work in works:
        thread = threads[work.conversation_id]
        customer = people[thread.conversation.customer_id]
        theirs = known_cases[customer.id]
        loaded = Loaded(thread.conversation, customer, tuple(theirs), queue)
        try:
            effects = decide(work, loaded)
        except NeedsQueue:
            queue = yield from load_queue(now)
            for joined in batch.joined:
                queue = queue.joined(joined)
            effects = decide(work, replace(loaded, queue=queue))
        people[customer.id] = replace(
            customer,
            age=effects.age,
            consents=customer.consents | {e.purpose.value: e.act.value for e in effects.consents},
        )
        known_cases[customer.id] = _cases_after(theirs, effects, now)
        staffed = staffed or effects.owner is not Owner.BOT
        thread.conversation = replace(thread.conversation, owner=effects.owner, state=effects.state)
        queue = batch.add(work, thread, effects, queue)
    yield from batch.write(threads)
    changed = [c for i, c in people.items() if c != before[i]]
    if changed:
        yield SAVE_CUSTOMER, [_customer_row(c) for c in changed]
    if batch.ledger:
        yield from append(batch.ledger, hashes, now)
    return Handled(batch.sends, sorted(threads), staffed)


def _in_turn(works: Sequence[Work], open_rows: Sequence[Row]) -> list[Work]:
    """The works that are ours and have nothing open before them but each other. open_rows: in their order."""
    ours = {(w.conversation_id, w.seq, w.token): w for w in works}
    waits: set[int] = set()
    chosen = set()
    for conversation_id, seq, token in open_rows:
        if conversation_id not in waits and (conversation_id, seq, token) in ours:
            chosen.add((conversation_id, seq))
        else:
            waits.add(conversation_id)
    return [w for w in works if (w.conversation_id, w.seq) in chosen]


def _load(
    works: Sequence[Work], keys: Mapping[int, Key], tokens: list[str]
) -> Program[tuple[dict[int, Thread], dict[int, Customer], dict[int, list[Case]]]]:
    rows = yield LOAD_CONVERSATIONS, {"conversations": list({w.conversation_id for w in works}), "tokens": tokens}
    customer_ids = list({row[1] for row in rows})
    people_rows = yield LOAD_CUSTOMERS, {"customers": customer_ids}
    missing = {row[1] for row in people_rows if row[1] not in keys}
    if missing:
        raise NeedKeys(missing, 0)
    case_rows = yield LOAD_CASES, {"customers": customer_ids}
    key_of = {row[0]: keys[row[1]] for row in people_rows}
    people = {row[0]: Customer(row[0], Age(row[2]), orjson.loads(row[3])) for row in people_rows}
    theirs: dict[int, list[Case]] = defaultdict(list)
    for row in case_rows:
        theirs[row[0]].append(case_of(row[1:]))
    threads = {}
    for conversation_id, customer_id, channel, owner, state, last_seq, account_id, waits_elsewhere in rows:
        key = key_of[customer_id]
        opened = state_from_bytes(key.open(state, b"state:%d" % conversation_id))
        conversation = Conversation(conversation_id, channel, customer_id, Owner(owner), opened)
        threads[conversation_id] = Thread(conversation, account_id, key, last_seq, bool(waits_elsewhere))
    return threads, people, theirs


def case_of(row: Row) -> Case:
    """A Case from number, kind, state, opened, due, closed, reason."""
    number, kind, state, opened, due, closed, reason = row
    return Case(
        number=number,
        kind=CaseKind(kind),
        state=CaseState(state),
        opened=from_us(opened),
        due=None if due is None else from_us(due),
        closed=None if closed is None else from_us(closed),
        reason=reason,
    )


def _cases_after(theirs: list[Case], effects: Effects, now: int) -> list[Case]:
    at = from_us(now)
    kept = [
        replace(c, state=CaseState.CANCELLED, closed=at) if c.number in effects.cancelled_cases else c for c in theirs
    ]
    kept = [replace(c, state=CaseState.RECEIVED, closed=None) if c.number in effects.reopened else c for c in kept]
    opened = [Case(c.number, c.kind, CaseState.RECEIVED, at, c.due, None, c.reason) for c in effects.cases]
    return kept + opened


def _customer_row(customer: Customer) -> Params:
    consents = orjson.dumps(customer.consents).decode()
    return {"customer": customer.id, "new_age": customer.age.value, "new_consents": consents}
