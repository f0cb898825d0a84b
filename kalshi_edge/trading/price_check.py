"""Whether a market takes an order at a price at all: its ticks and the ends of its range."""

from decimal import Decimal

from kalshi_edge.domain.market import Market
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.prices import nearest_price
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.units import ONE, ZERO, plain


def price_check(market: Market, side: Side, price: Decimal) -> Check:
    """Whether ``price`` (dollars per YES contract) is one that ``market`` trades at.

    The limit names its ticks, and the nearest price that would do and is no worse for us.
    """
    ticks = ", ".join(
        f"${plain(r.start)} to ${plain(r.end)} by ${plain(r.step)}" for r in market.price_ranges
    )
    nearest = nearest_price(market, side, price)
    passed = market.is_on_grid(price)
    would_do = "" if passed or nearest is None else f"; ${plain(nearest)} would do"
    inside = "" if ZERO < price < ONE else ", between $0 and $1"
    return Check("price", passed, f"${plain(price)}", f"{ticks}{inside}{would_do}")
