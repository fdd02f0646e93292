"""The staff's pages: their door, the queue, one conversation."""

from bot.desk.account import join
from bot.desk.desk import Desk
from bot.desk.limits import DeskLimits, Rate
from bot.desk.notices import Notices
from bot.desk.rules import DeskFiles, DeskRoute, Rule

__all__ = ["Desk", "DeskFiles", "DeskLimits", "DeskRoute", "Notices", "Rate", "Rule", "join"]
