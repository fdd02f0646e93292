"""Claiming rows of the inbox, and setting aside what cannot be handled."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from domain.conversation import Owner
from domain.work import Work
from storage.codec import incoming_from_bytes, state_from_bytes
from storage.crypto import Key
from storage.intake import OPEN, Lease, NeedKeys, message_binding
from storage.statements import Program, Row, Statement, in_list
from storage.tables import accounts, conversations, customers, inbox, messages
from storage.times import from_us

# A message's tries: 0 while nobody tried it (it may wait in memory); 1 once it was claimed with others; from
# ALONE on that has failed, so it is tried alone and each try is counted just before it is made. A process that is
# killed thus counts against the one message it was trying, not against all that it had claimed.
ALONE = 2
_p = sa.bindparam
_one: sa.ColumnElement[int] = sa.literal_column("1")
_older = inbox.alias("older")
# Strictly the oldest open row of each conversation: a row that another process is claiming at this moment is invisible
# to SKIP LOCKED, so "not leased" would let the next message overtake it.
_claimable = (
    sa.select(inbox.c.conversation_id, inbox.c.seq)
    .where(
        OPEN,
        inbox.c.lease_until < _p("now"),
        in_list(inbox.c.channel, "channels"),
        ~sa.exists(
            sa.select(_one).where(
                _older.c.state == sa.literal_column("0"),
                _older.c.conversation_id == inbox.c.conversation_id,
                sa.tuple_(_older.c.position, _older.c.seq) < sa.tuple_(inbox.c.position, inbox.c.seq),
            )
        ),
    )
    .order_by(inbox.c.received_at)
    .limit(_p("most", type_=sa.BigInteger()))
    .with_for_update(skip_locked=True)
)
CLAIM = Statement(
    sa.update(inbox)
    .where(OPEN, sa.tuple_(inbox.c.conversation_id, inbox.c.seq).in_(_claimable))
    .values(
        tries=sa.case((inbox.c.tries < sa.literal_column(str(ALONE)), inbox.c.tries + _one), else_=inbox.c.tries),
        lease_token=_p("token"),
        lease_until=_p("until"),
    )
    .returning(inbox.c.conversation_id, inbox.c.seq, inbox.c.tries)
)
CLAIMED = Statement(
    sa.select(
        inbox.c.conversation_id,
        inbox.c.seq,
        inbox.c.tries,
        inbox.c.channel,
        inbox.c.platform_id,
        messages.c.kind,
        messages.c.at,
        messages.c.ref,
        messages.c.body,
        accounts.c.address,
        conversations.c.owner,
        conversations.c.state,
        customers.c.key_id,
    )
    .select_from(inbox)
    .join(messages, (messages.c.conversation_id == inbox.c.conversation_id) & (messages.c.seq == inbox.c.seq))
    .join(conversations, conversations.c.id == inbox.c.conversation_id)
    .join(accounts, accounts.c.id == conversations.c.account_id)
    .join(customers, customers.c.id == conversations.c.customer_id)
    .where(OPEN, inbox.c.lease_token == _p("token"), in_list(inbox.c.conversation_id, "conversations"))
)
_this = (
    OPEN
    & (inbox.c.lease_token == _p("token"))
    & (inbox.c.conversation_id == _p("conversation"))
    & (inbox.c.seq == _p("message_seq"))
)
COUNT_TRY = Statement(sa.update(inbox).where(_this).values(tries=inbox.c.tries + _one))
RELEASE = Statement(
    sa.update(inbox).where(_this).values(tries=_p("new_tries"), lease_until=_p("until"), error=_p("new_error"))
)


def claim(channels: Sequence[str], most: int, lease: Lease, now: int) -> Program[list[tuple[int, int, int]]]:
    """Claim up to `most` rows, the oldest open one of each conversation: (conversation, seq, tries)."""
    rows = yield (
        CLAIM,
        {"now": now, "channels": list(channels), "most": most, "token": lease.token, "until": lease.until},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def claimed_work(claimed: Sequence[tuple[int, int, int]], token: str, keys: Mapping[int, Key]) -> Program[list[Work]]:
    """Read and decrypt claimed rows. Raises NeedKeys."""
    rows = yield CLAIMED, {"token": token, "conversations": [c[0] for c in claimed]}
    missing = {row[12] for row in rows if row[12] not in keys}
    if missing:
        raise NeedKeys(missing, 0)
    wanted = {(c[0], c[1]) for c in claimed}
    return [_work(row, keys[row[12]], token) for row in rows if (row[0], row[1]) in wanted]


def _work(row: Row, key: Key, token: str) -> Work:
    conversation_id, seq, tries, channel, platform_id, kind, at, ref, body, address, owner, state, _ = row
    incoming, redacted = incoming_from_bytes(
        key.open(body, message_binding(conversation_id, seq)),
        channel=channel,
        platform_id=platform_id,
        address=key.open(address, b"address").decode(),
        kind=kind,
        at=from_us(at),
        ref=ref,
    )
    question = state_from_bytes(key.open(state, b"state:%d" % conversation_id)).question
    return Work(conversation_id, seq, tries, incoming, redacted, Owner(owner), question, token)


def count_try(work: Work) -> Program[None]:
    """Count a try of a message alone, before it is made: it counts even when the process dies of it."""
    yield COUNT_TRY, {"token": work.token, "conversation": work.conversation_id, "message_seq": work.seq}


def release(work: Work, until: int, tries: int, error: str) -> Program[None]:
    """Give a claimed row back: it may be claimed again from `until` on. error says why, without personal text."""
    row = {"token": work.token, "conversation": work.conversation_id, "message_seq": work.seq}
    yield RELEASE, row | {"until": until, "new_tries": tries, "new_error": error}
