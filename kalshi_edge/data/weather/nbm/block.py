"""Station blocks of NBM texts: where they stand, who they speak of, and their rows.

A block is a header line, rows ``UTC`` and ``FHR``, and rows of values. Bulk files indent each line
by one blank, the gateway does not; nothing here depends on it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kalshi_edge.errors import BulletinError

MARK = b" GUIDANCE "
"""What every header holds, and nothing else."""

_HEADER = re.compile(
    rb"[ \x1e]*(?P<station>[A-Z0-9_]{3,8}) +NBM +(?:V(?P<version>\d{1,2}\.\d{1,2}) +)?"
    rb"(?P<product>NB[A-Z]) +GUIDANCE +(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>20\d\d)"
    rb" +(?P<hour>\d\d)(?P<minute>\d\d) +UTC\s*"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One station's part of a bulletin: ``data[start:end]``, its header line first."""

    station: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """Whose block it is, which product and model version (empty before 3.2), and which run."""

    station: str
    product: str
    version: str
    run_at: datetime


Rows = Mapping[bytes, tuple[int, bytes]]
"""A block's rows by label (``FHR``): the line's number within the block, and the row."""


def blocks(data: bytes, stations: Collection[str] | None = None) -> Iterator[Block]:
    """The blocks of a bulletin or of any slice of one, in its order; only those of ``stations``.

    What stands before a slice's first header is passed over, and a block that the slice's end cuts
    off is given as far as it goes. The search ends once each station has been found.
    """
    missing = None if stations is None else set(stations)
    if missing is not None and not missing:
        return
    for found in _anchors(missing).finditer(data):
        start = data.rfind(b"\n", 0, found.start()) + 1
        mark = found.end() - len(MARK)
        next_mark = data.find(MARK, mark + 1)
        end = len(data) if next_mark < 0 else data.rfind(b"\n", mark, next_mark) + 1
        station = data[start:mark].lstrip(b" \x1e").partition(b" ")[0].decode("ascii", "replace")
        if missing is None:
            yield Block(station, start, end)
        elif station in missing:
            yield Block(station, start, end)
            missing.remove(station)
            if not missing:
                return


def _anchors(stations: Collection[str] | None) -> re.Pattern[bytes]:
    """What to search for: all names as one pattern, so that 35 MB are passed over only once."""
    if stations is None:
        return re.compile(MARK)
    names = b"|".join(re.escape(name.encode("ascii", "replace")) for name in sorted(stations))
    return re.compile(b"(?:" + names + rb") +NBM [^\n]*?" + MARK)


def header_run_at(found: re.Match[bytes]) -> datetime:
    """The run in a header's groups ``year`` to ``minute``; ``BulletinError`` where it is none."""
    year, month, day, hour, minute = (
        int(found[name]) for name in ("year", "month", "day", "hour", "minute")
    )
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError as error:
        raise BulletinError(f"{error}: {shown(found[0])}") from error


def block_header(line: bytes) -> BlockHeader:
    """What a block's first line says; ``BulletinError`` where it is no such line.

    >>> block_header(b" KLAX    NBM V5.0 NBP GUIDANCE    9/28/2026  1300 UTC").version
    '5.0'
    """
    found = _HEADER.fullmatch(line)
    if found is None:
        raise BulletinError(f"not the header of a block: {shown(line)}")
    run_at = header_run_at(found)
    version = (found["version"] or b"").decode()
    return BlockHeader(found["station"].decode(), found["product"].decode(), version, run_at)


def block_rows(text: bytes) -> Rows:
    """A block's rows by label; a last row that the text's end cuts off is left out.

    Raises ``BulletinError`` where a row is there twice, or there is none of hours.
    """
    *whole, last = text.replace(b"\r", b"").split(b"\n")
    rows: dict[bytes, tuple[int, bytes]] = {}
    for number, line in enumerate(whole, start=1):
        label = _label(line)
        if label in rows and label.strip():
            raise BulletinError(f"a second row {shown(label)}", line=number)
        if label or line.strip():  # the days stand in a row without a label
            rows[label] = (number, line)
    _, hours = row(rows, b"FHR")
    if len(last.rstrip()) >= len(hours.rstrip()):
        rows[_label(last)] = (len(whole) + 1, last)
    return rows


def _label(line: bytes) -> bytes:
    return line[:6].lstrip(b" ").partition(b" ")[0]


def row(rows: Rows, *labels: bytes) -> tuple[int, bytes]:
    """The number and text of the first of these rows that is there; ``BulletinError`` if none is.

    Several labels are the names of one row in several versions.
    """
    for label in labels:
        if label in rows:
            return rows[label]
    raise BulletinError(f"no whole {labels[0].decode()} row")


def shown(text: bytes) -> str:
    """The beginning of a piece of text, fit for an error's sentence."""
    return repr(text[:60].decode("ascii", "replace").strip())
