"""Where log lines go: written by a thread, so that no disk, pipe or terminal holds trading up.

Whoever has a line to write never waits and never fails. Lines wait here while the disk is full, not
there, or slow; beyond the most that may wait they are counted, and the count is a line of its own
once writing goes on.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import orjson

MOST_WAITING = 4_000_000
"""Bytes of lines."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
ENDS_WITHIN_S = 2.0
"""At the end what still waits is written, where that works at once."""


class Sink(Protocol):
    """An open file, as far as it is needed; unbuffered."""

    def write(self, data: bytes, /) -> int | None:
        """Write the beginning of ``data``: how many bytes."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class LogWriter:
    """Lines on their way to a file that may not take them now."""

    def __init__(self, opened: Callable[[], Sink], report: Callable[[str], None]) -> None:
        """``opened`` opens the file, again after a failure; ``report`` hears of the first."""
        self.lost = 0
        """Lines that could not be kept, so far."""
        self.failures = 0
        """How often it could not be written."""
        self._opened = opened
        self._report = report
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._unsaid = 0
        self._is_due = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def write(self, line: bytes) -> None:
        """Take ``line``, which ends with a line feed."""
        with self._is_due:
            if self._size + len(line) > MOST_WAITING:
                self.lost += 1
                self._unsaid += 1
                return
            self._waiting.append(line)
            self._size += len(line)
            self._is_due.notify()

    @contextmanager
    def running(self) -> Iterator["LogWriter"]:
        """Write until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            with self._is_due:
                self._is_over = True
                self._is_due.notify()
            self._thread.join(ENDS_WITHIN_S)

    def _run(self) -> None:
        sink, rest, pause_s = None, b"", FIRST_PAUSE_S
        while True:
            rest = rest or self._next()
            if not rest:
                break
            try:
                sink = sink or self._opened()
                rest = rest[sink.write(rest) or 0 :]
            except (OSError, ValueError) as error:
                self._fail(error)
                _closed(sink)
                sink = None
                with self._is_due:
                    if self._is_due.wait_for(lambda: self._is_over, pause_s):
                        break
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S
        _closed(sink)

    def _next(self) -> bytes:
        """All lines that wait, once there are any; nothing at the end."""
        with self._is_due:
            self._is_due.wait_for(lambda: self._is_over or self._waiting)
            lines = [*self._waiting]
            self._waiting.clear()
            self._size = 0
            if self._unsaid:
                lost = {"event": "log lines lost", "count": self._unsaid}
                lines.append(orjson.dumps(lost) + b"\n")
                self._unsaid = 0
        return b"".join(lines)

    def _fail(self, error: Exception) -> None:
        self.failures += 1
        if self.failures == 1:
            with suppress(OSError, ValueError):
                self._report(f"the log cannot be written, trading goes on: {error}")


def _closed(sink: Sink | None) -> None:
    if sink is not None:
        with suppress(OSError):
            sink.close()
