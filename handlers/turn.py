"""One message being handled: what is known, and what is decided so far. No I/O happens here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.cases import Case, CaseKind, CaseState, NewCase
from domain.consent import ConsentAct, ConsentEvent, ConsentPurpose
from domain.conversation import Age, BotState, Conversation, Customer, Owner
from domain.deadlines import SEOUL, Calendar
from domain.desk_plan import DeskPlan
from domain.effects import Effects, LedgerEvent
from domain.gaps import NewGap, QuestionPlace
from domain.knowledge import Decision
from domain.messages import Button, Incoming, Outgoing, Source
from domain.queue import NeedsQueue, Queue
from handlers.catalogue import Texts
from handlers.library import Library

CONSENT_TEXT_VERSION = 1  # raised whenever a [purpose_about] text changes its meaning


@dataclass(frozen=True, slots=True)
class Shop:
    """Who runs the bot. Both are shown at first contact."""

    name: str
    operator: str


@dataclass(frozen=True, slots=True)
class Context:
    """What is the same for every message of a batch."""

    shop: Shop
    texts: Texts
    library: Library
    calendar: Calendar
    now: datetime
    desk: DeskPlan = field(default_factory=DeskPlan)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message with all that was found out before the transaction.

    decisions is None when the text was not analysed, because a person or a command was expected to take it. nonce is a
    random number from which case numbers and dialogue ids are made.
    """

    incoming: Incoming
    seq: int
    nonce: int
    redacted: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] | None = None
    truncated: bool = False


class NeedsAnalysis(Exception):
    """The text has to be analysed after all; the message is prepared again, with analysis."""


class Turn:
    """Collects the effects of one message."""

    def __init__(
        self,
        context: Context,
        prepared: Prepared,
        conversation: Conversation,
        customer: Customer,
        cases: Sequence[Case],
        queue: Queue | None = None,
    ) -> None:
        self.context, self.prepared = context, prepared
        self.incoming, self.texts = prepared.incoming, context.texts
        self.conversation, self.customer, self.cases = conversation, customer, cases
        self.state: BotState = conversation.state
        self.owner: Owner = conversation.owner
        self.age: Age = customer.age
        self.blocked: bool | None = None
        self._outgoing: list[Outgoing] = []
        self._consents: list[ConsentEvent] = []
        self._cases: list[NewCase] = []
        self._cancelled: list[str] = []
        self._ledger: list[LedgerEvent] = []
        self._gaps: list[NewGap] = []
        self._chosen: list[QuestionPlace] = []
        self._queue = queue
        self.asked_anew = False
        self.urgent = False
        self.reopened: tuple[str, ...] = ()

    def say(
        self,
        text: str,
        buttons: Sequence[Sequence[Button]] = (),
        *,
        source: Source | None = None,
        menu: bool = False,
    ) -> None:
        self._outgoing.append(Outgoing(text, tuple(tuple(row) for row in buttons), source, menu))

    def remember(self, **changes: object) -> None:
        """Change fields of the conversation's state."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]

    @property
    def queue(self) -> Queue:
        """Raises NeedsQueue while it is not known."""
        if self._queue is None:
            raise NeedsQueue
        return self._queue

    def consent_state(self, purpose: ConsentPurpose) -> ConsentAct | None:
        """The last act of this customer for a purpose, this message included; None when never asked."""
        for event in reversed(self._consents):
            if event.purpose is purpose:
                return event.act
        act = self.customer.consents.get(purpose.value)
        return None if act is None else ConsentAct(act)

    def granted(self, purpose: ConsentPurpose) -> bool:
        return self.consent_state(purpose) is ConsentAct.GRANTED

    @property
    def may_use_service(self) -> bool:
        """Whether more than notice, answers, rights and a person is open: of age (or consented for) and consented."""
        return self.age in (Age.ADULT, Age.MINOR_CONSENTED) and self.granted(ConsentPurpose.NECESSARY)

    def record_consent(self, purpose: ConsentPurpose, act: ConsentAct) -> None:
        """Append a consent event and its ledger link; the evidence is the message it came with."""
        self._consents.append(ConsentEvent(purpose, act, CONSENT_TEXT_VERSION))
        evidence = f"{self.conversation.id}/{self.prepared.seq}/{purpose.value}/{CONSENT_TEXT_VERSION}"
        self.record(f"consent.{act.value}", f"customer/{self.customer.id}/{purpose.value}", evidence)

    def record(self, event: str, subject: str, about: str = "") -> None:
        """Append a link to the ledger of rights; `about` is digested, never written."""
        digest = hashlib.sha256(about.encode()).hexdigest() if about else ""
        self._ledger.append(LedgerEvent("rights", event, subject, digest))

    def open_case(self, kind: CaseKind, reason: str = "", detail: str = "") -> NewCase:
        due = self.context.calendar.due(kind, self.context.now)
        desk, now = self.context.desk, self.context.now
        carries = desk.escalate(reason, self.state.topic, now, urgent=self.state.urgent)
        case = NewCase(self._number(), kind, due, reason, detail, carries)
        self._cases.append(case)
        self.record("case.received", f"case/{case.number}/{kind.value}", detail)
        return case

    def cancel_case(self, number: str) -> None:
        self._cancelled.append(number)
        self.record("case.cancelled", f"case/{number}")

    def note_gap(self, gap: NewGap) -> None:
        """Note that a question was not answered, or not well."""
        self._gaps.append(gap)

    def settle_choice(self, place: QuestionPlace) -> None:
        """One of the choices that were shown for a question was pressed."""
        self._chosen.append(place)

    def open_case_of(self, kind: CaseKind, reason: str = "") -> Case | None:
        """The customer's open case of this kind (and reason, where given), if there is one."""
        for case in self.cases:
            if case.kind is kind and case.state is CaseState.RECEIVED and reason in ("", case.reason):
                return case
        return None

    def new_id(self) -> str:
        """A short id for a dialogue."""
        return f"{self.prepared.nonce % 46_656:x}"

    def date_text(self, at: datetime) -> str:
        return at.astimezone(SEOUL).strftime("%Y-%m-%d")

    def time_text(self, at: datetime) -> str:
        return at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")

    def effects(self) -> Effects:
        return Effects(
            state=self.state,
            owner=self.owner,
            age=self.age,
            outgoing=tuple(self._outgoing),
            consents=tuple(self._consents),
            cases=tuple(self._cases),
            cancelled_cases=tuple(self._cancelled),
            ledger=tuple(self._ledger),
            blocked=self.blocked,
            gaps=tuple(self._gaps),
            chosen=tuple(self._chosen),
            asked_anew=self.asked_anew,
            urgent=self.urgent,
            reopened=self.reopened,
        )

    @property
    def said(self) -> bool:
        return bool(self._outgoing)

    def _number(self) -> str:
        day = self.context.now.astimezone(SEOUL).strftime("%y%m%d")
        return f"{day}-{(self.prepared.nonce + 7_919 * len(self._cases)) % 1_000_000:06d}"
