"""A strict, stateful Telegram Bot API server on loopback, and the people who talk to a bot through it."""

from .client import RemoteBotApi, spawn
from .errors import ApiError, Misuse
from .server import BotApiServer
from .state import Sent

__all__ = ["ApiError", "BotApiServer", "Misuse", "RemoteBotApi", "Sent", "spawn"]
