"""The prices at which a market trades."""

from decimal import Decimal

from kalshi_edge.domain.market import Market
from kalshi_edge.domain.orders import Side
from kalshi_edge.units import ceil_to, floor_to


def nearest_price(market: Market, side: Side, price: Decimal) -> Decimal | None:
    """The nearest price on the grid that is no worse for us: down to buy, up to sell.

    ``None`` where there is none strictly between 0 and 1 dollars.
    """
    buys = side is Side.BUY
    candidates = []
    for stretch in market.price_ranges:
        inside = min(max(price, stretch.start), stretch.end)
        step = floor_to if buys else ceil_to
        candidates.append(stretch.start + step(inside - stretch.start, stretch.step))
    if buys:
        return max((p for p in candidates if p <= price and market.is_on_grid(p)), default=None)
    return min((p for p in candidates if p >= price and market.is_on_grid(p)), default=None)
