"""Which function answers which path, who may ask, and what it costs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from kalshi_sandbox.exchange.rest import candle_data as candles
from kalshi_sandbox.exchange.rest import exchange_state as state
from kalshi_sandbox.exchange.rest import market_data as public
from kalshi_sandbox.exchange.rest import order_entry as orders
from kalshi_sandbox.exchange.rest import payment_lists as payments
from kalshi_sandbox.exchange.rest import portfolio as member
from kalshi_sandbox.exchange.rest.rate_limits import CANCEL_COST, DEFAULT_COST, ENDPOINT_COSTS
from kalshi_sandbox.exchange.rest.requests import Answer, Call
from kalshi_sandbox.exchange.venue.errors import Refusal, not_found
from kalshi_sandbox.exchange.venue.exchange import Exchange

Endpoint: TypeAlias = Callable[[Exchange, Call], Answer]


class Access(StrEnum):
    """Who may ask; for members also the bucket that pays."""

    PUBLIC = "public"
    READ = "read"
    BALANCE = "balance"
    WRITE = "write"


_COSTS = {(method, path): cost for method, path, cost in ENDPOINT_COSTS}
_PER_ITEM: dict[Endpoint, int] = {
    orders.create_batch: DEFAULT_COST,
    orders.cancel_batch: CANCEL_COST,
}


@dataclass(frozen=True, slots=True)
class Route:
    """A path with names in braces, and what is behind it."""

    method: str
    path: str
    access: Access
    endpoint: Endpoint
    works_while_down: bool = False
    """Whether it answers while the whole exchange is paused."""
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        object.__setattr__(self, "pattern", re.compile(pattern))

    def cost(self, call: Call) -> int:
        """Tokens that a call costs."""
        each = _PER_ITEM.get(self.endpoint)
        if each is None:
            return _COSTS.get((self.method, self.path), DEFAULT_COST)
        return each * len(orders.batch_items(call))


P, R, W = Access.PUBLIC, Access.READ, Access.WRITE
_EVENTS, _GROUP = "/portfolio/events/orders", "/portfolio/order_groups/{order_group_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/exchange/status", P, state.get_status, works_while_down=True),
    Route("GET", "/exchange/schedule", P, state.get_schedule, works_while_down=True),
    Route("GET", "/exchange/user_data_timestamp", P, state.get_user_data_timestamp),
    Route("GET", "/series", P, public.get_series_list),
    Route("GET", "/series/fee_changes", P, public.get_series_fee_changes),
    Route("GET", "/series/{series_ticker}", P, public.get_series),
    Route("GET", "/series/{series_ticker}/markets/{ticker}/candlesticks", P, candles.get_candles),
    Route(
        "GET", "/series/{series_ticker}/events/{ticker}/candlesticks", P, candles.get_event_candles
    ),
    Route("GET", "/events", P, public.get_events),
    Route("GET", "/events/fee_changes", P, public.get_event_fee_changes),
    Route("GET", "/events/{event_ticker}", P, public.get_event),
    Route("GET", "/events/{event_ticker}/metadata", P, public.get_event_metadata),
    Route("GET", "/markets", P, public.get_markets),
    Route("GET", "/markets/trades", P, public.get_trades),
    Route("GET", "/markets/orderbooks", P, public.get_orderbooks),
    Route("GET", "/markets/candlesticks", P, candles.get_batch_candles),
    Route("GET", "/markets/{ticker}", P, public.get_market),
    Route("GET", "/markets/{ticker}/orderbook", P, public.get_orderbook),
    Route("GET", "/historical/cutoff", P, state.get_cutoff),
    Route("GET", "/historical/markets", P, public.get_historical_markets),
    Route("GET", "/historical/markets/{ticker}", P, public.get_historical_market),
    Route("GET", "/historical/markets/{ticker}/candlesticks", P, candles.get_historical_candles),
    Route("GET", "/historical/trades", P, public.get_historical_trades),
    Route("GET", "/historical/fills", R, member.get_historical_fills),
    Route("GET", "/historical/orders", R, member.get_historical_orders),
    Route("GET", "/historical/positions", R, member.get_historical_positions),
    Route("GET", "/portfolio/balance", Access.BALANCE, member.get_balance),
    Route("GET", "/portfolio/orders", R, member.get_orders),
    Route("GET", "/portfolio/orders/queue_positions", R, member.get_queue_positions),
    Route("GET", "/portfolio/orders/{order_id}", R, member.get_order),
    Route("GET", "/portfolio/orders/{order_id}/queue_position", R, member.get_queue_position),
    Route("GET", "/portfolio/fills", R, member.get_fills),
    Route("GET", "/portfolio/positions", R, member.get_positions),
    Route("GET", "/portfolio/settlements", R, member.get_settlements),
    Route("GET", "/portfolio/summary/total_resting_order_value", R, member.get_resting_value),
    Route("GET", "/portfolio/deposits", R, payments.get_deposits),
    Route("GET", "/portfolio/withdrawals", R, payments.get_withdrawals),
    Route("GET", "/portfolio/subaccounts/transfers", R, payments.get_subaccount_transfers),
    Route(
        "GET",
        "/portfolio/intra_exchange_instance_transfers",
        R,
        payments.get_instance_transfers,
    ),
    Route("POST", _EVENTS, W, orders.create_order),
    Route("DELETE", _EVENTS, W, orders.cancel_all_orders),
    Route("POST", f"{_EVENTS}/batched", W, orders.create_batch),
    Route("DELETE", f"{_EVENTS}/batched", W, orders.cancel_batch),
    Route("DELETE", f"{_EVENTS}/{{order_id}}", W, orders.cancel_order),
    Route("POST", f"{_EVENTS}/{{order_id}}/amend", W, orders.amend_order),
    Route("POST", f"{_EVENTS}/{{order_id}}/decrease", W, orders.decrease_order),
    Route("GET", "/portfolio/order_groups", R, orders.get_groups),
    Route("POST", "/portfolio/order_groups/create", W, orders.post_group),
    Route("GET", _GROUP, R, orders.get_group),
    Route("DELETE", _GROUP, W, orders.remove_group),
    Route("PUT", f"{_GROUP}/reset", W, orders.put_group_reset),
    Route("PUT", f"{_GROUP}/trigger", W, orders.put_group_trigger),
    Route("PUT", f"{_GROUP}/limit", W, orders.put_group_limit),
    Route("GET", "/account/limits", R, member.get_limits),
    Route("GET", "/account/endpoint_costs", P, member.get_endpoint_costs),
    Route("POST", "/account/api_usage_level/upgrade", W, member.post_upgrade),
)

_GONE = re.compile(r"/portfolio/orders(/.*)?")
_EXACT = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}
_NAMED = tuple(route for route in ROUTES if "{" in route.path)


def route_of(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a path below ``/trade-api/v2``, and the names in it.

    Raises ``Refusal``: 410 for the first generation of orders, 405 or 404 for anything else.
    """
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact, {}
    matches = ((route, route.pattern.fullmatch(path)) for route in _NAMED)
    known = [(route, found.groupdict()) for route, found in matches if found is not None]
    named = next((each for each in known if each[0].method == method), None)
    if named is not None:
        return named
    if method != "GET" and _GONE.fullmatch(path):
        raise Refusal(410, "deprecated_v1_order_endpoint", "use /portfolio/events/orders")
    if known or any(path == route.path for route in ROUTES):
        raise Refusal(405, "method_not_allowed", f"{method} {path}")
    raise not_found(f"no endpoint {path}")
