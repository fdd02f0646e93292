"""What the desk shows: who waits, who is with whom, one conversation with its notes. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from domain.cases import Case, CaseKind, CaseState
from domain.conversation import Owner
from domain.errors import KeyGone
from domain.messages import Author, Delivery, IncomingKind
from domain.queue import Handover
from domain.staff import Staff
from storage.codec import state_from_bytes
from storage.crypto import Key
from storage.database import Database
from storage.desk import note_binding
from storage.handling import case_of
from storage.intake import message_binding
from storage.keys import KeyStore
from storage.queue import HANDOVER, handover_of
from storage.staff_rows import staff_of
from storage.tables import accounts, cases, conversations, customers, handovers, messages, staff, staff_notes
from storage.times import from_us, to_us

_SPEAKS = (IncomingKind.TEXT, IncomingKind.EDIT, IncomingKind.ATTACHMENT, IncomingKind.BUTTON)
_said = messages.alias("said")
_answered = messages.alias("answered")


@dataclass(frozen=True, slots=True)
class Staffed:
    """A conversation that is not the bot's. since: when the hand-over was opened; text: what the customer said last;
    unanswered: nobody has answered that yet; handover None only for what was handed over before there was a queue."""

    conversation_id: int
    channel: str
    owner: Owner
    agent: Staff | None
    number: str
    reason: str
    since: datetime
    text: str
    at: datetime
    unanswered: bool
    last_seq: int
    handover: Handover | None

    @property
    def waits(self) -> bool:
        """Nobody has it, or only somebody who has left."""
        return self.owner is Owner.QUEUE or self.agent is None or self.agent.disabled


@dataclass(frozen=True, slots=True)
class Opened:
    """One conversation. name is the customer's, as the platform gave it; number of the open hand-over, "" for none."""

    conversation_id: int
    customer_id: int
    channel: str
    owner: Owner
    agent: Staff | None
    number: str
    reason: str
    name: str
    blocked: bool
    cases: tuple[Case, ...]
    handover: Handover | None


@dataclass(frozen=True, slots=True)
class Note:
    """Stands after the message after_seq."""

    id: int
    after_seq: int
    alias: str
    at: datetime
    text: str


