"""The bot itself: who it is, its profile, commands, menu button, and files it may fetch."""

import re
from typing import Any

from .errors import ApiError, bad
from .state import Json
from .webhook import read_hook

DOWNLOAD_BYTES = 20 * 1024 * 1024
_LIMITS = {"name": 64, "description": 512, "short_description": 120}
_SCOPES = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators",
    "chat_member",
}  # fmt: skip


def get_me(api: Any, method: str, p: Json) -> Json:
    flags = ("can_connect_to_business", "has_main_web_app", "can_read_all_group_messages", "supports_inline_queries")
    me: Json = api.world.bot.json()
    return me | {"can_join_groups": True} | dict.fromkeys(flags, False)


def log_out(api: Any, method: str, p: Json) -> bool:
    api.world.logged_out = True
    return True


def close(api: Any, method: str, p: Json) -> bool:
    return True


async def set_webhook(api: Any, method: str, p: Json) -> bool:
    if not p.get("url"):
        return await delete_webhook(api, method, p)
    hook = read_hook(p)
    _drop(api, p)
    api.queue.allow(_kinds(p.get("allowed_updates")))
    await api.webhook.start(hook)
    api.changed()
    return True


async def delete_webhook(api: Any, method: str, p: Json) -> bool:
    await api.webhook.stop()
    _drop(api, p)
    api.changed()
    return True


def get_webhook_info(api: Any, method: str, p: Json) -> Json:
    hook = api.webhook.hook
    pending = len(api.queue.pending)
    info: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": pending}
    if api.queue.allowed is not None:
        info["allowed_updates"] = sorted(api.queue.allowed)
    if hook is None:
        return info
    info |= {"url": hook.url, "max_connections": hook.connections}
    if hook.last_error:
        info |= {"last_error_message": hook.last_error, "last_error_date": hook.last_error_date}
    return info


async def get_updates(api: Any, method: str, p: Json) -> list[Json]:
    if api.webhook.hook is not None:
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook"
            " first",
        )
    api.queue.allow(_kinds(p.get("allowed_updates")))
    limit = p.get("limit", 100)
    taken: list[Json] = await api.queue.take(
        p.get("offset", 0), limit if 1 <= limit <= 100 else 100, max(0, p.get("timeout", 0))
    )
    return taken


def get_file(api: Any, method: str, p: Json) -> Json:
    file = api.world.files.get(p["file_id"]) or api.world.files.get(p["file_id"].removesuffix("s"))
    if file is None:
        raise bad("invalid file_id")
    if file.size > DOWNLOAD_BYTES:
        raise bad("file is too big")
    shown = {"file_id": p["file_id"], "file_unique_id": file.unique_id, "file_size": file.size}
    return shown | {"file_path": f"{file.kind}s/{file.id}/{file.name}"}


def set_profile(api: Any, method: str, p: Json) -> bool:
    key = _profile_key(method)
    text = p.get(key, "")
    if len(text) > _LIMITS[key]:
        raise bad(f"{key} must be at most {_LIMITS[key]} characters long")
    api.world.profile[key][_language(p)] = text
    api.changed()
    return True


def get_profile(api: Any, method: str, p: Json) -> Json:
    key = _profile_key(method)
    texts = api.world.profile[key]
    fallback = api.world.bot.first_name if key == "name" else ""
    return {key: texts.get(_language(p)) or texts.get("") or fallback}


def set_my_commands(api: Any, method: str, p: Json) -> bool:
    if len(p["commands"]) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in p["commands"]:
        if not isinstance(command, dict) or set(command) != {"command", "description"}:
            raise bad("can't parse BotCommand: command and description are required")
        if not re.fullmatch(r"/?[a-z0-9_]{1,32}", str(command["command"])):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command["description"])) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    api.world.commands[_scope(p)] = [
        {"command": c["command"].removeprefix("/"), "description": c["description"]} for c in p["commands"]
    ]
    api.changed()
    return True


def get_my_commands(api: Any, method: str, p: Json) -> list[Json]:
    found: list[Json] = api.world.commands.get(_scope(p), [])
    return found


def delete_my_commands(api: Any, method: str, p: Json) -> bool:
    api.world.commands.pop(_scope(p), None)
    api.changed()
    return True


def set_chat_menu_button(api: Any, method: str, p: Json) -> bool:
    button = p.get("menu_button") or {"type": "default"}
    if button.get("type") not in ("commands", "default", "web_app"):
        raise bad("can't parse menu button: unsupported type")
    if button["type"] == "web_app" and not (button.get("text") and button.get("web_app", {}).get("url")):
        raise bad("can't parse menu button: text and web_app are required")
    if p.get("chat_id") is not None and not api.world.reachable(p["chat_id"]).private:
        raise bad("chat must be private")
    api.world.menu_buttons[p.get("chat_id")] = button
    api.changed()
    return True


def get_chat_menu_button(api: Any, method: str, p: Json) -> Json:
    buttons = api.world.menu_buttons
    found: Json = buttons.get(p.get("chat_id")) or buttons.get(None) or {"type": "default"}
    return found


def _drop(api: Any, p: Json) -> None:
    if p.get("drop_pending_updates"):
        api.queue.drop()


def _kinds(kinds: list[Any] | None) -> list[str] | None:
    if kinds is not None and not all(isinstance(kind, str) for kind in kinds):
        raise bad("allowed_updates must be an Array of String")
    return kinds


def _profile_key(method: str) -> str:
    return {"Name": "name", "Description": "description", "ShortDescription": "short_description"}[method[5:]]


def _language(p: Json) -> str:
    code: str = p.get("language_code", "")
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad("LANGUAGE_CODE_INVALID")
    return code


def _scope(p: Json) -> tuple[str, str]:
    scope = p.get("scope") or {"type": "default"}
    if scope.get("type") not in _SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type")
    return ":".join(str(scope[key]) for key in sorted(scope)), _language(p)
