"""Sending, editing, deleting, copying, reacting and answering buttons."""

from typing import Any

from .content import content_of, kind_of
from .errors import bad
from .markup import check_markup
from .state import Chat, Json, Sent
from .text import caption_text, message_text, units

EDIT_SECONDS = DELETE_SECONDS = 48 * 3600
QUERY_SECONDS = 15 * 60
_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
_REACTIONS = set(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)


def send(api: Any, method: str, p: Json) -> Json:
    """Every send… method of one message."""
    chat, thread = _target(api, p)
    content = content_of(api.world, method, p)
    markup = check_markup(p.get("reply_markup"), private=chat.private)
    reply = _reply_to(api, chat, p.get("reply_parameters"))
    api.limits.spend(chat.id)
    return _post(api, method, chat, thread, content | reply, markup, p)


def send_media_group(api: Any, method: str, p: Json) -> list[Json]:
    chat, thread = _target(api, p)
    items = p["media"]
    if not 2 <= len(items) <= 10:
        raise bad("wrong number of media in the album: from 2 to 10 are expected")
    contents = []
    for item in items:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind not in ("photo", "video", "document", "audio"):
            raise bad("can't parse InputMedia: type must be photo, video, document or audio")
        source = item.get("media")
        if not isinstance(source, str):
            raise bad("can't parse InputMedia: media not found")
        if source.startswith("attach://"):
            source = p.get(source.removeprefix("attach://"))
            if source is None:
                raise bad("wrong file identifier/HTTP URL specified")
        contents.append(content_of(api.world, f"send{kind.title()}", {**p, **item, kind: source}))
    kinds = {kind_of(content) for content in contents}
    if len(kinds) > 1 and kinds & {"document", "audio"}:
        raise bad("document and audio can't be mixed with other media types in an album")
    reply = _reply_to(api, chat, p.get("reply_parameters"))
    api.limits.spend(chat.id, len(contents))
    group = {"media_group_id": str(13_500_000_000_000_000 + api.world.serial())}
    return [_post(api, method, chat, thread, content | group | reply, None, p) for content in contents]


def forward_message(api: Any, method: str, p: Json) -> Json:
    chat, thread = _target(api, p)
    origin = _original(api, p, "forward")
    api.limits.spend(chat.id)
    content = _body(origin) | {
        "forward_origin": {"type": "user", "sender_user": origin["from"], "date": origin["date"]}
    }
    return _post(api, method, chat, thread, content, None, p)


def copy_message(api: Any, method: str, p: Json) -> Json:
    chat, thread = _target(api, p)
    content = _body(_original(api, p, "copy"))
    if "caption" in p and kind_of(content) in ("photo", "document", "video", "audio", "voice", "animation"):
        content = {k: v for k, v in content.items() if not k.startswith("caption")}
        content |= caption_text(p["caption"], p.get("parse_mode"), p.get("caption_entities"))
    markup = check_markup(p.get("reply_markup"), private=chat.private)
    reply = _reply_to(api, chat, p.get("reply_parameters"))
    api.limits.spend(chat.id)
    return {"message_id": _post(api, method, chat, thread, content | reply, markup, p)["message_id"]}


def edit(api: Any, method: str, p: Json) -> Json:
    """editMessageText, …Caption and …ReplyMarkup; leaving the keyboard out takes it away."""
    if "inline_message_id" in p or "message_id" not in p or "chat_id" not in p:
        raise bad("MESSAGE_ID_INVALID" if "inline_message_id" in p else "message identifier is not specified")
    chat = api.world.reachable(p["chat_id"])
    message: Json | None = chat.messages.get(p["message_id"])
    if message is None:
        raise bad("message to edit not found")
    sent = chat.sent.get(p["message_id"])
    if sent is None:
        raise bad("message can't be edited")
    changed: Json = {}
    if method == "editMessageText":
        changed = message_text(p["text"], p.get("parse_mode"), p.get("entities"))
        if "text" not in message:
            raise bad("there is no text in the message to edit")
    elif method == "editMessageCaption":
        changed = caption_text(p.get("caption"), p.get("parse_mode"), p.get("caption_entities")) or {"caption": ""}
    markup = check_markup(p.get("reply_markup"), inline_only=True, private=chat.private)
    shown = ("text", "entities", "caption", "caption_entities")
    before = {key: message[key] for key in shown if key in message}
    if (changed or before) == before and markup == message.get("reply_markup"):
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current"
            " content and reply markup of the message"
        )
    api.limits.spend(chat.id)
    if changed:
        for key in shown:
            message.pop(key, None)
        sent.former.append(sent.text)
        sent.text = changed.get("text", changed.get("caption", ""))
    message |= changed | {"edit_date": int(api.world.now())}
    message.pop("reply_markup", None)
    if markup:
        message["reply_markup"] = markup
    sent.markup = markup
    api.changed()
    return message


def delete_message(api: Any, method: str, p: Json) -> bool:
    chat = api.world.reachable(p["chat_id"])
    message = chat.messages.get(p["message_id"])
    if message is None:
        raise bad("message to delete not found")
    own = p["message_id"] in chat.sent
    if not _deletable(api, chat, message, own):
        raise bad("message can't be deleted" if own or chat.private else "message can't be deleted for everyone")
    _remove(api, chat, p["message_id"])
    return True


