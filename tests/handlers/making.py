"""A turn to decide, without a database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from domain.cases import Case
from domain.conversation import Age, BotState, Conversation, Customer, Owner
from domain.deadlines import Calendar
from domain.knowledge import Decision, Entry
from domain.messages import Attachment, Incoming, IncomingKind
from domain.queue import Queue
from handlers.catalogue import load_texts
from handlers.library import Library
from handlers.turn import Context, Prepared, Shop, Turn
from knowledge.files import default_dir, load_dir

TEXTS, CALENDAR = load_texts(), Calendar()  # they never change
NOW = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
INTRODUCED = BotState(introduced=1)


@cache
def default_entries() -> dict[str, Entry]:
    return {e.id: e for e in load_dir(default_dir())}


def turn(
    kind: IncomingKind = IncomingKind.TEXT,
    text: str = "",
    *,
    button: str = "",
    channel: str = "web",
    state: BotState = INTRODUCED,
    owner: Owner = Owner.BOT,
    age: Age = Age.ADULT,
    consents: Mapping[str, str] | None = None,
    cases: Sequence[Case] = (),
    entries: Mapping[str, Entry] | None = None,
    decisions: tuple[Decision, ...] | None = None,
    redacted: tuple[str, ...] = (),
    attachments: tuple[Attachment, ...] = (),
    truncated: bool = False,
    queue: Queue | None = Queue((), None),  # noqa: B008 - frozen
) -> Turn:
    library = Library(1, NOW.date(), default_entries() if entries is None else entries)
    context = Context(Shop("별빛상점", "별빛상점 주식회사"), TEXTS, library, CALENDAR, NOW)
    incoming = Incoming(
        channel=channel,
        platform_id="1",
        address="1",
        kind=kind,
        at=NOW,
        text=text,
        button=button,
        attachments=attachments,
    )
    return Turn(
        context,
        Prepared(incoming, 1, 123_456, redacted, decisions, truncated),
        Conversation(1, channel, 1, owner, state),
        Customer(1, age, dict({"necessary": "granted"} if consents is None else consents)),
        cases,
        queue,
    )
