"""What is refused before anything happens, and why: the market, the order's terms, the funds."""

from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.domain.orders import TimeInForce
from kalshi_edge.units import CENT, ZERO
from kalshi_sandbox.exchange.venue.accounts import Account, NewOrder, OrderGroup, VenueOrder
from kalshi_sandbox.exchange.venue.errors import Refusal, invalid_order, not_found
from kalshi_sandbox.exchange.venue.ledger import Claim, collateral
from kalshi_sandbox.exchange.venue.records import VenueMarket
from kalshi_sandbox.exchange.venue.venue import Venue

_ANY_FEES = 3
"""Times an order's cost: more than it with any fee, were it a hundredth of a contract at a cent."""


def tradable(venue: Venue, ticker: str) -> VenueMarket:
    """The market of that ticker, if orders may be placed and amended in it now."""
    market = venue.market(ticker)
    if venue.paused is not None:
        raise Refusal(503, "trading_paused", "trading is paused")
    if market.status is not MarketStatus.ACTIVE:
        raise Refusal(400, "market_inactive", f"{ticker} is {market.status}")
    return market


def is_manageable(market: VenueMarket) -> bool:
    """Whether orders can be cancelled in a market: not after its close."""
    return market.status in (MarketStatus.ACTIVE, MarketStatus.INACTIVE)


def resting_order(venue: Venue, account: Account, order_id: str) -> VenueOrder:
    """A member's order that rests; 404 for one that is over, or somebody else's."""
    order = venue.orders.get(order_id)
    if order is None or order.account is not account:
        raise not_found(f"order {order_id} not found")
    return order


def manageable_order(venue: Venue, account: Account, order_id: str) -> VenueOrder:
    """A member's order that rests and can be cancelled; 400 after the market's close."""
    order = resting_order(venue, account, order_id)
    if not is_manageable(order.market):
        raise Refusal(400, "market_inactive", f"{order.market.ticker} is {order.market.status}")
    return order


def check_client_id(account: Account, client_order_id: str) -> None:
    """Refuse a client order id that was ever used."""
    if client_order_id in account.client_ids:
        raise Refusal(409, "order_already_exists", client_order_id)


def check_terms(market: VenueMarket, new: NewOrder, now: datetime) -> None:
    """Refuse prices, counts and combinations that no order may have."""
    check_price(market, new.price)
    if new.count <= ZERO or new.count % CENT != ZERO:
        raise invalid_order(f"count {new.count}, not in steps of {CENT}")
    waits = new.time_in_force is TimeInForce.GOOD_TILL_CANCELED
    if new.expires_at is not None and not waits:
        raise invalid_order(f"expiration_time with {new.time_in_force}")
    check_expiry(new.expires_at, now)
    if new.reduce_only and new.time_in_force is not TimeInForce.IMMEDIATE_OR_CANCEL:
        raise invalid_order("reduce_only needs immediate_or_cancel")
    if new.post_only and not waits:
        raise invalid_order(f"post_only with {new.time_in_force}")


def check_price(market: VenueMarket, price: Decimal) -> None:
    """Refuse a price between the ticks, or not between 0 and 1."""
    if not market.is_on_grid(price):
        raise invalid_order(f"price {price} is not on the grid of {market.ticker}")


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Refuse an expiry that is past."""
    if expires_at is not None and expires_at <= now:
        raise invalid_order(f"expiration_time {expires_at:%Y-%m-%dT%H:%M:%SZ} is past")


def open_group(account: Account, group_id: str | None) -> OrderGroup | None:
    """The order group of an order; refused where there is none of that id, or it is triggered."""
    if group_id is None:
        return None
    group = account.groups.get(group_id)
    if group is None:
        raise not_found(f"order group {group_id} not found")
    if group.is_triggered:
        raise invalid_order(f"order group {group_id} is triggered")
    return group


def check_funds(
    venue: Venue,
    account: Account,
    market: VenueMarket,
    wanted: Claim,
    instead_of: VenueOrder | None = None,
) -> None:
    """Refuse an order that, with all that rests, might cost more than the account's cash.

    ``instead_of`` is the order it replaces. The house's credit has no end.
    """
    if account.is_house:
        return
    alone = collateral(ZERO, [wanted], market.event.fee_rule)
    if _ANY_FEES * account.offered + alone <= account.cash:
        return
    needed = _reserve(account, market, [wanted], instead_of)
    for ticker in account.resting:
        if ticker != market.ticker:
            needed += _reserve(account, venue.markets[ticker], [], None)
    if needed > account.cash:
        raise Refusal(400, "insufficient_balance", f"{needed} needed, {account.cash} there")


def _reserve(
    account: Account, market: VenueMarket, wanted: list[Claim], instead_of: VenueOrder | None
) -> Decimal:
    resting = account.resting.get(market.ticker, {}).values()
    claims = wanted + [order.claim for order in resting if order is not instead_of]
    position = account.positions.get(market.ticker)
    held = ZERO if position is None else position.count
    return collateral(held, claims, market.event.fee_rule)
