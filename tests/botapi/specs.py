"""Every method that is served and every parameter it takes (Bot API 9.x names), with its type; ! = required."""

from .params import parse_spec

_WHERE = "chat_id:chat! message_thread_id:int business_connection_id:str direct_messages_topic_id:int "
_HOW = (
    "disable_notification:bool protect_content:bool allow_paid_broadcast:bool message_effect_id:str"
    " suggested_post_parameters:object reply_parameters:object reply_markup:object "
)
_CAPTION = "caption:str parse_mode:str caption_entities:list "
_SEND = _WHERE + _HOW
_MEDIA = _SEND + _CAPTION
_EDIT = "chat_id:chat message_id:int inline_message_id:str business_connection_id:str reply_markup:object "
_TOPIC = "chat_id:chat! message_thread_id:int! "

_LINES = {
    "getMe": "",
    "logOut": "",
    "close": "",
    "getUpdates": "offset:int limit:int timeout:int allowed_updates:list",
    "setWebhook": "url:str certificate:file ip_address:str max_connections:int allowed_updates:list"
    " drop_pending_updates:bool secret_token:str",
    "deleteWebhook": "drop_pending_updates:bool",
    "getWebhookInfo": "",
    "sendMessage": _SEND + "text:str! parse_mode:str entities:list link_preview_options:object",
    "sendPhoto": _MEDIA + "photo:file! has_spoiler:bool show_caption_above_media:bool",
    "sendDocument": _MEDIA + "document:file! thumbnail:file disable_content_type_detection:bool",
    "sendVoice": _MEDIA + "voice:file! duration:int",
    "sendAudio": _MEDIA + "audio:file! duration:int performer:str title:str thumbnail:file",
    "sendVideo": _MEDIA + "video:file! duration:int width:int height:int thumbnail:file cover:file start_timestamp:int"
    " show_caption_above_media:bool has_spoiler:bool supports_streaming:bool",
    "sendAnimation": _MEDIA + "animation:file! duration:int width:int height:int thumbnail:file"
    " show_caption_above_media:bool has_spoiler:bool",
    "sendSticker": _SEND + "sticker:file! emoji:str",
    "sendLocation": _SEND + "latitude:float! longitude:float! horizontal_accuracy:float live_period:int heading:int"
    " proximity_alert_radius:int",
    "sendContact": _SEND + "phone_number:str! first_name:str! last_name:str vcard:str",
    "sendMediaGroup": _WHERE + "media:list! disable_notification:bool protect_content:bool allow_paid_broadcast:bool"
    " message_effect_id:str reply_parameters:object",
    "copyMessage": _SEND + _CAPTION + "from_chat_id:chat! message_id:int! show_caption_above_media:bool"
    " video_start_timestamp:int",
    "forwardMessage": _WHERE + "from_chat_id:chat! message_id:int! disable_notification:bool protect_content:bool"
    " video_start_timestamp:int message_effect_id:str suggested_post_parameters:object",
    "editMessageText": _EDIT + "text:str! parse_mode:str entities:list link_preview_options:object",
    "editMessageCaption": _EDIT + _CAPTION + "show_caption_above_media:bool",
    "editMessageReplyMarkup": _EDIT,
    "deleteMessage": "chat_id:chat! message_id:int!",
    "deleteMessages": "chat_id:chat! message_ids:list!",
    "answerCallbackQuery": "callback_query_id:str! text:str show_alert:bool url:str cache_time:int",
    "getFile": "file_id:str!",
    "sendChatAction": _WHERE.replace("direct_messages_topic_id:int ", "") + "action:str!",
    "setMessageReaction": "chat_id:chat! message_id:int! reaction:list is_big:bool",
    "setMyCommands": "commands:list! scope:object language_code:str",
    "getMyCommands": "scope:object language_code:str",
    "deleteMyCommands": "scope:object language_code:str",
    "setMyName": "name:str language_code:str",
    "getMyName": "language_code:str",
    "setMyDescription": "description:str language_code:str",
    "getMyDescription": "language_code:str",
    "setMyShortDescription": "short_description:str language_code:str",
    "getMyShortDescription": "language_code:str",
    "setChatMenuButton": "chat_id:int menu_button:object",
    "getChatMenuButton": "chat_id:int",
    "getChat": "chat_id:chat!",
    "getChatMember": "chat_id:chat! user_id:int!",
    "getChatMemberCount": "chat_id:chat!",
    "getChatAdministrators": "chat_id:chat! return_bots:bool",
    "leaveChat": "chat_id:chat!",
    "pinChatMessage": "chat_id:chat! message_id:int! disable_notification:bool business_connection_id:str",
    "unpinChatMessage": "chat_id:chat! message_id:int business_connection_id:str",
    "createForumTopic": "chat_id:chat! name:str! icon_color:int icon_custom_emoji_id:str",
    "editForumTopic": _TOPIC + "name:str icon_custom_emoji_id:str",
    "closeForumTopic": _TOPIC,
    "reopenForumTopic": _TOPIC,
    "deleteForumTopic": _TOPIC,
}

# Telegram takes method names in any letter case.
SPECS = {name.lower(): (name, parse_spec(line)) for name, line in _LINES.items()}
