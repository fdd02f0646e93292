"""What a measure may be told on the command line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """updates: size of a saturation run. rate: updates a second of the fixed-rate run of so many seconds."""

    repeat: int
    updates: int
    chats: int
    rate: int
    seconds: int
    bots: tuple[str, ...]
