"""The account as risk sees it: what is held and on order, what may still be spent and lost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Intent, Order, OrderState, Side, Strategy
from kalshi_edge.domain.records import Switch, Trade
from kalshi_edge.domain.verdicts import Approved, Check
from kalshi_edge.portfolio.account import Account, pending_cost
from kalshi_edge.portfolio.tracker import open_cost, open_fees, proceeds
from kalshi_edge.trading.playbook import Limits
from kalshi_edge.units import ZERO

BURST = timedelta(minutes=1)
"""Longer than the exchange's 15 seconds by what sending a cycle's orders may take."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """Contracts of one side of a market that are held, or on order."""

    ticker: str
    side: Side
    """As of the order that opens them: ``BUY`` is YES, ``SELL`` is NO."""
    count: Decimal
    paid: Decimal
    """Dollars, fees included; on order the most that it can cost."""
    is_live: bool
    """On order."""

    @classmethod
    def of(cls, intent: Intent) -> "Contracts":
        """What an entry is to buy."""
        return cls(intent.ticker, intent.side, intent.count, intent.cost_limit, is_live=True)


@dataclass(frozen=True, slots=True)
class Situation:
    """The account as risk sees it: orders still on their way count as if they had filled."""

    at: datetime
    switch: Switch
    bankroll: Decimal
    """Dollars that shares are taken of."""
    free_cash: Decimal
    holders: Mapping[str, str]
    """City by ticker, of every position and every live entry."""
    exposure: Mapping[tuple[str, date], Decimal]
    """Dollars at risk by city and climate day."""
    trader_checks: tuple[Check, ...] = ()
    """What must hold of the whole trader before it takes new risk."""
    opening_balance: Decimal | None = None
    """Of the day; the share that may be lost of it is the day's allowance."""
    day_loss: Decimal = ZERO
    """Lost today, at what the book pays, with what approved entries will have lost at once."""
    burst: Decimal = ZERO
    """Contracts of entries that were decided within the last ``BURST``."""
    contracts: tuple[Contracts, ...] = ()
    """Everything held and on order, market by market."""
    ladders: Mapping[str, tuple[str, date]] = field(default_factory=dict)
    """City and climate day by ticker, where a ladder was taken as a whole: it is one position."""
    unanswered: frozenset[str] = frozenset()
    """Tickers of entries of which we do not know whether they trade."""

    @property
    def positions(self) -> Mapping[str | tuple[str, date], str]:
        """City by position: a market, or a ladder that was taken as a whole."""
        return {self.ladders.get(ticker, ticker): city for ticker, city in self.holders.items()}

    def budget(self, city: str, climate_day: date, limits: Limits) -> Decimal:
        """Dollars that may still go into one city's climate day, by one entry at most."""
        cap = limits.city_day_share * self.bankroll
        left = cap - self.exposure.get((city, climate_day), ZERO)
        most = [left, self.free_cash]
        if limits.order_dollars is not None:
            most.append(limits.order_dollars)
        return max(min(most), ZERO)

    def burst_left(self, limits: Limits) -> Decimal | None:
        """Contracts that may still be bought now; ``None`` where no limit is set."""
        if limits.burst_contracts is None:
            return None
        return max(limits.burst_contracts - limits.contract_step - self.burst, ZERO)

    def mark_loss_limit(self, limits: Limits) -> Decimal | None:
        """Dollars that one entry may lose by its own spread: a share of the day's allowance.

        And no more than is left of it, so that entries never throw the kill switch by themselves.
        """
        if self.opening_balance is None or limits.mark_loss_share is None:
            return None
        allowance = limits.day_loss_share * self.opening_balance
        return max(min(limits.mark_loss_share * allowance, allowance - self.day_loss), ZERO)

    def after(self, approved: Approved, mark_loss: Decimal = ZERO) -> "Situation":
        """The situation once ``approved``, which loses ``mark_loss`` at once, is on its way."""
        cost = sum((intent.cost_limit for intent in approved.intents), ZERO)
        first = approved.intents[0]
        key = (first.city, first.climate_day)
        return replace(
            self,
            free_cash=self.free_cash - cost,
            holders={**self.holders, **{i.ticker: i.city for i in approved.intents}},
            contracts=(*self.contracts, *map(Contracts.of, approved.intents)),
            ladders={**self.ladders, **_ladders(approved.intents)},
            exposure={**self.exposure, key: self.exposure.get(key, ZERO) + cost},
            day_loss=self.day_loss + mark_loss,
            burst=self.burst + sum((intent.count for intent in approved.intents), ZERO),
        )


