"""How NBM's station bulletins are laid out: headers, columns and rows, byte by byte.

Bulk files indent each line by one blank. A row's values stand right-justified under the forecast
hours; trailing blanks are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from kalshi_sandbox.weather.names import day_name, month_name
from kalshi_sandbox.world.publication import Model, version

BLANK_LINE = b" " * 74 + b"\n"
CELLS = {value: f"{value:3d}" for value in range(-99, 1000)}
"""Every value as it stands in a column of three."""
EMPTY = "   "

Cells = Sequence[str]
"""A row's columns, three characters each."""
Rows = Mapping[str, Cells]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one run."""

    model: Model
    run_at: datetime
    leads_h: tuple[int, ...]

    @property
    def valid_at(self) -> tuple[datetime, ...]:
        """The instant of each column."""
        return _valid_at(self.run_at, self.leads_h)

    @property
    def hours(self) -> tuple[int, ...]:
        """The hour (UTC) of each column."""
        return tuple(at.hour for at in self.valid_at)


@lru_cache(maxsize=64)
def _valid_at(run_at: datetime, leads_h: tuple[int, ...]) -> tuple[datetime, ...]:
    return tuple(run_at + timedelta(hours=lead) for lead in leads_h)


def layout(model: Model, run_at: datetime) -> Layout:
    """The columns of a run: NBP's 18 every 12 hours, NBS's up to 72 hours every three.

    >>> from datetime import UTC
    >>> layout(Model.NBP, datetime(2026, 9, 28, 13, tzinfo=UTC)).leads_h[:3]
    (23, 35, 47)
    >>> layout(Model.NBS, datetime(2026, 8, 12, 7, tzinfo=UTC)).leads_h[-1]
    71
    """
    if model is Model.NBP:
        first = next(lead for lead in range(16, 28) if (run_at.hour + lead) % 12 == 0)
        return Layout(model, run_at, tuple(range(first, first + 18 * 12, 12)))
    first = next(lead for lead in range(5, 8) if (run_at.hour + lead) % 3 == 0)
    return Layout(model, run_at, tuple(range(first, 73, 3)))


def header_line(station: str, model: Model, run_at: datetime) -> bytes:
    """A block's first line.

    >>> from datetime import UTC
    >>> header_line("KLAX", Model.NBP, datetime(2026, 9, 29, 1, tzinfo=UTC)).strip()
    b'KLAX    NBM V5.0 NBP GUIDANCE    9/29/2026  0100 UTC'
    """
    return (
        f" {station:<8}NBM V{version(run_at)} {model} GUIDANCE   "
        f"{run_at.month:2d}/{run_at.day:02d}/{run_at.year}  {run_at.hour:02d}00 UTC\n"
    ).encode()


def time_lines(columns: Layout) -> bytes:
    """The rows that say what the columns are: days, hours, and hours ahead."""
    if columns.model is Model.NBP:
        days = _days_of_nbp(columns)
        width = 3
    else:
        days = _days_of_nbs(columns)
        width = 2
    hours = [f"{hour:02d}".rjust(3) for hour in columns.hours]
    leads = [
        f"{lead:0{width}d}".rjust(3) if width == 2 else CELLS[lead] for lead in columns.leads_h
    ]
    return days + line("UTC", hours, columns) + line("FHR", leads, columns)


def line(label: str, cells: Cells, columns: Layout) -> bytes:
    """One row of values."""
    return ("".join(_pieces(label, cells, columns)).rstrip() + "\n").encode()


def _pieces(label: str, cells: Cells, columns: Layout) -> Iterator[str]:
    if columns.model is Model.NBS:
        yield f" {label:<4}"
        yield from cells
        return
    yield f" {label:<5}"
    for place, (cell, hour) in enumerate(zip(cells, columns.hours, strict=True)):
        yield "|" if hour == 0 and place else " "
        yield cell


def _days_of_nbp(columns: Layout) -> bytes:
    """``TUE 29|`` ends where the day's 12 UTC column does."""
    text = " " * 6
    for place, at in enumerate(columns.valid_at):
        text += "|" if at.hour == 0 and place else " "
        text += EMPTY
        if at.hour == 12:
            label = f"{day_name(at)[:3]} {at.day:02d}"
            text = text[: -len(label)] + label
    return (text.rstrip() + "\n").encode()


def _days_of_nbs(columns: Layout) -> bytes:
    """``/SEP  29`` begins with the day's first column, if there is room before the next."""
    text = list(f"{' DT':<5}" + EMPTY * len(columns.hours) + " " * 8)
    midnights = [place for place, hour in enumerate(columns.hours) if hour == 0]
    starts = [(6 + 3 * place, columns.valid_at[place]) for place in midnights]
    if midnights[0] >= 2:
        starts.insert(0, (4, columns.valid_at[0]))
    for start, at in starts:
        text[start : start + 8] = f"/{month_name(at)[:3]} {at.day:3d}"
    return ("".join(text).rstrip() + "\n").encode()
