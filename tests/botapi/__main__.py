"""python -m tests.botapi [--port N] [--token T] [--control]: prints {"url", "token"} and serves until SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys

from .server import TOKEN, BotApiServer


async def serve(port: int, token: str, control: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with BotApiServer(port=port, token=token, control=control) as api:
        sys.stdout.write(json.dumps({"url": api.url, "token": api.token}) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.botapi")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--control", action="store_true", help="also serve the test's side under /control")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.token, given.control))


if __name__ == "__main__":
    main()
