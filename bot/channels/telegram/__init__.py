"""Telegram, on python-telegram-bot's requests, errors and Bot."""
