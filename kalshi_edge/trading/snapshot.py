"""The engine's whole state as of one journal line, as values that can be stored.

What a restart can ask the store for at any size is not in it: trades, fills seen, daily records,
the kill switch, rules, the orders themselves. Rules and settings are not state: a start brings its
own.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.domain.weather import Forecast, Observation
from kalshi_edge.learning.forecasting import ForecastingSnapshot
from kalshi_edge.learning.results import Reports, ResultsSnapshot


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """Every fact in memory."""

    ladders: tuple[Ladder, ...]
    former: tuple[tuple[str, Ladder], ...]
    """Markets that the newest ladder of their event has no more, with the last one that had."""
    books: tuple[Book, ...]
    marked: tuple[str, ...]
    """Markets whose newest book is the mark."""
    marks: tuple[Book, ...]
    """The marks that are no market's newest book."""
    forecasts: tuple[Forecast, ...]
    lessons: tuple[Forecast, ...]
    """What the results of their days will teach about."""
    readings: tuple[tuple[str, date, tuple[Observation, ...]], ...]
    floors: Reports
    """Intermediate reports."""
    settlements: tuple[Settlement, ...]
    calibrations: tuple[Calibration, ...]
    hours: TradingHours
    fills: tuple[tuple[str, datetime], ...]
    """Those that a mark has been told of, and when."""
    results: ResultsSnapshot
    forecasting: ForecastingSnapshot


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """What the engine knew after the journal's line ``seq``."""

    seq: int
    state: StateSnapshot
    orders: tuple[str, ...]
    """The intents of all orders in memory; how far each has come is in the store."""
    deposits_today: Decimal
    counts_from_at: datetime | None
    movements: tuple[str, ...]
    """Movements of cash that were counted."""
    halts: int
    """Of this UTC day."""
    obeyed: tuple[tuple[str, datetime], ...]
    """People's commands, and when each was heard."""
