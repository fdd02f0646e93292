"""What happens to a message: one entrance, then one file for each thing a person can want.

Plain synchronous functions that do no I/O and know no platform. Telegram's own callbacks live in bot/channels/telegram.
"""
