"""The money of a backtest: closed trades by strategy and city, equity and its deepest fall."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kalshi_edge.backtest.estimates import Estimate, estimate
from kalshi_edge.backtest.run import Record
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import DailyRecord, Trade
from kalshi_edge.portfolio.performance import Performance, performance
from kalshi_edge.units import ZERO


@dataclass(frozen=True, slots=True)
class ResultRow:
    """Closed trades of a strategy in a city; ``None`` stands for all. Dollars."""

    strategy: Strategy | None
    city: str | None
    performance: Performance
    positions: int
    """A bracket is one position, and so is a whole ladder, whatever the number of their legs."""
    won: int
    """Positions that earned more than they cost."""
    lost: int
    """Positions that lost half of what was paid for them, or more."""
    win_rate: float | None
    per_contract: Estimate | None
    """Realised dollars per contract, by climate day."""


@dataclass(frozen=True, slots=True)
class EquityMark:
    """What the account was worth at the end of a UTC day, and the most it had been worth."""

    day: date
    equity: Decimal
    peak: Decimal


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of equity from an earlier peak."""

    dollars: Decimal
    share: float
    """Of the peak; the deepest in shares, which need not be the deepest in dollars."""
    peak_day: date | None
    """Of the fall in dollars; ``None`` where nothing fell, or it fell from the start."""
    trough_day: date | None


def lines(trades: Iterable[Trade], days: Sequence[date], seed: int) -> tuple[ResultRow, ...]:
    """Closed trades in all, per strategy, per city and per both, in this order."""
    closed = [trade for trade in trades if not trade.is_open]
    strategies = sorted({trade.strategy for trade in closed})
    cities = sorted({trade.city for trade in closed})
    keys: list[tuple[Strategy | None, str | None]] = [(None, None)]
    keys += [(strategy, None) for strategy in strategies]
    keys += [(None, city) for city in cities]
    keys += [(strategy, city) for strategy in strategies for city in cities]
    found = (
        _line(strategy, city, _among(closed, strategy, city), days, seed) for strategy, city in keys
    )
    return tuple(x for x in found if x.positions or x.strategy is x.city is None)


def equity_points(record: Record) -> tuple[EquityMark, ...]:
    """The account's worth day by day, from the last day on which nothing had been traded."""
    peak = record.request.starting_balance
    points: list[EquityMark] = []
    for day in _trading_days(record):
        peak = max(peak, day.closing_balance)
        points.append(EquityMark(day.day, day.closing_balance, peak))
    return tuple(points)


def drawdown(points: Sequence[EquityMark]) -> Drawdown:
    """The deepest fall from a peak, in dollars and as a share of the peak."""
    trough = max(points, key=lambda point: point.peak - point.equity, default=None)
    if trough is None or trough.peak == trough.equity:
        return Drawdown(ZERO, 0.0, None, None)
    return Drawdown(
        dollars=trough.peak - trough.equity,
        share=max(float((p.peak - p.equity) / p.peak) for p in points),
        peak_day=next((p.day for p in points if p.equity == trough.peak), None),
        trough_day=trough.day,
    )


def _among(trades: Iterable[Trade], strategy: Strategy | None, city: str | None) -> list[Trade]:
    return [t for t in trades if strategy in {None, t.strategy} and city in {None, t.city}]


def _line(
    strategy: Strategy | None,
    city: str | None,
    trades: Sequence[Trade],
    days: Sequence[date],
    seed: int,
) -> ResultRow:
    earned, paid = dict[str, Decimal](), dict[str, Decimal]()
    for trade in trades:
        position = _position(trade)
        earned[position] = earned.get(position, ZERO) + _pnl(trade)
        paid[position] = paid.get(position, ZERO) + trade.paid
    won = sum(pnl > ZERO for pnl in earned.values())
    lost = sum(pnl <= -paid[name] / 2 for name, pnl in earned.items())
    cases = ((trade.climate_day, float(_pnl(trade)), float(trade.count)) for trade in trades)
    return ResultRow(
        strategy=strategy,
        city=city,
        performance=performance(trades),
        positions=len(earned),
        won=won,
        lost=lost,
        win_rate=won / len(earned) if earned else None,
        per_contract=estimate(cases, days, seed),
    )


def _position(trade: Trade) -> str:
    """The name of the structure that a trade is a part of."""
    if trade.strategy is Strategy.LADDER:
        return f"{trade.city} {trade.climate_day}"
    return trade.bracket_id or trade.trade_id


def _pnl(trade: Trade) -> Decimal:
    assert trade.pnl is not None  # only closed trades come here
    return trade.pnl


def _trading_days(record: Record) -> list[DailyRecord]:
    """The daily records but those of the years before, on which the account only waited."""
    start = record.request.starting_balance
    waiting = 0
    for day in record.days:
        if day.closing_balance != start or day.day >= record.request.first_day:
            break
        waiting += 1
    return record.days[max(waiting - 1, 0) :]
