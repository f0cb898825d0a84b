"""Public reads: what is listed, quoted and traded, and the exchange's own state."""

from datetime import datetime
from typing import Any

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.rest.requests import Answer, Call, page, within
from kalshi_sandbox.exchange.rest.wire_out import (
    book_json,
    event_json,
    fee_notice_json,
    market_json,
    series_json,
    trade_json,
)
from kalshi_sandbox.exchange.venue.errors import bad_request, not_found
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.listing import CATEGORY, TAG
from kalshi_sandbox.exchange.venue.records import VenueEvent, VenueMarket, VenueSeries
from kalshi_sandbox.exchange.venue.venue import Archived

STATUSES = {
    "unopened": {MarketStatus.INITIALIZED},
    "open": {MarketStatus.ACTIVE},
    "paused": {MarketStatus.INACTIVE},
    "closed": {
        MarketStatus.CLOSED,
        MarketStatus.DETERMINED,
        MarketStatus.DISPUTED,
        MarketStatus.AMENDED,
    },
    "settled": {MarketStatus.FINALIZED},
}
"""The words of filters, which are not those of payloads."""

_TIMES = {"created": ("unopened", "open"), "close": ("closed",), "settled": ("settled",)}
"""Which status may be asked for together with which limits of time."""


# --- series and events ----------------------------------------------------------------------------


def get_series_list(exchange: Exchange, call: Call) -> Answer:
    """All series, in one page."""
    after, tags = call.instant("min_updated_ts"), set(call.texts("tags"))
    found = [
        _series(exchange, series, call)
        for series in exchange.venue.series.values()
        if call.text("category") in (None, CATEGORY)
        and within(series.updated_at, after, None)
        and (not tags or TAG in tags)
    ]
    if not call.flag("include_product_metadata"):
        for series in found:
            del series["product_metadata"]
    return Answer({"series": found})


def get_series(exchange: Exchange, call: Call) -> Answer:
    """One series."""
    return Answer({"series": _series(exchange, series_of(exchange, call), call)})


def series_of(exchange: Exchange, call: Call) -> VenueSeries:
    """The series of the path; ``Refusal`` 404."""
    ticker = call.path_params["series_ticker"]
    series = exchange.venue.series.get(ticker)
    if series is None:
        raise not_found(f"series {ticker} not found")
    return series


def _series(exchange: Exchange, series: VenueSeries, call: Call) -> dict[str, Any]:
    volume = None
    if call.flag("include_volume"):
        markets = (m for m in exchange.venue.markets.values() if m.event.series is series)
        volume = sum((market.volume for market in markets), ZERO)
    return series_json(series, volume)


def get_series_fee_changes(exchange: Exchange, call: Call) -> Answer:
    """Announced changes of series' fees; asked to, those that took effect too."""
    only, with_past = call.text("series_ticker"), call.flag("show_historical")
    changes = [
        fee_notice_json(series, notice)
        for series in exchange.venue.series.values()
        if only in (None, series.ticker)
        for notice in series.fee_notices
        if with_past or notice.effective_at > exchange.venue.now
    ]
    return Answer({"series_fee_change_arr": changes})


def get_event_fee_changes(_exchange: Exchange, _call: Call) -> Answer:
    """Planned changes of events' fees: none are ever announced here."""
    return Answer({"event_fee_changes": [], "cursor": ""})


def get_events(exchange: Exchange, call: Call) -> Answer:
    """Events, newest first; those of archived markets stay."""
    status = call.word("status", ("unopened", "open", "closed", "settled"))
    series, tickers = call.text("series_ticker"), call.texts("tickers")
    closes_after, updated_after = call.instant("min_close_ts"), call.instant("min_updated_ts")
    events = (
        event
        for event in reversed(exchange.venue.events.values())
        if (series is None or event.series.ticker == series)
        and (not tickers or event.ticker in tickers)
        and (status is None or any(m.status in STATUSES[status] for m in event.markets))
        and (closes_after is None or event.close_at > closes_after)
        and (updated_after is None or event.updated_at > updated_after)
    )
    found, cursor = page(call, events, lambda event: event.seq, limit=200, highest=200)
    nested = call.flag("with_nested_markets")
    bodies = [_event(exchange, event, nested=nested) for event in found]
    return Answer({"events": bodies, "milestones": [], "cursor": cursor})


def get_event(exchange: Exchange, call: Call) -> Answer:
    """One event, its markets inside it or beside it."""
    event = event_of(exchange, call)
    nested, without = call.flag("with_nested_markets"), call.flag("exclude_markets")
    if nested and without:
        raise bad_request("exclude_markets cannot be combined with with_nested_markets")
    beside = [] if nested or without else _live_markets(exchange, event)
    return Answer({"event": _event(exchange, event, nested=nested), "markets": beside})


def event_of(exchange: Exchange, call: Call, name: str = "event_ticker") -> VenueEvent:
    """The event of the path; ``Refusal`` 404."""
    ticker = call.path_params[name]
    event = exchange.venue.events.get(ticker)
    if event is None:
        raise not_found(f"event {ticker} not found")
    return event


def _event(exchange: Exchange, event: VenueEvent, *, nested: bool) -> dict[str, Any]:
    markets = {"markets": _live_markets(exchange, event)} if nested else {}
    return {**event_json(event), **markets}


def _live_markets(exchange: Exchange, event: VenueEvent) -> list[dict[str, Any]]:
    now = exchange.venue.now
    return [market_json(m, now) for m in event.markets if not is_archived(exchange, m)]


