"""Reading a conversation's log, and what a page has acknowledged."""

from collections.abc import Collection, Sequence

import orjson
import sqlalchemy as sa

from domain.consent import ConsentAct, ConsentPurpose
from domain.conversation import Owner
from domain.messages import Author, Delivery, LoggedMessage
from storage.codec import attachments_of, outgoing_of
from storage.crypto import Hashes
from storage.database import Database
from storage.intake import message_binding
from storage.keys import KeyStore
from storage.tables import accounts, conversations, customers, inbox, messages
from storage.times import from_us


class Conversations:
    """The logs of conversations, read for pages, terminals and staff."""

    def __init__(self, database: Database, keys: KeyStore, hashes: Hashes) -> None:
        self._database, self._keys, self._hashes = database, keys, hashes

    async def find(self, channel: str, address: str) -> int | None:
        """The conversation of a channel account, None before its first message."""
        query = (
            sa.select(conversations.c.id)
            .join(accounts, accounts.c.id == conversations.c.account_id)
            .where(
                accounts.c.channel == channel,
                accounts.c.address_hash == self._hashes.address(channel, address),
            )
        )
        async with self._database.read() as connection:
            found: int | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def log(self, conversation_id: int, after: int, most: int = 200) -> list[LoggedMessage]:
        """Up to `most` messages with seq > after, in order. Raises KeyError when the person's key was destroyed."""
        query = (
            sa.select(messages, customers.c.key_id)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .where(messages.c.conversation_id == conversation_id, messages.c.seq > after)
            .order_by(messages.c.seq)
            .limit(most)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        await self._keys.fetch({row.key_id for row in rows})
        return [self._message(row) for row in rows]

    def _message(self, row: sa.Row[tuple[object, ...]]) -> LoggedMessage:
        key = self._keys.cached[row.key_id]
        body = orjson.loads(key.open(row.body, message_binding(row.conversation_id, row.seq)))
        out = outgoing_of(body) if row.author != Author.CUSTOMER else None
        return LoggedMessage(
            seq=row.seq,
            author=Author(row.author),
            kind=row.kind,
            at=from_us(row.at),
            text=body["text"],
            button=body.get("button", ""),
            buttons=out.buttons if out else (),
            source=out.source if out else None,
            attachments=attachments_of(body),
            delivery=Delivery(row.delivery),
            sender=out.sender if out else "",
        )

    async def acknowledge(self, conversation_id: int, seq: int, now: int) -> None:
        """A page has shown everything up to seq: those messages are delivered. Never goes back."""
        pending = (
            (messages.c.conversation_id == conversation_id)
            & (messages.c.seq <= seq)
            & (messages.c.delivery == Delivery.PENDING.value)
        )
        async with self._database.write() as connection:
            moved = await connection.execute(
                sa.update(conversations)
                .where(
                    conversations.c.id == conversation_id,
                    conversations.c.acked_seq < seq,
                    conversations.c.last_seq >= seq,
                )
                .values(acked_seq=seq)
            )
            if moved.rowcount:
                await connection.execute(
                    sa.update(messages).where(pending).values(delivery=Delivery.SENT.value, delivered_at=now)
                )

    async def open_rows(self, conversation_id: int, up_to: int) -> bool:
        """Whether any message up to seq still waits to be handled."""
        query = sa.select(inbox.c.seq).where(
            inbox.c.conversation_id == conversation_id, inbox.c.state == 0, inbox.c.seq <= up_to
        )
        async with self._database.read() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def with_bot(self, ids: Collection[int], consent: ConsentPurpose | None = None) -> set[int]:
        """Those that the bot has at this moment, and whose customer has granted the consent, when one is named."""
        query = (
            sa.select(conversations.c.id, customers.c.consents)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .where(conversations.c.id.in_(ids), conversations.c.owner == Owner.BOT.value)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {
            row.id
            for row in rows
            if consent is None or orjson.loads(row.consents).get(consent.value) == ConsentAct.GRANTED.value
        }

    async def last_seq(self, ids: Sequence[int]) -> dict[int, int]:
        query = sa.select(conversations.c.id, conversations.c.last_seq).where(conversations.c.id.in_(ids))
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in (await connection.execute(query)).all()}
