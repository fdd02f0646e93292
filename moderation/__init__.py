"""Finds abuse of the staff in a customer's message and grades it. Pure: reads its package data once, in load()."""

from moderation.screener import Screener, load
from moderation.verdict import Category, Target, Verdict

__all__ = ["Category", "Screener", "Target", "Verdict", "load"]
