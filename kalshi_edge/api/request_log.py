"""Structured log lines of the API: JSON, a request's id in each, secrets never."""

import re
from collections.abc import Callable, MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

SECRET = re.compile(r"key|secret|token|ticket|password|authorization|cookie|pem", re.IGNORECASE)
HIDDEN = "(hidden)"

Write = Callable[[bytes], object]


def new_log(write: Write) -> FilteringBoundLogger:
    """A log whose lines go to ``write``; nothing global is touched."""
    log: FilteringBoundLogger = structlog.wrap_logger(
        _Lines(write),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redacted,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return log


class _Lines:
    """The end of the chain: one write per line."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def msg(self, line: str) -> None:
        self._write(line.encode() + b"\n")

    info = warning = error = critical = debug = msg


def _redacted(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """What has a secret's name is hidden, whatever it is."""
    return {name: HIDDEN if SECRET.search(name) else value for name, value in event.items()}


def _line(event: object, **_more: object) -> str:
    return orjson.dumps(event, default=str).decode()
