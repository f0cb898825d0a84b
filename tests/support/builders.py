"""Small domain values for tests: give what matters, the rest is an ordinary New York day.

Prices and counts may be written as text or whole numbers; a time that is not given is ``NOW``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import (
    Bin,
    Book,
    FeeRule,
    Ladder,
    Level,
    Market,
    MarketStatus,
    PriceRange,
    Terms,
)
from kalshi_edge.domain.orders import Fill, Intent, Side, Strategy, derived_id
from kalshi_edge.domain.records import Switch, SwitchState
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.models.distribution import Normal
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.situation import Situation

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)
DAY = date(2026, 11, 22)
EVENT = "KXHIGHNY-26NOV22"
TICKER = "KXHIGHNY-26NOV22-B52.5"
CENTS = (PriceRange(Decimal(0), Decimal(1), Decimal("0.01")),)
TERMS = Terms("The Weather Company", "If the maximum temperature …", "…", "a-fingerprint")

Number = str | int | Decimal
Quote = tuple[Number, Number]


def event_ticker(city: str, day: date) -> str:
    """``KXHIGHNY-26NOV22``."""
    return f"{station_of(city).series}-{day.strftime('%y%b%d').upper()}"


def market(ticker: str, bin_: Bin, close_at: datetime, **changes: Any) -> Market:
    """An active market on the cent grid."""
    whole = Market(ticker, bin_, MarketStatus.ACTIVE, None, close_at, CENTS, TERMS)
    return replace(whole, **changes)


def ladder(
    city: str = "NYC",
    day: date = DAY,
    *,
    lowest: int = 50,
    received_at: datetime = NOW,
    fee_rule: FeeRule | None = None,
    **changes: Any,
) -> Ladder:
    """Six markets as the exchange lists them; ``changes`` are made to each market.

    The lower tail pays below ``lowest`` °F; then come four bins of 2 °F and the upper tail.
    """
    station = station_of(city)
    event = event_ticker(city, day)
    close_at = changes.pop("close_at", station.day_end(day))
    tops = range(lowest, lowest + 8, 2)
    named_bins = [
        (f"T{lowest}", Bin(None, lowest - 1)),
        *((f"B{floor}.5", Bin(floor, floor + 1)) for floor in tops),
        (f"T{lowest + 7}", Bin(lowest + 8, None)),
    ]
    markets = tuple(
        market(f"{event}-{name}", bin_, close_at, **changes) for name, bin_ in named_bins
    )
    rule = fee_rule or FeeRule()
    return Ladder(event, station.series, station, day, markets, rule, received_at)


def levels(quotes: Iterable[Quote]) -> tuple[Level, ...]:
    """Levels of ``(price, count)`` pairs."""
    return tuple(Level(Decimal(price), Decimal(count)) for price, count in quotes)


def book(
    ticker: str = TICKER,
    bids: Iterable[Quote] = (("0.30", 10),),
    asks: Iterable[Quote] = (("0.33", 10),),
    at: datetime = NOW,
) -> Book:
    """A book, both sides best first."""
    return Book(ticker, levels(bids), levels(asks), at, at)


def intent(
    ticker: str = TICKER,
    side: Side = Side.BUY,
    count: Number = 5,
    price: Number = "0.33",
    *,
    name: str = "",
    **changes: Any,
) -> Intent:
    """An order to take at ``price`` or better at once; ``name`` tells like orders apart."""
    intent_id = derived_id("test", ticker, side, count, price, name)
    whole = Intent(
        intent_id=intent_id,
        trade_id=derived_id("trade", ticker),
        strategy=Strategy.SINGLE,
        ticker=ticker,
        city="NYC",
        climate_day=DAY,
        side=side,
        count=Decimal(count),
        limit_price=Decimal(price),
        created_at=NOW,
    )
    return replace(whole, **changes)


def fill(order: Intent, count: Number, price: Number, fee: Number = 0, **changes: Any) -> Fill:
    """``count`` contracts of ``order`` traded at ``price``."""
    whole = Fill(
        fill_id=derived_id(order.intent_id, count, price),
        intent_id=order.intent_id,
        ticker=order.ticker,
        side=order.side,
        count=Decimal(count),
        price=Decimal(price),
        fee=Decimal(fee),
        is_taker=True,
        valid_at=NOW,
        received_at=NOW,
    )
    return replace(whole, **changes)


def forecast(
    percentiles: Mapping[int, float], city: str = "NYC", day: date = DAY, **changes: Any
) -> Forecast:
    """An NBM word on one day's maximum, °F by percentage."""
    whole = Forecast(
        station=station_of(city).icao,
        climate_day=day,
        model="NBP",
        version="5.0",
        run_at=NOW,
        received_at=NOW,
        percentiles=tuple(sorted(percentiles.items())),
    )
    return replace(whole, **changes)


def quotes(asks: Mapping[str, Number], city: str = "NYC", day: date = DAY) -> dict[str, Book]:
    """Books by ticker from asks by strike (``{"B52.5": "0.25"}``), 100 contracts, 2 cents wide."""
    event = event_ticker(city, day)
    return {
        f"{event}-{strike}": book(
            f"{event}-{strike}", [(Decimal(ask) - Decimal("0.02"), 100)], [(ask, 100)]
        )
        for strike, ask in asks.items()
    }


def outlook(
    asks: Mapping[str, Number] | None = None,
    mu_f: float = 54.0,
    sigma_f: float = 2.0,
    **changes: Any,
) -> Outlook:
    """New York's ladder from 50 °F as a cycle sees it; ``changes`` are made to the outlook."""
    whole = Outlook(NOW, ladder(), quotes(asks or {}), Normal(mu_f, sigma_f))
    return replace(whole, **changes)


def situation(**changes: Any) -> Situation:
    """An account of 1000 dollars that holds nothing, trading."""
    run = Switch(SwitchState.RUN, "never thrown", NOW)
    return replace(Situation(NOW, run, Decimal(1000), Decimal(1000), {}, {}), **changes)
