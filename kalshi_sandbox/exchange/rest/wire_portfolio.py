"""A member's orders, fills, positions and settlements in the exchange's JSON, for REST.

Integer cents are left in a settlement's ``revenue`` and ``value`` alone. GET shows counts with
``_fp``, the answers to writes do not.
"""

from datetime import datetime
from decimal import Decimal

from kalshi_edge.units import MICRO, ONE, ZERO
from kalshi_sandbox.exchange.rest.wire_out import (
    Json,
    cents,
    contracts,
    direction_json,
    dollars,
    instant,
    precise_dollars,
    unix_ms,
    unix_s,
)
from kalshi_sandbox.exchange.venue.accounts import (
    OrderGroup,
    VenueFill,
    VenueOrder,
    VenueSettlement,
)
from kalshi_sandbox.exchange.venue.ledger import Position
from kalshi_sandbox.exchange.venue.order_entry_rules import Placement
from kalshi_sandbox.exchange.venue.records import VenueEvent


def order_json(order: VenueOrder) -> Json:
    """An order as GET shows it: counts with ``_fp``, unlike the answers to writes."""
    return {
        "order_id": order.order_id,
        "user_id": order.account.user_id,
        "client_order_id": order.client_order_id,
        "ticker": order.market.ticker,
        **direction_json(order.side),
        "type": "limit",
        "status": order.status,
        "yes_price_dollars": dollars(order.price),
        "no_price_dollars": dollars(ONE - order.price),
        "initial_count_fp": contracts(order.initial),
        "fill_count_fp": contracts(order.filled),
        "remaining_count_fp": contracts(order.remaining),
        **order_money_json(order),
        "expiration_time": None if order.expires_at is None else instant(order.expires_at),
        "created_time": instant(order.created_at),
        "last_update_time": instant(order.updated_at),
        "self_trade_prevention_type": order.asked.self_trade.value,
        "order_group_id": None if order.group is None else order.group.group_id,
        "cancel_order_on_pause": order.asked.cancel_on_pause,
        "subaccount_number": 0,
        "exchange_index": 0,
    }


def order_money_json(order: VenueOrder) -> Json:
    """What an order's fills have cost."""
    return {
        "taker_fill_cost_dollars": precise_dollars(order.taker_cost),
        "maker_fill_cost_dollars": precise_dollars(order.maker_cost),
        "taker_fees_dollars": precise_dollars(order.taker_fees),
        "maker_fees_dollars": precise_dollars(order.maker_fees),
    }


def placement_json(placement: Placement, now: datetime) -> Json:
    """The answer to a create: no full order, and averages only where something filled."""
    order = placement.order
    return {
        "order_id": order.order_id,
        **({"client_order_id": order.client_order_id} if order.client_order_id else {}),
        "fill_count": contracts(placement.filled),
        "remaining_count": contracts(order.remaining),
        **_averages_json(placement),
        "ts_ms": unix_ms(now),
    }


def amended_json(placement: Placement, was_remaining: Decimal, now: datetime) -> Json:
    """The answer to an amend: counts are null where neither a fill nor a new size came of it."""
    order = placement.order
    same = not placement.fills and order.remaining == was_remaining
    averages = _averages_json(placement)
    return {
        "order_id": order.order_id,
        **({"client_order_id": order.client_order_id} if order.client_order_id else {}),
        "remaining_count": None if same else contracts(order.remaining),
        "fill_count": None if same else contracts(placement.filled),
        "average_fill_price": averages.get("average_fill_price"),
        "average_fee_paid": averages.get("average_fee_paid"),
        "ts_ms": unix_ms(now),
    }


def _averages_json(placement: Placement) -> Json:
    if not placement.fills:
        return {}
    return {
        "average_fill_price": dollars(placement.average_price.quantize(MICRO)),
        "average_fee_paid": dollars(placement.average_fee.quantize(MICRO)),
    }


def fill_json(fill: VenueFill) -> Json:
    """A fill; without the client's own order id, which only the stream sends."""
    order, trade = fill.order, fill.trade
    return {
        "fill_id": fill.fill_id,
        "trade_id": fill.fill_id,
        "order_id": order.order_id,
        "ticker": order.market.ticker,
        "market_ticker": order.market.ticker,
        **direction_json(order.side),
        "count_fp": contracts(trade.count),
        "yes_price_dollars": dollars(trade.price),
        "no_price_dollars": dollars(ONE - trade.price),
        "is_taker": fill.is_taker,
        "fee_cost": precise_dollars(fill.fee),
        "created_time": instant(trade.at),
        "ts": unix_s(trade.at),
        "subaccount_number": 0,
        "exchange_index": 0,
    }


def position_json(position: Position) -> Json:
    """A position in one market: YES above zero, NO below."""
    return {
        "ticker": position.market.ticker,
        "position_fp": contracts(position.count),
        "total_traded_dollars": dollars(position.traded),
        "market_exposure_dollars": dollars(position.cost),
        "realized_pnl_dollars": dollars(position.realized),
        "fees_paid_dollars": dollars(position.fees),
        "last_updated_ts": instant(position.updated_at),
        "exchange_index": 0,
    }


def event_position_json(event: VenueEvent, positions: list[Position]) -> Json:
    """All positions of one event together."""
    return {
        "event_ticker": event.ticker,
        "total_cost_dollars": dollars(sum((p.traded for p in positions), ZERO)),
        "total_cost_shares_fp": contracts(sum((p.volume for p in positions), ZERO)),
        "event_exposure_dollars": dollars(sum((p.cost for p in positions), ZERO)),
        "realized_pnl_dollars": dollars(sum((p.realized for p in positions), ZERO)),
        "fees_paid_dollars": dollars(sum((p.fees for p in positions), ZERO)),
    }


def settlement_json(settlement: VenueSettlement, *, fractional: bool = False) -> Json:
    """A settlement: ``revenue`` and ``value`` are cents, the rest dollars.

    ``fractional`` cents are told as they are, which the specification does not foresee.
    """
    market, shown = settlement.market, fractional_cents if fractional else cents
    is_yes = settlement.yes_count > ZERO
    return {
        "ticker": market.ticker,
        "event_ticker": market.event.ticker,
        "exchange_index": 0,
        "market_result": market.result,
        "yes_count_fp": contracts(settlement.yes_count),
        "yes_total_cost_dollars": dollars(settlement.cost if is_yes else ZERO),
        "no_count_fp": contracts(settlement.no_count),
        "no_total_cost_dollars": dollars(ZERO if is_yes else settlement.cost),
        "revenue": shown(settlement.payout),
        "value": shown(market.value or ZERO),
        "fee_cost": dollars(settlement.fees),
        "settled_time": instant(settlement.at),
    }


def fractional_cents(amount: Decimal) -> str:
    """Cents as a decimal string.

    >>> fractional_cents(Decimal("0.3725"))
    '37.25'
    """
    return f"{(amount * 100).normalize():f}"


def group_json(group: OrderGroup) -> Json:
    """An order group in the list."""
    return {
        "id": group.group_id,
        "contracts_limit_fp": contracts(group.limit),
        "is_auto_cancel_enabled": True,
        "exchange_index": 0,
    }