def get_event_metadata(exchange: Exchange, call: Call) -> Answer:
    """Pictures, of which there are none, and sources."""
    event = event_of(exchange, call)
    details = [
        {"market_ticker": market.ticker, "image_url": "", "color_code": ""}
        for market in event.markets
    ]
    source = event.series.source
    body = {
        "image_url": "",
        "settlement_sources": [{"name": source.name, "url": source.url}],
        "market_details": details,
        "competition": "High Temperature",
    }
    return Answer(body)


# --- markets --------------------------------------------------------------------------------------


def is_archived(exchange: Exchange, market: VenueMarket, kind: Archived = Archived.MARKETS) -> bool:
    """Whether a market, or what it has of ``kind``, is under the historical endpoints only."""
    return market.settled_at is not None and market.settled_at < exchange.venue.cutoff(kind)


def get_markets(exchange: Exchange, call: Call) -> Answer:
    """Markets, newest first."""
    return _markets(exchange, call, archived=False)


def get_historical_markets(exchange: Exchange, call: Call) -> Answer:
    """Archived markets, newest first."""
    return _markets(exchange, call, archived=True)


def _markets(exchange: Exchange, call: Call, *, archived: bool) -> Answer:
    venue = exchange.venue
    _check_filters(call)
    event, series = call.text("event_ticker"), call.text("series_ticker")
    tickers, status = call.texts("tickers"), call.word("status", STATUSES)
    call.word("mve_filter", ("only", "exclude"))
    wanted = (
        market
        for market in reversed(venue.markets.values())
        if is_archived(exchange, market) == archived
        and call.text("mve_filter") != "only"
        and (event is None or market.event.ticker == event)
        and (series is None or market.event.series.ticker == series)
        and (not tickers or market.ticker in tickers)
        and (status is None or market.status in STATUSES[status])
        and _in_time(market, call)
    )
    found, cursor = page(call, wanted, lambda market: market.seq, lowest=0)
    return Answer({"markets": [market_json(m, venue.now) for m in found], "cursor": cursor})


def _in_time(market: VenueMarket, call: Call) -> bool:
    times: dict[str, datetime | None] = {
        "created": market.created_at,
        "close": market.event.close_at,
        "settled": market.settled_at,
        "updated": market.updated_at,
    }
    for name, at in times.items():
        after, before = call.instant(f"min_{name}_ts"), call.instant(f"max_{name}_ts")
        if after is None and before is None:
            continue
        if at is None or not within(at, after, before):
            return False
    return True


def _check_filters(call: Call) -> None:
    """Refuse limits of time that cannot be combined, with each other or with a status."""
    used = [
        name
        for name in (*_TIMES, "updated")
        if call.text(f"min_{name}_ts") or call.text(f"max_{name}_ts")
    ]
    if len(used) > 1:
        raise bad_request(f"timestamp filters exclude each other: {', '.join(used)}")
    if not used:
        return
    status = call.text("status")
    if used == ["updated"]:
        others = [key for key in ("status", "event_ticker", "tickers") if call.text(key)]
        if others:
            raise bad_request(f"updated timestamps exclude {', '.join(others)}")
        if call.text("series_ticker") and call.text("mve_filter") != "exclude":
            raise bad_request("updated timestamps with series_ticker need mve_filter=exclude")
    elif status is not None and status not in _TIMES[used[0]]:
        raise bad_request(f"{used[0]} timestamps exclude status {status}")


def get_market(exchange: Exchange, call: Call) -> Answer:
    """One market of the live data."""
    return _market(exchange, call, archived=False)


def get_historical_market(exchange: Exchange, call: Call) -> Answer:
    """One archived market."""
    return _market(exchange, call, archived=True)


def _market(exchange: Exchange, call: Call, *, archived: bool) -> Answer:
    market = exchange.venue.market(call.path_params["ticker"])
    if is_archived(exchange, market) != archived:
        raise not_found(f"market {market.ticker} not found")
    return Answer({"market": market_json(market, exchange.venue.now)})


def get_orderbook(exchange: Exchange, call: Call) -> Answer:
    """One market's book."""
    market = exchange.venue.market(call.path_params["ticker"])
    return Answer({"orderbook_fp": book_json(market, call.number("depth", 0, 0, 100))})


def get_orderbooks(exchange: Exchange, call: Call) -> Answer:
    """Up to a hundred markets' books."""
    tickers = call.texts("tickers")
    if not 1 <= len(tickers) <= 100:
        raise bad_request(f"from 1 to 100 tickers, not {len(tickers)}")
    books = [
        {"ticker": ticker, "orderbook_fp": book_json(exchange.venue.market(ticker))}
        for ticker in tickers
    ]
    return Answer({"orderbooks": books})


# --- trades ---------------------------------------------------------------------------------------


def get_trades(exchange: Exchange, call: Call) -> Answer:
    """Public trades, newest first."""
    return _trades(exchange, call, archived=False)


def get_historical_trades(exchange: Exchange, call: Call) -> Answer:
    """Archived trades, newest first."""
    return _trades(exchange, call, archived=True)


def _trades(exchange: Exchange, call: Call, *, archived: bool) -> Answer:
    cutoff, ticker = exchange.venue.cutoff(Archived.TRADES), call.text("ticker")
    market = None if ticker is None else exchange.venue.markets.get(ticker)
    trades = exchange.venue.trades if ticker is None else [] if market is None else market.trades
    after, before = call.instant("min_ts"), call.instant("max_ts")
    only_blocks = call.text("is_block_trade") is not None and call.flag("is_block_trade")
    wanted = (
        trade
        for trade in reversed(trades)
        if (trade.at < cutoff) == archived and within(trade.at, after, before) and not only_blocks
    )
    found, cursor = page(call, wanted, lambda trade: trade.seq, lowest=0)
    return Answer({"trades": [trade_json(trade) for trade in found], "cursor": cursor})
