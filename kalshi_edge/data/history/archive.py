"""The rows of an archive, as what they are: forecasts, highs, quotes, results, trade averages.

The columns are in docs/reference/history.md. What cannot be read raises ``RowError``: the importer
leaves it out and counts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from kalshi_edge.data.history.cells import (
    YEARS,
    Row,
    cell,
    cents,
    degrees,
    instant,
    number,
    whole_degrees,
)
from kalshi_edge.data.kalshi.market_wire import bin_of, parse_event_ticker
from kalshi_edge.data.weather.stations import by_icao, station_of
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import InputError, RowError
from kalshi_edge.units import CENT, ONE, ZERO

CITY_DAYS = "city_days.csv.gz"
MARKET_QUOTES = "market_quotes.csv.gz"
TRADE_QUOTES = "trade_derived_quotes.csv.gz"
TRADE_VWAP = "trade_vwap.csv.gz"
STATION_DAYS = "city_days_obs.csv.gz"
"""The usual names of the tables' files."""

MODELS: Mapping[str, str] = {
    "nbm_tmax_f": "NBM",
    "gfs_mos_f": "GFSMOS",
    "gfs_mos_tmpmax_f": "GFSMOSTMP",
    "nam_mos_f": "NAMMOS",
    "gefs_mean_f": "GEFS",
    "hrrr_f": "HRRR",
    "rap_f": "RAP",
}
"""The columns that were known the day before. The ``om_hist_`` columns were not: they leak."""

SPREADS: Mapping[str, str] = {"GEFS": "gefs_spread_f"}
"""By model, the column of its own standard deviation."""

PERCENTILES = {10: "p10_f", 25: "p25_f", 50: "p50_f", 75: "p75_f", 90: "p90_f"}
HALF = Decimal("0.5")


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
    """The best bid and ask of a bin at ``at``, in dollars; ``None`` where nobody was there."""

    at: datetime
    bid: Decimal | None
    ask: Decimal | None
    open_interest: Decimal

    @property
    def is_crossed(self) -> bool:
        """Whether the bid meets the ask, which no book does."""
        return self.bid is not None and self.ask is not None and self.bid >= self.ask


def parse_station_day(row: Row) -> tuple[Station, date]:
    """The station and the climate day that a row is about."""
    try:
        station = by_icao(row["station"]) if row.get("station") else station_of(cell(row, "city"))
    except InputError as error:
        raise RowError("no city of ours", str(error)) from error
    text = cell(row, "date")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise RowError("no date", f"{error}: {text!r}") from error
    if day.year not in YEARS:
        raise RowError("no date", f"{day} is not within {YEARS.start} to {YEARS.stop - 1}")
    return station, day


def parse_outcome(row: Row) -> ArchivedOutcome:
    """What all tables about markets have in common.

    The bin is read from the ticker's strike and the strike type, as for a live market; it must
    agree with the row's own bounds as far as there are any.
    """
    ticker, station, climate_day, bin_ = parse_market(row)
    return ArchivedOutcome(
        ticker,
        station,
        climate_day,
        bin_,
        high_f=whole_degrees(row, "obs_max_f"),
        paid=paid_dollars(row),
    )


def parse_market(row: Row) -> tuple[str, Station, date, Bin | None]:
    """The ticker of a row, and the station, climate day and bin that it names."""
    ticker = cell(row, "ticker")
    try:
        series, day, strike = ticker.split("-", 2)  # a strike below zero has a minus of its own
        station, climate_day = _event(f"{series}-{day}")
        bin_ = _bin(row, strike)
    except (InputError, ValueError) as error:
        raise RowError("no market of ours", f"{ticker}: {error}") from error
    bounds = whole_degrees(row, "lo_f"), whole_degrees(row, "hi_f")
    own = (None, None) if bin_ is None else (bin_.lower, bin_.upper)
    if bin_ is not None and any(b is not None and b != o for b, o in zip(bounds, own, strict=True)):
        why = f"{ticker} is {bin_}, not {row.get('lo_f')} to {row.get('hi_f')}"
        raise RowError("bounds that are not the ticker's", why)
    return ticker, station, climate_day, bin_


