"""A member's reads: orders, fills, positions, settlements, balance, limits."""

from collections.abc import Iterable
from decimal import Decimal

from kalshi_edge.domain.orders import Side
from kalshi_edge.units import ONE, ZERO
from kalshi_sandbox.exchange.rest.rate_limits import DEFAULT_COST, ENDPOINT_COSTS, TIERS
from kalshi_sandbox.exchange.rest.requests import Answer, Call, page, within
from kalshi_sandbox.exchange.rest.wire_out import cents, contracts, dollars, unix_s
from kalshi_sandbox.exchange.rest.wire_portfolio import (
    event_position_json,
    fill_json,
    order_json,
    position_json,
    settlement_json,
)
from kalshi_sandbox.exchange.venue.accounts import VenueFill, VenueOrder
from kalshi_sandbox.exchange.venue.errors import Refusal, bad_request, not_found
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.ledger import Position
from kalshi_sandbox.exchange.venue.records import VenueEvent
from kalshi_sandbox.exchange.venue.venue import Archived


def _only_primary(call: Call) -> None:
    """Refuse subaccounts and shards that do not exist here."""
    for name in ("subaccount", "exchange_index"):
        call.number(name, 0, 0, 0)


# --- orders ---------------------------------------------------------------------------------------


def get_orders(exchange: Exchange, call: Call) -> Answer:
    """Orders, newest first: all that rest, and those that ended within the live data."""
    cutoff = exchange.venue.cutoff(Archived.ORDERS)
    orders = exchange.views.of(call.member).orders.values()
    return _orders(call, (o for o in orders if o.status == "resting" or o.updated_at >= cutoff))


def get_historical_orders(exchange: Exchange, call: Call) -> Answer:
    """Archived orders, newest first."""
    cutoff = exchange.venue.cutoff(Archived.ORDERS)
    orders = exchange.views.of(call.member).orders.values()
    return _orders(call, (o for o in orders if o.status != "resting" and o.updated_at < cutoff))


def _orders(call: Call, orders: Iterable[VenueOrder]) -> Answer:
    _only_primary(call)
    ticker, events = call.text("ticker"), call.texts("event_ticker")
    status = call.word("status", ("resting", "canceled", "executed"))
    after, before = call.instant("min_ts"), call.instant("max_ts")
    wanted = (
        order
        for order in sorted(orders, key=lambda order: -order.seq)
        if (ticker is None or order.market.ticker == ticker)
        and (not events or order.market.event.ticker in events)
        and status in (None, order.status)
        and within(order.created_at, after, before)
    )
    found, cursor = page(call, wanted, lambda order: order.seq)
    return Answer({"orders": [order_json(order) for order in found], "cursor": cursor})


def get_order(exchange: Exchange, call: Call) -> Answer:
    """One order."""
    order = exchange.views.of(call.member).orders.get(call.path_params["order_id"])
    if order is None:
        raise not_found(f"order {call.path_params['order_id']} not found")
    return Answer({"order": order_json(order)})


def get_queue_positions(_exchange: Exchange, call: Call) -> Answer:
    """How many contracts trade before each of the member's orders does."""
    tickers, event = call.texts("market_tickers"), call.text("event_ticker")
    if not tickers and event is None:
        raise bad_request("market_tickers or event_ticker is required")
    positions = [
        {
            "order_id": order.order_id,
            "market_ticker": order.market.ticker,
            "queue_position_fp": contracts(_ahead_of(order)),
        }
        for resting in call.member.resting.values()
        for order in resting.values()
        if order.market.ticker in tickers or order.market.event.ticker == event
    ]
    return Answer({"queue_positions": positions})


def get_queue_position(exchange: Exchange, call: Call) -> Answer:
    """How many contracts trade before one order does."""
    order = exchange.venue.orders.get(call.path_params["order_id"])
    if order is None or order.account is not call.member:
        raise not_found(f"order {call.path_params['order_id']} not found")
    return Answer({"queue_position_fp": contracts(_ahead_of(order))})


def _ahead_of(order: VenueOrder) -> Decimal:
    ahead = ZERO
    for other in order.market.book.orders(order.side):
        if other.order_id == order.order_id:
            break
        ahead += other.count
    return ahead


# --- fills, positions, settlements ----------------------------------------------------------------


def get_fills(exchange: Exchange, call: Call) -> Answer:
    """Fills of the live data, newest first."""
    cutoff = exchange.venue.cutoff(Archived.TRADES)
    return _fills(call, (f for f in _visible_fills(exchange, call) if f.trade.at >= cutoff))


def get_historical_fills(exchange: Exchange, call: Call) -> Answer:
    """Archived fills, newest first."""
    cutoff = exchange.venue.cutoff(Archived.TRADES)
    return _fills(call, (f for f in _visible_fills(exchange, call) if f.trade.at < cutoff))


def _visible_fills(exchange: Exchange, call: Call) -> Iterable[VenueFill]:
    return reversed(call.member.fills[: exchange.views.of(call.member).fills])


def _fills(call: Call, fills: Iterable[VenueFill]) -> Answer:
    _only_primary(call)
    tickers, order_id = call.texts("ticker"), call.text("order_id")
    after, before = call.instant("min_ts"), call.instant("max_ts")
    wanted = (
        fill
        for fill in fills
        if (not tickers or fill.order.market.ticker in tickers)
        and order_id in (None, fill.order.order_id)
        and within(fill.trade.at, after, before)
    )
    found, cursor = page(call, wanted, lambda fill: fill.seq)
    return Answer({"fills": [fill_json(fill) for fill in found], "cursor": cursor})


