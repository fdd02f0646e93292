"""The table of methods: name → function (api, method, parameters) → result, plain or awaitable."""

from collections.abc import Callable
from typing import Any

from . import methods_bot as bot
from . import methods_chat as chat
from . import methods_messages as messages

Method = Callable[[Any, str, dict[str, Any]], Any]

METHODS: dict[str, Method] = {
    "getMe": bot.get_me,
    "logOut": bot.log_out,
    "close": bot.close,
    "getUpdates": bot.get_updates,
    "setWebhook": bot.set_webhook,
    "deleteWebhook": bot.delete_webhook,
    "getWebhookInfo": bot.get_webhook_info,
    "getFile": bot.get_file,
    "setMyCommands": bot.set_my_commands,
    "getMyCommands": bot.get_my_commands,
    "deleteMyCommands": bot.delete_my_commands,
    "setChatMenuButton": bot.set_chat_menu_button,
    "getChatMenuButton": bot.get_chat_menu_button,
    **{f"setMy{name}": bot.set_profile for name in ("Name", "Description", "ShortDescription")},
    **{f"getMy{name}": bot.get_profile for name in ("Name", "Description", "ShortDescription")},
    **{
        f"send{kind}": messages.send
        for kind in (
            "Message", "Photo", "Document", "Voice", "Audio", "Video", "Animation", "Sticker", "Location", "Contact",
        )
    },
    "sendMediaGroup": messages.send_media_group,
    "copyMessage": messages.copy_message,
    "forwardMessage": messages.forward_message,
    "editMessageText": messages.edit,
    "editMessageCaption": messages.edit,
    "editMessageReplyMarkup": messages.edit,
    "deleteMessage": messages.delete_message,
    "deleteMessages": messages.delete_messages,
    "answerCallbackQuery": messages.answer_callback_query,
    "sendChatAction": messages.send_chat_action,
    "setMessageReaction": messages.set_message_reaction,
    "getChat": chat.get_chat,
    "getChatMember": chat.get_chat_member,
    "getChatMemberCount": chat.get_chat_member_count,
    "getChatAdministrators": chat.get_chat_administrators,
    "leaveChat": chat.leave_chat,
    "pinChatMessage": chat.pin_chat_message,
    "unpinChatMessage": chat.unpin_chat_message,
    "createForumTopic": chat.create_forum_topic,
    "editForumTopic": chat.edit_forum_topic,
    "closeForumTopic": chat.close_forum_topic,
    "reopenForumTopic": chat.reopen_forum_topic,
    "deleteForumTopic": chat.delete_forum_topic,
}  # fmt: skip
