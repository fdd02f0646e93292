"""What handling one message changes. Handlers decide it, storage writes it in one transaction."""

from dataclasses import dataclass

from domain.cases import NewCase
from domain.consent import ConsentEvent
from domain.conversation import Age, BotState, Owner
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
    """All fields are the state after the message; blocked is None when reachability did not change."""

    state: BotState
    owner: Owner
    age: Age
    outgoing: tuple[Outgoing, ...] = ()
    consents: tuple[ConsentEvent, ...] = ()
    cases: tuple[NewCase, ...] = ()
    cancelled_cases: tuple[str, ...] = ()
    ledger: tuple[LedgerEvent, ...] = ()
    blocked: bool | None = None
