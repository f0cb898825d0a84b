"""Backtests of the same days side by side: what the decisions of each brought."""

from collections.abc import Callable, Sequence
from functools import partial

from kalshi_edge.backtest.summary import Summary
from kalshi_edge.backtest.wording import (
    NONE,
    cents,
    cents_interval,
    count,
    dollars,
    hours,
    interval,
    percent,
    signed,
)
from kalshi_edge.domain.orders import Strategy


def comparison(summaries: Sequence[Summary]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each figure's name, and its value in every backtest, as text.

    Where there are several strategies, each has its own contracts and what came of one.
    """
    strategies = {row.strategy for s in summaries for row in s.lines if row.strategy is not None}
    figures = FIGURES
    if len(strategies) > 1:
        figures += tuple(
            (f"{strategy}: {name}", partial(value, strategy=strategy))
            for strategy in sorted(strategies)
            for name, value in (("contracts", _contracts), ("¢ each", _each), ("95 %", _interval))
        )
    return tuple((name, tuple(value(s) for s in summaries)) for name, value in figures)


def _contracts(s: Summary, strategy: Strategy | None = None) -> str:
    row = s.line(strategy)
    return NONE if row is None else count(row.performance.contracts)


def _each(s: Summary, strategy: Strategy | None = None) -> str:
    row = s.line(strategy)
    return NONE if row is None or row.per_contract is None else cents(row.per_contract.mean)


def _interval(s: Summary, strategy: Strategy | None = None) -> str:
    row = s.line(strategy)
    return NONE if row is None else cents_interval(row.per_contract)


def _days(s: Summary) -> str:
    found = s.total.per_contract
    return f"{count(found.days)} ({found.effective_days:.0f})" if found else "0"


def _brier(s: Summary, *, tight_only: bool) -> str:
    table = s.scores_of(tight_only=tight_only)
    return NONE if table is None else signed(table.per_bin.model_less_market.mean, 4)


def _brier_interval(s: Summary, *, tight_only: bool) -> str:
    table = s.scores_of(tight_only=tight_only)
    return NONE if table is None else interval(table.per_bin.model_less_market, 4)


def _ladders(s: Summary, *, tight_only: bool) -> str:
    table = s.scores_of(tight_only=tight_only)
    return "0" if table is None else count(table.ladders)


def _ages(s: Summary) -> str:
    if not s.decisions:
        return NONE
    return f"{hours(s.decisions[0].forecast_age_h)}, {hours(s.decisions[0].quotes_age_h)}"


FIGURES: tuple[tuple[str, Callable[[Summary], str]], ...] = (
    ("P&L after fees", lambda s: dollars(s.total.performance.pnl)),
    ("contracts", _contracts),
    ("¢ per contract", _each),
    ("95 % interval", _interval),
    ("days (effective)", _days),
    ("positions won", lambda s: f"{percent(s.total.win_rate)} of {count(s.total.positions)}"),
    ("deepest drawdown", lambda s: percent(s.drawdown.share, 1)),
    ("Brier/bin − market", partial(_brier, tight_only=False)),
    ("95 % interval", partial(_brier_interval, tight_only=False)),
    ("all ladders", partial(_ladders, tight_only=False)),
    ("the same, tight", partial(_brier, tight_only=True)),
    ("95 % interval", partial(_brier_interval, tight_only=True)),
    ("tight ladders", partial(_ladders, tight_only=True)),
    ("forecast, quotes", _ages),
)
"""By name; an interval is that of the figure above it, ages are medians."""
