"""A flood of updates from many chats, and what must be true of it afterwards however often the process was killed."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from domain.knowledge import EntryKind
from domain.messages import Author, Delivery, LoggedMessage
from handlers.catalogue import load_texts
from knowledge.files import default_dir, load_dir
from storage.opening import Storage
from storage.tables import DONE, OPEN, inbox, messages, outbox
from tests.botapi import BotApiServer

FIRST_CHAT = 731_000_001  # long enough not to stand in a log by accident
PROBES = 30


@dataclass(frozen=True, slots=True)
class Probe:
    """A question whose reply is known: one message, and no other probe gets the same."""

    text: str
    reply: str
    entry: str = ""


@dataclass(slots=True)
class Told:
    """What one chat wrote, and what it must have been answered."""

    said: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    message_id: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """An answer in the database: its text, what became of it, and the platform's id of the message."""

    text: str
    delivery: Delivery
    ref: str


@dataclass(frozen=True, slots=True)
class ChatReport:
    """What the chat said and should have been answered; what the database holds; what the platform shows."""

    told: Told
    stored: list[str]
    answers: list[Row]
    shown: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Report:
    """inbox counts rows by state; kills is how often a process died."""

    chats: dict[int, ChatReport]
    inbox: Counter[int]
    unsent: int
    unconfirmed: int
    kills: int

    @property
    def twice(self) -> int:
        """Replies that the platform got more than once."""
        return sum(len(chat.shown) - len({text for text, _ in chat.shown}) for chat in self.chats.values())


async def learn(api: BotApiServer) -> tuple[list[str], list[Probe]]:
    """The first contact's replies and the probes, from a service that answers one message at a time."""
    chat = api.user(FIRST_CHAT - 1)
    questions = [("/help", ""), ("/privacy", ""), ("/request", "")]
    entries = sorted(load_dir(default_dir()), key=lambda entry: entry.id)
    questions += [(e.aliases[0], e.id) for e in entries if e.kind is EntryKind.ANSWER and e.aliases]
    first = await _replies(api, chat, "/start")
    probes: list[Probe] = []
    for text, entry in questions:
        replies = await _replies(api, chat, text)
        if len(replies) == 1 and replies[0] not in {p.reply for p in probes}:
            probes.append(Probe(text, replies[0], entry))
        if len(probes) == PROBES:
            return first, probes
    raise AssertionError(f"only {len(probes)} probes: the knowledge base has too few answers of one message")


async def _replies(api: BotApiServer, chat: int, text: str) -> list[str]:
    before = len(api.texts(chat))
    api.say(chat, text)
    # The unknown command comes last, so its answer shows that everything before it was answered.
    api.say(chat, "/end")
    end = load_texts()("help.unknown_command")
    await api.wait_for(lambda: [t for t in api.texts(chat)[before:] if t == end], 60, text)
    return [text for text in api.texts(chat)[before:] if text != end]


