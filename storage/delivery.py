"""Delivery: claiming the outbox for a push channel, and settling with what the platform said.

Only the holder of a channel's lease sends for it, and each holding has a token of its own. A row that carries the
present token is in that holder's memory; every other row may be claimed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from domain.messages import Delivery
from domain.work import Send
from storage.codec import outgoing_from_bytes
from storage.crypto import Key
from storage.intake import NeedKeys, message_binding
from storage.statements import Program, Row, Statement
from storage.tables import accounts, conversations, customers, messages, outbox

_p = sa.bindparam
_one: sa.ColumnElement[int] = sa.literal_column("1")
_older = outbox.alias("older")

WAITING = Statement(
    sa.select(
        outbox.c.conversation_id,
        outbox.c.seq,
        outbox.c.priority,
        outbox.c.part,
        outbox.c.tries,
        accounts.c.address,
        messages.c.body,
        customers.c.key_id,
    )
    .select_from(outbox)
    .join(messages, (messages.c.conversation_id == outbox.c.conversation_id) & (messages.c.seq == outbox.c.seq))
    .join(conversations, conversations.c.id == outbox.c.conversation_id)
    .join(accounts, accounts.c.id == conversations.c.account_id)
    .join(customers, customers.c.id == conversations.c.customer_id)
    .where(
        outbox.c.channel == _p("channel"),
        outbox.c.lease_token != _p("token"),
        outbox.c.not_before <= _p("now"),
        ~sa.exists(
            sa.select(_one).where(
                _older.c.conversation_id == outbox.c.conversation_id,
                _older.c.seq < outbox.c.seq,
                _older.c.not_before > _p("now"),
            )
        ),
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(_p("most", type_=sa.BigInteger()))
)
CLAIM = Statement(
    sa.update(outbox)
    .where(outbox.c.conversation_id == _p("conversation"), outbox.c.seq == _p("message_seq"))
    .values(lease_token=_p("token"))
)
REMOVE = Statement(
    sa.delete(outbox).where(
        outbox.c.conversation_id == _p("conversation"),
        outbox.c.seq == _p("message_seq"),
        outbox.c.lease_token == _p("token"),
    )
)
NOTE_ANSWER = Statement(
    sa.update(messages)
    .where(
        messages.c.conversation_id == _p("conversation"),
        messages.c.seq == _p("message_seq"),
        # What an earlier holder heard late must not overwrite what the present one was told.
        sa.exists(
            sa.select(_one).where(
                outbox.c.conversation_id == messages.c.conversation_id,
                outbox.c.seq == messages.c.seq,
                outbox.c.lease_token == _p("token"),
            )
        ),
    )
    .values(delivery=_p("new_delivery"), ref=_p("new_ref"), delivered_at=_p("now"))
)
NOTE_TRY = Statement(
    sa.update(outbox)
    .where(
        outbox.c.conversation_id == _p("conversation"),
        outbox.c.seq == _p("message_seq"),
        outbox.c.lease_token == _p("token"),
    )
    .values(not_before=_p("later"), tries=_p("new_tries"), part=_p("new_part"))
)
SET_BLOCKED = Statement(
    sa.update(accounts)
    .where(
        accounts.c.id.in_(sa.select(conversations.c.account_id).where(conversations.c.id == _p("conversation"))),
    )
    .values(blocked_at=_p("now"))
)
NEXT_DUE = Statement(
    sa.select(sa.func.min(outbox.c.not_before)).where(
        outbox.c.channel == _p("channel"), outbox.c.lease_token != _p("token")
    )
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one send. ref is the platform's message id.

    PENDING: it stays in the holder's hands; later (microseconds), tries and part are what the next holder has to know.
    """

    conversation_id: int
    seq: int
    delivery: Delivery
    ref: str = ""
    blocked: bool = False
    later: int = 0
    tries: int = 0
    part: int = 0


def claim_sends(channel: str, token: str, most: int, keys: Mapping[int, Key], now: int) -> Program[list[Send]]:
    """Claim what may be sent now, in the order it has to be sent. Raises NeedKeys."""
    rows = yield WAITING, {"channel": channel, "token": token, "now": now, "most": most}
    missing = {row[7] for row in rows if row[7] not in keys}
    if missing:
        raise NeedKeys(missing, 0)
    if rows:
        yield CLAIM, [{"conversation": row[0], "message_seq": row[1], "token": token} for row in rows]
    return [_send(channel, row, keys[row[7]]) for row in rows]


def _send(channel: str, row: Row, key: Key) -> Send:
    conversation_id, seq, priority, part, tries, address, body, _ = row
    return Send(
        channel=channel,
        conversation_id=conversation_id,
        seq=seq,
        priority=priority,
        part=part,
        tries=tries,
        address=key.open(address, b"address").decode(),
        message=outgoing_from_bytes(key.open(body, message_binding(conversation_id, seq))),
    )


def settle(settled: Sequence[Settled], token: str, now: int) -> Program[None]:
    """Write what the platform answered. Rows that another holder claimed meanwhile stay as they are."""
    final = [s for s in settled if s.delivery is not Delivery.PENDING]
    again = [s for s in settled if s.delivery is Delivery.PENDING]
    if final:
        yield (
            NOTE_ANSWER,
            [
                {
                    "conversation": s.conversation_id,
                    "message_seq": s.seq,
                    "new_delivery": s.delivery.value,
                    "new_ref": s.ref,
                    "token": token,
                    "now": now,
                }
                for s in final
            ],
        )
        yield REMOVE, [{"conversation": s.conversation_id, "message_seq": s.seq, "token": token} for s in final]
    if again:
        yield (
            NOTE_TRY,
            [
                {
                    "conversation": s.conversation_id,
                    "message_seq": s.seq,
                    "token": token,
                    "later": s.later,
                    "new_tries": s.tries,
                    "new_part": s.part,
                }
                for s in again
            ],
        )
    blocked = [{"conversation": s.conversation_id, "now": now} for s in final if s.blocked]
    if blocked:
        yield SET_BLOCKED, blocked


def next_due(channel: str, token: str) -> Program[int | None]:
    """When the earliest unclaimed row may be sent (microseconds), None when there is none."""
    rows = yield NEXT_DUE, {"channel": channel, "token": token}
    return None if rows[0][0] is None else int(rows[0][0])
