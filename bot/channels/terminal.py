"""One conversation in the terminal: the same engine, the same database; buttons are chosen by their number."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TextIO

from bot.engine.intake import Intake
from bot.engine.signals import Signals, conversation_topic
from domain.clock import Clock
from domain.messages import Author, Button, Incoming, IncomingKind, LoggedMessage
from storage.conversations import Conversations
from storage.times import to_us

NAME = "terminal"


class Terminal:
    """Reads lines, prints what the conversation's log gains. Answers each line before it reads the next."""

    def __init__(
        self,
        intake: Intake,
        conversations: Conversations,
        signals: Signals,
        clock: Clock,
        *,
        address: str,
        out: TextIO,
        read_line: Callable[[], str],
    ) -> None:
        self._intake, self._conversations, self._signals, self._clock = intake, conversations, signals, clock
        self._address, self._out, self._read_line = address, out, read_line
        self._buttons: list[Button] = []
        self._shown = 0

    async def run(self) -> None:
        """Until the input ends."""
        found = await self._conversations.find(NAME, self._address)
        if found is not None:
            log = await self._whole_log(found)
            self._shown = log[-1].seq if log else 0
        await self._exchange(IncomingKind.START, "")
        while True:
            self._out.write("> ")
            self._out.flush()
            line = await asyncio.to_thread(self._read_line)
            if not line:
                self._out.write("\n")
                return
            text = line.rstrip("\r\n")
            if text.isdecimal() and 0 < int(text) <= len(self._buttons):
                button = self._buttons[int(text) - 1]
                await self._exchange(IncomingKind.BUTTON, button.label, button.data)
            elif text.strip():
                await self._exchange(IncomingKind.TEXT, text)

    async def _exchange(self, kind: IncomingKind, text: str, button: str = "") -> None:
        incoming = Incoming(
            channel=NAME,
            platform_id=secrets.token_hex(16),
            address=self._address,
            kind=kind,
            at=self._clock(),
            text=text,
            button=button,
        )
        receipt = await self._intake.put(incoming)
        topic = conversation_topic(receipt.conversation_id)
        signal = self._signals.subscribe(topic)
        try:
            while await self._conversations.open_rows(receipt.conversation_id, receipt.seq):
                await signal.wait(1.0)
        finally:
            self._signals.unsubscribe(signal, topic)
        await self._show_new(receipt.conversation_id)

    async def _show_new(self, conversation_id: int) -> None:
        new = await self._conversations.log(conversation_id, after=self._shown)
        if not new:
            return
        answers = [m for m in new if m.author is not Author.CUSTOMER]
        if any(m.buttons for m in answers):
            self._buttons = []  # numbers count through everything that was just said
        for message in answers:
            self._show(message)
        self._shown = new[-1].seq
        await self._conversations.acknowledge(conversation_id, self._shown, to_us(self._clock()))

    async def _whole_log(self, conversation_id: int) -> list[LoggedMessage]:
        log: list[LoggedMessage] = []
        while more := await self._conversations.log(conversation_id, after=log[-1].seq if log else 0):
            log += more
        return log

    def _show(self, message: LoggedMessage) -> None:
        lines = [message.text]
        if message.source:
            lines.append(f"  — {message.source.label}")
        for button in (b for row in message.buttons for b in row):
            self._buttons.append(button)
            lines.append(f"  [{len(self._buttons)}] {button.label}")
        self._out.write("\n".join(lines) + "\n\n")
        self._out.flush()
