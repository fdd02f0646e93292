"""One bot as a process with a core of its own, and what it costs."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[1]
BOT_CORE, LOAD_CORE = 0, 1


@dataclass(frozen=True, slots=True)
class Usage:
    cpu: float  # seconds, user and system, all threads and children
    rss: int  # bytes now


class Running:
    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log
        self._seen = psutil.Process(process.pid)

    def usage(self) -> Usage:
        """Raises RuntimeError with the end of its log when the process is gone."""
        try:
            family = [self._seen, *self._seen.children(recursive=True)]
            times = [member.cpu_times() for member in family]
            return Usage(sum(t.user + t.system for t in times), sum(member.memory_info().rss for member in family))
        except psutil.NoSuchProcess:
            raise self.failure("it ended") from None

    def failure(self, what: str) -> RuntimeError:
        return RuntimeError(f"{what}; the end of its output:\n" + self._log.read_text(errors="replace")[-3000:])

    def alive(self) -> bool:
        return self._process.poll() is None


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[Running]:
    """Start the command on the bot's core; it is ended with the block. No SANGDAM_ setting of ours leaks in."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SANGDAM_")}
    with tempfile.TemporaryDirectory(prefix="bench-log-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=inherited | environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: pin(BOT_CORE),
            )
        try:
            yield Running(process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def pin(core: int) -> None:
    """Keep this process on one core, where the system has two and can say so."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > core:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
