"""Orders that the program itself makes to hold less: to flatten, and to unwind half a bracket.

Each is for what the newest book pays now, and never waits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.market import Book, FeeRule
from kalshi_edge.domain.orders import Intent, Order, OrderState, Side, derived_id
from kalshi_edge.domain.records import Trade
from kalshi_edge.portfolio.account import Account
from kalshi_edge.trading.fees import taker_fee
from kalshi_edge.units import ONE, ZERO


def flattening(account: Account, books: Mapping[str, Book], at: datetime) -> tuple[Intent, ...]:
    """A sale of everything held that the book pays for and that is not on sale already."""
    found = (
        _sale(trade, trade.open_count - account.pending_sales(trade.trade_id), books, at, "flatten")
        for trade in account.tracker.open_trades()
    )
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class Naked:
    """What one leg of a bracket has more than the other, once both orders are over."""

    trade: Trade
    entry: Intent
    surplus: Decimal
    """Contracts still held of it."""


def naked_legs(account: Account) -> tuple[Naked, ...]:
    """Every bracket's leg that holds more than its bracket does, as far as both orders are over."""
    brackets: dict[str, list[Order]] = {}
    for order in account.orders.values():
        bracket_id = order.intent.bracket_id
        if bracket_id is not None and not order.intent.reduces:
            brackets.setdefault(bracket_id, []).append(order)
    return tuple(
        naked
        for legs in brackets.values()
        if len(legs) > 1 and not any(leg.is_live for leg in legs)
        for leg in legs
        if (naked := _naked(leg, legs, account)) is not None
    )


def unwinding(naked: Naked, fair: float, rule: FeeRule, book: Book, at: datetime) -> Intent | None:
    """The sale of what half a bracket holds too much, as far as the book pays its worth.

    Held until settlement a contract is worth ``fair``, our probability now; selling it brings
    bid − fee. So only bids of ``fair`` and the fee or more are sold into, and whatever finds none
    stays: it passed the gates of a single bin on its own, within the city's cap. A bid of a cent
    never takes it.
    """
    trade, worth = naked.trade, Decimal(repr(fair))
    bids = tuple(
        level for level in book.bids if level.price - taker_fee(level.price, ONE, rule, at) >= worth
    )
    if trade.side is not Side.BUY:
        return None
    return _sale(trade, naked.surplus, {trade.ticker: replace(book, bids=bids)}, at, "unwind")


def _naked(leg: Order, legs: Iterable[Order], account: Account) -> Naked | None:
    trade = account.tracker.trades.get(leg.intent.trade_id)
    whole = min(one.filled for one in legs)
    if trade is None or leg.filled <= whole:
        return None
    sold = trade.count - trade.open_count + account.pending_sales(trade.trade_id)
    surplus = min(leg.filled - whole - sold, trade.open_count)
    return Naked(trade, leg.intent, surplus) if surplus > ZERO else None


def _sale(
    trade: Trade, count: Decimal, books: Mapping[str, Book], at: datetime, why: str
) -> Intent | None:
    """An order for as much of ``count`` as the book pays for; none where it pays for nothing."""
    book = books.get(trade.ticker)
    if book is None or count <= ZERO:
        return None
    holds_yes = trade.side is Side.BUY
    found = book.sell(count) if holds_yes else book.buy(count)
    if found.worst_price is None:
        return None
    return Intent(
        intent_id=derived_id(why, trade.trade_id, at.isoformat()),
        trade_id=trade.trade_id,
        strategy=trade.strategy,
        ticker=trade.ticker,
        city=trade.city,
        climate_day=trade.climate_day,
        side=Side.SELL if holds_yes else Side.BUY,
        count=found.count,
        limit_price=found.worst_price,
        created_at=at,
        bracket_id=trade.bracket_id,
        reduces=True,
    )


def resting_entries(account: Account, *, adopted: bool) -> tuple[Order, ...]:
    """Entries in the book; with ``adopted`` those placed elsewhere are among them."""
    return tuple(
        order
        for order in _resting(account)
        if not order.intent.reduces and (adopted or not order.intent.adopted)
    )


def resting_sales(account: Account) -> tuple[Order, ...]:
    """Orders in the book that sell what is held, and keep it from being sold at once."""
    return tuple(order for order in _resting(account) if order.intent.reduces)


def _resting(account: Account) -> Iterable[Order]:
    rests = {OrderState.RESTING, OrderState.PARTIAL}
    return (order for order in account.orders.values() if order.state in rests)
