"""reply_markup: what Telegram accepts in a keyboard, and the words it refuses the rest with."""

import re
from typing import Any

from .errors import bad
from .text import units

Json = dict[str, Any]

_INLINE_TYPES = {
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
}  # fmt: skip
_LOOKS = {"text", "style", "icon_custom_emoji_id"}
_REPLY_TYPES = {"request_users", "request_chat", "request_contact", "request_location", "request_poll", "web_app",
                "request_managed_bot"}  # fmt: skip
_KEYBOARD_OPTIONS = {"is_persistent", "resize_keyboard", "one_time_keyboard", "selective"}
_URL = re.compile(r"(?:https?|tg|tonsite)://[^\s/?#]+\.?[^\s]*$", re.IGNORECASE)


def check_markup(markup: Json | None, *, inline_only: bool = False, private: bool = True) -> Json | None:
    """The markup itself when Telegram would take it; {} and None mean no keyboard."""
    if not markup:
        return None
    if "inline_keyboard" in markup:
        return _inline(markup, private)
    if inline_only:
        raise bad("inline keyboard expected")
    if "keyboard" in markup:
        return _reply(markup)
    for name in ("remove_keyboard", "force_reply"):
        if name in markup:
            if markup[name] is not True:
                raise bad(f"field {name} must be true")
            _fields(markup, {name, "selective", "input_field_placeholder"})
            return markup
    raise bad("object expected as reply markup")


def _inline(markup: Json, private: bool) -> Json:
    _fields(markup, {"inline_keyboard"})
    buttons = [button for row in _rows(markup["inline_keyboard"]) for button in row]
    if len(buttons) > 100:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        if not isinstance(button, dict):
            raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
        _label(button, "inline keyboard button")
        kinds = set(button) & _INLINE_TYPES
        _fields(button, _INLINE_TYPES | _LOOKS)
        if not kinds:
            raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if len(kinds) > 1:
            raise bad("can't parse inline keyboard button: exactly one button type must be specified")
        if "callback_data" in button:
            data = button["callback_data"]
            if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
                raise bad("BUTTON_DATA_INVALID")
        if "url" in button and not (isinstance(button["url"], str) and _URL.match(button["url"])):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
        if "web_app" in button and not private:
            raise bad("BUTTON_TYPE_INVALID")
    return markup


def _reply(markup: Json) -> Json:
    _fields(markup, _KEYBOARD_OPTIONS | {"keyboard", "input_field_placeholder"})
    for name in _KEYBOARD_OPTIONS & set(markup):
        if not isinstance(markup[name], bool):
            raise bad(f"can't parse reply keyboard: field {name} must be of type Boolean")
    placeholder = markup.get("input_field_placeholder")
    if placeholder is not None and not (isinstance(placeholder, str) and 1 <= units(placeholder) <= 64):
        raise bad("reply keyboard placeholder must be 1-64 characters long")
    rows = _rows(markup["keyboard"])
    if not any(rows):
        raise bad("reply keyboard can't be empty")
    for button in (button for row in rows for button in row):
        if isinstance(button, str):
            if not button:
                raise bad("keyboard button text must be non-empty")
            continue
        if not isinstance(button, dict):
            raise bad("can't parse keyboard button: KeyboardButton must be a String or an Object")
        _label(button, "keyboard button")
        _fields(button, _REPLY_TYPES | _LOOKS)
    return markup


def _rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("can't parse keyboard: field must be an Array of Arrays")
    return rows


def _label(button: Json, what: str) -> None:
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise bad(f'can\'t parse {what}: field "text" must be a non-empty String')


def _fields(value: Json, allowed: set[str]) -> None:
    extra = sorted(set(value) - allowed)
    if extra:
        raise bad(f'unknown field "{extra[0]}" in reply markup')