def situation(
    account: Account, switch: Switch, books: Mapping[str, Book], at: datetime
) -> Situation:
    """The account as risk sees it at ``at``, with the newest ``books`` for marks.

    Shares are taken of the smaller of what was paid in and what could be got out.
    """
    tracker, entries = account.tracker, account.entries()
    exposure: dict[tuple[str, date], Decimal] = {}
    for trade in tracker.open_trades():
        key = (trade.city, trade.climate_day)
        exposure[key] = exposure.get(key, ZERO) + open_cost(trade) + trade.fees
    for order in entries:
        key = (order.intent.city, order.intent.climate_day)
        exposure[key] = exposure.get(key, ZERO) + pending_cost(order)
    return Situation(
        at=at,
        switch=switch,
        bankroll=min(tracker.cash + tracker.cost(), tracker.equity(books)),
        free_cash=tracker.cash - sum((pending_cost(order) for order in entries), ZERO),
        holders={trade.ticker: trade.city for trade in tracker.open_trades()}
        | {order.intent.ticker: order.intent.city for order in entries},
        exposure=exposure,
        opening_balance=account.opening_balance,
        day_loss=max(account.opening_balance - tracker.equity(books), ZERO),
        burst=_burst(account, at),
        contracts=_contracts(account),
        ladders=_ladders((*tracker.open_trades(), *(order.intent for order in entries))),
        unanswered=frozenset(o.intent.ticker for o in entries if o.state in _UNANSWERED),
    )


_UNANSWERED = {OrderState.NEW, OrderState.SENT, OrderState.UNKNOWN}


def _contracts(account: Account) -> tuple[Contracts, ...]:
    held = (
        Contracts(
            ticker=trade.ticker,
            side=trade.side,
            count=trade.open_count,
            paid=open_cost(trade) + open_fees(trade),
            is_live=False,
        )
        for trade in account.tracker.open_trades()
    )
    on_order = (
        Contracts(
            ticker=order.intent.ticker,
            side=order.intent.side,
            count=order.pending,
            paid=_pending_outlay(order),
            is_live=True,
        )
        for order in account.orders.values()
        if order.is_live and order.pending > ZERO
    )
    return (*held, *on_order, *_lost_on_ladders(account))


def _lost_on_ladders(account: Account) -> Iterator[Contracts]:
    """What ladders that are still held have lost already, by contracts that others of them closed.

    No contracts any more, but paid for all the same: it counts against what the ladder may lose.
    """
    open_trades = account.tracker.open_trades()
    held = {(t.city, t.climate_day) for t in open_trades if t.strategy is Strategy.LADDER}
    if not held:
        return
    for trade in account.tracker.trades.values():
        if trade.strategy is Strategy.LADDER and (trade.city, trade.climate_day) in held:
            still_in = open_cost(trade) + open_fees(trade)
            lost = trade.paid + trade.fees - still_in - trade.received
            if lost > ZERO:
                yield Contracts(trade.ticker, trade.side, ZERO, lost, is_live=False)


def _pending_outlay(order: Order) -> Decimal:
    """What the contracts on their way cost at most: a sale is a purchase of the other side."""
    intent = order.intent
    if not intent.reduces:
        return pending_cost(order)
    return intent.unit_price * order.pending


def _ladders(of: Iterable[Trade | Intent]) -> dict[str, tuple[str, date]]:
    return {
        one.ticker: (one.city, one.climate_day) for one in of if one.strategy is Strategy.LADDER
    }


def mark_loss(intents: Iterable[Intent], books: Mapping[str, Book]) -> Decimal:
    """Dollars that entries are worth less than they cost, the moment they have filled."""
    counts: dict[tuple[str, Side], Decimal] = {}
    cost = ZERO
    for one in intents:
        counts[one.ticker, one.side] = counts.get((one.ticker, one.side), ZERO) + one.count
        cost += one.cost_limit
    worth = (proceeds(books[ticker], side, count) for (ticker, side), count in counts.items())
    return cost - sum(worth, ZERO)


def _burst(account: Account, at: datetime) -> Decimal:
    """Contracts of our own entries that may have traded within the last ``BURST``."""
    recent = (
        order
        for order in account.orders.values()
        if (abs(at - order.intent.created_at) < BURST or (order.is_live and order.intent.post_only))
        and not (order.intent.reduces or order.intent.adopted)
    )
    counts = (order.intent.count if order.is_live else order.filled for order in recent)
    return sum(counts, ZERO)
