"""Putting Telegram together. Apart from bot.app, because its libraries take a quarter of a second to import."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.routing import BaseRoute

from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.channel import LIMITS, OFFSET, Polling, TelegramChannel, Webhook
from bot.channels.telegram.updates import NAME
from bot.desk import Notices, join
from bot.engine.delivery import Delivery
from bot.engine.guide import Door, Guide, load_guide_texts
from bot.engine.leases import LeaseKeeper
from bot.parts import Loop, Parts
from bot.settings import Settings
from storage.facts import ensure_fact


@dataclass(slots=True)
class TelegramService:
    """What Telegram adds to the service."""

    api: TelegramApi
    delivery: Delivery
    routes: list[BaseRoute]
    loops: dict[str, Loop]

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open for as long as the loops run."""
        await self.api.open()
        try:
            yield
        finally:
            await self.api.close()


async def compose_telegram(settings: Settings, parts: Parts) -> TelegramService:
    """Telegram as the settings name it, not yet running."""
    storage, clock = parts.storage, parts.clock

    async def join_staff(user: str, code: str) -> str | None:
        joined = await join(storage, user, code)
        return joined.alias if joined else None

    api = TelegramApi(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
    channel = TelegramChannel(
        api,
        parts.intake,
        clock,
        parts.texts,
        public_url=settings.public_url,
        limits=LIMITS if settings.telegram_limits == "on" else None,
        join=join_staff,
        backstage=Door(storage, Guide(parts.workshop, load_guide_texts()), clock).take,
    )
    lease = LeaseKeeper(storage, NAME, clock)
    delivery = Delivery(channel, storage, parts.signals, parts.metrics, clock, lease)
    routes: list[BaseRoute] = []
    loops: dict[str, Loop] = {
        "telegram_lease": lease.run,
        "telegram_delivery": delivery.run,
    }
    if settings.telegram_staff_chat:
        loops["staff_notices"] = Notices(
            storage,
            parts.signals,
            clock,
            parts.texts,
            channel=NAME,
            chat=settings.telegram_staff_chat,
            link=f"{settings.public_url}/desk/" if settings.public_url else "",
            remind=parts.plan.remind,
        ).run
    await ensure_fact(storage.database, OFFSET, "0")
    if settings.telegram_mode == "polling":

        async def read_offset() -> int:
            return int(await ensure_fact(storage.database, OFFSET, "0"))

        loops["telegram_polling"] = Polling(channel, api, lease, read_offset).run
    else:
        secret = settings.telegram_webhook_secret.get_secret_value()
        webhook = Webhook(channel, api, lease, settings.public_url, secret)
        routes += webhook.routes
        loops["telegram_webhook"] = webhook.run
    return TelegramService(api, delivery, routes, loops)
