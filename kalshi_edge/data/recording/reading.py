"""A recording read back: files in their order, lines as they were told, nothing left out silently.

A file still being written is read as far as it is safe.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kalshi_edge.data.recording.recorder import Header, Raw
from kalshi_edge.data.recording.segment import PART, lines_of
from kalshi_edge.db.codec import from_json
from kalshi_edge.domain.events import Event
from kalshi_edge.errors import HistoryError, InputError

_RAW, _HEADER = b'{"raw":', b'{"header":'


@dataclass(frozen=True, slots=True)
class File:
    """One file of a recording."""

    path: Path
    header: Header

    def lines(self) -> Iterator[Event | Raw]:
        """What was told, in order; ``HistoryError`` with file and line where it is not readable."""
        for number, line in enumerate(_lines(self.path)[1:], start=2):
            try:
                if line.startswith(_RAW):
                    yield from_json(line[len(_RAW) : -1], Raw)
                else:
                    event: Event = from_json(line, Event)
                    yield event
            except InputError as error:
                raise HistoryError(f"{self.path}, line {number}: {error}") from error


def files_of(folder: Path) -> list[File]:
    """The files of a recording, oldest first.

    Raises ``HistoryError`` where there are none, one is missing or one cannot be read.
    """
    found = {
        int(path.name.split(".")[0]): path
        for ending in (PART, "")  # a finished file goes before what is left of its draft
        for path in folder.glob(f"*/*.jsonl.gz{ending}")
    }
    if not found:
        raise HistoryError(f"no recording in {folder}")
    files = [_opened(found[number]) for number in sorted(found)]
    return [file for file in files if file is not None]


def _opened(path: Path) -> File | None:
    lines = _lines(path)
    if not lines and path.name.endswith(PART):
        return None  # nothing in it was ever safe
    if not lines or not lines[0].startswith(_HEADER):
        raise HistoryError(f"{path} does not begin as a recording does")
    try:
        return File(path, from_json(lines[0][len(_HEADER) : -1], Header))
    except InputError as error:
        raise HistoryError(f"{path}: {error}") from error


def _lines(path: Path) -> list[bytes]:
    lines, torn = lines_of(path)
    if torn and not path.name.endswith(PART):
        raise HistoryError(f"{path}: {torn} bytes of it are not as they were written")
    return lines


def events_of(folder: Path) -> Iterator[Event]:
    """Everything that the loop was told, in order."""
    for file in files_of(folder):
        for line in file.lines():
            if not isinstance(line, Raw):
                yield line
