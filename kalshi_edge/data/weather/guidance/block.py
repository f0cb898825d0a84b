"""Station blocks of MOS and LAMP texts: who they speak of, and what stands in their columns.

``KFOZ   NAM MOS GUIDANCE    8/12/2017  1200 UTC`` is a header; a row of hours follows, and rows of
values, each right-justified in three characters under its hour. 999 says that there is none.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kalshi_edge.data.weather.nbm.block import blocks, header_run_at, shown
from kalshi_edge.data.weather.nbm.bulletin import read_blocks
from kalshi_edge.data.weather.wmo import HIGHEST_F, LOWEST_F
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import BulletinError

_HEADER = re.compile(
    rb"[ \x1e]*(?P<station>[A-Z0-9]{3,8}) +(?P<title>[A-Z]{3,4} (?:MOS|LAMP)) GUIDANCE"
    rb" +(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>20\d\d)"
    rb" +(?P<hour>\d\d)(?P<minute>\d\d) +UTC\s*"
)
_HOUR = re.compile(rb"[^ \s]+")
_WIDTH = 3
_READ = {b"HR", b"UTC", b"N/X", b"X/N", b"TMP"}
"""The rows that anything is taken from: twice there, none is."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """The forecasts in a text, and what of it could not be read."""

    forecasts: tuple[Forecast, ...]
    faults: tuple[BulletinError, ...]


@dataclass(frozen=True, slots=True)
class GuidanceHeader:
    """Whose block it is, of which guidance (``GFS MOS``), and which run."""

    station: str
    title: str
    run_at: datetime


Rows = Mapping[bytes, tuple[int, bytes]]
"""A block's rows by label (``TMP``): the line's number within the block, and the row."""
BlockReader = Callable[[GuidanceHeader, Rows], Iterator[Forecast]]
"""A block's forecasts; raises ``BulletinError`` where any of it is in doubt."""


def guidance_header(line: bytes) -> GuidanceHeader:
    """What a block's first line says; ``BulletinError`` where it is no such line.

    >>> guidance_header(b"KFOZ   NAM MOS GUIDANCE    8/12/2017  1200 UTC").title
    'NAM MOS'
    """
    found = _HEADER.fullmatch(line)
    if found is None:
        raise BulletinError(f"not the header of guidance: {shown(line)}")
    return GuidanceHeader(found["station"].decode(), found["title"].decode(), header_run_at(found))


def guidance(
    text: str | bytes,
    read: BlockReader,
    *,
    title: str,
    received_at: datetime,
    stations: Collection[str] | None,
) -> Guidance:
    """Every block of ``stations`` (``None``: all) as ``read`` reads it; a bad one costs no other.

    A station that is not there is a fault of its own. Raises ``BulletinError`` where there is no
    block of any station.
    """
    found = read_blocks(
        text,
        lambda block: read(*_opened(block, title, received_at)),
        find=blocks,
        stations=stations,
    )
    return Guidance(*found)


def _opened(text: bytes, title: str, received_at: datetime) -> tuple[GuidanceHeader, Rows]:
    header = guidance_header(text.partition(b"\n")[0].replace(b"\r", b""))
    if header.title != title:
        raise BulletinError(f"a block of {header.title}, not of {title}")
    if header.run_at > received_at:
        raise BulletinError(f"run of {header.run_at}, after its receipt at {received_at}")
    return header, _rows(text)


def _rows(text: bytes) -> Rows:
    """A block's rows by label, up to the blank line that ends it."""
    rows: dict[bytes, tuple[int, bytes]] = {}
    for number, line in enumerate(text.replace(b"\r", b"").split(b"\n")[1:], start=2):
        if not line.strip(b" \x03"):
            break
        label = line.split(maxsplit=1)[0]
        if label in rows and label in _READ:
            raise BulletinError(f"a second row {shown(label)}", line=number)
        rows.setdefault(label, (number, line))
    return rows


def row(rows: Rows, *labels: bytes) -> tuple[int, bytes]:
    """The number and text of the first of these rows that is there; else ``BulletinError``."""
    for label in labels:
        if label in rows:
            return rows[label]
    raise BulletinError(f"no {labels[0].decode()} row")


@dataclass(frozen=True, slots=True)
class GuidanceColumn:
    """One forecast hour: where its value ends in every row, and the instant that it is about."""

    end: int
    valid_at: datetime


def columns(label: bytes, rows: Rows, run_at: datetime) -> tuple[GuidanceColumn, ...]:
    """The columns under the row of hours (UTC) with this label, none more than 12 h after the last.

    Raises ``BulletinError`` where they are not three characters apart, or hold no hour of a day.
    """
    number, hours = row(rows, label)
    found = list(_HOUR.finditer(hours))[1:]
    ends = [hour.end() for hour in found]
    if not ends or ends != list(range(ends[0], ends[-1] + 1, _WIDTH)):
        raise BulletinError(
            f"{label.decode()} row without even columns: {shown(hours)}", line=number
        )
    result: list[GuidanceColumn] = []
    at = run_at.replace(minute=0)
    for hour in found:
        value = int(hour[0]) if re.fullmatch(rb"[01]\d|2[0-3]", hour[0]) else None
        step = 0 if value is None else (value - at.hour) % 24
        if not 0 < step <= 12:
            raise BulletinError(f"{label.decode()} row does not go on: {shown(hours)}", line=number)
        at += timedelta(hours=step)
        result.append(GuidanceColumn(hour.end(), at))
    return tuple(result)


_TEMPERATURES: Mapping[bytes, float | None] = {
    **{b"%3d" % value: float(value) for value in range(LOWEST_F, HIGHEST_F + 1)},
    **{b" " * length: None for length in range(_WIDTH + 1)},
    b"999": None,
}


def temperatures_f(
    rows: Rows, labels: Sequence[bytes], at: Sequence[GuidanceColumn]
) -> list[float | None]:
    """A row's values in these columns, °F; ``BulletinError`` where something else stands there."""
    number, line = row(rows, *labels)
    cells = [line[column.end - _WIDTH : column.end] for column in at]
    try:
        return [_TEMPERATURES[cell] for cell in cells]
    except KeyError as unknown:
        found = unknown.args[0].decode("ascii", "replace")
        raise BulletinError(f"{labels[0].decode()} holds {found!r}", line=number) from None
