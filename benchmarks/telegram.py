"""Telegram bots at saturation and at a fixed rate: updates a second, CPU a message, delay to the reply, memory."""

import asyncio
import tempfile
import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

import uvloop

from benchmarks.loopback import Loopback
from benchmarks.options import Options
from benchmarks.process import LOAD_CORE, Running, cores, pin, running
from benchmarks.report import ratio, table
from benchmarks.telegram_bots import BotSpec, specs
from benchmarks.traffic import Chats, Offer, offers

SILENCE = 0.7  # seconds without a call after which nothing more is expected
STALL = 20.0  # seconds without a call after which replies that are missing are given up
START = 120.0
WARM = 600  # updates before the fixed-rate ones that count
NOTE = """\
One run on loopback: each bot on one core, the Bot API server on the other; medians of {repeat}, bots taking turns.
{updates} updates at once in {chats} chats (50 % questions, each one different, 20 % button presses, 20 % messages in
chats a person has, 10 % greetings), then {rate}/s. The platform's send limits are lifted (SANGDAM_TELEGRAM_LIMITS=off;
the echo bots have none). The echo bots store nothing and answer everything with the same words."""


@dataclass(frozen=True, slots=True)
class Result:
    """updates_s per second; cpu_us per update; p50_ms, p99_ms from offer to reply; calls per update; memory in MB.

    core is the share of its core the bot got while saturated: below about 0.9 something else was running there.
    """

    updates_s: float
    cpu_us: float
    core: float
    p50_ms: float
    p99_ms: float
    rate_cpu_us: float
    calls: float
    missing: int
    rss_mb: float


def run(options: Options) -> dict[str, object]:
    if cores() < 2:
        print("Only one core here: server and bot share it, the figures are of little use.")
    pin(LOAD_CORE)
    chosen = [specs()[name] for name in options.bots]
    results: dict[str, list[Result]] = defaultdict(list)
    for turn in range(options.repeat):
        for spec in chosen:
            result = uvloop.run(_measure(spec, options, turn))
            results[spec.name].append(result)
            print(f"  {turn + 1}/{options.repeat} {spec.title}: {_line(result)}", flush=True)
    middle = {name: _medians(runs) for name, runs in results.items()}
    _print(middle, options)
    return {name: asdict(result) for name, result in middle.items()}


async def _measure(spec: BotSpec, options: Options, turn: int) -> Result:
    chats = Chats.make(options.chats)
    with tempfile.TemporaryDirectory(prefix="bench-bot-") as folder:
        home = Path(folder)
        async with Loopback() as world:
            with running(spec.command(world.url, home), spec.environment(world.url, home)) as bot:
                await _or_fail(world.started(), bot, START, "it never asked for updates")
                await _or_fail(spec.prepare(world, chats), bot, START, "it did not get its chats ready")
                await _quiet(world, spec, home, bot)
                rate, cpu, core, calls, missing = await _saturate(world, spec, options, chats, home, bot, turn)
                p50, p99, paced = await _pace(world, spec, options, chats, home, bot, turn)
                rss = bot.usage().rss / 1e6
    return Result(rate, cpu, core, p50, p99, paced, calls, missing, rss)


async def _saturate(
    world: Loopback, spec: BotSpec, options: Options, chats: Chats, home: Path, bot: Running, turn: int
) -> tuple[float, float, float, float, int]:
    """(updates a second, CPU µs an update, share of the core, calls an update, replies missing), all at once."""
    plan = offers(world, chats, options.updates, lambda chat: spec.press(world, chat), turn)
    world.reset()
    before, start = bot.usage().cpu, time.perf_counter()
    world.offer([offer.update for offer in plan])
    end = await _quiet(world, spec, home, bot, plan)
    cpu = bot.usage().cpu - before
    missing = _missing(world, spec, plan)
    took, each = end - start, len(plan)
    return each / took, cpu / each * 1e6, cpu / took, sum(world.calls.values()) / each, missing


async def _pace(
    world: Loopback, spec: BotSpec, options: Options, chats: Chats, home: Path, bot: Running, turn: int
) -> tuple[float, float, float]:
    """(p50 ms, p99 ms, CPU µs an update) with one update every 1/rate seconds, offered on time whatever the bot does.

    The delay is that of questions and greetings, from the moment the update was due to the first message in its chat.
    """
    counted = options.rate * options.seconds
    plan = offers(world, chats, WARM + counted, lambda chat: spec.press(world, chat), 1000 + turn)
    world.reset()
    waiting: dict[int, deque[float]] = defaultdict(deque)
    delays: list[float] = []
    start = time.perf_counter() + 0.1
    first = start + WARM / options.rate

    def replied(chat: int, now: float) -> None:
        if waiting[chat]:
            due = waiting[chat].popleft()
            if due >= first:
                delays.append(now - due)

    world.on_send = replied
    before = bot.usage().cpu
    for number, offer in enumerate(plan):
        due = start + number / options.rate
        await _until(due)
        if offer.kind in ("question", "greeting"):
            waiting[offer.chat].append(due)
        world.offer([offer.update])
    await _quiet(world, spec, home, bot, plan)
    cuts = quantiles(delays, n=100)
    return median(delays) * 1e3, cuts[98] * 1e3, (bot.usage().cpu - before) / len(plan) * 1e6


