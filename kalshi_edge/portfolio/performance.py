"""How it went: realised results per day, strategy and city, from closed trades alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kalshi_edge.domain.records import Trade
from kalshi_edge.units import ZERO


@dataclass(frozen=True, slots=True)
class Performance:
    """Closed trades summed up. Dollars; ``wins`` and ``losses`` count trades by their sign.

    Money is that of all; the counts leave out what a person sold, which no strategy decided.
    """

    trades: int = 0
    wins: int = 0
    losses: int = 0
    by_hand: int = 0
    """Closed by a person, and in no other count."""
    contracts: Decimal = ZERO
    paid: Decimal = ZERO
    fees: Decimal = ZERO
    pnl: Decimal = ZERO
    imagined_gain: Decimal = ZERO
    """Of instant fills on paper; in no other figure."""

    @property
    def win_rate(self) -> float | None:
        """Wins per closed trade; ``None`` without any."""
        return self.wins / self.trades if self.trades else None


def performance(trades: Iterable[Trade]) -> Performance:
    """The sum of all closed trades among ``trades``; open ones are left out."""
    closed = [(trade, pnl) for trade in trades if (pnl := trade.pnl) is not None]
    judged = [pnl for trade, pnl in closed if not trade.by_hand]
    return Performance(
        trades=len(judged),
        wins=sum(1 for pnl in judged if pnl > 0),
        losses=sum(1 for pnl in judged if pnl < 0),
        by_hand=len(closed) - len(judged),
        contracts=sum((trade.count for trade, _ in closed), ZERO),
        paid=sum((trade.paid for trade, _ in closed), ZERO),
        fees=sum((trade.fees for trade, _ in closed), ZERO),
        pnl=sum((pnl for _, pnl in closed), ZERO),
        imagined_gain=sum((trade.imagined_gain for trade, _ in closed), ZERO),
    )


def closed_on(trades: Iterable[Trade], day: date) -> tuple[Trade, ...]:
    """The trades whose last contract left us on UTC day ``day``."""
    return tuple(
        trade
        for trade in trades
        if not trade.is_open and trade.closed_at is not None and trade.closed_at.date() == day
    )
