"""Single cells of an archive's rows: numbers as binary floats leave them, degrees, cents, instants.

Everything raises ``RowError`` for what it cannot read.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from kalshi_edge.data.weather.wmo import HIGHEST_F, LOWEST_F
from kalshi_edge.errors import RowError

Row: TypeAlias = Mapping[str, str]
"""A row of a table by our names of its columns."""
TAIL = Decimal("0.000001")
"""How far a binary float's text may be from the whole cent or degree that was meant."""
YEARS = range(1990, 2101)


def cell(row: Row, column: str) -> str:
    """What stands in a column; ``RowError`` where the table has none of that name."""
    try:
        return row[column]
    except KeyError as error:
        raise RowError("a column that is missing", f"no column {error}") from error


def number(text: str, what: str) -> Decimal:
    """A finite number as a float's text may have it; ``RowError`` naming it otherwise."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value) > 10**12:
        raise RowError("no number", f"{what} must be a number, not {text!r}")
    return value


def degrees(text: str) -> float:
    """A temperature in °F, in whole degrees or not."""
    value = float(number(text, "°F"))
    if not LOWEST_F <= value <= HIGHEST_F:
        why = f"{text} °F is not within {LOWEST_F} to {HIGHEST_F}"
        raise RowError("a temperature that no thermometer shows", why)
    return value


def near_whole(text: str, what: str) -> int | None:
    """The whole number that is meant; ``None`` where the text is further than a tail from one."""
    value = number(text, what)
    whole = round(value)
    return whole if abs(value - whole) <= TAIL else None


def cents(row: Row, column: str) -> int | None:
    """A price in whole cents, 0 to 100; ``None`` where the cell is empty."""
    text = cell(row, column)
    if not text:
        return None
    value = near_whole(text, f"{column} in cents")
    name = f"{row.get('ticker', '')}: {column}"
    if value is None:
        why = f"{name} {text} is more than {TAIL:f} of a cent from a whole one"
        raise RowError("a price that is no whole cent", why)
    if not 0 <= value <= 100:
        raise RowError("no price", f"{name} {text} is not within 0 to 100 cents")
    return value


def whole_degrees(row: Row, column: str) -> int | None:
    """A whole °F; ``None`` where the cell is empty or there is no such column."""
    text = row.get(column, "")
    if not text:
        return None
    value = near_whole(text, "°F")
    if value is None:
        raise RowError("no whole degree", f"{text} °F is not a whole degree")
    if not LOWEST_F <= value <= HIGHEST_F:
        why = f"{text} °F is not within {LOWEST_F} to {HIGHEST_F}"
        raise RowError("a temperature that no thermometer shows", why)
    return value


def instant(row: Row, column: str) -> datetime | None:
    """An instant with its zone, UTC; ``None`` where there is none."""
    text = row.get(column, "")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError as error:
        raise RowError("no instant", f"{column}: {error}") from error
    if at.tzinfo is None:
        raise RowError("no instant", f"{column}: an instant without a zone: {text}")
    if at.year not in YEARS:
        raise RowError("no instant", f"{column}: {text} is not within {YEARS.start} to 2100")
    return at.astimezone(UTC)
