"""What a history holds, one frame for each kind of record, each with when it was received."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from kalshi_edge.data.history.origin import is_synthetic
from kalshi_edge.data.history.records import Record, cities_in, read_city
from kalshi_edge.data.kalshi.market_wire import parse_event_ticker
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Book, Ladder, Level, Market
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.errors import HistoryError
from kalshi_edge.lab.frames import frame

R = TypeVar("R", bound=Record)
Rows = Iterator[Mapping[str, Any]]

PERCENTILES = (10, 25, 50, 75, 90)


def cities(folder: Path | str) -> tuple[str, ...]:
    """The cities of which ``folder`` has history.

    >>> from kalshi_edge import lab
    >>> lab.cities(lab.example())
    ('NYC',)
    """
    return cities_in(Path(folder))


def chosen_cities(folder: Path, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The cities asked for, or all that there are; raises ``HistoryError`` where one is not."""
    there = cities_in(folder)
    if not there:
        raise HistoryError(f"no history in {folder}: import, fetch or record some first")
    missing = [city for city in wanted or () if city not in there]
    if missing:
        raise HistoryError(
            f"no history of {', '.join(missing)} in {folder}; there is {', '.join(there)}"
        )
    return tuple(wanted) if wanted else there


def forecasts(folder: Path | str, cities: Sequence[str] | None = None) -> pd.DataFrame:
    """Every forecast of a maximum: one row per city, climate day, model and model run; °F.

    ``lead_h`` is from the start of the model run to the start of the climate day; a percentile that
    the model does not say is missing. Raises ``HistoryError`` for a city without history.

    >>> from kalshi_edge import lab
    >>> nbp = lab.forecasts(lab.example()).query("model == 'NBP'")
    >>> bool((nbp["p90_f"] >= nbp["p10_f"]).all())
    True
    """

    def row(city: str, one: Forecast) -> Mapping[str, Any]:
        start_at = station_of(city).day_start(one.climate_day)
        return {
            "city": city,
            "climate_day": one.climate_day,
            "model": one.model,
            "version": one.version,
            "run_at": one.run_at,
            "received_at": one.received_at,
            "lead_h": (start_at - one.run_at).total_seconds() / 3600,
            "point_f": one.point_f,
            "mean_f": one.mean_f,
            "sd_f": one.sd_f,
            **{f"p{percent}_f": one.percentile(percent) for percent in PERCENTILES},
        }

    columns = ("city", "climate_day", "model", "version", "run_at", "received_at", "lead_h",
               "point_f", "mean_f", "sd_f", *(f"p{p}_f" for p in PERCENTILES))  # fmt: skip
    return _frame(folder, cities, Forecast, row, columns)


def highs(folder: Path | str, cities: Sequence[str] | None = None) -> pd.DataFrame:
    """Every final climate report, one row each: what settles the markets; whole °F.

    A day that was corrected has several rows; the one received last stands. ``high_f`` is missing
    where the office says that the maximum is. Raises ``HistoryError`` for a city without history.

    >>> from kalshi_edge import lab
    >>> lab.highs(lab.example())["climate_day"].is_unique
    True
    """

    def row(city: str, one: ClimateReport) -> Mapping[str, Any] | None:
        if not one.is_final:
            return None
        return {
            "city": city,
            "climate_day": one.climate_day,
            "high_f": one.high_f,
            "low_f": one.low_f,
            "is_corrected": one.is_corrected,
            "received_at": one.received_at,
        }

    columns = ("city", "climate_day", "high_f", "low_f", "is_corrected", "received_at")
    return _frame(folder, cities, ClimateReport, row, columns)


