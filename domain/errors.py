"""One tree of exceptions. Each message says what happened and what to do about it."""


class SangdamError(Exception):
    """Base of every error this program raises on purpose."""


class SettingsError(SangdamError):
    """A setting is missing or wrong; the start stops with one line that says what to change."""


class ContentError(SangdamError):
    """A knowledge-base file is wrong. Carries the file, the line (1-based, 0 = the whole file) and the reason."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")


class Conflict(SangdamError):
    """Somebody else changed the row first; load again and decide again."""


class Unreachable(SangdamError):
    """A database cannot be opened; the reason names its setting."""


class KeyGone(SangdamError):
    """The person's key was destroyed: what it encrypted can never be read again."""


class AnalysisGone(SangdamError):
    """The analysis process died while it was asked."""


class SendError(SangdamError):
    """A channel could not deliver.

    permanent: trying again is of no use (blocked, deleted, malformed).
    retry_after: seconds the platform asks this recipient to wait, else None.
    blocked: the recipient blocked us or is gone.
    """

    def __init__(
        self, reason: str, *, permanent: bool, retry_after: float | None = None, blocked: bool = False
    ) -> None:
        self.reason, self.permanent = reason, permanent
        self.retry_after, self.blocked = retry_after, blocked
        super().__init__(reason)
