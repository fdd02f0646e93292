"""python -m benchmarks.bots.echo_aiogram URL TOKEN: an echo bot on aiogram 3 as it comes."""

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery, Message


async def echo(message: Message) -> None:
    if message.text is not None:
        await message.answer(message.text)


async def pressed(query: CallbackQuery) -> None:
    await query.answer()


async def main() -> None:
    url, token = sys.argv[1:]
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    dispatcher = Dispatcher()
    dispatcher.message.register(echo)
    dispatcher.callback_query.register(pressed)
    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
