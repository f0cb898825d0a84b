"""Orders placed by hand elsewhere: ours to keep account of, and marked as such.

Such an order may sell what one of our trades holds, or open a position of its own.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderReport,
    OrderState,
    Side,
    Strategy,
    TimeInForce,
    derived_id,
)
from kalshi_edge.portfolio.tracker import Tracker
from kalshi_edge.units import ONE, ZERO

CityAndDay: TypeAlias = Callable[[str, datetime], tuple[str, date]]
"""City and climate day of a market."""


def order_of_fill(fill: Fill, tracker: Tracker, place: CityAndDay) -> Order:
    """The order behind a fill of which we have not heard: known to be as large as the fill."""
    what = (fill.ticker, fill.side, fill.price, fill.count)
    return _order(fill.intent_id, what, tracker, place, at=fill.received_at)


def order_of_statement(
    stated: OrderReport, tracker: Tracker, place: CityAndDay, at: datetime
) -> Order:
    """A resting order that we have not placed; the fills it already has may still be told."""
    count = stated.filled + stated.resting
    what = (stated.ticker, stated.side, stated.price, count)
    order = _order(stated.intent_id, what, tracker, place, at=at)
    return replace(order, order_id=stated.order_id, reported=stated.filled)


def as_stated(order: Order, stated: OrderReport, *, is_over: bool) -> Order:
    """An order as large as the exchange has it in the book; only it knows what was amended.

    ``is_over`` says that an end which we know of may be newer than the statement: then it stays.
    """
    if not stated.rests or (is_over and order.state is OrderState.DONE):
        return order
    return order.resized(stated.filled + stated.resting).reopened()


def _order(
    intent_id: str,
    what: tuple[str, Side, Decimal, Decimal],
    tracker: Tracker,
    place: CityAndDay,
    *,
    at: datetime,
) -> Order:
    ticker, side, price, count = what
    city, climate_day = place(ticker, at)
    facing = [t for t in tracker.open_trades() if t.ticker == ticker and t.side is not side]
    reduces = count <= sum((trade.open_count for trade in facing), ZERO)
    each = price if side is Side.BUY else ONE - price
    intent = Intent(
        intent_id=intent_id,
        trade_id=facing[0].trade_id if reduces else derived_id("adopted", intent_id),
        strategy=Strategy.MANUAL,
        ticker=ticker,
        city=city,
        climate_day=climate_day,
        side=side,
        count=count,
        limit_price=price,
        created_at=at,
        cost_limit=ZERO if reduces else count * each,
        reduces=reduces,
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        adopted=True,
    )
    return Order(intent, OrderState.RESTING)