def readings(folder: Path | str, cities: Sequence[str] | None = None) -> pd.DataFrame:
    """Every measured temperature: a maximum of ``low_f`` to ``high_f`` °F over a window.

    A spot reading's window has no length. Raises ``HistoryError`` for a city without history.

    >>> from kalshi_edge import lab
    >>> found = lab.readings(lab.example())
    >>> bool((found["low_f"] <= found["high_f"]).all())
    True
    """

    def row(city: str, one: Observation) -> Mapping[str, Any]:
        return {
            "city": city,
            "climate_day": station_of(city).climate_day(one.start_at),
            "basis": one.basis,
            "start_at": one.start_at,
            "end_at": one.end_at,
            "low_f": one.low_f,
            "high_f": one.high_f,
            "received_at": one.received_at,
        }

    columns = ("city", "climate_day", "basis", "start_at", "end_at", "low_f", "high_f",
               "received_at")  # fmt: skip
    return _frame(folder, cities, Observation, row, columns)


def quotes(folder: Path | str, cities: Sequence[str] | None = None) -> pd.DataFrame:
    """Every recorded book's best bid and ask, dollars per YES contract, and how much stood there.

    An empty side is missing, not zero. ``bin`` is the market's interval of whole °F; it is missing
    for a market whose ladder was not recorded. Raises ``HistoryError`` for a city without history.

    >>> from kalshi_edge import lab
    >>> found = lab.quotes(lab.example()).dropna(subset=["bid", "ask"])
    >>> bool((found["bid"] < found["ask"]).all())
    True
    """
    markets: dict[str, Market] = {}

    def row(city: str, one: Book | Ladder) -> Mapping[str, Any] | None:
        if isinstance(one, Ladder):
            markets.update({market.ticker: market for market in one.markets})
            return None
        market = markets.get(one.ticker)
        bid, ask = _best(one.bids), _best(one.asks)
        return {
            "city": city,
            "climate_day": _day_of(one.ticker),
            "ticker": one.ticker,
            "bin": market and str(market.bin),
            "lower_f": market and market.bin.lower,
            "upper_f": market and market.bin.upper,
            "bid": bid and bid.price,
            "bid_count": bid and bid.count,
            "ask": ask and ask.price,
            "ask_count": ask and ask.count,
            "received_at": one.received_at,
        }

    columns = ("city", "climate_day", "ticker", "bin", "lower_f", "upper_f", "bid", "bid_count",
               "ask", "ask_count", "received_at")  # fmt: skip
    return _frame(folder, cities, Book | Ladder, row, columns)


def settlements(folder: Path | str, cities: Sequence[str] | None = None) -> pd.DataFrame:
    """What the exchange paid for a YES contract of every market, dollars.

    Raises ``HistoryError`` for a city without history.

    >>> from kalshi_edge import lab
    >>> paid = lab.settlements(lab.example()).groupby("climate_day")["value"].sum()
    >>> sorted(set(paid))  # one bin of every ladder wins
    [1.0]
    """

    def row(city: str, one: Settlement) -> Mapping[str, Any]:
        return {
            "city": city,
            "climate_day": _day_of(one.ticker),
            "ticker": one.ticker,
            "value": one.value,
            "high_f": one.high_f,
            "received_at": one.received_at,
        }

    columns = ("city", "climate_day", "ticker", "value", "high_f", "received_at")
    return _frame(folder, cities, Settlement, row, columns)


def _frame(
    folder: Path | str,
    wanted: Sequence[str] | None,
    kind: Any,
    row: Callable[[str, Any], Mapping[str, Any] | None],
    columns: Sequence[str],
) -> pd.DataFrame:
    folder = Path(folder)

    def rows() -> Rows:
        for city in chosen_cities(folder, wanted):
            for record in read_city(folder, city):
                found = row(city, record) if isinstance(record, kind) else None
                if found is not None:
                    yield found

    return frame(rows(), columns, synthetic=is_synthetic(folder))


def _best(levels: Sequence[Level]) -> Level | None:
    return levels[0] if levels else None


def _day_of(ticker: str) -> Any:
    _, climate_day = parse_event_ticker(ticker.rsplit("-", 1)[0])
    return climate_day
