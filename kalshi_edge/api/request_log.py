"""Structured log lines of the API: JSON, a request's id in each, secrets never.

What strangers can cause is written a few times a minute; the rest is counted, and the count is one
line a minute (``MeteredLog``).
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from kalshi_edge.errors import traceback_of

SECRET = re.compile(r"key|secret|token|ticket|password|authorization|cookie|pem", re.IGNORECASE)
HIDDEN = "(hidden)"

Write = Callable[[bytes], object]

LINES_A_MINUTE = 20
LONGEST_TRACEBACK = 8000
"""Characters, its end."""


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


class MeteredLog:
    """The log of what may come without end."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._left = LINES_A_MINUTE
        self._left_out: Counter[str] = Counter()
        self.server_logger = logging.Logger("kalshi_edge.api", logging.WARNING)
        """What the server itself has to say comes here too; it is in no global registry."""
        self.server_logger.addHandler(_Forward(self))

    def note(self, kind: str, event: str, **details: Any) -> None:
        """Write a line, or count it as one of its ``kind`` where there were enough."""
        if self._left > 0:
            self._left -= 1
            self._log.info(event, **details)
        else:
            self._left_out[kind] += 1

    def failed(self, event: str, error: Exception, **details: Any) -> None:
        """Note what a part of ours raised, with the end of its traceback."""
        details |= {
            "error": repr(error)[:LONGEST_TRACEBACK],
            "exception": traceback_of(error, LONGEST_TRACEBACK),
        }
        self.note("failed", event, **details)

    def minute(self, counts: Mapping[str, int]) -> None:
        """A minute is over: say what was left out, and what else was counted in it."""
        left_out, self._left_out, self._left = self._left_out, Counter(), LINES_A_MINUTE
        if left_out:
            self._log.warning("lines left out", count=left_out.total(), **_named(left_out))
        if any(counts.values()):
            self._log.warning("connections closed", **_named(counts))


def _named(counts: Mapping[str, int]) -> dict[str, int]:
    return {name.replace(" ", "_"): count for name, count in counts.items() if count}


class _Forward(logging.Handler):
    """Hands the standard library's records to a metered log."""

    def __init__(self, metered: MeteredLog) -> None:
        super().__init__()
        self._metered = metered

    def emit(self, record: logging.LogRecord) -> None:
        """Note it, with the end of its traceback."""
        text = record.getMessage().strip()
        details = {}
        if record.exc_info and record.exc_info[1] is not None:
            details["exception"] = traceback_of(record.exc_info[1], LONGEST_TRACEBACK)
        self._metered.note("server", "server", text=text, **details)


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
