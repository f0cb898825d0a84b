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
    decimal_field,
    flag_field,
    instant_field,
    instant_of_ms,
    known_word,
    object_field,
    optional_instant,
    optional_text,
    optional_whole,
    text_field,
    whole_field,
)
from kalshi_edge.data.kalshi.rate_limits import Rate
from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.orders import Fill, OrderStep, Settlement, Side
from kalshi_edge.errors import ContractError
from kalshi_edge.ports import Receipt
from kalshi_edge.units import CENT, ONE, ZERO

_SIDES = {"bid": Side.BUY, "yes": Side.BUY, "ask": Side.SELL, "no": Side.SELL}


class OrderStatus(StrEnum):
    """Where the exchange says that an order is."""

    RESTING = "resting"
    CANCELED = "canceled"
    EXECUTED = "executed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OrderReport:
    """The exchange's word on one order."""

    order_id: str
    client_order_id: str
    """Our intent's id; empty for an order placed by hand."""
    ticker: str
    side: Side
    price: Decimal
    """Dollars per YES contract."""
    status: OrderStatus
    filled: Decimal
    remaining: Decimal
    reason: str = ""
    """Why it last changed, where it says so."""

    @property
    def resting(self) -> Decimal:
        """Contracts that wait in the book."""
        return self.remaining if self.status is OrderStatus.RESTING else ZERO


def parse_order(payload: Payload) -> OrderReport:
    """An order of ``GET /portfolio/orders`` or of the stream's ``user_order``."""
    return OrderReport(
        order_id=text_field(payload, "order_id"),
        client_order_id=optional_text(payload, "client_order_id"),
        ticker=text_field(payload, "ticker"),
        side=_side(payload),
        price=decimal_field(payload, "yes_price_dollars"),
        status=known_word(OrderStatus, text_field(payload, "status"), OrderStatus.UNKNOWN),
        filled=decimal_field(payload, "fill_count_fp"),
        remaining=decimal_field(payload, "remaining_count_fp"),
        reason=optional_text(payload, "last_update_reason"),
    )


def parse_receipt(payload: Payload, client_order_id: str) -> Receipt:
    """The answer to an order that was taken; its counts have no suffix here.

    Raises ``ContractError`` where it is the answer to another order.
    """
    echo = optional_text(payload, "client_order_id")
    if echo and echo != client_order_id:
        raise ContractError(f"the answer is about order {echo}, not {client_order_id}")
    return Receipt(
        order_id=text_field(payload, "order_id"),
        filled=decimal_field(payload, "fill_count"),
        resting=decimal_field(payload, "remaining_count"),
    )


def receipt_of(report: OrderReport) -> Receipt:
    """The receipt of an order that had been taken before."""
    return Receipt(report.order_id, report.filled, report.resting)


def order_update(report: OrderReport, received_at: datetime) -> OrderUpdate | None:
    """What a report means for our order; ``None`` where its status is a new word to us."""
    if report.status is OrderStatus.UNKNOWN:
        return None
    rests = report.status is OrderStatus.RESTING
    return OrderUpdate(
        intent_id=report.client_order_id or report.order_id,
        step=OrderStep.ACCEPT if rests else OrderStep.FINISH,
        received_at=received_at,
        order_id=report.order_id,
        filled=report.filled,
        reason="" if rests else report.reason or report.status.value,
    )


def parse_fill(payload: Payload, names: Mapping[str, str], received_at: datetime) -> Fill:
    """A fill of ``GET /portfolio/fills`` or of the stream.

    Only the stream may name our intent; elsewhere ``names`` does, by order id. An order that was
    placed by hand goes by its order id.
    """
    order_id = text_field(payload, "order_id")
    return Fill(
        fill_id=text_field(payload, "trade_id"),
        intent_id=optional_text(payload, "client_order_id") or names.get(order_id) or order_id,
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
    realised: Decimal
    fees: Decimal


def parse_position(payload: Payload) -> HeldPosition:
    """A market position of ``GET /portfolio/positions``."""
    return HeldPosition(
        ticker=text_field(payload, "ticker"),
        count=decimal_field(payload, "position_fp"),
        exposure=decimal_field(payload, "market_exposure_dollars"),
        realised=decimal_field(payload, "realized_pnl_dollars"),
        fees=decimal_field(payload, "fees_paid_dollars"),
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
    """An entry of ``GET /portfolio/settlements``; two of its figures are in whole cents."""
    ticker, result = text_field(payload, "ticker"), text_field(payload, "market_result")
    cents = optional_whole("value", payload.get("value"))
    stated = None if cents is None else cents * CENT
    value = {"yes": ONE, "no": ZERO}.get(result, stated)
    if value is None or (stated is not None and stated != value):
        raise ContractError(f"{ticker}: settled {result!r} at {cents} cents")
    return Payout(
        settlement=Settlement(
            ticker, value, None, instant_field(payload, "settled_time"), received_at
        ),
        yes_count=decimal_field(payload, "yes_count_fp"),
        no_count=decimal_field(payload, "no_count_fp"),
        revenue=whole_field(payload, "revenue") * CENT,
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
    seconds = optional_whole("ts", payload.get("ts"))
    return (
        instant_of_ms(payload.get("ts_ms"))
        or optional_instant(payload, "created_time")
        or (None if seconds is None else instant_of_ms(seconds * 1000))
    )
