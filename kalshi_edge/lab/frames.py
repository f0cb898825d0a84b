"""What every frame of the laboratory has in common: its columns, its types, its label."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pandas as pd

MADE_UP = "SYNTHETIC"


def frame(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, synthetic: bool
) -> pd.DataFrame:
    """A DataFrame of ``rows`` with ``columns``, empty ones included; labelled if made up.

    Money becomes a float, an enumeration its value, a date a timestamp at midnight. The label is
    the name of the columns: pandas prints it, and keeps it when rows are selected or sorted.

    >>> made_up = frame([{"ask": Decimal("0.42")}], ["ask"], synthetic=True)
    >>> print(made_up.to_string())
    SYNTHETIC   ask
    0          0.42
    """
    values = [[_plain(row.get(column)) for column in columns] for row in rows]
    found = pd.DataFrame(values, columns=pd.Index(columns))
    for column in columns:
        if column.endswith("_at"):
            found[column] = pd.to_datetime(found[column], utc=True, format="ISO8601")
        elif column.endswith("day"):
            found[column] = pd.to_datetime(found[column])
    found.columns.name = MADE_UP if synthetic else None
    return found


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case Enum():
            return value.value
        case datetime():
            return value
        case date():
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a day, no instant
        case _:
            return value