def delete_messages(api: Any, method: str, p: Json) -> bool:
    chat = api.world.reachable(p["chat_id"])
    if not 1 <= len(p["message_ids"]) <= 100 or not all(isinstance(i, int) for i in p["message_ids"]):
        raise bad("message_ids must hold 1-100 identifiers")
    for number in p["message_ids"]:
        message = chat.messages.get(number)
        if message is not None and _deletable(api, chat, message, number in chat.sent):
            _remove(api, chat, number)
    return True


def answer_callback_query(api: Any, method: str, p: Json) -> bool:
    query = api.world.queries.get(p["callback_query_id"])
    if query is None or query.answer is not None or api.world.now() - query.time > QUERY_SECONDS:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if units(p.get("text", "")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    query.answer = {key: value for key, value in p.items() if key != "callback_query_id"}
    api.changed()
    return True


def send_chat_action(api: Any, method: str, p: Json) -> bool:
    chat, thread = _target(api, p)
    if p["action"] not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat.actions.append({"action": p["action"], "thread": thread, "time": api.world.now()})
    api.changed()
    return True


def set_message_reaction(api: Any, method: str, p: Json) -> bool:
    chat = api.world.reachable(p["chat_id"])
    if p["message_id"] not in chat.messages:
        raise bad("message to react not found")
    wanted = p.get("reaction") or []
    if len(wanted) > 1:
        raise bad("REACTIONS_TOO_MANY")
    for reaction in wanted:
        if reaction.get("type") != "emoji" or reaction.get("emoji", "").rstrip("\ufe0f") not in _REACTIONS:
            raise bad("REACTION_INVALID")
    chat.reactions[p["message_id"]][api.world.bot.id] = wanted
    api.changed()
    return True


def _target(api: Any, p: Json) -> tuple[Chat, int | None]:
    chat: Chat = api.world.reachable(p["chat_id"])
    thread = p.get("message_thread_id")
    admin = chat.bot_status in ("administrator", "creator")
    if not chat.private and not chat.can_write and not admin:
        raise bad("not enough rights to send text messages to the chat")
    if thread:
        topic = chat.topics.get(thread)
        if topic is None or topic.deleted:
            raise bad("message thread not found")
        if topic.closed and "can_manage_topics" not in chat.rights:
            raise bad("TOPIC_CLOSED")
    return chat, thread or None


def _reply_to(api: Any, chat: Chat, reply: Json | None) -> Json:
    if not reply:
        return {}
    number = reply.get("message_id")
    if not isinstance(number, int):
        raise bad("can't parse reply_parameters: message_id must be an Integer")
    where = api.world.chat(reply["chat_id"]) if "chat_id" in reply else chat
    target = where.messages.get(number)
    if target is None:
        if reply.get("allow_sending_without_reply") is True:
            return {}
        raise bad("message to be replied not found")
    key = "reply_to_message" if where is chat else "external_reply"
    shown = {k: v for k, v in target.items() if k not in ("reply_to_message", "external_reply")}
    return {key: shown if where is chat else {"origin": {"type": "user", "sender_user": target["from"], "date": 0}}}


def _post(api: Any, method: str, chat: Chat, thread: int | None, content: Json, markup: Json | None, p: Json) -> Json:
    if markup and "inline_keyboard" in markup:
        content |= {"reply_markup": markup}
    if p.get("protect_content"):
        content |= {"has_protected_content": True}
    message: Json = api.world.post(chat, api.world.bot, content, thread=thread)
    number = message["message_id"]
    text = str(message.get("text") or message.get("caption") or "")
    chat.sent[number] = Sent(
        chat.id, number, kind_of(message), text, thread, markup, api.world.now(), method, message
    )  # fmt: skip
    api.changed()
    return message


def _original(api: Any, p: Json, verb: str) -> Json:
    source = api.world.chat(p["from_chat_id"])
    message: Json | None = source.messages.get(p["message_id"])
    if message is None:
        raise bad(f"message to {verb} not found")
    if message.get("has_protected_content"):
        raise bad(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    if kind_of(message) == "service":
        raise bad(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    return message


def _body(message: Json) -> Json:
    envelope = {
        "message_id", "from", "chat", "date", "edit_date", "message_thread_id", "is_topic_message", "reply_markup",
        "reply_to_message", "external_reply", "media_group_id", "forward_origin",
    }  # fmt: skip
    return {key: value for key, value in message.items() if key not in envelope}


def _deletable(api: Any, chat: Chat, message: Json, own: bool) -> bool:
    if not chat.private and "can_delete_messages" in chat.rights:
        return True
    if not own and not chat.private:
        return False
    return bool(api.world.now() - message["date"] <= DELETE_SECONDS)


def _remove(api: Any, chat: Chat, number: int) -> None:
    del chat.messages[number]
    if number in chat.sent:
        chat.sent[number].deleted = True
    api.changed()
