"""Intake: a batch of updates becomes rows of the inbox and of the conversations' logs, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from domain.conversation import Age, BotState, Owner
from domain.errors import SangdamError
from domain.messages import Author, Delivery, Incoming
from domain.work import Receipt, Work
from storage.codec import incoming_to_bytes, state_from_bytes, state_to_bytes
from storage.crypto import Hashes, Key
from storage.statements import Params, Program, Row, Statement, in_list
from storage.tables import accounts, conversations, customers, facts, inbox, messages
from storage.times import to_us

_p = sa.bindparam
_zero: sa.ColumnElement[int] = sa.literal_column("0")
OPEN = inbox.c.state == _zero

SEEN = Statement(
    sa.select(inbox.c.platform_id, inbox.c.conversation_id, inbox.c.seq).where(
        inbox.c.channel == _p("channel"), in_list(inbox.c.platform_id, "platform_ids")
    )
)
KNOWN = Statement(
    sa.select(
        accounts.c.address_hash,
        conversations.c.id,
        conversations.c.last_seq,
        conversations.c.owner,
        conversations.c.state,
        customers.c.key_id,
    )
    .join(accounts, accounts.c.id == conversations.c.account_id)
    .join(customers, customers.c.id == conversations.c.customer_id)
    .where(accounts.c.channel == _p("channel"), in_list(accounts.c.address_hash, "hashes"))
    .order_by(conversations.c.id)
    .with_for_update(of=conversations)
)
ADD_CUSTOMER = Statement(
    sa.insert(customers)
    .values(key_id=_p("key_id"), age=_p("age"), consents=_p("consents"), created_at=_p("now"))
    .returning(customers.c.id)
)
ADD_ACCOUNT = Statement(
    sa.insert(accounts)
    .values(
        customer_id=_p("customer_id"),
        channel=_p("channel"),
        address_hash=_p("address_hash"),
        address=_p("address"),
        name=_p("name"),
        created_at=_p("now"),
    )
    .returning(accounts.c.id)
)
ADD_CONVERSATION = Statement(
    sa.insert(conversations)
    .values(
        account_id=_p("account_id"),
        customer_id=_p("customer_id"),
        channel=_p("channel"),
        owner=_p("owner"),
        state=_p("state"),
        last_seq=_zero,
        acked_seq=_zero,
        updated_at=_p("now"),
    )
    .returning(conversations.c.id)
)
SET_STATE = Statement(
    sa.update(conversations).where(conversations.c.id == _p("conversation")).values(state=_p("new_state"))
)
BUSY = Statement(
    sa.select(inbox.c.conversation_id).where(OPEN, in_list(inbox.c.conversation_id, "conversations")).distinct()
)
ADD_MESSAGE = Statement(
    sa.insert(messages).values({c.name: _p(c.name) for c in messages.c if c.name != "delivered_at"})
)
ADD_INBOX = Statement(
    sa.insert(inbox).values(
        {c.name: _p(c.name) for c in inbox.c if c.name not in ("state", "error")}
        | {"state": _zero, "error": sa.literal_column("''")}
    )
)
RAISE_SEQ = Statement(
    sa.update(conversations)
    .where(conversations.c.id == _p("conversation"))
    .values(last_seq=_p("seq"), updated_at=_p("now"))
)
MOVE_CURSOR = Statement(sa.update(facts).where(facts.c.name == _p("fact")).values(value=_p("cursor")))


class NeedKeys(SangdamError):
    """The transaction was rolled back: keys have to be fetched or made first, then it runs again."""

    def __init__(self, fetch: set[int], create: int) -> None:
        self.fetch, self.create = fetch, create
        super().__init__("keys are needed before this can be written")


@dataclass(frozen=True, slots=True)
class Lease:
    """token marks the rows that this worker has; until is when others may take them (microseconds)."""

    token: str
    until: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update whose identifiers are already removed; redacted names their kinds."""

    incoming: Incoming
    redacted: tuple[str, ...]


@dataclass(slots=True)
class _Thread:
    id: int
    seq: int
    key: Key
    owner: Owner
    question: str
    free: bool = True


def message_binding(conversation_id: int, seq: int) -> bytes:
    return b"message:%d:%d" % (conversation_id, seq)


def take_in(
    channel: str,
    arrivals: Sequence[Arrival],
    *,
    hashes: Hashes,
    keys: Mapping[int, Key],
    spare_keys: Sequence[int],
    now: int,
    cursor: tuple[str, str] | None = None,
    lease: Lease | None = None,
) -> Program[tuple[list[Receipt], list[Work]]]:
    """Store arrivals of one channel, in their order. Returns a receipt for each and the rows claimed at once.

    cursor is (fact, value): the platform's offset, moved in the same transaction. With a lease, rows of conversations
    that have nothing older open are claimed here, which saves the claim's own commit. Raises NeedKeys.
    """
    if cursor:
        yield MOVE_CURSOR, {"fact": cursor[0], "cursor": cursor[1]}
    if not arrivals:
        return [], []
    seen_rows = yield SEEN, {"channel": channel, "platform_ids": [a.incoming.platform_id for a in arrivals]}
    seen = {row[0]: Receipt(row[1], row[2], duplicate=True) for row in seen_rows}
    fresh: dict[str, Arrival] = {}
    for arrival in arrivals:
        if arrival.incoming.platform_id not in seen:
            fresh.setdefault(arrival.incoming.platform_id, arrival)
    threads = yield from _threads(channel, [a.incoming for a in fresh.values()], hashes, keys, spare_keys, now)
    busy = yield BUSY, {"conversations": [t.id for t in threads.values()]}
    busy_ids = {row[0] for row in busy}
    for thread in threads.values():
        thread.free = lease is not None and thread.id not in busy_ids

    new_messages: list[Params] = []
    new_inbox: list[Params] = []
    works: list[Work] = []
    for platform_id, arrival in fresh.items():
        incoming, thread = arrival.incoming, threads[arrival.incoming.address]
        thread.seq += 1
        seen[platform_id] = Receipt(thread.id, thread.seq, duplicate=False)
        new_messages.append(_message_row(thread, arrival))
        new_inbox.append(_inbox_row(thread, incoming, lease, now))
        if thread.free:
            works.append(_work(thread, arrival, lease))
    if new_messages:
        yield ADD_MESSAGE, new_messages
        yield ADD_INBOX, new_inbox
        yield RAISE_SEQ, [{"conversation": t.id, "seq": t.seq, "now": now} for t in threads.values()]
    return _receipts(arrivals, seen), works


