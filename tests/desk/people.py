"""Customers and staff in the storage, without pages."""

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from bot.engine.desk_steps import DeskSteps
from bot.engine.leases import LeaseKeeper
from bot.engine.queue_keeper import QueueKeeper
from bot.engine.signals import Signals
from domain.cases import CaseKind, NewCase
from domain.clock import Clock, system_clock
from domain.conversation import Age, Customer, Owner
from domain.desk_plan import DeskPlan
from domain.effects import Effects
from domain.messages import Incoming, IncomingKind, Outgoing
from domain.staff import Role, Scene, Staff, StaffEffects
from domain.work import Work
from handlers.catalogue import load_texts
from handlers.staff_steps import Desk, Step
from storage.desk import Stepped, step
from storage.handling import Loaded, handle
from storage.intake import Arrival, Lease, take_in
from storage.opening import Storage
from storage.times import to_us

TEXTS = load_texts()
PULL = ("web", "terminal")
_numbers = itertools.count(1)


@dataclass
class Person:
    """A customer of one conversation."""

    storage: Storage
    channel: str
    address: str
    conversation: int = 0

    async def says(self, text: str, *, becomes: Owner | None = None, reply: str = "") -> int:
        """Write a message and have it handled; the conversation's owner becomes `becomes`."""
        now = to_us(system_clock())
        incoming = Incoming(
            self.channel, f"p{next(_numbers)}", self.address, IncomingKind.TEXT, system_clock(), text, name="김하늘"
        )
        lease = Lease(secrets.token_hex(8), now + 10_000_000)
        storage = self.storage
        receipts, works = await storage.run(
            lambda spare: take_in(
                self.channel,
                [Arrival(incoming, ())],
                hashes=storage.hashes,
                keys=storage.keys.cached,
                spare_keys=spare,
                now=now,
                lease=lease,
            )
        )
        self.conversation = receipts[0].conversation_id
        decide = partial(_decide, becomes, reply)
        await storage.run(
            lambda _: handle(works, decide, hashes=storage.hashes, keys=storage.keys.cached, now=now, push={})
        )
        return receipts[0].seq

    async def waits(self) -> str:
        """Ask for a person; the case's number."""
        await self.says("상담원 바꿔 주세요", becomes=Owner.QUEUE, reply="상담원에게 연결하고 있습니다.")
        opened = await self.storage.desk.opened(self.conversation)
        assert opened is not None
        return opened.number

    async def reads(self) -> list[str]:
        """What the customer can read of the conversation."""
        return [m.text for m in await self.storage.conversations.log(self.conversation, 0, 1_000)]


def customer(storage: Storage, channel: str = "web") -> Person:
    return Person(storage, channel, f"address-{next(_numbers)}")


async def staff_member(storage: Storage, alias: str, role: Role = Role.AGENT) -> Staff:
    return await storage.accounts.add(f"user{next(_numbers)}", alias, role)


async def does(
    storage: Storage,
    who: Staff,
    conversation: int,
    kind: str,
    how: Step,
    *,
    client_id: str = "",
    push: dict[str, str] | None = None,
    to: Staff | None = None,
) -> Stepped:
    """One step at the desk, as the pages take it."""
    now = system_clock()
    decide: Callable[[Scene], StaffEffects] = partial(how, Desk(TEXTS, now, secrets.randbelow(1_000_000)))
    client = client_id or secrets.token_hex(8)
    return await storage.run(
        lambda _: step(
            conversation,
            who.id,
            client,
            kind,
            decide,
            hashes=storage.hashes,
            keys=storage.keys.cached,
            now=to_us(now),
            push=push or {},
            pull=PULL,
            target_id=to.id if to else None,
        )
    )


def keeper(storage: Storage, clock: Clock = system_clock, **plan: object) -> QueueKeeper:
    """The desk that looks after its queue, as a process has it."""
    signals, how = Signals(storage.database), DeskPlan(**plan)  # type: ignore[arg-type]
    steps = DeskSteps(storage, signals, clock, TEXTS, {}, PULL, how)
    return QueueKeeper(storage, signals, clock, steps, how, LeaseKeeper(storage, "queue", clock))


def _decide(becomes: Owner | None, reply: str, work: Work, loaded: Loaded) -> Effects:
    customer: Customer = loaded.customer
    conversation = loaded.conversation
    state = conversation.state
    cases: tuple[NewCase, ...] = ()
    if becomes is Owner.QUEUE:
        case = NewCase(f"260101-{secrets.randbelow(1_000_000):06d}", CaseKind.HANDOVER, None, "asked")
        state, cases = replace(state, waiting_case=case.number), (case,)
    return Effects(
        state=state,
        owner=becomes or conversation.owner,
        age=customer.age if customer.age is not Age.UNKNOWN else Age.ADULT,
        outgoing=(Outgoing(reply),) if reply else (),
        cases=cases,
    )
