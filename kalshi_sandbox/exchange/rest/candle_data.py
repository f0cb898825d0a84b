"""Candles over REST: of one market, of several, of an event, live and archived."""

from dataclasses import replace
from typing import Any

from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.rest.market_data import event_of, is_archived, series_of
from kalshi_sandbox.exchange.rest.requests import Answer, Call
from kalshi_sandbox.exchange.rest.wire_out import candle_json, historical_candle_json
from kalshi_sandbox.exchange.venue.candles import Candle, flat
from kalshi_sandbox.exchange.venue.errors import bad_request, not_found
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.records import VenueMarket
from kalshi_sandbox.exchange.venue.venue import Archived

PERIODS_MIN = (1, 60, 1440)
MOST_CANDLES = 10_000


def _span(call: Call) -> tuple[int, int, int]:
    start_s, end_s = call.needed_number("start_ts"), call.needed_number("end_ts")
    minutes = call.needed_number("period_interval")
    if minutes not in PERIODS_MIN:
        raise bad_request(f"period_interval must be one of {PERIODS_MIN}, not {minutes}")
    if end_s < start_s:
        raise bad_request(f"end_ts {end_s} before start_ts {start_s}")
    return start_s, end_s, minutes


def _candles(market: VenueMarket, call: Call, span: tuple[int, int, int]) -> list[Candle]:
    start_s, end_s, minutes = span
    found = list(market.candles.between(start_s, end_s, minutes))
    if call.flag("include_latest_before_start"):
        latest = market.candles.latest_before(start_s)
        if latest is not None:
            found.insert(0, _carried(latest, -(-start_s // (minutes * 60)) * minutes * 60))
    return found


def _carried(latest: Candle, end_s: int) -> Candle:
    """The last candle before a span as that span's first: its closing quotes, nothing traded."""
    return replace(
        latest,
        end_s=end_s,
        bid=flat(latest.bid.close),
        ask=flat(latest.ask.close),
        price=None,
        volume=ZERO,
        turnover=ZERO,
        previous=latest.previous if latest.price is None else latest.price.close,
    )


def get_candles(exchange: Exchange, call: Call) -> Answer:
    """One market's candles; none where they are archived and the market is not."""
    series = series_of(exchange, call)
    market = exchange.venue.market(call.path_params["ticker"])
    are_archived = is_archived(exchange, market, Archived.CANDLES)
    is_gone = are_archived and is_archived(exchange, market)
    if market.event.series is not series or is_gone:
        raise not_found(f"market {market.ticker} not found")
    span = _span(call)
    candles = [] if are_archived else _candles(market, call, span)
    body = {"ticker": market.ticker, "candlesticks": [candle_json(c) for c in candles]}
    return Answer(body)


def get_batch_candles(exchange: Exchange, call: Call) -> Answer:
    """Up to a hundred markets' candles, ten thousand in all."""
    tickers = call.texts("market_tickers")
    if not 1 <= len(tickers) <= 100:
        raise bad_request(f"from 1 to 100 market_tickers, not {len(tickers)}")
    span = _span(call)
    bodies: list[dict[str, Any]] = []
    for ticker in tickers:
        candles = _candles(exchange.venue.market(ticker), call, span)
        found = [candle_json(candle) for candle in candles]
        bodies.append({"market_ticker": ticker, "candlesticks": found})
    total = sum(len(body["candlesticks"]) for body in bodies)
    if total > MOST_CANDLES:
        raise bad_request(f"{total} candles, at most {MOST_CANDLES}")
    return Answer({"markets": bodies})


def get_event_candles(exchange: Exchange, call: Call) -> Answer:
    """The candles of all markets of an event."""
    series, event = series_of(exchange, call), event_of(exchange, call, "ticker")
    if event.series is not series:
        raise not_found(f"event {event.ticker} not found")
    span = _span(call)
    candles = [
        [candle_json(candle) for candle in _candles(market, call, span)] for market in event.markets
    ]
    tickers = [market.ticker for market in event.markets]
    body = {"market_tickers": tickers, "market_candlesticks": candles, "adjusted_end_ts": span[1]}
    return Answer(body)


def get_historical_candles(exchange: Exchange, call: Call) -> Answer:
    """An archived market's candles, under their older field names."""
    market = exchange.venue.market(call.path_params["ticker"])
    if not is_archived(exchange, market, Archived.CANDLES):
        raise not_found(f"market {market.ticker} not found")
    start_s, end_s, minutes = _span(call)
    candles = market.candles.between(start_s, end_s, minutes)
    body = {"ticker": market.ticker, "candlesticks": [historical_candle_json(c) for c in candles]}
    return Answer(body)