def _work(thread: _Thread, arrival: Arrival, lease: Lease | None) -> Work:
    return Work(
        conversation_id=thread.id,
        seq=thread.seq,
        tries=1,
        incoming=arrival.incoming,
        redacted=arrival.redacted,
        owner=thread.owner,
        question=thread.question,
        token=lease.token if lease else "",
    )


def _receipts(arrivals: Sequence[Arrival], seen: dict[str, Receipt]) -> list[Receipt]:
    receipts, given = [], set()
    for arrival in arrivals:
        platform_id = arrival.incoming.platform_id
        receipt = seen[platform_id]
        receipts.append(replace(receipt, duplicate=True) if platform_id in given else receipt)
        given.add(platform_id)
    return receipts


def _threads(
    channel: str,
    incoming: list[Incoming],
    hashes: Hashes,
    keys: Mapping[int, Key],
    spare_keys: Sequence[int],
    now: int,
) -> Program[dict[str, _Thread]]:
    by_hash = {hashes.address(channel, i.address): i for i in reversed(incoming)}
    rows = yield KNOWN, {"channel": channel, "hashes": list(by_hash)}
    unknown = len(by_hash) - len(rows)
    missing = {row[5] for row in rows if row[5] not in keys}
    if missing or unknown > len(spare_keys):
        raise NeedKeys(missing, unknown - len(spare_keys))
    threads: dict[str, _Thread] = {}
    for address_hash, conversation_id, last_seq, owner, state, key_id in rows:
        key = keys[key_id]
        question = state_from_bytes(key.open(state, b"state:%d" % conversation_id)).question
        threads[by_hash.pop(address_hash).address] = _Thread(conversation_id, last_seq, key, Owner(owner), question)
    for (address_hash, first), key_id in zip(by_hash.items(), spare_keys, strict=False):
        threads[first.address] = yield from _new_thread(first, address_hash, key_id, keys[key_id], now)
    return threads


def _new_thread(first: Incoming, address_hash: str, key_id: int, key: Key, now: int) -> Program[_Thread]:
    customer: list[Row] = yield (
        ADD_CUSTOMER,
        {"key_id": key_id, "age": Age.UNKNOWN.value, "consents": "{}", "now": now},
    )
    customer_id = customer[0][0]
    account = yield (
        ADD_ACCOUNT,
        {
            "customer_id": customer_id,
            "channel": first.channel,
            "address_hash": address_hash,
            "address": key.seal(first.address.encode(), b"address"),
            "name": key.seal(first.name.encode("utf-8", "replace"), b"name"),
            "now": now,
        },
    )
    # The state is bound to the conversation's id, which is known only after the insert.
    conversation = yield (
        ADD_CONVERSATION,
        {
            "account_id": account[0][0],
            "customer_id": customer_id,
            "channel": first.channel,
            "owner": Owner.BOT.value,
            "state": b"",
            "now": now,
        },
    )
    conversation_id = conversation[0][0]
    state = key.seal(state_to_bytes(BotState()), b"state:%d" % conversation_id)
    yield SET_STATE, {"conversation": conversation_id, "new_state": state}
    return _Thread(conversation_id, 0, key, Owner.BOT, "")


def _message_row(thread: _Thread, arrival: Arrival) -> Params:
    incoming = arrival.incoming
    body = incoming_to_bytes(incoming, arrival.redacted)
    return {
        "conversation_id": thread.id,
        "seq": thread.seq,
        "author": Author.CUSTOMER.value,
        "kind": incoming.kind.value,
        "at": to_us(incoming.at),
        "body": thread.key.seal(body, message_binding(thread.id, thread.seq)),
        "ref": incoming.ref,
        "delivery": Delivery.SENT.value,
    }


def _inbox_row(thread: _Thread, incoming: Incoming, lease: Lease | None, now: int) -> Params:
    claimed = lease is not None and thread.free
    return {
        "channel": incoming.channel,
        "platform_id": incoming.platform_id,
        "conversation_id": thread.id,
        "seq": thread.seq,
        "position": incoming.order,
        "tries": 0,  # it waits in memory; whether it is ever tried there is not known (see storage.claims)
        "lease_token": lease.token if lease and claimed else "",
        "lease_until": lease.until if lease and claimed else 0,
        "received_at": now,
    }
