"""What we send: an order's body, and everything that must be right with it before it leaves."""

from datetime import timedelta
from decimal import Decimal

from kalshi_edge.data.kalshi.fields import unix_s
from kalshi_edge.domain.market import Market, MarketStatus
from kalshi_edge.domain.orders import Intent, TimeInForce
from kalshi_edge.domain.prices import nearest_price
from kalshi_edge.errors import ContractError
from kalshi_edge.units import CENT

EXCHANGE_INDEX = 0
"""The shard of the weather markets; naming it keeps writes out of the other shards' budgets."""


DEAD_MAN = timedelta(hours=6)
"""How long an order rests at most: should we fall silent, the exchange takes it out by itself."""


def order_body(intent: Intent, *, group_id: str = "") -> dict[str, str | int | bool]:
    """The body of ``POST /portfolio/events/orders``; prices and counts are strings in it.

    Raises ``ContractError`` where the wire cannot say what ``intent`` means.
    """
    waits = intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED
    if not waits and (intent.post_only or intent.expires_at is not None):
        raise ContractError(f"{intent.ticker}: {intent.time_in_force} neither waits nor expires")
    body: dict[str, str | int | bool] = {
        "ticker": intent.ticker,
        "client_order_id": intent.intent_id,
        "side": intent.side.value,
        "count": _exact(intent.count, 2),
        "price": _exact(intent.limit_price, 4),
        "time_in_force": intent.time_in_force.value,
        "self_trade_prevention_type": "taker_at_cross",
        "exchange_index": EXCHANGE_INDEX,
    }
    if waits:
        # What rests must not wake up from a pause at an old price.
        body |= {"post_only": intent.post_only, "cancel_order_on_pause": True}
        body["expiration_time"] = unix_s(intent.expires_at or intent.created_at + DEAD_MAN)
    if group_id:
        body["order_group_id"] = group_id
    if intent.reduces and intent.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL:
        body["reduce_only"] = True
    return body


def objections(intent: Intent, market: Market) -> tuple[str, ...]:
    """Why ``market`` as we know it would not take ``intent``: none where it would."""
    found = []
    if market.status is not MarketStatus.ACTIVE:
        found.append(f"the market is {market.status}")
    if market.exchange_index != EXCHANGE_INDEX:
        found.append(f"the market is on shard {market.exchange_index}, we on {EXCHANGE_INDEX}")
    if intent.count % CENT:
        found.append(f"{intent.count} contracts are not in steps of {CENT}")
    if not market.is_on_grid(intent.limit_price):
        nearest = nearest_price(market, intent.side, intent.limit_price)
        found.append(f"{intent.limit_price} dollars are between ticks; {nearest} would do")
    return tuple(found)


def _exact(value: Decimal, places: int) -> str:
    """``value`` with so many decimals, and never another value."""
    text = f"{value:.{places}f}"
    if Decimal(text) != value:
        raise ContractError(f"{value} has more than {places} decimals")
    return text
