"""A backtest, played and read: its trades, its days, its claims, and its honest sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from kalshi_edge.backtest.claims import EdgeBucket
from kalshi_edge.backtest.estimates import Estimate
from kalshi_edge.backtest.run import Record
from kalshi_edge.backtest.run import backtest as played_record
from kalshi_edge.backtest.summary import Summary, summary
from kalshi_edge.backtest.wording import honest_sentence
from kalshi_edge.choices import ForecastModel
from kalshi_edge.config import load_settings
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.lab.frames import frame
from kalshi_edge.lab.history import chosen_cities
from kalshi_edge.lab.past import run
from kalshi_edge.operations.backtest import backtest_request, newest_day

TRADES = (
    *("trade_id", "mode", "strategy", "city", "climate_day", "ticker", "side", "bracket_id"),
    *("opened_at", "closed_at", "fair", "edge", "count", "open_count", "paid", "received", "fees"),
    *("settled_value", "by_hand", "pnl"),
)
CLAIMS = ("low", "high", "claims", "raw_edge", "net_edge", "ev", "came", "came_low", "came_high")
LINES = ("strategy", "city", "positions", "win_rate", "contracts", "pnl", "fees", "per_contract",
         "low", "high", "days", "effective_days")  # fmt: skip


@dataclass(frozen=True)
class PlayedBacktest:
    """One backtest: what it wrote down, and the program's own figures of it."""

    record: Record
    summary: Summary

    @property
    def sentence(self) -> str:
        """What the figures allow to be said: read this before any of them."""
        return honest_sentence(self.summary)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Every position, dollars; ``pnl`` has fees in it, and is missing while it is open."""
        return frame(map(_trade, self.record.trades.values()), TRADES, synthetic=self._is_made_up)

    @cached_property
    def days(self) -> pd.DataFrame:
        """The account's worth at the end of every UTC day, and the most it had been, dollars."""
        rows = ({name.name: getattr(mark, name.name) for name in fields(mark)}
                for mark in self.summary.equity)  # fmt: skip
        return frame(rows, ("day", "equity", "peak"), synthetic=self._is_made_up)

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Closed trades in all, by strategy, by city and by both, with their 95 % intervals.

        ``per_contract``, ``low`` and ``high`` are dollars; ``low`` and ``high`` are missing where
        there are too few days for an interval. Days of one date count once, whatever their city.
        """
        rows = (
            {
                "strategy": line.strategy or "all",
                "city": line.city or "all",
                "positions": line.positions,
                "win_rate": line.win_rate,
                "contracts": line.per_contract and line.per_contract.count,
                "pnl": line.performance.pnl,
                "fees": line.performance.fees,
                **_interval(line.per_contract, "per_contract", "low", "high"),
                "days": line.per_contract and line.per_contract.days,
                "effective_days": line.per_contract and line.per_contract.effective_days,
            }
            for line in self.summary.lines
        )
        return frame(rows, LINES, synthetic=self._is_made_up)

    @cached_property
    def priced(self) -> pd.DataFrame:
        """One contract of everything that had an ask, by the net edge that was claimed; dollars.

        If the claims were true, ``came`` would be ``ev`` in every row.
        """
        return self._claims(self.summary.priced)

    @cached_property
    def taken(self) -> pd.DataFrame:
        """What was bought, by the net edge that was claimed; dollars per contract."""
        return self._claims(self.summary.taken)

    @cached_property
    def refusals(self) -> pd.DataFrame:
        """How often each rule said no; one refusal may count under several."""
        rows = ({"rule": rule, "count": count} for rule, count in self.summary.refusals)
        return frame(rows, ("rule", "count"), synthetic=self._is_made_up)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The model against the market on the same ladders, per score; lower is better.

        ``less_market`` is model − market with its 95 % interval: above 0 the market is the better
        forecaster. ``tight_only`` has only ladders whose spreads the gate lets through.
        """
        rows = (
            {
                "city": table.city or "all",
                "tight_only": table.tight_only,
                "ladders": table.ladders,
                "score": row.score,
                "model": row.model,
                "market": row.market,
                "climatology": row.climatology,
                **_interval(row.model_less_market, "less_market", "low", "high"),
            }
            for table in self.summary.scores
            for row in table.rows
        )
        columns = ("city", "tight_only", "ladders", "score", "model", "market", "climatology",
                   "less_market", "low", "high")  # fmt: skip
        return frame(rows, columns, synthetic=self._is_made_up)

    @property
    def _is_made_up(self) -> bool:
        return self.record.is_synthetic

    def _claims(self, buckets: Iterable[EdgeBucket]) -> pd.DataFrame:
        rows = (
            {
                "low": one.low,
                "high": one.high,
                "claims": one.claims,
                "raw_edge": one.raw_edge,
                "net_edge": one.net_edge,
                "ev": one.ev,
                **_interval(one.came, "came", "came_low", "came_high"),
            }
            for one in buckets
        )
        return frame(rows, CLAIMS, synthetic=self._is_made_up)


def backtest(
    folder: Path | str,
    cities: Sequence[str] | None = None,
    *,
    days: int = 365,
    until: date | None = None,
    model: str | None = None,
    **settings: Any,
) -> PlayedBacktest:
    """Play ``days`` climate days of the history in ``folder``, the last of them ``until``.

    By default all its cities, up to the newest day whose high it knows, under the settings of the
    environment and ``.env``; ``settings`` win over those (``min_edge_threshold=0.08``). Nothing is
    downloaded. Raises ``HistoryError`` where there is nothing to play and ``SettingError`` for a
    setting out of its range.

    >>> from kalshi_edge import lab
    >>> played = lab.backtest(lab.example(), days=10)
    >>> played.sentence.startswith("SYNTHETIC, so no evidence of profit")
    True
    >>> list(played.lines.query("strategy == 'all'")["city"])
    ['all', 'NYC']
    """
    folder = Path(folder)
    named = settings if model is None else {**settings, "model": model}
    chosen = load_settings(history_dir=folder, **named)
    names = chosen_cities(folder, cities)
    request = backtest_request(
        chosen,
        cities=names,
        last_day=until or newest_day(folder, names),
        days=days,
        strategies=[Strategy(name) for name in chosen.strategies],
        model=ForecastModel(chosen.model),
    )
    record = run(played_record(request))
    return PlayedBacktest(record, summary(record))


def stored_trades(path: Path | str) -> pd.DataFrame:
    """Every position in a trader's SQLite store, or in the journal of a backtest; dollars.

    ``mode`` says whose they are; ``synthetic …`` is a trader in a sandbox. The store may be in use.
    Raises ``StoreError`` where there is none.
    """

    async def read() -> Sequence[Trade]:
        async with SqliteStore(path, mode=None) as store:
            return await store.trades()

    trades = run(read())
    made_up = any(trade.mode.startswith("synthetic") for trade in trades)
    return frame(map(_trade, trades), TRADES, synthetic=made_up)


def _trade(trade: Trade) -> Mapping[str, Any]:
    return {name: getattr(trade, name) for name in TRADES}


def _interval(found: Estimate | None, mean: str, low: str, high: str) -> Mapping[str, Any]:
    if found is None:
        return {mean: None, low: None, high: None}
    return {mean: found.mean, low: found.low, high: found.high}
