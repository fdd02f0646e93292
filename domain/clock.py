"""Where the time comes from; handed in, so that a test can say what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """The aware UTC time of this machine."""
    return datetime.now(UTC)
