"""What decisions change, as rows: the effects of a whole batch add up and are written in a few statements."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from domain.cases import CaseState
from domain.consent import ConsentEvent
from domain.conversation import Conversation, Owner
from domain.effects import Effects, LedgerEvent
from domain.messages import Author, Delivery, Incoming, IncomingKind, Outgoing
from domain.queue import Queue, Waiting
from domain.work import Send, Work
from storage.codec import outgoing_to_bytes, state_to_bytes
from storage.crypto import Key
from storage.gap_effects import GapEffects
from storage.intake import ADD_MESSAGE, OPEN, message_binding
from storage.queue import (
    ADD_HANDOVER,
    CLOSE_HANDOVER,
    MARK_URGENT,
    REOPEN_CASE,
    REOPEN_HANDOVER,
    WAKE,
    handover_rows,
)
from storage.statements import Params, Program, Statement
from storage.tables import accounts, cases, consent_events, conversations, inbox, outbox
from storage.times import from_us, to_us

CUSTOMERS_FIRST = 0  # priority of answers to customers; staff notices and broadcasts come after
_p = sa.bindparam

SAVE_CONVERSATION = Statement(
    sa.update(conversations)
    .where(conversations.c.id == _p("conversation"))
    .values(owner=_p("new_owner"), state=_p("new_state"), last_seq=_p("new_seq"), updated_at=_p("now"))
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


@dataclass(slots=True)
class Thread:
    """A conversation while its messages are handled. waits_elsewhere: for an answer that another process sends."""

    conversation: Conversation
    account_id: int
    key: Key
    seq: int
    waits_elsewhere: bool


class Batch:
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

    def add(self, work: Work, thread: Thread, effects: Effects, queue: Queue | None) -> Queue | None:
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

    def _add_outgoing(self, incoming: Incoming, thread: Thread, message: Outgoing) -> None:
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

    def write(self, threads: Mapping[int, Thread]) -> Program[None]:
        """Everything but the customers and the ledger, which come last."""
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