def paid_dollars(row: Row) -> Decimal | None:
    """What the exchange paid, in dollars; ``None`` where no result was recorded."""
    match row.get("result", ""):
        case "yes":
            return ONE
        case "no":
            return ZERO
        case "":
            return None
        case other:
            raise RowError("no result", f"a result is yes, no or nothing, not {other!r}")


def archived_quote(row: Row) -> ArchivedQuote | None:
    """The quote in a row, of whole cents; ``None`` where its cells are empty.

    A bid of 0 or an ask of 100 is nobody.
    """
    at = instant(row, "snapshot_utc")
    bid, ask = cents(row, "yes_bid"), cents(row, "yes_ask")
    if at is None:
        if bid is None and ask is None:
            return None
        raise RowError("a quote without its time", f"{row['ticker']}: bid {bid}, ask {ask} cents")
    if bid == 100 or ask == 0:
        raise RowError("no price", f"{row['ticker']}: bid {bid}, ask {ask} cents")
    return ArchivedQuote(
        at=at,
        bid=bid * CENT if bid else None,
        ask=ask * CENT if ask is not None and ask != 100 else None,
        open_interest=number(row.get("open_interest") or "0", "open_interest").quantize(CENT),
    )


def captured_forecast(row: Row) -> Forecast | None:
    """A run's forecast of one maximum with the time of its capture; ``None`` for a minimum."""
    if row.get("kind", "max") != "max":
        return None
    station, climate_day = parse_station_day(row)
    run_at, received_at = instant(row, "run_utc"), instant(row, "retrieved_utc")
    if run_at is None or received_at is None or received_at < run_at:
        why = f"run {row.get('run_utc')!r} captured {row.get('retrieved_utc')!r}"
        raise RowError("a run without a time of capture after it", why)
    valid_at = instant(row, "valid_utc")
    if valid_at is not None and valid_at.date() - timedelta(days=1) != climate_day:
        why = f"a maximum of {climate_day} at {valid_at:%F %R} UTC"
        raise RowError("a day that is not its hour's", why)
    is_percentiles = "p10_f" in row
    mean, spread = ("txnmn_f", "txnsd_f") if is_percentiles else ("txn_f", "xnd_f")
    try:
        return Forecast(
            station=station.icao,
            climate_day=climate_day,
            model="NBP" if is_percentiles else "NBS",
            version=row.get("nbm_version", ""),
            run_at=run_at,
            received_at=received_at,
            mean_f=degrees(row[mean]) if row.get(mean) else None,
            sd_f=float(number(row[spread], "°F")) if row.get(spread) else None,
            percentiles=tuple(
                (percent, degrees(row[column]))
                for percent, column in PERCENTILES.items()
                if row.get(column)
            ),
        )
    except InputError as error:
        raise RowError("figures that conflict", str(error)) from error


_event = lru_cache(maxsize=4096)(parse_event_ticker)
"""A ladder's rows name the same event."""


def _bin(row: Row, strike: str) -> Bin | None:
    """The bin of a ticker's last part: ``B50.5`` holds 50 and 51, ``T57`` opens at 57.

    Which way that opens, the strike type says, or a bound of the row.
    """
    degrees_f, strike_type = number(strike[1:], "strike"), row.get("strike_type", "")
    if strike_type not in {"between", "less", "greater"}:
        if strike.startswith("B"):
            strike_type = "between"
        elif bool(row.get("lo_f")) == bool(row.get("hi_f")):
            return None
        else:
            strike_type = "greater" if row.get("lo_f") else "less"
    if strike_type == "between":
        return bin_of(strike_type, degrees_f - HALF, degrees_f + HALF)
    return bin_of(
        strike_type,
        degrees_f if strike_type == "greater" else None,
        degrees_f if strike_type == "less" else None,
    )
