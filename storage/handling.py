"""Handling: lock and load what a batch needs, decide each message in its order, write all effects; one transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
import sqlalchemy as sa

from domain.cases import Case, CaseKind, CaseState
from domain.consent import ConsentEvent
from domain.conversation import Age, Conversation, Customer, Owner
from domain.effects import Effects, LedgerEvent
from domain.messages import Author, Delivery, Incoming, IncomingKind, Outgoing
from domain.queue import NeedsQueue, Queue, Waiting
from domain.work import Send, Work
from storage.codec import outgoing_to_bytes, state_from_bytes, state_to_bytes
from storage.crypto import Hashes, Key
from storage.gap_effects import GapEffects
from storage.intake import ADD_MESSAGE, OPEN, NeedKeys, message_binding
from storage.ledger import append
from storage.queue import (
    ADD_HANDOVER,
    CLOSE_HANDOVER,
    MARK_URGENT,
    REOPEN_CASE,
    REOPEN_HANDOVER,
    WAKE,
    handover_rows,
    load_queue,
)
from storage.statements import Params, Program, Row, Statement, in_list
from storage.tables import ASIDE, DONE, accounts, cases, consent_events, conversations, customers, inbox, outbox
from storage.times import from_us, to_us

CUSTOMERS_FIRST = 0  # priority of answers to customers; staff notices and broadcasts come after
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
SAVE_CONVERSATION = Statement(
    sa.update(conversations)
    .where(conversations.c.id == _p("conversation"))
    .values(owner=_p("new_owner"), state=_p("new_state"), last_seq=_p("new_seq"), updated_at=_p("now"))
)
SAVE_CUSTOMER = Statement(
    sa.update(customers).where(customers.c.id == _p("customer")).values(age=_p("new_age"), consents=_p("new_consents"))
)
SAVE_REACH = Statement(
    sa.update(accounts).where(accounts.c.id == _p("account")).values(blocked_at=_p("since", type_=sa.BigInteger()))
)
FINISH = Statement(
    sa.update(inbox)
    .where(OPEN, inbox.c.conversation_id == _p("conversation"), inbox.c.seq == _p("message_seq"))
    .values(state=_p("new_state"))
)
ADD_OUTBOX = Statement(
    sa.insert(outbox).values(
        channel=_p("channel"),
        conversation_id=_p("conversation"),
        seq=_p("message_seq"),
        priority=_p("priority"),
        part=sa.literal_column("0"),
        tries=sa.literal_column("0"),
        not_before=sa.literal_column("0"),
        lease_token=_p("token"),
    )
)
ADD_CASE = Statement(
    sa.insert(cases).values({c.name: _p(c.name) for c in cases.c if c.name not in ("id", "closed_at")})
)
CANCEL_CASE = Statement(
    sa.update(cases)
    .where(cases.c.number == _p("case_number"), cases.c.customer_id == _p("customer"))
    .values(state=_p("new_state"), closed_at=_p("now"))
)
ADD_CONSENT = Statement(
    sa.insert(consent_events).values({c.name: _p(c.name) for c in consent_events.c if c.name != "id"})
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


@dataclass(slots=True)
class _Thread:
    conversation: Conversation
    account_id: int
    key: Key
    seq: int
    waits_elsewhere: bool


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
    batch = _Batch(now=now, push=push, finish=ASIDE if aside else DONE)
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
) -> Program[tuple[dict[int, _Thread], dict[int, Customer], dict[int, list[Case]]]]:
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
        threads[conversation_id] = _Thread(conversation, account_id, key, last_seq, bool(waits_elsewhere))
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


class _Batch:
    """The rows that the decisions of one batch add up to."""

    def __init__(self, now: int, push: Mapping[str, str], finish: int) -> None:
        self._now, self._push, self._finish = now, push, finish
        self.sends: list[Send] = []
        self.ledger: list[LedgerEvent] = []
        self._messages: list[Params] = []
        self._outbox: list[Params] = []
        self._consents: list[Params] = []
        self._cases: list[Params] = []
        self._cancelled: list[Params] = []
        self._reach: list[Params] = []
        self._finished: list[Params] = []
        self._gaps = GapEffects(now)
        self._handovers: list[Params] = []
        self._closed: list[Params] = []
        self._urgent: list[Params] = []
        self._wake: list[Params] = []
        self._reopened: list[Params] = []
        self.joined: list[Waiting] = []

    def add(self, work: Work, thread: _Thread, effects: Effects, queue: Queue | None) -> Queue | None:
        """The queue as it is after this one."""
        conversation = thread.conversation
        for row in handover_rows(effects.cases, conversation.id, self._now):
            self._handovers.append(row)
            self.joined.append(Waiting(conversation.id, bool(row["urgent"]), from_us(self._now)))
            queue = queue.joined(self.joined[-1]) if queue else None
        for number in effects.reopened:
            row = {"case_number": number, "customer": conversation.customer_id, "now": self._now}
            self._reopened.append(row | {"new_state": CaseState.RECEIVED.value})
            self.joined.append(Waiting(conversation.id, effects.state.urgent, from_us(self._now)))
            queue = queue.joined(self.joined[-1]) if queue else None
        if effects.owner is Owner.AGENT:
            self._wake.append({"conversation": conversation.id})
        if effects.urgent:
            self._urgent.append({"conversation": conversation.id})
        for message in effects.outgoing:
            thread.seq += 1
            self._add_outgoing(work.incoming, thread, message)
        for consent in effects.consents:
            self._consents.append(self._consent_row(consent, conversation, work.seq))
        for case in effects.cases:
            self._cases.append(
                {
                    "number": case.number,
                    "kind": case.kind.value,
                    "state": CaseState.RECEIVED.value,
                    "customer_id": conversation.customer_id,
                    "conversation_id": conversation.id,
                    "reason": case.reason,
                    "detail": thread.key.seal(case.detail.encode(), b"case:" + case.number.encode()),
                    "opened_at": self._now,
                    "due_at": to_us(case.due) if case.due else None,
                }
            )
        for number in effects.cancelled_cases:
            self._cancelled.append(
                {
                    "case_number": number,
                    "customer": conversation.customer_id,
                    "new_state": CaseState.CANCELLED.value,
                    "now": self._now,
                }
            )
            self._closed.append({"case_number": number, "now": self._now})
        if effects.blocked is not None:
            self._reach.append({"account": thread.account_id, "since": self._now if effects.blocked else None})
        self._gaps.add(work, effects)
        self.ledger += effects.ledger
        self._finished.append({"conversation": conversation.id, "message_seq": work.seq, "new_state": self._finish})
        return queue

    def _add_outgoing(self, incoming: Incoming, thread: _Thread, message: Outgoing) -> None:
        conversation = thread.conversation
        body = outgoing_to_bytes(message)
        self._messages.append(
            {
                "conversation_id": conversation.id,
                "seq": thread.seq,
                "author": Author.BOT.value,
                "kind": IncomingKind.TEXT.value,
                "at": self._now,
                "body": thread.key.seal(body, message_binding(conversation.id, thread.seq)),
                "ref": "",
                "delivery": Delivery.PENDING.value,
            }
        )
        token = self._push.get(conversation.channel)
        if token is None:
            return
        if thread.waits_elsewhere:
            token = ""
        self._outbox.append(
            {
                "channel": conversation.channel,
                "conversation": conversation.id,
                "message_seq": thread.seq,
                "priority": CUSTOMERS_FIRST,
                "token": token,
            }
        )
        if token:
            self.sends.append(
                Send(
                    conversation.channel, conversation.id, thread.seq, CUSTOMERS_FIRST, 0, 0, incoming.address, message
                )
            )

    def _consent_row(self, consent: ConsentEvent, conversation: Conversation, seq: int) -> Params:
        return {
            "customer_id": conversation.customer_id,
            "purpose": consent.purpose.value,
            "act": consent.act.value,
            "text_version": consent.text_version,
            "channel": conversation.channel,
            "conversation_id": conversation.id,
            "seq": seq,
            "at": self._now,
        }

    def write(self, threads: Mapping[int, _Thread]) -> Program[None]:
        rows = [
            {
                "conversation": t.conversation.id,
                "new_owner": t.conversation.owner.value,
                "new_state": t.key.seal(state_to_bytes(t.conversation.state), b"state:%d" % t.conversation.id),
                "new_seq": t.seq,
                "now": self._now,
            }
            for t in threads.values()
        ]
        for statement, params in (
            (SAVE_CONVERSATION, rows),
            (SAVE_REACH, self._reach),
            (ADD_MESSAGE, self._messages),
            (ADD_OUTBOX, self._outbox),
            (ADD_CONSENT, self._consents),
            (ADD_CASE, self._cases),
            (ADD_HANDOVER, self._handovers),
            (CANCEL_CASE, self._cancelled),
            (CLOSE_HANDOVER, self._closed),
            (REOPEN_CASE, self._reopened),
            (REOPEN_HANDOVER, self._reopened),
            (MARK_URGENT, self._urgent),
            (WAKE, self._wake),
            (FINISH, self._finished),
        ):
            if params:
                yield statement, params
        yield from self._gaps.write()
