"""What happens to the whole exchange: maintenance, halts, changed rules, wrong settlements."""

from datetime import timedelta
from decimal import Decimal

from kalshi_edge.domain.market import FeeRule, PriceRange
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.units import CENT, ONE, ZERO, floor_to
from kalshi_sandbox.exchange.rest.requests import Call
from kalshi_sandbox.exchange.rest.wire_in import CreateOrder, parse_body
from kalshi_sandbox.exchange.venue.accounts import NewOrder
from kalshi_sandbox.exchange.venue.errors import Refusal, not_found
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.market_makers import CREDIT
from kalshi_sandbox.exchange.venue.records import Source, VenueEvent, VenueSeries
from kalshi_sandbox.exchange.venue.venue import Pause

TICKS: dict[str, tuple[PriceRange, ...]] = {
    "linear_cent": (PriceRange(ZERO, ONE, CENT),),
    "deci_cent": (PriceRange(ZERO, ONE, CENT / 10),),
    "tapered_deci_cent": (
        PriceRange(ZERO, CENT * 10, CENT / 10),
        PriceRange(CENT * 10, CENT * 90, CENT),
        PriceRange(CENT * 90, ONE, CENT / 10),
    ),
}
"""Three of the exchange's named structures of ticks."""


def maintain(exchange: Exchange, duration: timedelta, *, whole: bool) -> None:
    """Pause trading, or the ``whole`` exchange, for a while from now."""
    resumes_at = exchange.venue.now + duration
    exchange.desk.pause(Pause(is_whole_exchange=whole, resumes_at=resumes_at))


def change_rules(
    exchange: Exchange, ticker: str, *, source: Source | None, rules_secondary: str | None
) -> VenueSeries:
    """Change what a series' markets say decides them, at once and for all of them."""
    series = _series(exchange, ticker)
    series.source = source or series.source
    series.rules_secondary = rules_secondary or series.rules_secondary
    series.notice = f"SYNTHETIC-{exchange.venue.next_number()}"
    series.updated_at = exchange.venue.now
    for market in exchange.venue.markets.values():
        if market.event.series is series and market.settled_at is None:
            market.updated_at = series.updated_at
    return series


def change_fees(exchange: Exchange, event_ticker: str, rule: FeeRule | None) -> None:
    """Give an event fees of its own; ``None`` takes them away."""
    exchange.venue.set_event_fees(_event(exchange, event_ticker), rule)


def change_ticks(exchange: Exchange, ticker: str, structure: str) -> None:
    """Change the ticks of a market while it trades."""
    if structure not in TICKS:
        raise Refusal(400, "invalid_parameters", f"ticks are one of {', '.join(TICKS)}")
    exchange.venue.set_price_ranges(exchange.venue.market(ticker), structure, TICKS[structure])


def settle_otherwise(exchange: Exchange, event_ticker: str, high_f: Decimal | None) -> None:
    """Have a ladder settle on another figure than the report's, or on none (``None``).

    One that is determined already is disputed, and amended to the other figure a minute later.
    """
    event = _event(exchange, event_ticker)
    exchange.season.figures[event_ticker] = high_f
    is_determined = event.markets[0].value is not None
    if is_determined and event.markets[0].settled_at is not None:
        raise Refusal(409, "conflict", f"{event_ticker} is settled")
    if is_determined and high_f is not None:
        exchange.season.dispute(event, high_f, after=timedelta(minutes=1))


def settle_fairly(exchange: Exchange, event_ticker: str, value: Decimal | None) -> None:
    """Have a ladder settle at ``value`` dollars per YES contract, or each market at its last price.

    Its result is then ``scalar``. Raises ``Refusal`` where it is determined already.
    """
    event = _event(exchange, event_ticker)
    if event.markets[0].value is not None:
        raise Refusal(409, "conflict", f"{event_ticker} is determined")
    exchange.season.fair[event_ticker] = value


def announce_fees(exchange: Exchange, ticker: str, rule: FeeRule, after: timedelta) -> None:
    """Announce that a series charges by another rule ``after`` a while."""
    venue = exchange.venue
    venue.announce_fees(_series(exchange, ticker), rule, venue.now + after)


def waive_fees(exchange: Exchange, event_ticker: str, duration: timedelta | None) -> None:
    """Waive the fees of all markets of an event for a while; ``None`` ends a waiver."""
    until = None if duration is None else exchange.venue.now + duration
    for market in _event(exchange, event_ticker).markets:
        market.fee_waived_until, market.updated_at = until, exchange.venue.now


def _series(exchange: Exchange, ticker: str) -> VenueSeries:
    series = exchange.venue.series.get(ticker)
    if series is None:
        raise not_found(f"series {ticker} not found")
    return series


def _event(exchange: Exchange, ticker: str) -> VenueEvent:
    event = exchange.venue.events.get(ticker)
    if event is None:
        raise not_found(f"event {ticker} not found")
    return event


def outrun(exchange: Exchange, body: bytes, share: float) -> None:
    """Before an order arrives, let somebody else take so much that only ``share`` of it is left.

    A body that is no order, or one that would not trade, changes nothing.
    """
    try:
        new = parse_body(CreateOrder, Call("POST", "", body=body).json()).order()
        market = exchange.venue.market(new.ticker)
    except Refusal:
        return
    is_buy = new.side is Side.BUY
    facing = market.depth[Side.SELL if is_buy else Side.BUY]
    meets = [
        count
        for price, count in facing.items()
        if (price <= new.price if is_buy else price >= new.price)
    ]
    there = sum(meets, ZERO)
    left = floor_to(min(new.count, there) * Decimal(str(share)), CENT)
    if there > left:
        rival = exchange.venue.open_account("rival", CREDIT, is_house=True)
        taking = NewOrder(
            new.ticker, new.side, new.price, there - left, TimeInForce.IMMEDIATE_OR_CANCEL
        )
        exchange.desk.place(rival, taking)
