"""What the code assumes of the exchange's public answers; every function is pure."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from kalshi_edge.data.kalshi.fields import Payload, instant_field, object_field, rows
from kalshi_edge.data.kalshi.market_wire import (
    parse_book,
    parse_event_ticker,
    parse_ladder,
    parse_settlement,
)
from kalshi_edge.data.kalshi.public_client import parse_series
from kalshi_edge.data.kalshi.trading_hours import parse_schedule, parse_status
from kalshi_edge.domain.market import FeeType, MarketStatus
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError
from kalshi_edge.operations.contact.deviations import Deviation, Found, expect, readable
from kalshi_edge.units import ONE

SOURCE = "The Weather Company"
"""What has settled the series since 2026-08-14; it was the National Weather Service before."""
EASTERN = ZoneInfo("America/New_York")
CENT_STEP = Decimal("0.01")
BINS = 6
_DOLLARS, _COUNT = re.compile(r"-?\d+\.\d{2,6}"), re.compile(r"-?\d+\.\d{2}")
_CENTS = ("yes_bid", "yes_ask", "no_bid", "no_ask", "last_price", "volume", "open_interest")
"""Fields in cents and whole contracts that were removed in March 2026."""
_STATUSES = {"active"}


def status_deviations(payload: Payload, headers: Mapping[str, str]) -> Found:
    """Of ``GET /exchange/status``."""
    yield from readable(lambda: parse_status(payload), "Trading hours: nothing would be traded.")
    yield from expect(
        "date" in headers, "no Date header", "The clock check: a wrong clock would not be seen."
    )


def schedule_deviations(payload: Payload) -> Found:
    """Of ``GET /exchange/schedule``: hours in Eastern time, and the Thursday pause."""
    yield from readable(lambda: parse_schedule(payload), "Trading hours: the usual ones are used.")


def series_deviations(payload: Payload, station: Station) -> Found:
    """Of ``GET /series/{series}``: fees by the formula we have, and the source that settles."""
    try:
        series = parse_series(payload)
    except InputError as error:
        yield Deviation(f"{station.series}: {error}", "The series would not be traded.")
        return
    rule, name = series.fee_rule, station.series
    yield from expect(
        series.ticker == name, f"{name} answers as {series.ticker}", "Series could be mixed up."
    )
    yield from expect(
        rule.fee_type is FeeType.QUADRATIC and rule.multiplier == ONE,
        f"{name} charges {rule.fee_type} × {rule.multiplier:g}, not quadratic × 1",
        "The fees that docs and measurements assume; an unknown type is not traded.",
        harmless=rule.fee_type is not FeeType.UNKNOWN,
    )
    yield from expect(
        series.sources == (SOURCE,),
        f"{name} settles by {' and '.join(series.sources) or 'nobody named'}, not by {SOURCE}",
        "Which report is learned from; accept the rules once you have read them.",
        harmless=True,
    )


def fee_change_deviations(payload: Payload) -> Found:
    """Of ``GET /series/fee_changes``: a list under the name that we read."""
    yield from readable(
        lambda: rows(payload, "series_fee_change_arr"), "Announced fees would come as a surprise."
    )


def event_deviations(event: Payload, series: Payload, station: Station, at: datetime) -> Found:
    """Of one event of ``GET /events`` with its markets."""
    name = str(event.get("event_ticker"))
    try:
        ladder = parse_ladder(event, series, at)
        _, day = parse_event_ticker(name)
        markets = rows(event, "markets")
    except InputError as error:
        yield Deviation(str(error), "The ladder would be refused: nothing is traded in it.")
        return
    yield from expect(
        len(markets) == BINS,
        f"{name} has {len(markets)} bins, not {BINS}", "Nothing: any tiling is read.",
        harmless=True,
    )  # fmt: skip
    yield from expect(
        event.get("mutually_exclusive") is True,
        f"{name} is not mutually exclusive",
        "Brackets and joint sizes, which count on at most one bin that pays.",
    )
    for market in ladder.markets:
        yield from expect(
            market.close_at == station.day_end(day),
            f"{market.ticker} closes at {market.close_at:%d %H:%M}Z, the climate day ends at"
            f" {station.day_end(day):%d %H:%M}Z",
            "The day boundary: which hours count, and when orders are taken back.",
        )
        yield from expect(
            market.exchange_index == 0,
            f"{market.ticker} is on shard {market.exchange_index}, not 0",
            "Orders go to shard 0: the ladder would not be traded.",
        )
        yield from expect(
            [one.step for one in market.price_ranges] == [CENT_STEP],
            f"{market.ticker} has ticks of {', '.join(str(o.step) for o in market.price_ranges)}",
            "Nothing: orders are put on the market's own grid.",
            harmless=True,
        )
        yield from _opening(market.ticker, market.open_at, day)
    for row in markets:
        yield from _market_row(row)


def _opening(ticker: str, open_at: datetime | None, day: Any) -> Found:
    """Ten in New York on the day before: 14:00Z in summer, 15:00Z in winter."""
    local = None if open_at is None else open_at.astimezone(EASTERN)
    yield from expect(
        local is not None and local.hour == 10 and local.date() == day - timedelta(days=1),
        f"{ticker} opened at {'no time' if open_at is None else f'{open_at:%d %H:%M}Z'}",
        "Nothing: the status decides. Docs say ten in New York on the day before.",
        harmless=True,
    )


def _market_row(row: Payload) -> Found:
    ticker = str(row.get("ticker"))
    status = str(row.get("status"))
    yield from expect(
        status in _STATUSES,
        f"{ticker} is {status!r} among the open ones",
        "The filter `open` would give markets that are not traded.",
        harmless=status in MarketStatus.__members__.values(),
    )
    for name, pattern in (("yes_bid_dollars", _DOLLARS), ("yes_ask_dollars", _DOLLARS),
                          ("yes_bid_size_fp", _COUNT), ("volume_fp", _COUNT)):  # fmt: skip
        value = row.get(name)
        yield from expect(
            isinstance(value, str) and pattern.fullmatch(value),
            f"{ticker}: {name} is {value!r}",
            "Prices and counts: they are read as decimal strings.",
        )  # fmt: skip
    old = sorted(name for name in _CENTS if name in row)
    yield from expect(
        not old,
        f"{ticker} has {', '.join(old)} again",
        "Nothing: they are not read.",
        harmless=True,
    )


def book_deviations(payload: Payload, at: datetime) -> Found:
    """Of one row of ``GET /markets/orderbooks``: bids of both sides, the best one last."""
    ticker = str(payload.get("ticker"))
    try:
        book = parse_book(ticker, payload, at)
        object_field(payload, "orderbook_fp")
    except InputError as error:
        yield Deviation(f"{ticker}: {error}", "The book: nothing is traded without one.")
        return
    yield from expect(
        book.bid is None or book.ask is None or book.bid < book.ask,
        f"{ticker}: bid {book.bid} is not below ask {book.ask}",
        "The turning of NO bids into YES asks.",
    )


def settled_deviations(row: Payload, at: datetime) -> Found:
    """Of one market that was asked for as settled."""
    ticker = str(row.get("ticker"))
    yield from expect(
        row.get("status") == MarketStatus.FINALIZED,
        f"{ticker} is {row.get('status')!r} among the settled ones",
        "Settlements: positions would wait for a status that never comes.",
    )
    if row.get("status") != MarketStatus.FINALIZED:
        return
    try:
        settlement = parse_settlement(row, at)
    except InputError as error:
        yield Deviation(f"{ticker}: {error}", "Settlements: the position would stay open.")
        return
    yield from expect(
        settlement.high_f is not None,
        f"{ticker} settled without a figure: expiration_value {row.get('expiration_value')!r}",
        "Learning from the settlement; the climate report is learned from all the same.",
        harmless=True,
    )


def cutoff_deviations(payload: Payload) -> Found:
    """Of ``GET /historical/cutoff``."""
    for name in ("market_settled_ts", "trades_created_ts", "orders_updated_ts"):
        yield from readable(
            partial(instant_field, payload, name),
            "Old orders, fills and markets: they could be overlooked.",
        )
