"""What comes in from a channel and what goes out to it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class IncomingKind(StrEnum):
    START = "start"  # the customer opened the conversation (/start, the page, the terminal)
    TEXT = "text"
    BUTTON = "button"
    EDIT = "edit"  # a new version of an earlier message; both are kept
    ATTACHMENT = "attachment"  # photo, file, voice, sticker, location, contact; text is the caption
    BLOCKED = "blocked"  # the customer blocked the bot
    UNBLOCKED = "unblocked"


OURS = "web:"  # how the file_id of a file that we keep ourselves begins


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file the platform keeps for us, or we ourselves. group joins the parts of one album. size in bytes, 0 when
    unknown."""

    kind: str
    file_id: str
    name: str = ""
    mime: str = ""
    size: int = 0
    group: str = ""

    @property
    def kept_id(self) -> str:
        """The id under which we keep the file ourselves, "" when a platform does."""
        return self.file_id.removeprefix(OURS) if self.file_id.startswith(OURS) else ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update of a platform, already valid.

    platform_id is unique within the channel and makes intake idempotent. address is where answers go (a chat id, a web
    session). order is the platform's own order within the channel; 0 means "as it arrived". ref is the platform's id of
    the message itself, or of the message a button hangs on, or of the one that was edited.
    """

    channel: str
    platform_id: str
    address: str
    kind: IncomingKind
    at: datetime
    text: str = ""
    order: int = 0
    button: str = ""
    ref: str = ""
    attachments: tuple[Attachment, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """data is at most 64 bytes of ASCII (Telegram's callback_data). quiet: shown smaller than others where a channel
    can."""

    label: str
    data: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The clause an answer quotes: label is what the customer reads, entry and version make the link."""

    label: str
    entry: str
    version: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to the customer. buttons are rows; menu asks the channel to show its persistent menu; sender is the
    alias of the person who wrote it, "" for the bot."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    source: Source | None = None
    menu: bool = False
    sender: str = ""


class Author(StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"


class Delivery(StrEnum):
    """What the platform said of an outgoing message."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """One row of a conversation's log, decrypted. seq counts up within the conversation without gaps."""

    seq: int
    author: Author
    kind: str
    at: datetime
    text: str
    button: str = ""
    buttons: tuple[tuple[Button, ...], ...] = ()
    source: Source | None = None
    attachments: tuple[Attachment, ...] = field(default=())
    edits: int | None = None
    delivery: Delivery = Delivery.PENDING
    sender: str = ""
