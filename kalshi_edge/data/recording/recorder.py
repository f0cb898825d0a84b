"""The recorder: everything that the loop is told is on disk before the loop acts on it.

One folder, one file after another, each begun with what one must know to replay it. A disk that
takes no more stops new trading: what cannot be recorded is not traded on.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from kalshi_edge.data.recording.segment import PART, Segment, salvage
from kalshi_edge.db.codec import to_json
from kalshi_edge.domain.events import CycleDue, Event, Halt, Resume
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.weather import Observation
from kalshi_edge.engine import Setup
from kalshi_edge.errors import SettingError

LARGEST_FILE = 16_000_000
"""Compressed bytes, after which another file is begun."""
MOST_UNSYNCED = 500
LONGEST_UNSYNCED = timedelta(minutes=1)
_PATIENT = (Book, Observation)
"""Nothing is decided on these alone: they may wait for what comes next before they are safe."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a file: whose recording this is, and how to go on from the one before."""

    number: int
    """Of the file, from 1 on, over all days."""
    session: int
    """The number of the first file since the trader was started."""
    after_seq: int
    """The journal's last line when the trader was started."""
    opened_at: datetime
    setup: Setup
    is_synthetic: bool = False
    after_gap: bool = False
    """Whether something before it could not be recorded."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A text as it was received, for those who want to read it otherwise than we did."""

    product: str
    subject: str
    valid_at: datetime
    received_at: datetime
    text: str


@dataclass
class Recorder:
    """Writes down what the loop is told; ``told`` is put between the feed and the loop.

    Raises ``SettingError`` on opening where the folder cannot be written or another process does.
    """

    folder: Path
    setup: Setup
    opened_at: datetime
    after_seq: int = 0
    is_synthetic: bool = False
    largest_file: int = LARGEST_FILE
    torn: int = 0
    """Bytes that crashes had torn and that were kept aside on opening."""
    problem: str = ""
    """Why nothing is recorded just now; empty where all is well."""
    lines: int = 0
    written: int = 0
    """Compressed bytes of finished files since the start."""
    _segment: Segment | None = None
    _header: Header = field(init=False)
    _unsynced: int = 0
    _synced_at: datetime = field(init=False)
    _has_told: bool = False
    _lock: int = -1

    def __post_init__(self) -> None:
        self._synced_at = self.opened_at
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder)
            for part in sorted(self.folder.glob(f"*/*{PART}")):
                self.torn += salvage(part)
            number = _newest_number(self.folder) + 1
            self._header = Header(
                number, number, self.after_seq, self.opened_at, self.setup, self.is_synthetic
            )
            self._begin(self.opened_at)
        except OSError as error:
            raise SettingError(f"RECORD_DIR {self.folder} cannot be written: {error}") from error

    def told(self, *events: Event) -> tuple[Event, ...]:
        """``events``, written down; before the first that could not be there is a ``Halt``."""
        passed: list[Event] = []
        for event in events:
            halt = self._take(event)
            passed += (event,) if halt is None else (halt, event)
        return tuple(passed)

    def keep(self, raw: Raw) -> None:
        """Write down a text; where the disk does not take it, the next event says so."""
        if not self.problem:
            self._try(b'{"raw":' + to_json(raw) + b"}", raw.received_at, must_sync=False)

    def close(self) -> None:
        """Finish the file."""
        if self._segment is not None:
            try:
                self._finish()
            except OSError as error:
                self._fail(error)
        os.close(self._lock)

    @property
    def size(self) -> int:
        """Compressed bytes since the start."""
        return self.written + (0 if self._segment is None else self._segment.size)

    def _take(self, event: Event) -> Halt | None:
        if isinstance(event, Resume):
            self._has_told = False
        if self.problem and isinstance(event, CycleDue):
            self._begin_again(event.received_at)
        if not self.problem:
            line = to_json(event, Event)
            self._try(line, event.received_at, must_sync=not isinstance(event, _PATIENT))
        if not self.problem or self._has_told:
            return None
        self._has_told = True
        return Halt(f"recording stopped: {self.problem}", event.received_at)

    def _try(self, line: bytes, at: datetime, *, must_sync: bool) -> None:
        try:
            self._write(line, at, must_sync=must_sync)
        except OSError as error:
            self._fail(error)

    def _write(self, line: bytes, at: datetime, *, must_sync: bool) -> None:
        assert self._segment is not None  # there is one unless there is a problem
        if f"{at:%F}" > self._segment.path.parent.name or self._segment.size >= self.largest_file:
            self._finish()
            self._header = replace(
                self._header, number=self._header.number + 1, opened_at=at, after_gap=False
            )
            self._begin(at)
        self._segment.add(line)
        self.lines += 1
        self._unsynced += 1
        is_long = at - self._synced_at >= LONGEST_UNSYNCED
        if must_sync or is_long or self._unsynced >= MOST_UNSYNCED:
            self._segment.sync()
            self._unsynced, self._synced_at = 0, at

    def _begin(self, at: datetime) -> None:
        segment = Segment(self.folder / f"{at:%F}" / f"{self._header.number:06}.jsonl.gz")
        self._segment = segment
        segment.add(b'{"header":' + to_json(self._header) + b"}")
        segment.sync()

    def _finish(self) -> None:
        assert self._segment is not None
        self._segment.finish()
        self.written += self._segment.size
        self._segment = None

    def _fail(self, error: OSError) -> None:
        self.problem = error.strerror or str(error)
        if self._segment is not None:
            with suppress(OSError):  # it is read up to its last whole line anyway
                self._segment.give_up()
            self._segment = None

    def _begin_again(self, at: datetime) -> None:
        header = replace(self._header, number=self._header.number + 1, opened_at=at, after_gap=True)
        self._header = header
        try:
            self._begin(at)
        except OSError as error:
            self._fail(error)
        else:
            self.problem = ""


def _newest_number(folder: Path) -> int:
    numbers = (path.name.split(".")[0] for path in folder.glob("*/*.jsonl.gz*"))
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _locked(folder: Path) -> int:
    fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd
