"""What later knowledge is held against: trade averages and station records. Nothing acts on them.

An average of twelve hours' trades is no price that anybody could have had, and a station's record
is published after its day was settled. They lie beside the history, in files of their own, and no
replay reads them: ``<CITY>/trade_averages/<YYYY-MM>.jsonl``, ``<CITY>/station_records/…``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from kalshi_edge.data.history.archive import parse_market, parse_station_day
from kalshi_edge.data.history.cells import Row, cell, instant, number, whole_degrees
from kalshi_edge.data.history.records import write_atomically
from kalshi_edge.data.weather.stations import by_icao, by_series
from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.errors import HistoryError, InputError, RowError
from kalshi_edge.units import CENT, MICRO

RECORD_DELAY = timedelta(days=30)
"""From a day to the publication of its station's checked record, on the side of caution."""


@dataclass(frozen=True, slots=True)
class TradeAverage:
    """The volume-weighted price of a market's trades between two instants; never a fill."""

    ticker: str
    price: Decimal
    """Dollars per YES contract, to the millionth."""
    trades: int
    contracts: Decimal
    start_at: datetime
    end_at: datetime
    received_at: datetime
    """When it could first have been computed: at its end."""


@dataclass(frozen=True, slots=True)
class StationRecord:
    """A station's own maximum and minimum of a climate day, beside what the exchange settled on."""

    station: str
    """ICAO."""
    climate_day: date
    high_f: int | None
    low_f: int | None
    settled_f: int | None
    """The exchange's figure of the day; ``None`` where it was not recorded."""
    received_at: datetime


Benchmark: TypeAlias = TradeAverage | StationRecord


def parse_trade_average(row: Row) -> TradeAverage:
    """A row of trade averages."""
    ticker, _, _, _ = parse_market(row)
    price = (number(cell(row, "vwap_c"), "vwap_c") / 100).quantize(MICRO)
    if not 0 <= price <= 1:
        raise RowError("no price", f"{ticker}: {row['vwap_c']} is not within 0 to 100 cents")
    start_at, end_at = instant(row, "window_start_utc"), instant(row, "window_end_utc")
    if start_at is None or end_at is None or end_at < start_at:
        raise RowError("an average without its window", f"{ticker}: {start_at} to {end_at}")
    trades = number(row.get("n_trades_in_window") or "0", "n_trades_in_window")
    contracts = number(row.get("volume_in_window") or "0", "volume_in_window").quantize(CENT)
    return TradeAverage(ticker, price, int(trades), contracts, start_at, end_at, end_at)


def parse_station_record(row: Row) -> StationRecord:
    """A row of station records."""
    station, day = parse_station_day(row)
    return StationRecord(
        station=station.icao,
        climate_day=day,
        high_f=whole_degrees(row, "lcd_max_f"),
        low_f=whole_degrees(row, "lcd_min_f"),
        settled_f=whole_degrees(row, "kalshi_expiration_value"),
        received_at=station.day_end(day) + RECORD_DELAY,
    )


def city_of(benchmark: Benchmark) -> str:
    """The short name of the city that it is about."""
    match benchmark:
        case TradeAverage():
            return by_series(benchmark.ticker.split("-", 1)[0]).city
        case StationRecord():
            return by_icao(benchmark.station).city


def merge_benchmarks(folder: Path, benchmarks: Iterable[Benchmark]) -> None:
    """Add benchmarks to those beside the history in ``folder``, in any order.

    One on the same subject replaces the one that is there; each file changes at once or not at all.
    """
    added: dict[Path, dict[str, Benchmark]] = defaultdict(dict)
    for benchmark in benchmarks:
        added[_path(folder, benchmark)][_subject(benchmark)] = benchmark
    for path, new in added.items():
        kind = type(next(iter(new.values())))
        known = {_subject(one): one for one in _read(path, kind)} if path.exists() else {}
        merged = known | new
        lines = (to_json(merged[subject]) for subject in sorted(merged))
        write_atomically(path, b"".join(line + b"\n" for line in lines))


def trade_averages(folder: Path, city: str) -> Iterator[TradeAverage]:
    """Those of a city in the history in ``folder``, in the order in which they ended."""
    for path in sorted((folder / city / "trade_averages").glob("*.jsonl")):
        yield from (one for one in _read(path, TradeAverage) if isinstance(one, TradeAverage))


def station_records(folder: Path, city: str) -> Iterator[StationRecord]:
    """Those of a city in the history in ``folder``, day by day."""
    for path in sorted((folder / city / "station_records").glob("*.jsonl")):
        yield from (one for one in _read(path, StationRecord) if isinstance(one, StationRecord))


def _read(path: Path, kind: type[Benchmark]) -> Iterator[Benchmark]:
    with path.open("rb") as file:
        for number_, line in enumerate(file, start=1):
            try:
                found: Benchmark = from_json(line, kind)
            except InputError as error:
                raise HistoryError(f"{path}, line {number_}: {error}") from error
            yield found


def _path(folder: Path, benchmark: Benchmark) -> Path:
    city = folder / city_of(benchmark)
    match benchmark:
        case TradeAverage():
            month = f"{benchmark.end_at.astimezone(UTC):%Y-%m}"
            return city / "trade_averages" / f"{month}.jsonl"
        case StationRecord():
            return city / "station_records" / f"{benchmark.climate_day:%Y-%m}.jsonl"


def _subject(benchmark: Benchmark) -> str:
    match benchmark:
        case TradeAverage():
            return f"{benchmark.end_at.isoformat()} {benchmark.ticker} {benchmark.start_at}"
        case StationRecord():
            return f"{benchmark.station} {benchmark.climate_day}"
