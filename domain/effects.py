"""What handling one message changes. Handlers decide it, storage writes it in one transaction."""

from dataclasses import dataclass

from domain.cases import NewCase
from domain.consent import ConsentEvent
from domain.conversation import Age, BotState, Owner
from domain.gaps import NewGap, QuestionPlace
from domain.messages import Outgoing


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One link for the tamper-evident ledger. subject is an id or a number, never personal text; digest is the SHA-256
    (hex) of the text the event is about, empty when there is none."""

    chain: str
    event: str
    subject: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Effects:
    """state, owner and age are as they are after the message; blocked is None when reachability did not change.

    gaps: questions that were not answered, or not well. chosen: questions that a choice was pressed for. asked_anew:
    the message is a new version of an earlier one, whose questions it takes the place of. urgent: who waits says that
    it is urgent. reopened: numbers of hand-overs that were closed.
    """

    state: BotState
    owner: Owner
    age: Age
    outgoing: tuple[Outgoing, ...] = ()
    consents: tuple[ConsentEvent, ...] = ()
    cases: tuple[NewCase, ...] = ()
    cancelled_cases: tuple[str, ...] = ()
    ledger: tuple[LedgerEvent, ...] = ()
    blocked: bool | None = None
    gaps: tuple[NewGap, ...] = ()
    chosen: tuple[QuestionPlace, ...] = ()
    asked_anew: bool = False
    urgent: bool = False
    reopened: tuple[str, ...] = ()
