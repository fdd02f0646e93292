"""Playing a transcript, step by step."""

from datetime import timedelta
from pathlib import Path

from domain.conversation import Owner
from domain.messages import Author, Button, Incoming, LoggedMessage
from handlers.catalogue import Texts
from tests.dialogues.checks import check_blanks, check_message, check_sane, check_state, check_whole, files_hold
from tests.dialogues.customer import ADDRESS, Customer, find_button
from tests.dialogues.stage import Stage
from tests.dialogues.steps import (
    Again,
    Blocks,
    Closes,
    Edits,
    Opens,
    Presses,
    Restarts,
    Says,
    Sends,
    Silence,
    Staff,
    State,
    Step,
    Stored,
    Transcript,
    Turns,
    Waits,
    Writes,
)

LEASE = timedelta(seconds=16)  # after which another process may take what a dead one had claimed


class Play:
    """Everything the bot says has to be expected: a message that no line names fails the transcript."""

    def __init__(self, transcript: Transcript, stage: Stage, texts: Texts, folder: Path) -> None:
        self._transcript, self._stage, self._texts, self._folder = transcript, stage, texts, folder
        self._customer = Customer(texts)
        self._channel = transcript.channel
        self._shown: dict[str, int] = {}
        self._unread: list[LoggedMessage] = []
        self._heard = ""  # the conversation so far, for the message of a failure

    async def run(self) -> None:
        await self._open()
        for line, step in self._transcript.steps:
            try:
                await self._step(step)
            except (AssertionError, KeyError, StopIteration, TimeoutError) as error:
                place = f"{self._transcript.name}.yaml:{line}"
                raise AssertionError(f"{place}: {error or type(error).__name__}\n{self._heard}") from error
        self._nothing_unread(f"{self._transcript.name}.yaml, at its end")
        await check_whole(self._stage.storage, [await self._log(c) for c in self._shown])

    async def _open(self) -> None:
        """The prelude that many transcripts share."""
        if not self._transcript.opening:
            return
        adult = self._transcript.opening == "adult"
        await self._act(Opens())
        await self._act(Presses(self._texts("welcome.adult" if adult else "welcome.minor")))
        if adult:
            await self._act(Presses(self._texts("welcome.agree")))
        self._unread = []

    async def _step(self, step: Step) -> None:
        if isinstance(step, Says):
            assert self._unread, "the bot said nothing more"
            said = self._unread.pop(0)
            blanks = check_message(said, step, self._texts)
            await check_blanks(self._stage.storage, await self._conversation(), blanks, self._stage.clock.at)
        elif isinstance(step, Silence):
            self._nothing_unread("the bot was to be silent")
        elif isinstance(step, State):
            await check_state(self._stage.storage, await self._conversation(), step)
        elif isinstance(step, Stored):
            await self._check_stored(step)
        else:
            self._nothing_unread("the bot said more than the transcript expects")
            await self._act(step)

    async def _act(self, step: Step) -> None:
        clock = self._stage.clock
        if isinstance(step, Restarts):
            await self._restart()
        elif isinstance(step, Waits):
            clock.at = step.until or clock.at + step.by
        elif isinstance(step, Turns):
            self._channel = step.channel
        elif isinstance(step, Staff):
            await self._stage.hand_to(Owner.AGENT if step.takes else Owner.BOT, self._channel, ADDRESS[self._channel])
        elif isinstance(step, Closes):
            await self._stage.close_by_agent(await self._conversation())
        else:
            incoming = await self._incoming(step)
            dies = isinstance(step, Writes) and step.dies
            self._heard += "".join(f"  고객: {i.text or i.button or i.kind.value}\n"[:200] for i in incoming)
            await self._stage.take(incoming, dies=dies)
            if dies:
                clock.at += LEASE
                await self._restart()
        await self._listen()

    async def _incoming(self, step: Step) -> list[Incoming]:
        at, customer, channel = self._stage.clock(), self._customer, self._channel
        if isinstance(step, Opens):
            return customer.opens(channel, at)
        if isinstance(step, Writes):
            return customer.writes(channel, step.texts, at)
        if isinstance(step, Sends):
            return customer.sends(step, at)
        if isinstance(step, Edits):
            return customer.edits(step, at)
        if isinstance(step, Blocks):
            return customer.blocks(step.on, at)
        if isinstance(step, Again):
            return customer.last
        assert isinstance(step, Presses)
        shown: list[list[Button]] = [[b for row in m.buttons for b in row] for m in await self._log(channel)]
        shown.insert(0, [Button(self._texts(f"menu.{k}"), f"menu:{k}") for k in ("ask", "consent", "request", "agent")])
        return customer.presses(channel, find_button(step, shown), step.times, at)

    async def _restart(self) -> None:
        await self._stage.stop()
        await self._stage.start()
        await self._stage.settle(self._channel, ADDRESS[self._channel])

    async def _listen(self) -> None:
        log = await self._log(self._channel)
        for message in log[self._shown.get(self._channel, 0) :]:
            if message.author is Author.BOT:
                self._unread.append(message)
                labels = "".join(f" [{b.label}]" for row in message.buttons for b in row)
                source = f" ({message.source.label})" if message.source else ""
                self._heard += f"  봇: {message.text}{source}{labels}\n"
                check_sane(message)
        self._shown[self._channel] = len(log)

    async def _check_stored(self, stored: Stored) -> None:
        log = await self._log(self._channel)
        opened = "\n".join(f"{m.text} {[a.name for a in m.attachments]} {m.button}" for m in log)
        for text in stored.present:
            assert text in opened, f"{text!r} is not in the log"
        for text in stored.absent:
            assert text not in opened, f"{text!r} is in the log"
        for text in (*stored.absent, *stored.present):
            assert not files_hold(self._folder, text), f"{text!r} stands in the files"

    def _nothing_unread(self, what: str) -> None:
        assert not self._unread, f"{what}: {[m.text for m in self._unread]}\n{self._heard}"

    async def _conversation(self) -> int:
        found = await self._stage.storage.conversations.find(self._channel, ADDRESS[self._channel])
        assert found is not None
        return found

    async def _log(self, channel: str) -> list[LoggedMessage]:
        return await self._stage.log(channel, ADDRESS[channel])
