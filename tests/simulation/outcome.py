"""What a seed came to, and the lines of its trace."""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_PROCESS = re.compile(r"[\w.-]+:\d+:[0-9a-f]{8}")
_FILE = re.compile(r"/\S*/campaign\.db")


def nameless(line: str) -> str:
    """A line without names of processes and files: all else is the same in every run of a seed.

    >>> nameless("box:4711:0a1b2c3d trades with this store")
    'a process trades with this store'
    """
    return _FILE.sub("the store", _PROCESS.sub("a process", line))


class Diary(logging.Handler):
    """What the program logs goes into the trace."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(f"log: {record.getMessage()}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Violations, counts and trace."""

    seed: int
    violations: list[str]
    counts: Counter[str]
    trace: list[str]

    @property
    def digest(self) -> str:
        """The same for the same run."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]