async def _until(due: float) -> None:
    # The loop's timers are exact to a millisecond only; the last one is spent asking the clock.
    if (early := due - time.perf_counter()) > 0.002:
        await asyncio.sleep(early - 0.0015)
    while time.perf_counter() < due:  # noqa: ASYNC110  (what is awaited is the clock)
        await asyncio.sleep(0)


async def _quiet(world: Loopback, spec: BotSpec, home: Path, bot: Running, plan: list[Offer] | None = None) -> float:
    """Wait until all that is due has come, the bot has worked everything off and is silent; when that was reached.

    That moment is the later of the last call and the first look at which its own store showed nothing waiting.
    """
    reached = None
    begun = time.perf_counter()
    while True:
        now = time.perf_counter()
        if not bot.alive():
            raise bot.failure(f"{spec.title} ended")
        silent = now - max(world.last_call, begun)
        complete = not world.unconfirmed() and not (plan and _missing(world, spec, plan))
        if complete and reached is None and spec.drained(home):
            reached = max(now, world.last_call) if not spec.replies_to_owned else world.last_call
        if reached is not None and silent > SILENCE:
            return max(reached, world.last_call)
        if silent > STALL:
            return world.last_call
        await asyncio.sleep(0.02)


def _missing(world: Loopback, spec: BotSpec, plan: list[Offer]) -> int:
    """Replies that are due and have not come: one message a question or greeting, one answer a press."""
    due: dict[int, int] = defaultdict(int)
    presses = 0
    for offer in plan:
        if offer.kind == "press":
            presses += offer.query not in world.answered
        elif offer.kind != "owned" or spec.replies_to_owned:
            due[offer.chat] += 1
    return presses + sum(max(0, count - world.sends[chat]) for chat, count in due.items())


async def _or_fail(deed: object, bot: Running, seconds: float, what: str) -> None:
    task = asyncio.ensure_future(deed)  # type: ignore[call-overload]
    end = time.perf_counter() + seconds
    while not task.done():
        if not bot.alive() or time.perf_counter() > end:
            task.cancel()
            raise bot.failure(what)
        await asyncio.wait([task], timeout=0.1)
    task.result()


def _medians(runs: list[Result]) -> Result:
    return Result(**{name: median(getattr(run, name) for run in runs) for name in Result.__slots__})


def _print(middle: dict[str, Result], options: Options) -> None:
    titles = {name: specs()[name].title for name in middle}
    print()
    print(NOTE.format(repeat=options.repeat, updates=options.updates, chats=options.chats, rate=options.rate))
    head = ["bot", "updates/s", "CPU µs/update", "core", f"p50 ms at {options.rate}/s", "p99 ms"]
    head += [f"CPU µs at {options.rate}/s", "calls/update", "missing", "RSS MB"]
    table(head, [[titles[name], *_cells(result)] for name, result in middle.items()])
    for peer in ("stock", "aiogram"):
        if "sangdam" in middle and peer in middle:
            mine, theirs = middle["sangdam"], middle[peer]
            print(ratio(f"sangdam / {titles[peer]}, updates/s", mine.updates_s, theirs.updates_s))
            print(ratio(f"sangdam / {titles[peer]}, p99", mine.p99_ms, theirs.p99_ms))


def _cells(r: Result) -> list[str]:
    speed = [f"{r.updates_s:,.0f}", f"{r.cpu_us:,.0f}", f"{r.core:.0%}", f"{r.p50_ms:.1f}", f"{r.p99_ms:.1f}"]
    return [*speed, f"{r.rate_cpu_us:,.0f}", f"{r.calls:.2f}", f"{r.missing:.0f}", f"{r.rss_mb:.0f}"]


def _line(r: Result) -> str:
    first = f"{r.updates_s:,.0f} updates/s, {r.cpu_us:,.0f} µs CPU, core {r.core:.0%}"
    return f"{first}, p50 {r.p50_ms:.1f} ms, p99 {r.p99_ms:.1f} ms, {r.missing} replies missing"
