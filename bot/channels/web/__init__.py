"""The shop's own channel: a chat page, its log as server-sent events, and the policy that answers quote."""

from bot.channels.web.chat import CHANNEL, WebChat
from bot.channels.web.limits import Rate, WebLimits

__all__ = ["CHANNEL", "Rate", "WebChat", "WebLimits"]
