"""What stands in the columns of an NBM block: each value right-justified under its forecast hour.

The ``FHR`` row gives the places and, added to the run, the instants; the ``UTC`` row must agree.
Nothing is split at blanks: values of three figures touch.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from kalshi_edge.data.weather.nbm.block import BlockHeader, Rows, row, shown
from kalshi_edge.data.weather.wmo import HIGHEST_F, LOWEST_F
from kalshi_edge.errors import BulletinError

_HOUR = re.compile(rb"[^ |\s]+")
_NORMALS = re.compile(rb" *-?\d{0,3} *-?\d{1,3}")


@dataclass(frozen=True, slots=True)
class Column:
    """One forecast hour: where its value stands in every row, and when it is valid."""

    cut: slice
    separator: bytes
    """What stands before the value: a blank, ``|``, or nothing where columns touch."""
    valid_at: datetime

    @property
    def is_maximum(self) -> bool:
        """Whether the max/min rows hold a maximum here: at 00 UTC; at 12 UTC it is a minimum."""
        return self.valid_at.hour == 0

    @property
    def climate_day(self) -> date:
        """The day whose maximum a 00 UTC column holds, anywhere in America: the day before."""
        return self.valid_at.date() - timedelta(days=1)


def block_columns(header: BlockHeader, rows: Rows) -> tuple[Column, ...]:
    """The columns of this block; raises as ``columns`` does."""
    return columns(row(rows, b"UTC")[1], row(rows, b"FHR")[1], header.run_at)


@lru_cache(maxsize=64)
def columns(utc: bytes, hours: bytes, run_at: datetime) -> tuple[Column, ...]:
    """The columns of a block of this run with these ``UTC`` and ``FHR`` rows.

    Raises ``BulletinError`` where the hours are not evenly placed or do not rise, or where the two
    rows disagree.

    >>> minimum, maximum = columns(b"UTC  12| 00", b"FHR  23| 35", datetime(2026, 9, 28, 13))
    >>> maximum.is_maximum, maximum.climate_day.isoformat(), minimum.is_maximum
    (True, '2026-09-29', False)
    """
    found = list(_HOUR.finditer(hours))[1:]
    ends = [hour.end() for hour in found]
    width = ends[1] - ends[0] if len(ends) > 1 else 0
    if width not in (3, 4) or ends != list(range(ends[0], ends[-1] + 1, width)):
        raise BulletinError(f"FHR row without even columns: {shown(hours)}")
    leads = [int(hour[0]) if re.fullmatch(rb"\d{1,3}", hour[0]) else -1 for hour in found]
    if leads[0] < 0 or leads != sorted(set(leads)):
        raise BulletinError(f"FHR row does not rise from hour to hour: {shown(hours)}")
    result = []
    for end, lead in zip(ends, leads, strict=True):
        valid_at = run_at + timedelta(hours=lead)
        if utc[end - 3 : end].strip(b" ") != b"%02d" % valid_at.hour:
            raise BulletinError(f"UTC row does not say {valid_at:%H} at FHR {lead}: {shown(utc)}")
        separator = hours[end - 4 : end - 3] if width == 4 else b""
        result.append(Column(slice(end - width, end), separator, valid_at))
    return tuple(result)


Legible = Mapping[bytes, Mapping[bytes, float | None]]
"""By separator: all that may stand in a column, and its value; ``None`` where that is missing."""


def legible(lowest: int, highest: int) -> Legible:
    """All that may stand in a column for values of ``lowest`` to ``highest``.

    A value is a whole number, right-justified in three characters; blanks and −99 say that there
    is none. Everything else, the clamps −98 and 998 among it, is not legible.

    >>> legible(-80, 140)[b"|"][b"| 84"], legible(-80, 140)[b" "][b" -99"]
    (84.0, None)
    """
    return {separator: _table(separator, lowest, highest) for separator in (b"", b" ", b"|")}


def _table(separator: bytes, lowest: int, highest: int) -> dict[bytes, float | None]:
    blank = separator + b"   "
    table: dict[bytes, float | None] = {blank[:length]: None for length in range(len(blank) + 1)}
    table[separator + b"-99"] = None
    values = range(lowest, highest + 1)
    return table | {separator + b"%3d" % value: float(value) for value in values}


TEMPERATURES = legible(LOWEST_F, HIGHEST_F)
"""°F."""
SPREADS = legible(0, 40)
"""°F: a maximum less sure than that is no forecast."""


def _is_climatology(rows: Rows, beyond: bytes) -> bool:
    """Whether what stands beyond the hours is the normal maximum and minimum that NBE appends.

    Version 3.2 sets them in three characters each, 4.1 the first of them in four.
    """
    has_label = any(b"CLIMO" in line for _, line in rows.values())
    return has_label and len(beyond) in (6, 7, 8) and _NORMALS.fullmatch(beyond) is not None


def values(
    rows: Rows, labels: Sequence[bytes], at: Sequence[Column], table: Legible
) -> list[float | None]:
    """A row's values in these columns; ``BulletinError`` where something else stands there."""
    number, line = row(rows, *labels)
    label = labels[0].decode()
    beyond = line.rstrip(b" |")[len(rows[b"FHR"][1].rstrip(b" |")) :]
    if beyond and not _is_climatology(rows, beyond):
        raise BulletinError(f"{label} goes {len(beyond)} characters beyond the hours", line=number)
    try:
        return [table[column.separator][line[column.cut]] for column in at]
    except KeyError as unknown:
        found = unknown.args[0].decode("ascii", "replace")
        raise BulletinError(f"{label} holds {found!r}", line=number) from None
