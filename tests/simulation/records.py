"""Days and profits recomputed from what the exchange did and from the store's own trades."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.records import DailyRecord, Trade
from kalshi_edge.domain.verdicts import CashFlow
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.venue.accounts import Account


@dataclass
class Flows:
    """Cash that came and left otherwise than by trading, by the journal and the day."""

    total: Decimal = ZERO
    unlisted: Decimal = ZERO
    """Of these what no list of the exchange explains, and was taken over."""
    today: Decimal = ZERO
    """Since the last day's books were closed."""
    closed: dict[date, Decimal] = field(default_factory=dict)
    last_day: DailyRecord | None = None

    def read(self, line: JournalEntry) -> None:
        """Add what ``line`` tells."""
        for verdict in line.verdicts:
            match verdict:
                case CashFlow():
                    self.total += verdict.amount
                    self.unlisted += ZERO if verdict.movement_id else verdict.amount
                    self.today += verdict.amount
                case DailyRecord():
                    self.closed[verdict.day] = self.today
                    self.today, self.last_day = ZERO, verdict

    def opening_balance(self, starting_balance: Decimal) -> Decimal:
        """What the day is counted from."""
        before = starting_balance if self.last_day is None else self.last_day.closing_balance
        return before + self.today


def day_differences(
    days: Sequence[DailyRecord], trades: Iterable[Trade], flows: Flows
) -> list[str]:
    """Where the days do not follow each other, or tell of other trades than those closed then.

    Each trade has one ``closed_at``; so each that is closed is in exactly one day's record where
    every record tells of the trades of its day and no others.
    """
    found = []
    for before, after in pairwise(days):
        if after.day != before.day + timedelta(days=1):
            found.append(f"no record between {before.day} and {after.day}")
        if after.opening_balance != before.closing_balance:
            found.append(f"{after.day} opens at {after.opening_balance}: another balance")
    done = [trade for trade in trades if trade.pnl is not None]
    for day in days:
        closed = [t for t in done if t.closed_at is not None and t.closed_at.date() == day.day]
        judged = [t.pnl for t in closed if t.pnl is not None and not t.by_hand]
        made = {
            "realised": sum((t.pnl for t in closed if t.pnl is not None), ZERO),
            "fees": sum((t.fees for t in closed), ZERO),
            "wins": sum(pnl > 0 for pnl in judged),
            "losses": sum(pnl < 0 for pnl in judged),
            "deposits": flows.closed.get(day.day, ZERO),
        }
        for name, value in made.items():
            if (told := getattr(day, name)) != value:
                found.append(f"the record of {day.day} says {name} {told}, it was {value}")
    first = days[0].day if days else date.max
    found += [
        f"{trade.ticker} was closed on {trade.closed_at:%Y-%m-%d}, before the first record"
        for trade in done
        if days and trade.closed_at is not None and trade.closed_at.date() < first
    ]
    return found


def profit_differences(account: Account, trades: Iterable[Trade]) -> list[str]:
    """Markets in which we hold nothing any more and booked another profit than the exchange paid.

    By the exchange a market made Σ of what its fills brought, less fees, and what it settled at.
    """
    theirs, ours = Counter[str](), Counter[str]()
    for fill in account.fills:
        sign = -1 if fill.order.side is Side.BUY else 1
        brought = sign * fill.trade.price * fill.trade.count - fill.fee
        theirs[fill.order.market.ticker] += brought  # type: ignore[assignment]
    for one in account.settlements:
        theirs[one.market.ticker] += one.payout - one.no_count  # type: ignore[assignment]
    held = {p.market.ticker for p in account.positions.values() if p.count}
    for trade in trades:
        if trade.is_open:
            held.add(trade.ticker)
        else:
            ours[trade.ticker] += trade.pnl or ZERO  # type: ignore[assignment]
    return [
        f"{ticker} made ${ours[ticker]} by our trades, ${theirs[ticker]} by the exchange"
        for ticker in sorted(theirs.keys() | ours.keys())
        if ticker not in held and ours[ticker] != theirs[ticker]
    ]
