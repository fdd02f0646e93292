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
    .values(tries=inbox.c.tries + _one, lease_token=_p("token"), lease_until=_p("until"))
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
RELEASE = Statement(
    sa.update(inbox)
    .where(OPEN, inbox.c.lease_token == _p("token"), in_list(inbox.c.conversation_id, "conversations"))
    .values(lease_until=_p("until"), error=_p("new_error"))
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


def release(works: Sequence[Work], until: int, error: str) -> Program[None]:
    """Give claimed rows back: they may be claimed again from `until` on. error says why, without personal text."""
    for token in sorted({w.token for w in works}):
        theirs = [w.conversation_id for w in works if w.token == token]
        yield RELEASE, {"token": token, "conversations": theirs, "until": until, "new_error": error}
