"""What must hold of entries that are posted: out of the way of news, and counted as if filled."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from kalshi_edge.domain.orders import Intent, Side
from kalshi_edge.trading.quoting.quote import is_quote
from kalshi_edge.trading.quoting.releases import next_release_at
from kalshi_edge.units import ONE, ZERO
from kalshi_sandbox.exchange.venue.accounts import Account, VenueOrder


def quote_problems(intent: Intent, order: VenueOrder) -> Iterator[str]:
    """What is wrong with an order of ours that the exchange has just accepted."""
    if not is_quote(intent):
        return
    name, station = intent.intent_id[:8], order.market.event.series.station
    if order.filled or not order.asked.post_only:
        yield f"order {name} was to be posted, and took {order.filled}"
    # By the trader's own clock, which may be off: the exchange knows no release.
    next_at = next_release_at(station, intent.climate_day, intent.created_at)
    if order.expires_at is None or (next_at is not None and order.expires_at > next_at):
        yield f"order {name} rests until {order.expires_at}, and a release is due at {next_at}"


def at_stake(account: Account, city: str, day: date) -> Decimal:
    """Dollars of a city's climate day that resting entries may still come to cost."""
    total = ZERO
    for order in account.all_resting():
        event = order.market.event
        if order.asked.reduce_only or (event.series.station.city, event.day) != (city, day):
            continue
        held = account.positions.get(order.market.ticker)
        signed = ZERO if held is None else held.count
        closing = signed < ZERO if order.side is Side.BUY else signed > ZERO
        if not closing:
            price = order.price if order.side is Side.BUY else ONE - order.price
            total += price * order.remaining
    return total
