"""Structured logs on standard error, one JSON line each. No personal text and no token is ever passed to them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str, secrets: tuple[str, ...] = ()) -> None:
    """Set the logs up for this process. secrets are taken out of every line, whoever wrote it."""
    hide = _Hide(tuple(s for s in secrets if s))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_messages,
            structlog.processors.JSONRenderer(ensure_ascii=False),
            hide,  # last, so that it sees the whole line
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line(hide))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _without_messages(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the place of an exception, drop its message: it may quote what a customer wrote."""
    if event.pop("exc_info", None):
        kind, _, trace = sys.exc_info()
        places = []
        while trace is not None:
            places.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["exception"] = kind.__name__ if kind else ""
        event["at"] = places[-6:]
    return event


class _Hide:
    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def __call__(self, _logger: Any, _method: str, line: Any) -> str:
        return self.in_line(str(line))

    def in_line(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line


class _Line(logging.Formatter):
    """Other libraries' records: their logger, level and the type of an exception, without its message."""

    def __init__(self, hide: _Hide) -> None:
        super().__init__()
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        event = {
            "event": record.name,
            "level": record.levelname.lower(),
            "template": str(record.msg)[:200],  # without its arguments, which may be personal
            "exception": kind,
        }
        return self._hide.in_line(orjson.dumps(event).decode())