def get_positions(exchange: Exchange, call: Call) -> Answer:
    """Positions by market and by event; unsettled ones unless asked otherwise."""
    cutoff = exchange.venue.cutoff(Archived.POSITIONS)
    status = call.word("settlement_status", ("unsettled", "settled", "all")) or "unsettled"
    live = [
        position
        for position in exchange.views.of(call.member).positions.values()
        if status == "all" or position.is_settled == (status == "settled")
        if not position.is_settled or position.updated_at >= cutoff
    ]
    return _positions(call, live)


def get_historical_positions(exchange: Exchange, call: Call) -> Answer:
    """Archived positions by market and by event."""
    cutoff = exchange.venue.cutoff(Archived.POSITIONS)
    positions = exchange.views.of(call.member).positions.values()
    return _positions(call, [p for p in positions if p.is_settled and p.updated_at < cutoff])


def _positions(call: Call, positions: list[Position]) -> Answer:
    _only_primary(call)
    ticker, event = call.text("ticker"), call.text("event_ticker")
    filters = set(call.texts("count_filter"))
    if filters - {"position", "total_traded"}:
        raise bad_request(f"count_filter knows position and total_traded, not {sorted(filters)}")
    wanted = [
        position
        for position in sorted(positions, key=lambda position: -position.market.seq)
        if ticker in (None, position.market.ticker)
        and event in (None, position.market.event.ticker)
        and ("position" not in filters or position.count != ZERO)
        and ("total_traded" not in filters or position.traded != ZERO)
    ]
    found, cursor = page(call, wanted, lambda position: position.market.seq)
    events: dict[str, tuple[VenueEvent, list[Position]]] = {}
    for position in found:
        of_event = position.market.event
        events.setdefault(of_event.ticker, (of_event, []))[1].append(position)
    return Answer(
        {
            "market_positions": [position_json(position) for position in found],
            "event_positions": [event_position_json(*each) for each in events.values()],
            "cursor": cursor,
        }
    )


def get_settlements(exchange: Exchange, call: Call) -> Answer:
    """Settlements of the live data, newest first."""
    _only_primary(call)
    cutoff, visible = (
        exchange.venue.cutoff(Archived.MARKETS),
        exchange.views.of(call.member).settlements,
    )
    ticker, event = call.text("ticker"), call.text("event_ticker")
    after, before = call.instant("min_ts"), call.instant("max_ts")
    wanted = (
        settlement
        for settlement in reversed(call.member.settlements[:visible])
        if settlement.at >= cutoff
        and ticker in (None, settlement.market.ticker)
        and event in (None, settlement.market.event.ticker)
        and within(settlement.at, after, before)
    )
    found, cursor = page(call, wanted, lambda settlement: settlement.seq)
    fractional = exchange.oddities.fractional_cents
    rows = [settlement_json(each, fractional=fractional) for each in found]
    return Answer({"settlements": rows, "cursor": cursor})


# --- money and limits -----------------------------------------------------------------------------


def get_balance(exchange: Exchange, call: Call) -> Answer:
    """Cash and what the positions would fetch at the best bids.

    Resting orders do not reduce it: it changes on fills, settlements and transfers only.
    """
    _only_primary(call)
    view = exchange.views.of(call.member)
    worth = sum((_worth(position) for position in view.positions.values()), ZERO)
    body = {
        "balance": cents(view.cash),
        "balance_dollars": dollars(view.cash),
        "portfolio_value": cents(worth),
        "updated_ts": unix_s(view.updated_at),
        "balance_breakdown": [{"exchange_index": 0, "balance": dollars(view.cash)}],
    }
    return Answer(body)


def _worth(position: Position) -> Decimal:
    market = position.market
    if market.value is not None:
        each = market.value if position.count > ZERO else ONE - market.value
    elif position.count > ZERO:
        each = market.bid or ZERO
    else:
        each = ZERO if market.ask is None else ONE - market.ask
    return abs(position.count) * each


def get_resting_value(_exchange: Exchange, call: Call) -> Answer:
    """What all resting orders would cost at their prices."""
    orders = (o for resting in call.member.resting.values() for o in resting.values())
    total = sum(
        (o.remaining * (o.price if o.side is Side.BUY else ONE - o.price) for o in orders), ZERO
    )
    breakdown = [{"exchange_index": 0, "balance": dollars(total)}]
    body = {"total_resting_order_value": cents(total), "resting_order_value_breakdown": breakdown}
    return Answer(body)


def get_limits(_exchange: Exchange, call: Call) -> Answer:
    """The member's tier and buckets."""
    tier = TIERS[call.member.tier]
    grants = []
    if call.member.tier != "basic":
        level = call.member.tier
        grants = [{"exchange_instance": "event_contract", "level": level, "source": "manual"}]
    body = {
        "usage_tier": call.member.tier,
        "read": {"refill_rate": tier.read, "bucket_capacity": tier.read_capacity},
        "write": {"refill_rate": tier.write, "bucket_capacity": tier.write_capacity},
        "grants": grants,
    }
    return Answer(body)


def get_endpoint_costs(_exchange: Exchange, _call: Call) -> Answer:
    """The endpoints that do not cost the default."""
    costs = [
        {"method": method, "path": f"/trade-api/v2{path}", "cost": cost}
        for method, path, cost in ENDPOINT_COSTS
    ]
    return Answer({"default_cost": DEFAULT_COST, "endpoint_costs": costs})


def post_upgrade(_exchange: Exchange, call: Call) -> Answer:
    """Basic becomes Advanced for whoever has placed an order."""
    if not call.member.orders:
        raise Refusal(403, "forbidden", "no order was created via API")
    if call.member.tier == "basic":
        call.member.tier = "advanced"
    return Answer(None, 201)
