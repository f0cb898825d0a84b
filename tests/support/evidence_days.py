"""Days of New York that become evidence: coherent ladders, cycles, reports, settlements."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.execution.simulator import settle
from tests.support.builders import book, event_ticker, forecast, ladder

NEW_YORK = station_of("NYC")
BEGUN = datetime(2026, 11, 20, 20, tzinfo=UTC)
"""The eve of the first climate day."""
QUOTES = {"T50": 4, "B50.5": 14, "B52.5": 33, "B54.5": 25, "B56.5": 14, "T57": 10}
"""Cents in the middle between bid and ask, 2 cents wide."""
HIGHS = (54, 52, 55, 53, 57, 54, 51)


def evidence_days(
    highs: Sequence[int] = HIGHS, begun: datetime = BEGUN, mu_f: float = 54.0
) -> list[Event]:
    """On the eve of each day forecast, ladder, books and a cycle; the day after, the result."""
    return [
        event
        for number, high_f in enumerate(highs)
        for event in (
            *_eve(begun + timedelta(days=number), mu_f),
            *_result(begun + timedelta(days=number), high_f),
        )
    ]


def _eve(at: datetime, mu_f: float) -> Iterator[Event]:
    day = NEW_YORK.climate_day(at) + timedelta(days=1)
    yield replace(ladder("NYC", day), received_at=at)
    spread = {10: mu_f - 2.5632, 50: mu_f, 90: mu_f + 2.5632}
    yield forecast(spread, "NYC", day, run_at=at, received_at=at)
    for strike, cents in QUOTES.items():
        ticker = f"{event_ticker('NYC', day)}-{strike}"
        yield book(ticker, [(f"0.{cents - 1:02d}", 500)], [(f"0.{cents + 1:02d}", 500)], at)
    yield CycleDue(at)
    # A simulated fill is told before the next event.
    yield book(ticker, [(f"0.{cents - 1:02d}", 500)], [(f"0.{cents + 1:02d}", 500)], at)


def _result(eve: datetime, high_f: int) -> Iterator[Event]:
    day = NEW_YORK.climate_day(eve) + timedelta(days=1)
    at = NEW_YORK.day_end(day) + timedelta(hours=6)
    yield ClimateReport(NEW_YORK.report, day, high_f, None, True, False, False, at, at)
    yield from settle(ladder("NYC", day), high_f, at)
