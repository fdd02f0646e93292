"""The bot with one thing wrong: it acknowledges updates before it commits them, as most poll loops do.

`python -m tests.acceptance.acknowledges_first run`. The test of losses must find fault with it.
"""

import sys
from typing import Any

import bot.app_telegram
from bot.channels.telegram.api import TelegramApi
from bot.cli.main import main


class AcknowledgesFirst(TelegramApi):
    async def get_updates(self, offset: int, seconds: int, kinds: list[str]) -> list[dict[str, Any]]:
        updates = await super().get_updates(offset, seconds, kinds)
        if updates:
            await super().get_updates(updates[-1]["update_id"] + 1, 0, kinds)
        return updates


if __name__ == "__main__":
    bot.app_telegram.TelegramApi = AcknowledgesFirst  # type: ignore[misc]
    sys.exit(main())
