"""What the exchange says of our account: orders, fills, positions, payouts, balance and limits.

REST and the stream name the same things a little differently; here both become one. A fill's name
is its trade's, so that the same fill from either side is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.data.kalshi.fields import (
    Payload,
    cents_field,
    decimal_field,
    flag_field,
    instant_field,
    instant_of_ms,
    instant_of_s,
    known_word,
    needed_cents,
    object_field,
    optional_instant,
    optional_text,
    optional_whole,
    text_field,
    whole_field,
)
from kalshi_edge.domain.orders import Fill, Intent, OrderReport, Settlement, Side
from kalshi_edge.errors import ContractError
from kalshi_edge.token_bucket import Rate
from kalshi_edge.units import ONE, ZERO

_SIDES = {"bid": Side.BUY, "yes": Side.BUY, "ask": Side.SELL, "no": Side.SELL}


class OrderStatus(StrEnum):
    """Where the exchange says that an order is."""

    RESTING = "resting"
    CANCELED = "canceled"
    EXECUTED = "executed"
    UNKNOWN = "unknown"


def parse_order(payload: Payload, names: Mapping[str, str]) -> OrderReport:
    """An order of ``GET /portfolio/orders`` or of the stream's ``user_order``.

    ``names`` are the intents by the exchange's order ids: they hold even where an owner has given
    our order another name since. An order that was placed by hand goes by its order id.

    Raises ``ContractError`` for a status that is a new word to us: it may rest, or be over.
    """
    status, order_id = text_field(payload, "status"), text_field(payload, "order_id")
    known = known_word(OrderStatus, status, OrderStatus.UNKNOWN)
    if known is OrderStatus.UNKNOWN:
        raise ContractError(f"order {order_id} is {status!r}, which says nothing to us")
    remaining = decimal_field(payload, "remaining_count_fp")
    resting = remaining if known is OrderStatus.RESTING else ZERO
    return OrderReport(
        order_id=order_id,
        intent_id=_name(payload, order_id, names),
        ticker=text_field(payload, "ticker"),
        side=_side(payload),
        price=decimal_field(payload, "yes_price_dollars"),
        filled=decimal_field(payload, "fill_count_fp"),
        resting=resting,
        reason="" if resting else optional_text(payload, "last_update_reason") or status,
    )


def parse_taken(payload: Payload, intent: Intent) -> OrderReport:
    """The answer to an order that was taken; its counts have no suffix here.

    Raises ``ContractError`` where it is the answer to another order.
    """
    echo = optional_text(payload, "client_order_id")
    if echo and echo != intent.intent_id:
        raise ContractError(f"the answer is about order {echo}, not {intent.intent_id}")
    return intent.report(
        order_id=text_field(payload, "order_id"),
        filled=decimal_field(payload, "fill_count"),
        resting=decimal_field(payload, "remaining_count"),
    )


def parse_fill(payload: Payload, names: Mapping[str, str], received_at: datetime) -> Fill:
    """A fill of ``GET /portfolio/fills`` or of the stream, ``names`` as in ``parse_order``."""
    order_id = text_field(payload, "order_id")
    return Fill(
        fill_id=text_field(payload, "trade_id"),
        intent_id=_name(payload, order_id, names),
        ticker=text_field(payload, "market_ticker"),
        side=_side(payload),
        count=decimal_field(payload, "count_fp"),
        price=decimal_field(payload, "yes_price_dollars"),
        fee=decimal_field(payload, "fee_cost"),
        is_taker=flag_field(payload, "is_taker"),
        valid_at=_traded_at(payload) or received_at,
        received_at=received_at,
    )


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """What we hold of one market by the exchange's books, in contracts and dollars."""

    ticker: str
    count: Decimal
    """YES contracts; below 0 they are NO contracts."""
    exposure: Decimal


def parse_position(payload: Payload) -> HeldPosition:
    """A market position of ``GET /portfolio/positions``."""
    return HeldPosition(
        ticker=text_field(payload, "ticker"),
        count=decimal_field(payload, "position_fp"),
        exposure=decimal_field(payload, "market_exposure_dollars"),
    )


@dataclass(frozen=True, slots=True)
class Payout:
    """What a settlement did to our account, beside what it says of the market."""

    settlement: Settlement
    yes_count: Decimal
    no_count: Decimal
    revenue: Decimal
    """Dollars."""
    fee: Decimal


def parse_payout(payload: Payload, received_at: datetime) -> Payout:
    """An entry of ``GET /portfolio/settlements``; two of its figures are in cents."""
    ticker, result = text_field(payload, "ticker"), text_field(payload, "market_result")
    stated = cents_field(payload, "value")
    value = {"yes": ONE, "no": ZERO}.get(result, stated)
    if value is None or (stated is not None and stated != value):
        raise ContractError(f"{ticker}: settled {result!r} at {payload.get('value')} cents")
    return Payout(
        settlement=Settlement(
            ticker, value, None, instant_field(payload, "settled_time"), received_at
        ),
        yes_count=decimal_field(payload, "yes_count_fp"),
        no_count=decimal_field(payload, "no_count_fp"),
        revenue=needed_cents(payload, "revenue"),
        fee=decimal_field(payload, "fee_cost"),
    )


def parse_balance(payload: Payload) -> Decimal:
    """Dollars to spend, exactly; the whole cents beside them are cut off."""
    return decimal_field(payload, "balance_dollars")


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """How fast this account may ask and order."""

    tier: str
    read: Rate
    write: Rate


def parse_limits(payload: Payload) -> AccountLimits:
    """The answer of ``GET /account/limits``."""
    rates = []
    for name in ("read", "write"):
        bucket = object_field(payload, name)
        rate = Rate(whole_field(bucket, "refill_rate"), whole_field(bucket, "bucket_capacity"))
        if rate.refill_per_s <= 0 or rate.capacity <= 0:
            raise ContractError(f"a {name} limit of {rate}")
        rates.append(rate)
    return AccountLimits(text_field(payload, "usage_tier"), *rates)


def _name(payload: Payload, order_id: str, names: Mapping[str, str]) -> str:
    return names.get(order_id) or optional_text(payload, "client_order_id") or order_id


def _side(payload: Payload) -> Side:
    """The side of the YES book, by the fields that name it; where both do, they must agree."""
    words = [
        word for name in ("book_side", "outcome_side") if (word := optional_text(payload, name))
    ]
    sides = {_SIDES.get(word) for word in words}
    side = sides.pop() if len(sides) == 1 else None
    if side is None:
        raise ContractError(f"no side in {words}")
    return side


def _traded_at(payload: Payload) -> datetime | None:
    return (
        instant_of_ms(payload.get("ts_ms"))
        or optional_instant(payload, "created_time")
        or instant_of_s(optional_whole("ts", payload.get("ts")))
    )
