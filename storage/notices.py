"""Telling the staff's chat who waits and what is due soon: once for each, through the outbox, behind answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.cases import CaseKind, CaseState
from domain.conversation import Age, BotState, Owner
from domain.messages import Author, Delivery, IncomingKind, Outgoing
from storage.codec import outgoing_to_bytes, state_to_bytes
from storage.crypto import Hashes, Key
from storage.database import Database
from storage.effects import ADD_OUTBOX
from storage.intake import (
    ADD_ACCOUNT,
    ADD_CONVERSATION,
    ADD_CUSTOMER,
    ADD_MESSAGE,
    KNOWN,
    RAISE_SEQ,
    SET_STATE,
    NeedKeys,
    message_binding,
)
from storage.statements import Program, Statement
from storage.tables import cases, conversations, handovers, staff_notices
from storage.times import from_us

STAFF_AFTER_CUSTOMERS = 1  # priority in the outbox
_p = sa.bindparam

TOLD = Statement(sa.insert(staff_notices).values(number=_p("number"), at=_p("now")))


@dataclass(frozen=True, slots=True)
class Untold:
    """What the staff's chat has not been told: about "waits" (a hand-over), or "first" and "resolve" (what is due
    soon, due). key is what it is told under, once."""

    key: str
    about: str
    number: str
    reason: str
    due: datetime | None = None


async def untold(database: Database, soon: int) -> list[Untold]:
    """All of it, oldest first; due counts from when less than until `soon` (microseconds since the epoch) is left."""
    waits = (cases.c.number, conversations.c.owner == Owner.QUEUE.value, sa.null())
    first = (
        cases.c.number + ":first",
        handovers.c.answered_at.is_(None) & (handovers.c.first_due <= soon),
        handovers.c.first_due,
    )
    resolve = (cases.c.number + ":resolve", handovers.c.resolve_due <= soon, handovers.c.resolve_due)
    found = []
    async with database.read() as connection:
        for about, (key, holds, due) in (("waits", waits), ("first", first), ("resolve", resolve)):
            query = (
                sa.select(key.label("key"), cases.c.number, cases.c.reason, due.label("due"))
                .select_from(cases)
                .join(conversations, conversations.c.id == cases.c.conversation_id)
                .outerjoin(handovers, handovers.c.number == cases.c.number)
                .outerjoin(staff_notices, staff_notices.c.number == key)
                .where(
                    holds,
                    conversations.c.owner != sa.literal_column("'bot'"),
                    cases.c.kind == CaseKind.HANDOVER.value,
                    cases.c.state == CaseState.RECEIVED.value,
                    staff_notices.c.number.is_(None),
                )
                .order_by(cases.c.id)
            )
            rows = (await connection.execute(query)).all()
            found += [Untold(r.key, about, r.number, r.reason, from_us(r.due) if r.due else None) for r in rows]
    return found


def tell(
    channel: str,
    address: str,
    notices: Sequence[tuple[str, Outgoing]],
    *,
    hashes: Hashes,
    keys: Mapping[int, Key],
    spare_keys: Sequence[int],
    now: int,
) -> Program[int]:
    """Queue notices (key, message) for the staff's chat; its conversation's id.

    The chat has an account and a key like a customer's, so that what is said there is sealed and delivered like any
    message. Raises NeedKeys, and Conflict when another process told of one of them first.
    """
    hashed = hashes.address(channel, address)
    rows = yield KNOWN, {"channel": channel, "hashes": [hashed]}
    if rows:
        conversation, seq, key_id = rows[0][1], rows[0][2], rows[0][5]
        if key_id not in keys:
            raise NeedKeys({key_id}, 0)
    elif not spare_keys:
        raise NeedKeys(set(), 1)
    else:
        key_id, seq = spare_keys[0], 0
        conversation = yield from _new(channel, address, hashed, key_id, keys[key_id], now)
    key = keys[key_id]
    yield TOLD, [{"number": number, "now": now} for number, _ in notices]
    said, outbox = [], []
    for _, message in notices:
        seq += 1
        said.append(
            {
                "conversation_id": conversation,
                "seq": seq,
                "author": Author.BOT.value,
                "kind": IncomingKind.TEXT.value,
                "at": now,
                "body": key.seal(outgoing_to_bytes(message), message_binding(conversation, seq)),
                "ref": "",
                "delivery": Delivery.PENDING.value,
            }
        )
        outbox.append(
            {
                "channel": channel,
                "conversation": conversation,
                "message_seq": seq,
                "priority": STAFF_AFTER_CUSTOMERS,
                "token": "",
            }
        )
    yield ADD_MESSAGE, said
    yield ADD_OUTBOX, outbox
    yield RAISE_SEQ, [{"conversation": conversation, "seq": seq, "now": now}]
    return int(conversation)


def _new(channel: str, address: str, hashed: str, key_id: int, key: Key, now: int) -> Program[int]:
    customer = yield ADD_CUSTOMER, {"key_id": key_id, "age": Age.UNKNOWN.value, "consents": "{}", "now": now}
    sealed = {"address": key.seal(address.encode(), b"address"), "name": key.seal(b"", b"name")}
    row = {"customer_id": customer[0][0], "channel": channel, "address_hash": hashed, "now": now}
    account = yield ADD_ACCOUNT, row | sealed
    row = {"account_id": account[0][0], "customer_id": customer[0][0], "channel": channel}
    made = yield ADD_CONVERSATION, row | {"owner": Owner.BOT.value, "state": b"", "now": now}
    conversation = int(made[0][0])
    state = key.seal(state_to_bytes(BotState()), b"state:%d" % conversation)
    yield SET_STATE, {"conversation": conversation, "new_state": state}
    return conversation