class DeskViews:
    def __init__(self, database: Database, keys: KeyStore) -> None:
        self._database, self._keys = database, keys

    async def staffed(self) -> list[Staffed]:
        """Every conversation that is not the bot's, urgent ones first, then the one that waits longest; erased
        customers are left out."""
        last = (
            sa.select(sa.func.max(_said.c.seq))
            .where(
                _said.c.conversation_id == conversations.c.id,
                _said.c.author == Author.CUSTOMER.value,
                _said.c.kind.in_([k.value for k in _SPEAKS]),
            )
            .scalar_subquery()
        )
        answered = (
            sa.select(sa.func.max(_answered.c.seq))
            .where(_answered.c.conversation_id == conversations.c.id, _answered.c.author == Author.AGENT.value)
            .scalar_subquery()
        )
        query = (
            sa.select(
                conversations.c.id,
                conversations.c.channel,
                conversations.c.owner,
                conversations.c.state,
                conversations.c.updated_at,
                conversations.c.last_seq,
                customers.c.key_id,
                messages.c.seq,
                messages.c.at,
                messages.c.body,
                answered.label("answered"),
                staff.c.id.label("staff_id"),
                staff.c.name,
                staff.c.alias,
                staff.c.role,
                staff.c.disabled_at,
            )
            .join(customers, customers.c.id == conversations.c.customer_id)
            .outerjoin(staff, staff.c.id == conversations.c.agent_id)
            .outerjoin(messages, (messages.c.conversation_id == conversations.c.id) & (messages.c.seq == last))
            .where(conversations.c.owner != sa.literal_column("'bot'"))
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            opened = await connection.execute(
                sa.select(cases.c.reason, cases.c.opened_at, *HANDOVER, cases.c.number.label("case_number"))
                .outerjoin(handovers, handovers.c.number == cases.c.number)
                .where(
                    cases.c.conversation_id.in_([row.id for row in rows]),
                    cases.c.kind == CaseKind.HANDOVER.value,
                    cases.c.state == CaseState.RECEIVED.value,
                )
            )
            open_cases = {row.case_number: row for row in opened}
        await self._keys.fetch({row.key_id for row in rows})
        found = []
        for row in rows:
            key = self._keys.cached.get(row.key_id)
            if key is not None:
                found.append(_staffed(row, key, open_cases))
        return sorted(found, key=lambda s: (not (s.handover and s.handover.urgent), s.since, s.conversation_id))

    async def by_number(self, number: str) -> int | None:
        """The conversation of a case."""
        query = sa.select(cases.c.conversation_id).where(cases.c.number == number)
        async with self._database.read() as connection:
            found: int | None = (await connection.execute(query)).scalar()
        return found

    async def owner(self, conversation_id: int) -> tuple[Owner, int | None] | None:
        """Who has it; None when there is no such conversation."""
        query = sa.select(conversations.c.owner, conversations.c.agent_id).where(conversations.c.id == conversation_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else (Owner(row.owner), row.agent_id)

    async def opened(self, conversation_id: int) -> Opened | None:
        """Raises KeyGone when the customer was erased."""
        query = (
            sa.select(
                conversations,
                accounts.c.name.label("account_name"),
                accounts.c.blocked_at,
                customers.c.key_id,
                staff.c.id.label("staff_id"),
                staff.c.name,
                staff.c.alias,
                staff.c.role,
                staff.c.disabled_at,
            )
            .join(accounts, accounts.c.id == conversations.c.account_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .outerjoin(staff, staff.c.id == conversations.c.agent_id)
            .where(conversations.c.id == conversation_id)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            theirs = sa.select(
                cases.c.number,
                cases.c.kind,
                cases.c.state,
                cases.c.opened_at,
                cases.c.due_at,
                cases.c.closed_at,
                cases.c.reason,
            ).where(cases.c.customer_id == row.customer_id, cases.c.state == CaseState.RECEIVED.value)
            found = tuple(case_of(r) for r in (await connection.execute(theirs.order_by(cases.c.id))).all())
            waits = sa.select(*HANDOVER).where(
                handovers.c.conversation_id == conversation_id, handovers.c.closed_at.is_(None)
            )
            carried = {r.number: handover_of(tuple(r)) for r in (await connection.execute(waits)).all()}
        key = await self._key(row.key_id)
        number = state_from_bytes(key.open(row.state, b"state:%d" % conversation_id)).waiting_case
        return Opened(
            conversation_id=conversation_id,
            customer_id=row.customer_id,
            channel=row.channel,
            owner=Owner(row.owner),
            agent=_agent(row),
            number=number,
            reason=next((c.reason for c in found if c.number == number), ""),
            name=key.open(row.account_name, b"name").decode(),
            blocked=row.blocked_at is not None,
            cases=found,
            handover=carried.get(number),
        )

    async def said_until(self, conversation_id: int, at: datetime) -> int:
        """The last message at that time, by seq; 0 for none."""
        query = sa.select(sa.func.max(messages.c.seq)).where(
            messages.c.conversation_id == conversation_id, messages.c.at <= to_us(at)
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar() or 0

    async def notes(self, conversation_id: int, after: int) -> list[Note]:
        """Notes with an id > after, in order. Raises KeyGone."""
        query = (
            sa.select(staff_notes, staff.c.alias, customers.c.key_id)
            .join(conversations, conversations.c.id == staff_notes.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .join(staff, staff.c.id == staff_notes.c.staff_id)
            .where(staff_notes.c.conversation_id == conversation_id, staff_notes.c.id > after)
            .order_by(staff_notes.c.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        notes = []
        for row in rows:
            binding = note_binding(conversation_id, row.staff_id, row.client_id)
            text = (await self._key(row.key_id)).open(row.body, binding).decode()
            notes.append(Note(row.id, row.after_seq, row.alias, from_us(row.at), text))
        return notes

    async def deliveries(self, conversation_id: int, seqs: Sequence[int]) -> dict[int, Delivery]:
        """What the platform has said of messages, by seq."""
        query = sa.select(messages.c.seq, messages.c.delivery).where(
            messages.c.conversation_id == conversation_id, messages.c.seq.in_(seqs)
        )
        async with self._database.read() as connection:
            return {row[0]: Delivery(row[1]) for row in (await connection.execute(query)).all()}

    async def _key(self, key_id: int) -> Key:
        if await self._keys.fetch({key_id}):
            raise KeyGone("this customer was erased")
        return self._keys.cached[key_id]


def _staffed(row: Any, key: Key, open_cases: Mapping[str, Any]) -> Staffed:
    number = state_from_bytes(key.open(row.state, b"state:%d" % row.id)).waiting_case
    case = open_cases.get(number)
    handover = handover_of(case[2:-1]) if case is not None and case.number is not None else None
    text, at = "", row.updated_at
    if row.seq is not None:
        text, at = orjson.loads(key.open(row.body, message_binding(row.id, row.seq)))["text"], row.at
    return Staffed(
        conversation_id=row.id,
        channel=row.channel,
        owner=Owner(row.owner),
        agent=_agent(row),
        number=number,
        reason=case.reason if case is not None else "",
        since=handover.entered if handover else from_us(case.opened_at if case is not None else row.updated_at),
        text=text,
        at=from_us(at),
        unanswered=row.seq is not None and row.seq > (row.answered or 0),
        last_seq=row.last_seq,
        handover=handover,
    )


def _agent(row: Any) -> Staff | None:
    if row.staff_id is None:
        return None
    return staff_of((row.staff_id, row.name, row.alias, row.role, row.disabled_at))
