"""What people do: write, edit, press, block, react. Each deed becomes the update Telegram would send."""

from .content import guess_mime, media_json
from .errors import Misuse
from .methods_chat import drop_topic
from .state import ADMIN_RIGHTS, Account, Chat, Json, Query, Topic, World
from .text import CAPTION_LIMIT, MESSAGE_LIMIT, entities_in, units
from .updates import UpdateQueue

Blob = bytes | bool
MEDIA = ("photo", "document", "voice", "video", "audio", "sticker")
_NAMES = {"photo": "photo.jpg", "voice": "voice.ogg", "video": "video.mp4", "audio": "audio.mp3",
          "sticker": "sticker.webp", "document": "문서.pdf"}  # fmt: skip
_MEMBERSHIP = {"member": "member", "kicked": "kicked", "left": "left", "administrator": "administrator"}


class People:
    """Mixed into the server: needs world, queue and changed()."""

    world: World
    queue: UpdateQueue

    def changed(self) -> None:
        raise NotImplementedError

    def user(
        self, chat_id: int, first_name: str = "고객", language: str | None = "ko", *, last_name: str | None = None,
        username: str | None = None, started: bool = True,
    ) -> int:  # fmt: skip
        """A person with a private chat. started=False: the bot has never been written to and may not begin."""
        self.world.accounts[chat_id] = Account(chat_id, first_name, last_name, username, language)
        self.world.chats.setdefault(chat_id, Chat(chat_id, "private", username=username, started=started))
        return chat_id

    def group(
        self, chat_id: int, title: str = "상담팀", *, forum: bool = True, admin: bool = True,
        rights: list[str] | None = None, members: list[int] | None = None, kind: str = "supergroup",
    ) -> int:  # fmt: skip
        """A group with the bot in it; an admin has every right unless rights names them."""
        chat = Chat(chat_id, kind, title=title, forum=forum)
        chat.bot_status = "administrator" if admin else "member"
        chat.rights = set(ADMIN_RIGHTS if rights is None else rights) if admin else set()
        chat.members = dict.fromkeys(members or [], "member")
        self.world.chats[chat_id] = chat
        return chat_id

    def say(
        self, chat: int, text: str | None = None, *, sender: int | None = None, thread: int | None = None,
        reply_to: int | None = None, caption: str | None = None, location: tuple[float, float] | None = None,
        contact: str | None = None, album: int | list[str] | None = None, filename: str | None = None,
        size: int | None = None, extra: Json | None = None, **media: Blob,
    ) -> Json:  # fmt: skip
        """One message (an album: several with one media_group_id, the last is returned). Returns the message.

        media: photo=, document=, voice=, video=, audio=, sticker= with bytes, or True for any content; size claims
        another size than the bytes have. album: how many photos, or the captions of each. thread: a topic's id.
        """
        where, who = self._place(chat, sender)
        if thread is not None:
            topic = where.topics.get(thread)
            if topic is None or topic.deleted:
                raise Misuse(f"topic {thread} is not there to write in")
        base: Json = dict(extra or {})
        if reply_to is not None:
            base["reply_to_message"] = {k: v for k, v in where.messages[reply_to].items() if k != "reply_to_message"}
        if album is not None:
            return self._album(where, who, base, thread, album)
        content = self._content(text, caption, location, contact, filename, size, media)
        message = self.world.post(where, who, base | content, thread=thread)
        self._deliver("message", where, message)
        return message

    def edit(self, chat: int, message_id: int, text: str) -> Json:
        """A person edits their own text (or the caption of their picture)."""
        where = self.world.chats[chat]
        message = where.messages.get(message_id)
        if message is None or message_id in where.sent:
            raise Misuse(f"message {message_id} is not a person's message in chat {chat}")
        key, marks = ("text", "entities") if "text" in message else ("caption", "caption_entities")
        edited = {k: v for k, v in message.items() if k != marks}
        edited |= {key: text, "edit_date": int(self.world.now())} | _marked(marks, text)
        where.messages[message_id] = edited
        self._deliver("edited_message", where, edited)
        return edited

    def press(self, chat: int, message_id: int, data: str, *, sender: int | None = None, forge: bool = False) -> str:
        """Press an inline button by its callback_data or its label; returns the callback query's id.

        Only a button that is on the message now, unless forge. A message that was deleted shows as inaccessible.
        """
        where, who = self._place(chat, sender)
        message = where.messages.get(message_id)
        rows = (message or {}).get("reply_markup", {}).get("inline_keyboard", [])
        shown = [button for row in rows for button in row if "callback_data" in button]
        hit = next((b for b in shown if data in (b["callback_data"], b["text"])), None)
        if hit is None and not forge:
            labels = ", ".join(f"{b['text']}={b['callback_data']}" for b in shown) or "none"
            raise Misuse(f"no button {data!r} on message {message_id} of chat {chat}; buttons there: {labels}")
        query = Query(f"{4_382_000_000_000_000_000 + self.world.serial()}", chat, self.world.now())
        self.world.queries[query.id] = query
        gone = {"chat": self.world.chat_json(where), "message_id": message_id, "date": 0}
        body = {
            "id": query.id,
            "from": who.json(),
            "message": dict(message) if message else gone,
            "chat_instance": str(-7_000_000_000 - chat),
            "data": hit["callback_data"] if hit else data,
        }
        self._deliver("callback_query", where, body)
        return query.id

    def press_label(self, chat: int, label: str, *, sender: int | None = None) -> str:
        """Press the newest button in the chat whose label or callback_data is this."""
        for sent in reversed(self.world.chats[chat].sent.values()):
            if not sent.deleted and any(label in (b["text"], b.get("callback_data")) for b in sent.buttons()):
                return self.press(chat, sent.message_id, label, sender=sender)
        raise Misuse(f"no message in chat {chat} has a button {label!r}")

    def block(self, chat: int) -> None:
        self.membership(chat, "kicked")

    def unblock(self, chat: int) -> None:
        self.membership(chat, "member")

    def deactivate(self, chat: int) -> None:
        """The person deletes their account. No update tells of it."""
        self.world.accounts[chat].deactivated = True

    def membership(self, chat: int, status: str, *, rights: list[str] | None = None, by: int | None = None) -> None:
        """The bot's own standing in a chat changes: my_chat_member is sent."""
        where = self.world.chats[chat]
        old = self.world.member_json(where, self.world.bot.id)
        where.bot_status = _MEMBERSHIP[status]
        where.rights = set(ADMIN_RIGHTS if rights is None else rights) if status == "administrator" else set()
        new = self.world.member_json(where, self.world.bot.id)
        self._deliver("my_chat_member", where, self._member_event(where, by or (chat if chat > 0 else None), old, new))

    def member(self, chat: int, user: int, status: str) -> None:
        """Another member joins, leaves or is promoted: chat_member, sent only when asked for."""
        where = self.world.chats[chat]
        old = self.world.member_json(where, user)
        where.members[user] = status
        new = self.world.member_json(where, user)
        self._deliver("chat_member", where, self._member_event(where, user, old, new))

    def react(self, chat: int, message_id: int, emoji: str | None, *, sender: int | None = None) -> None:
        """emoji None takes the reaction away; sent only when asked for (and in groups only to an administrator)."""
        where, who = self._place(chat, sender)
        old = where.reactions[message_id].get(who.id, [])
        new = [{"type": "emoji", "emoji": emoji}] if emoji else []
        where.reactions[message_id][who.id] = new
        event = {"chat": self.world.chat_json(where), "message_id": message_id, "user": who.json()}
        event |= {"date": int(self.world.now()), "old_reaction": old, "new_reaction": new}
        if where.private or where.bot_status == "administrator":
            self._deliver("message_reaction", where, event)

    def topic(self, chat: int, name: str, *, sender: int) -> int:
        """A member opens a topic by hand; returns its id."""
        where, who = self._place(chat, sender)
        event = {"forum_topic_created": {"name": name, "icon_color": 0x6FB9F0}}
        message = self.world.post(where, who, event)
        number: int = message["message_id"]
        message |= {"message_thread_id": number, "is_topic_message": True}
        where.topics[number] = Topic(number, name)
        self._deliver("message", where, message)
        return number

    def delete_topic(self, chat: int, thread: int) -> None:
        """Somebody deletes a topic; Telegram tells the bot nothing."""
        where = self.world.chats[chat]
        drop_topic(self, where, where.topics[thread])

    def close_topic(self, chat: int, thread: int, *, sender: int, reopen: bool = False) -> None:
        where, who = self._place(chat, sender)
        where.topics[thread].closed = not reopen
        event: Json = {"forum_topic_reopened" if reopen else "forum_topic_closed": {}}
        self._deliver("message", where, self.world.post(where, who, event, thread=thread))

    def delete_message(self, chat: int, message_id: int) -> None:
        """A person deletes a message; Telegram tells the bot nothing."""
        where = self.world.chats[chat]
        where.messages.pop(message_id, None)
        if message_id in where.sent:
            where.sent[message_id].deleted = True
        self.changed()

    def raw_update(self, update: Json, chat: int | None = None) -> int:
        """Any update, known kind or not; an update_id of its own may repeat an old one. Returns the update_id."""
        number = self.queue.put_raw(update, chat)
        self.changed()
        return number

    def _place(self, chat: int, sender: int | None) -> tuple[Chat, Account]:
        where = self.world.chats.get(chat)
        if where is None:
            raise Misuse(f"chat {chat} is not known: call user() or group() first")
        if not where.private and sender is None:
            raise Misuse("in a group the sender has to be named")
        person = self.world.accounts[chat if sender is None else sender]
        if where.private:
            if where.bot_status == "kicked":
                raise Misuse(f"chat {chat} has blocked the bot and cannot write to it")
            where.started = True
        else:
            where.members.setdefault(person.id, "member")
        return where, person

    def _content(
        self, text: str | None, caption: str | None, location: tuple[float, float] | None, contact: str | None,
        filename: str | None, size: int | None, media: dict[str, Blob],
    ) -> Json:  # fmt: skip
        if text is not None:
            if not text or units(text) > MESSAGE_LIMIT:
                raise Misuse("an app sends texts of 1-4,096 characters; longer ones arrive as several messages")
            return {"text": text} | _marked("entities", text)
        if location is not None:
            return {"location": {"latitude": location[0], "longitude": location[1]}}
        if contact is not None:
            return {"contact": {"phone_number": contact, "first_name": "고객"}}
        if len(media) != 1 or not set(media) <= set(MEDIA):
            raise Misuse(f"say one of text, location, contact, album, {', '.join(MEDIA)}")
        ((kind, blob),) = media.items()
        if caption is not None and units(caption) > CAPTION_LIMIT:
            raise Misuse("an app sends captions of up to 1,024 characters")
        data = blob if isinstance(blob, bytes) else f"{kind} {self.world.serial()}".encode()
        name = filename or _NAMES[kind]
        file = self.world.add_file(kind, data, name, guess_mime(name, kind), size)
        content = media_json(kind, file, {"emoji": "🙂"})
        return content | ({"caption": caption} | _marked("caption_entities", caption) if caption else {})

    def _album(self, where: Chat, who: Account, base: Json, thread: int | None, album: int | list[str]) -> Json:
        captions = ["" for _ in range(album)] if isinstance(album, int) else album
        if not 2 <= len(captions) <= 10:
            raise Misuse("an album has 2-10 pictures")
        group = {"media_group_id": str(13_600_000_000_000_000 + self.world.serial())}
        message: Json = {}
        for caption in captions:
            content = self._content(None, caption or None, None, None, None, None, {"photo": True})
            message = self.world.post(where, who, base | group | content, thread=thread)
            self._deliver("message", where, message)
        return message

    def _member_event(self, where: Chat, by: int | None, old: Json, new: Json) -> Json:
        person = self.world.accounts.get(by or 0, self.world.bot)
        event = {"chat": self.world.chat_json(where), "from": person.json(), "date": int(self.world.now())}
        return event | {"old_chat_member": old, "new_chat_member": new}

    def _deliver(self, kind: str, where: Chat, body: Json) -> None:
        if where.private or self._sees(kind, where, body):
            self.queue.put(kind, dict(body), where.id)
        self.changed()

    def _sees(self, kind: str, where: Chat, body: Json) -> bool:
        # Privacy mode: in a group a bot without rights sees commands and replies to itself, nothing else.
        if kind not in ("message", "edited_message") or where.bot_status == "administrator":
            return where.bot_status not in ("left", "kicked") or kind == "my_chat_member"
        answered = body.get("reply_to_message", {}).get("from", {}).get("id") == self.world.bot.id
        return where.bot_status == "member" and (body.get("text", "").startswith("/") or answered)


def _marked(key: str, text: str) -> Json:
    found = entities_in(text)
    return {key: found} if found else {}
