"""Everything the platform knows: accounts, chats, topics, messages and files.

Messages are kept as the JSON objects the Bot API shows. Times are Unix seconds of the platform's own clock, which a
test can move (rules about age) without touching anybody else's clock.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError, bad

Json = dict[str, Any]

ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)
INACTIVE = ("left", "kicked")
_SENT = ("chat_id", "message_id", "kind", "text", "thread", "markup", "time", "method", "message", "former", "deleted")


@dataclass(slots=True)
class Account:
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language: str | None = "ko"
    is_bot: bool = False
    deactivated: bool = False

    def json(self) -> Json:
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        for key, value in (
            ("last_name", self.last_name),
            ("username", self.username),
            ("language_code", self.language),
        ):
            if value:
                user[key] = value
        return user


@dataclass(slots=True)
class Topic:
    id: int
    name: str
    icon_color: int = 0x6FB9F0
    icon_custom_emoji_id: str | None = None
    closed: bool = False
    deleted: bool = False


@dataclass(slots=True)
class File:
    """Content that can be downloaded. size may be claimed larger than data, to stand for files nobody wants to make."""

    id: str
    unique_id: str
    kind: str
    data: bytes
    name: str
    mime: str
    size: int


@dataclass(slots=True)
class Sent:
    """One message the bot sent, as the person sees it now. former holds the texts that edits replaced."""

    chat_id: int
    message_id: int
    kind: str
    text: str
    thread: int | None
    markup: Json | None
    time: float
    method: str
    message: Json
    former: list[str] = field(default_factory=list)
    deleted: bool = False

    def buttons(self) -> list[Json]:
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    def json(self) -> Json:
        return {name: getattr(self, name) for name in _SENT}


@dataclass(slots=True)
class Chat:
    id: int
    kind: str
    title: str | None = None
    username: str | None = None
    forum: bool = False
    started: bool = True
    bot_status: str = "member"
    rights: set[str] = field(default_factory=set)
    can_write: bool = True
    members: dict[int, str] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    sent: dict[int, Sent] = field(default_factory=dict)
    reactions: dict[int, dict[int, list[Json]]] = field(default_factory=lambda: defaultdict(dict))
    pinned: list[int] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    last_id: int = 0

    @property
    def private(self) -> bool:
        return self.kind == "private"


@dataclass(slots=True)
class Query:
    """A callback query: when it was raised and, once answered, what with."""

    id: str
    chat_id: int
    time: float
    answer: Json | None = None


class World:
    def __init__(self, bot_id: int, username: str) -> None:
        self.bot = Account(bot_id, "상담", username=username, language=None, is_bot=True)
        self.accounts: dict[int, Account] = {bot_id: self.bot}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, File] = {}
        self.queries: dict[str, Query] = {}
        self.profile: dict[str, dict[str, str]] = {"name": {}, "description": {}, "short_description": {}}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.menu_buttons: dict[int | None, Json] = {}
        self.logged_out = False
        self._shift = 0.0
        self._private_id = 0
        self._serial = 0

    def now(self) -> float:
        return time.time() + self._shift

    def advance(self, seconds: float) -> None:
        self._shift += seconds

    def serial(self) -> int:
        self._serial += 1
        return self._serial

    def chat(self, ref: int | str) -> Chat:
        """The chat a method names by id or @username; raises what Telegram answers when there is none."""
        found = self.chats.get(ref) if isinstance(ref, int) else None
        if isinstance(ref, str):
            found = next((c for c in self.chats.values() if c.username and f"@{c.username}" == ref), None)
        if found is None:
            raise bad("chat not found")
        return found

    def reachable(self, ref: int | str) -> Chat:
        """The chat, when the bot may act in it at all."""
        chat = self.chat(ref)
        if chat.private:
            if self.accounts[chat.id].deactivated:
                raise ApiError(403, "Forbidden: user is deactivated")
            if not chat.started:
                raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
            if chat.bot_status == "kicked":
                raise ApiError(403, "Forbidden: bot was blocked by the user")
        elif chat.bot_status == "kicked":
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
        elif chat.bot_status == "left":
            raise ApiError(403, f"Forbidden: bot is not a member of the {chat.kind} chat")
        return chat

    def message_id(self, chat: Chat) -> int:
        # Supergroups number their own messages; private chats share one counter per bot.
        if chat.kind == "supergroup":
            chat.last_id += 1
            return chat.last_id
        self._private_id += 1
        return self._private_id

    def chat_json(self, chat: Chat) -> Json:
        if chat.private:
            person = self.accounts[chat.id]
            names = {"first_name": person.first_name, "last_name": person.last_name, "username": person.username}
            return {"id": chat.id, "type": "private", **{k: v for k, v in names.items() if v}}
        shown: Json = {"id": chat.id, "type": chat.kind, "title": chat.title}
        if chat.username:
            shown["username"] = chat.username
        if chat.forum:
            shown["is_forum"] = True
        return shown

    def post(self, chat: Chat, sender: Account, content: Json, *, thread: int | None = None) -> Json:
        """Put a message into the chat and return it; content holds everything but the envelope."""
        message: Json = {
            "message_id": self.message_id(chat),
            "from": sender.json(),
            "chat": self.chat_json(chat),
            "date": int(self.now()),
        }
        if thread is not None:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        message |= content
        chat.messages[message["message_id"]] = message
        return message

    def add_file(self, kind: str, data: bytes, name: str, mime: str, size: int | None = None) -> File:
        number = self.serial()
        file = File(
            id=f"{kind[:2].upper()}AgAD{number:06d}AAL-{self.bot.id % 9973:04d}xAB",
            unique_id=f"AQAD{number:06d}",
            kind=kind,
            data=data,
            name=name,
            mime=mime,
            size=len(data) if size is None else size,
        )
        self.files[file.id] = file
        return file

    def member_json(self, chat: Chat, user_id: int) -> Json:
        person = self.accounts.get(user_id)
        if person is None:
            raise bad("PARTICIPANT_ID_INVALID")
        if person is self.bot:
            status = "member" if chat.private and chat.bot_status == "member" else chat.bot_status
        else:
            status = "member" if chat.private else chat.members.get(user_id, "left")
        member: Json = {"user": person.json(), "status": status}
        if status == "administrator":
            granted = chat.rights if person is self.bot else set(ADMIN_RIGHTS)
            member |= {"can_be_edited": False, "is_anonymous": False} | {r: r in granted for r in ADMIN_RIGHTS}
        elif status == "creator":
            member["is_anonymous"] = False
        elif status == "kicked":
            member["until_date"] = 0
        return member
