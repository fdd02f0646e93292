"""Chats, their members, pins and forum topics."""

from typing import Any

from .errors import bad
from .state import INACTIVE, Chat, Json, Topic

_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)


def get_chat(api: Any, method: str, p: Json) -> Json:
    chat = api.world.chat(p["chat_id"])
    full: Json = api.world.chat_json(chat) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(_GIFTS, False),
    }
    if not chat.private:
        full["permissions"] = {"can_send_messages": chat.can_write}
    if chat.pinned and chat.pinned[-1] in chat.messages:
        full["pinned_message"] = chat.messages[chat.pinned[-1]]
    return full


def get_chat_member(api: Any, method: str, p: Json) -> Json:
    member: Json = api.world.member_json(api.world.reachable(p["chat_id"]), p["user_id"])
    return member


def get_chat_member_count(api: Any, method: str, p: Json) -> int:
    return len(_present(api, api.world.reachable(p["chat_id"])))


def get_chat_administrators(api: Any, method: str, p: Json) -> list[Json]:
    chat = api.world.reachable(p["chat_id"])
    if chat.private:
        raise bad("there are no administrators in the private chat")
    members = [api.world.member_json(chat, user) for user in _present(api, chat)]
    return [m for m in members if m["status"] in ("creator", "administrator") and not m["user"]["is_bot"]]


def leave_chat(api: Any, method: str, p: Json) -> bool:
    chat = api.world.reachable(p["chat_id"])
    if chat.private:
        raise bad("can't leave private chats")
    chat.bot_status, chat.rights = "left", set()
    api.changed()
    return True


def pin_chat_message(api: Any, method: str, p: Json) -> bool:
    chat = api.world.reachable(p["chat_id"])
    if not chat.private and "can_pin_messages" not in chat.rights:
        raise bad("not enough rights to manage pinned messages in the chat")
    number = p["message_id"]
    if number not in chat.messages:
        raise bad("message to pin not found")
    if number not in chat.pinned:
        chat.pinned.append(number)
        pinned = {"pinned_message": dict(chat.messages[number])}
        api.world.post(chat, api.world.bot, pinned, thread=chat.messages[number].get("message_thread_id"))
    api.changed()
    return True


def unpin_chat_message(api: Any, method: str, p: Json) -> bool:
    chat = api.world.reachable(p["chat_id"])
    if not chat.private and "can_pin_messages" not in chat.rights:
        raise bad("not enough rights to manage pinned messages in the chat")
    number = p.get("message_id", chat.pinned[-1] if chat.pinned else None)
    if number not in chat.pinned:
        raise bad("message to unpin not found")
    chat.pinned.remove(number)
    api.changed()
    return True


def create_forum_topic(api: Any, method: str, p: Json) -> Json:
    chat = _forum(api, p, "create a topic")
    name = _name(p["name"])
    color = p.get("icon_color", _COLORS[0])
    if color not in _COLORS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    shown = {"name": name, "icon_color": color}
    if p.get("icon_custom_emoji_id"):
        shown["icon_custom_emoji_id"] = p["icon_custom_emoji_id"]
    number = api.world.post(chat, api.world.bot, {"forum_topic_created": shown})["message_id"]
    # A topic's id is the id of the service message that made it.
    chat.messages[number] |= {"message_thread_id": number, "is_topic_message": True}
    chat.topics[number] = Topic(number, name, color, p.get("icon_custom_emoji_id"))
    api.changed()
    return {"message_thread_id": number, **shown}


def edit_forum_topic(api: Any, method: str, p: Json) -> bool:
    chat, topic = _topic(api, p)
    name = _name(p["name"]) if p.get("name") else topic.name
    icon = p.get("icon_custom_emoji_id", topic.icon_custom_emoji_id)
    if (name, icon) == (topic.name, topic.icon_custom_emoji_id):
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name, topic.icon_custom_emoji_id = name, icon
    api.world.post(chat, api.world.bot, {"forum_topic_edited": {"name": name}}, thread=topic.id)
    api.changed()
    return True


def close_forum_topic(api: Any, method: str, p: Json) -> bool:
    return _switch(api, p, closed=True)


def reopen_forum_topic(api: Any, method: str, p: Json) -> bool:
    return _switch(api, p, closed=False)


def delete_forum_topic(api: Any, method: str, p: Json) -> bool:
    chat, topic = _topic(api, p)
    if "can_delete_messages" not in chat.rights:
        raise bad("not enough rights to delete a topic")
    drop_topic(api, chat, topic)
    return True


def drop_topic(api: Any, chat: Chat, topic: Topic) -> None:
    """A deleted topic takes its messages with it and sends no update, as on Telegram."""
    topic.deleted = True
    for number in [n for n, m in chat.messages.items() if m.get("message_thread_id") == topic.id]:
        del chat.messages[number]
        if number in chat.sent:
            chat.sent[number].deleted = True
    api.changed()


def _present(api: Any, chat: Chat) -> list[int]:
    if chat.private:
        return [chat.id, api.world.bot.id]
    return [u for u, status in chat.members.items() if status not in INACTIVE] + [api.world.bot.id]


def _forum(api: Any, p: Json, deed: str) -> Chat:
    chat: Chat = api.world.reachable(p["chat_id"])
    if not chat.forum:
        raise bad("the chat is not a forum")
    if "can_manage_topics" not in chat.rights:
        raise bad(f"not enough rights to {deed}")
    return chat


def _topic(api: Any, p: Json) -> tuple[Chat, Topic]:
    chat = _forum(api, p, "manage topics")
    topic = chat.topics.get(p["message_thread_id"])
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    if topic.deleted:
        raise bad("message thread not found")
    return chat, topic


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= 128:
        raise bad("topic name must be 1-128 characters long" if name.strip() else "topic name is empty")
    return name.strip()


def _switch(api: Any, p: Json, *, closed: bool) -> bool:
    chat, topic = _topic(api, p)
    if topic.closed is closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    event: Json = {"forum_topic_closed" if closed else "forum_topic_reopened": {}}
    api.world.post(chat, api.world.bot, event, thread=topic.id)
    api.changed()
    return True