class Flood:
    """Chats that begin with /start and then ask, each in an order of its own; nothing is asked twice in a chat."""

    def __init__(self, api: BotApiServer, first: list[str], probes: list[Probe], *, chats: int, each: int) -> None:
        self._api = api
        self.chats = {api.user(FIRST_CHAT + n): Told() for n in range(chats)}
        self._plans = {
            chat: [Probe("/start", "\0".join(first)), *random.sample(probes, each - 1)] for chat in self.chats
        }

    def wave(self, updates: int) -> None:
        """The next updates: chats in a random order, each going on where it stopped."""
        left = [chat for chat, plan in self._plans.items() for _ in plan]
        for chat in random.sample(left, min(updates, len(left))):
            told = self.chats[chat]
            probe = self._plans[chat].pop(0)
            told.replies += probe.reply.split("\0")
            way = random.choice(("text", "text", "text", "button", "edit")) if probe.entry else "text"
            if way == "button":
                self._api.press(chat, 1, f"ask:{probe.entry}", forge=True)
                told.said.append(f"ask:{probe.entry}")
            elif way == "edit" and told.message_id:
                self._api.edit(chat, told.message_id, probe.text)
                told.said.append(probe.text)
            else:
                told.message_id = self._api.say(chat, probe.text)["message_id"]
                told.said.append(probe.text)

    @property
    def updates(self) -> int:
        return sum(len(told.said) for told in self.chats.values())

    @property
    def replies(self) -> int:
        return sum(len(told.replies) for told in self.chats.values())

    async def left(self, storage: Storage) -> dict[str, int]:
        """What is not acknowledged, not handled and not sent yet; empty at the end."""
        found = {"updates": self._api.unconfirmed()}
        async with storage.database.read() as connection:
            for name, table, where in (("inbox", inbox, inbox.c.state == OPEN), ("outbox", outbox, sa.true())):
                count = sa.select(sa.func.count()).select_from(table).where(where)
                found[name] = (await connection.execute(count)).scalar_one()
        return {name: count for name, count in found.items() if count}

    async def report(self, storage: Storage, kills: int) -> Report:
        """Everything there is to know, after the processes have stopped."""
        async with storage.database.read() as connection:
            states = (await connection.execute(sa.select(inbox.c.conversation_id, inbox.c.state))).all()
            unsent = (await connection.execute(sa.select(sa.func.count()).select_from(outbox))).scalar_one()
            refs = (
                await connection.execute(sa.select(messages.c.conversation_id, messages.c.seq, messages.c.ref))
            ).all()
        ref_of = {(row[0], row[1]): row[2] for row in refs}
        counted: Counter[int] = Counter()
        chats = {}
        for chat, told in self.chats.items():
            found = await storage.conversations.find("telegram", str(chat))
            log = await storage.conversations.log(found, after=0) if found is not None else []
            counted.update(state for conversation, state in states if conversation == found)
            chats[chat] = ChatReport(
                told,
                stored=[m.button or m.text for m in log if m.author is Author.CUSTOMER],
                answers=[Row(_shown(m), m.delivery, ref_of[found or 0, m.seq]) for m in log if m.author is Author.BOT],
                shown=[(s.text, str(s.message_id)) for s in self._api.sent(chat)],
            )
        return Report(chats, counted, unsent, self._api.unconfirmed(), kills)


def _shown(message: LoggedMessage) -> str:
    return f"{message.text}\n\n{message.source.label}" if message.source else message.text


def check(report: Report) -> None:
    """Nothing lost, nothing handled twice, nothing out of order. Raises AssertionError with what is wrong."""
    wrong: list[str] = []
    for chat, found in report.chats.items():
        wrong += [f"chat {chat}: {words}" for words in _wrong(found, report.kills)]
    if set(report.inbox) - {DONE}:
        wrong.append(f"inbox rows by state: {dict(report.inbox)}")
    if report.unsent or report.unconfirmed:
        wrong.append(f"{report.unsent} rows in the outbox, {report.unconfirmed} updates unconfirmed")
    assert not wrong, f"{len(wrong)} faults, such as {wrong[:5]}"


def _wrong(found: ChatReport, kills: int) -> list[str]:
    told, wrong = found.told, []
    if found.stored != told.said:
        wrong.append(f"stored {len(found.stored)} of {len(told.said)} updates or not in their order")
    if [row.text for row in found.answers] != told.replies:
        wrong.append(f"decided {len(found.answers)} replies of {len(told.replies)} or not in their order")
    if any(row.delivery is not Delivery.SENT for row in found.answers):
        wrong.append("an answer is not settled as delivered")
    ids = [number for _, number in found.shown]
    if any(row.ref not in ids for row in found.answers):
        wrong.append("an answer's platform id is not in the chat")
    return wrong + _out_of_order([text for text, _ in found.shown], told.replies, kills)


def _out_of_order(shown: Sequence[str], expected: Sequence[str], kills: int) -> list[str]:
    """Each reply follows the one before it; a kill may have the last one come twice."""
    places = {text: place for place, text in enumerate(expected)}
    at, twice = -1, 0
    for text in shown:
        place = places.get(text)
        if place is None:
            return [f"a message that nobody expected: {text[:40]!r}"]
        if place not in (at, at + 1):
            return [f"reply {place} came after reply {at}"]
        twice += place == at
        at = place
    if at != len(expected) - 1:
        return [f"the last reply shown is {at} of {len(expected) - 1}"]
    return [f"{twice} replies came twice with {kills} kills"] if twice > kills else []
