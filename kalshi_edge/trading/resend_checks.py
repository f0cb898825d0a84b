"""Whether an order whose answer was lost is still wanted, so that it may be sent once more.

It goes out under its own name again, which the exchange takes once only. Not wanted, it is only
looked up.
"""

from datetime import datetime, timedelta

from kalshi_edge.domain.market import Book, Market, MarketStatus
from kalshi_edge.domain.orders import Intent, Side
from kalshi_edge.domain.records import Switch
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.trading.circuit_breakers import hours_check
from kalshi_edge.trading.playbook import Limits
from kalshi_edge.trading.risk import switch_check
from kalshi_edge.trading.state import WorldState
from kalshi_edge.units import span

WANTED_FOR = timedelta(minutes=2)
"""How long after it was decided an order is still what we would do."""


def wanted_checks(
    intent: Intent, state: WorldState, switch: Switch, limits: Limits, at: datetime
) -> tuple[Check, ...]:
    """Everything that must hold for ``intent`` to be sent again."""
    age = abs(at - intent.created_at)
    entry = () if intent.reduces else (switch_check(switch, at),)
    return (
        Check("age", age <= WANTED_FOR, span(age), f"≤ {span(WANTED_FOR)}"),
        Check("placed_here", not intent.adopted, "elsewhere" if intent.adopted else "here", "here"),
        *entry,
        hours_check(state.hours.closed(at)),
        _market_check(state.market(intent.ticker), at, limits),
        _price_check(intent, state.books.get(intent.ticker), at, limits),
    )


def _market_check(market: Market | None, at: datetime, limits: Limits) -> Check:
    limit = f"active, ≥ {span(limits.close_margin)} to its close"
    if market is None:
        return Check("market", False, "unknown", limit)
    left = market.close_at - at
    is_open = market.status is MarketStatus.ACTIVE and left >= limits.close_margin
    return Check("market", is_open, f"{market.status}, {left} to its close", limit)


def _price_check(intent: Intent, book: Book | None, at: datetime, limits: Limits) -> Check:
    buys = intent.side is Side.BUY
    limit = f"{'≤' if buys else '≥'} {intent.limit_price}"
    if book is None or abs(at - book.valid_at) > limits.max_book_age:
        return Check("price", False, "no fresh book", limit)
    best = book.ask if buys else book.bid
    if best is None:
        return Check("price", False, "nobody offers", limit)
    fine = best <= intent.limit_price if buys else best >= intent.limit_price
    return Check("price", fine, f"{best}", limit)
