"""The rows of an archive of gzipped CSV files: daily forecasts and highs, and every bin's result.

Three files: ``city_days``, ``market_quotes`` and ``trade_derived_quotes``; the columns are in
docs/reference/history.md. A row that cannot be read is an error that names file and line.
"""

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import TypeAlias, TypeVar

from kalshi_edge.data.kalshi.market_wire import bin_of, parse_event_ticker
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import HistoryError, InputError
from kalshi_edge.units import ONE, ZERO, decimal_of

T = TypeVar("T")
Row: TypeAlias = Mapping[str, str]

CITY_DAYS = "city_days.csv.gz"
MARKET_QUOTES = "market_quotes.csv.gz"
TRADE_QUOTES = "trade_derived_quotes.csv.gz"

MODELS: Mapping[str, str] = {
    "nbm_tmax_f": "NBM",
    "gfs_mos_f": "GFSMOS",
    "nam_mos_f": "NAMMOS",
    "gefs_mean_f": "GEFS",
    "hrrr_f": "HRRR",
    "rap_f": "RAP",
}
"""The columns that were known the day before. The ``om_hist_`` columns were not: they leak."""

HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class ArchivedDay:
    """What the models said of one climate day at ``run_at``, and the high that was reported."""

    station: Station
    climate_day: date
    run_at: datetime | None
    forecasts_f: Mapping[str, float]
    """By model."""
    high_f: int | None


@dataclass(frozen=True, slots=True)
class ArchivedOutcome:
    """One bin of one climate day, the high that was reported and what the exchange paid."""

    ticker: str
    station: Station
    climate_day: date
    bin: Bin | None
    """``None`` where the row does not say which way an open end opens."""
    high_f: int | None
    paid: Decimal | None
    """Dollars per YES contract; ``None`` where no result was recorded."""

    def __str__(self) -> str:
        return f"{self.ticker}: high {self.high_f} °F, bin {self.bin}, paid {self.paid}"


@dataclass(frozen=True, slots=True)
class ArchivedQuote:
    """The best bid and ask of a bin at ``at``, in dollars; ``at`` is ``None`` without one."""

    outcome: ArchivedOutcome
    at: datetime | None
    bid: Decimal | None
    ask: Decimal | None
    open_interest: Decimal

    @property
    def event_ticker(self) -> str:
        """The ladder it belongs to."""
        return "-".join(self.outcome.ticker.split("-", 2)[:2])

    @property
    def is_crossed(self) -> bool:
        """Whether the bid meets the ask, which no book does."""
        return self.bid is not None and self.ask is not None and self.bid >= self.ask


def read_rows(path: Path, parse: Callable[[Row], T]) -> Iterator[T]:
    """Every row of a gzipped CSV file as ``parse`` reads it; ``HistoryError`` names the place."""
    if not path.is_file():
        raise HistoryError(f"no file {path}")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                yield parse(row)
            except (InputError, ValueError) as error:
                raise HistoryError(f"{path}, line {number}: {error}") from error
            except KeyError as error:
                raise HistoryError(f"{path}, line {number}: no column {error}") from error


def parse_day(row: Row) -> ArchivedDay:
    """A row of ``city_days``."""
    return ArchivedDay(
        station=station_of(row["city"]),
        climate_day=date.fromisoformat(row["date"]),
        run_at=_instant(row["asof_utc"]),
        forecasts_f={name: _degrees(row[column]) for column, name in MODELS.items() if row[column]},
        high_f=_whole(row["obs_max_f"]),
    )


def parse_outcome(row: Row) -> ArchivedOutcome:
    """What ``market_quotes`` and ``trade_derived_quotes`` have in common.

    The bin is read from the ticker's strike and the strike type, as for a live market; raises
    ``HistoryError`` where the row's own bounds say otherwise.
    """
    ticker = row["ticker"]
    series, day, strike = ticker.split("-", 2)  # a strike below zero has a minus sign of its own
    station, climate_day = parse_event_ticker(f"{series}-{day}")
    bin_ = None if row["strike_type"] == "tail" else _bin(row["strike_type"], strike)
    if bin_ is not None and (bin_.lower, bin_.upper) != (_whole(row["lo_f"]), _whole(row["hi_f"])):
        raise HistoryError(f"{ticker} is {bin_}, not {row['lo_f']} to {row['hi_f']}")
    return ArchivedOutcome(
        ticker=ticker,
        station=station,
        climate_day=climate_day,
        bin=bin_,
        high_f=_whole(row["obs_max_f"]),
        paid=_paid(row["result"]),
    )


def parse_quote(row: Row) -> ArchivedQuote:
    """A row of ``market_quotes``; prices are whole cents, a bid of 0 or an ask of 100 is nobody."""
    bid, ask = _dollars(row["yes_bid"]), _dollars(row["yes_ask"])
    return ArchivedQuote(
        outcome=parse_outcome(row),
        at=_instant(row["snapshot_utc"]),
        bid=None if bid == ZERO else bid,
        ask=None if ask == ONE else ask,
        open_interest=decimal_of(row["open_interest"] or "0", name="open_interest"),
    )


def _bin(strike_type: str, strike: str) -> Bin:
    """The bin of a ticker's last part: ``B50.5`` holds 50 and 51, ``T57`` opens at 57."""
    degrees = decimal_of(strike[1:], name="strike")
    if strike_type == "between":
        return bin_of(strike_type, degrees - HALF, degrees + HALF)
    return bin_of(
        strike_type,
        degrees if strike_type == "greater" else None,
        degrees if strike_type == "less" else None,
    )


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    if at.tzinfo is None:
        raise HistoryError(f"an instant without a zone: {text}")
    return at.astimezone(UTC)


def _degrees(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise HistoryError(f"{text} is not a temperature")
    return value


def _whole(text: str) -> int | None:
    value = decimal_of(text, name="°F") if text else None
    if value is not None and value != int(value):
        raise HistoryError(f"{text} °F is not a whole degree")
    return None if value is None else int(value)


def _dollars(cents: str) -> Decimal | None:
    return decimal_of(cents, name="cents") / 100 if cents else None


def _paid(result: str) -> Decimal | None:
    match result:
        case "yes":
            return ONE
        case "no":
            return ZERO
        case "":
            return None
    raise HistoryError(f"a result is yes, no or nothing, not {result!r}")
