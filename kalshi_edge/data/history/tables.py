"""The files of an archive: CSV, gzipped or not, known by their columns rather than by their names.

A table may lie in one file or in several; a column may have another name (``OTHER_NAMES``, or
``columns.json`` beside the files). What cannot be read is left out by row, never the whole.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

import orjson

from kalshi_edge.data.history.archive import CITY_DAYS, MARKET_QUOTES
from kalshi_edge.data.history.cells import Row
from kalshi_edge.errors import HistoryError, RowError

COLUMNS = "columns.json"
_BROKEN = (EOFError, OSError, zlib.error, csv.Error)


class ArchiveTable(StrEnum):
    """What a file of an archive is about."""

    DAYS = "daily forecasts and highs"
    QUOTES = "quotes"
    TRADE_QUOTES = "last trades"
    TRADE_AVERAGES = "trade averages"
    STATION_DAYS = "station records"
    NBP_RUNS = "NBP percentiles"
    NBS_RUNS = "NBS maxima"


MARKS: Mapping[ArchiveTable, frozenset[str]] = MappingProxyType(
    {
        ArchiveTable.QUOTES: frozenset({"ticker", "yes_bid", "yes_ask"}),
        ArchiveTable.TRADE_AVERAGES: frozenset({"ticker", "vwap_c"}),
        ArchiveTable.TRADE_QUOTES: frozenset({"ticker", "last_price"}),
        ArchiveTable.STATION_DAYS: frozenset({"city", "date", "lcd_max_f"}),
        ArchiveTable.NBP_RUNS: frozenset({"station", "run_utc", "p10_f", "p90_f"}),
        ArchiveTable.NBS_RUNS: frozenset({"station", "run_utc", "txn_f"}),
        ArchiveTable.DAYS: frozenset({"city", "date", "obs_max_f"}),
    }
)
"""The columns that tell a table; the first table that has all of its own is meant."""

OTHER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ticker": ("market_ticker",),
        "yes_bid": ("yes_bid_c", "yes_bid_cents", "bid_c", "bid_cents"),
        "yes_ask": ("yes_ask_c", "yes_ask_cents", "ask_c", "ask_cents"),
        "snapshot_utc": ("snap_utc", "quoted_utc", "timestamp_utc"),
        "open_interest": ("open_interest_fp",),
        "result": ("market_result",),
        "obs_max_f": ("high_f", "observed_high_f"),
        "date": ("climate_day",),
        "asof_utc": ("as_of_utc",),
        "retrieved_utc": ("captured_utc",),
        "vwap_c": ("vwap_cents",),
        "lcd_max_f": ("station_max_f",),
        "lcd_min_f": ("station_min_f",),
    }
)
"""Other names of our columns that are understood without ``columns.json``."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row, or a part of one, that was left out."""

    reason: str
    """The same for all of its kind."""
    where: str
    """``market_quotes.csv.gz, line 3``."""
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of an archive."""

    path: Path
    table: ArchiveTable
    names: tuple[str, ...]
    """Our names of its columns, in their order."""


def table_files(folder: Path) -> tuple[tuple[TableFile, ...], tuple[LeftOut, ...]]:
    """The files in ``folder`` that hold a table of ours, by name, and why others do not.

    Raises ``HistoryError`` where there is none, or where ``columns.json`` cannot be read.
    """
    renamed = _own_names(folder / COLUMNS)
    found: list[TableFile] = []
    left: list[LeftOut] = []
    paths = (*folder.glob("*.csv.gz"), *folder.glob("*.csv"))
    for path in sorted(paths, key=lambda path: path.name):
        try:
            found.append(_table_file(path, renamed))
        except RowError as error:
            left.append(LeftOut(error.reason, path.name, str(error)))
    if not found:
        usual = f"{folder / CITY_DAYS}, {folder / MARKET_QUOTES}"
        raise HistoryError(f"no file {usual} or of another table that is known")
    return tuple(found), tuple(left)


def read_rows(file: TableFile) -> Iterator[tuple[int, Row | RowError]]:
    """The rows of a file with their line numbers, or why one is none; an empty line is no row."""
    width = len(file.names)
    with _opened(file.path) as lines:
        reader = csv.reader(lines)
        try:
            next(reader)
            for cells in reader:
                if len(cells) == width:
                    yield reader.line_num, dict(zip(file.names, cells, strict=True))
                elif cells:
                    what = f"{len(cells)} cells under {width} names"
                    yield reader.line_num, RowError("a row of another length", what)
        except _BROKEN as error:
            yield reader.line_num + 1, RowError("a file that breaks off", f"{error}")


def _table_file(path: Path, renamed: Mapping[str, str]) -> TableFile:
    try:
        with _opened(path) as lines:
            header = next(csv.reader(lines), [])
    except _BROKEN as error:
        raise RowError("a file that cannot be read", str(error)) from error
    names = tuple(_our_names([renamed.get(cell.strip(), cell.strip()) for cell in header]))
    table = next((table for table, marks in MARKS.items() if marks <= set(names)), None)
    if table is None:
        raise RowError("a file of no table that is known", f"columns {', '.join(names)[:200]}")
    return TableFile(path, table, names)


def _our_names(names: list[str]) -> list[str]:
    """The same names, with other names of our columns replaced where ours is not there too."""
    ours = {other: name for name, others in OTHER_NAMES.items() for other in others}
    return [ours[n] if n in ours and ours[n] not in names else n for n in names]


def _own_names(path: Path) -> Mapping[str, str]:
    """Theirs to ours, from a JSON object beside the files; none where there is no such file."""
    if not path.is_file():
        return {}
    try:
        renamed = orjson.loads(path.read_bytes())
    except ValueError as error:
        raise HistoryError(f"{path}: {error}") from error
    if not isinstance(renamed, dict) or not all(isinstance(name, str) for name in renamed.values()):
        raise HistoryError(f"{path}: not an object from their column names to ours")
    return renamed


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open("rt", encoding="utf-8-sig", errors="replace", newline="")
