"""What a backtest shows, in figures: each with what it rests on. Pure; one seed, one result."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

from kalshi_edge.backtest.claims import EdgeBucket, edge_buckets, priced_claims, taken_claims
from kalshi_edge.backtest.estimates import Estimate, calendar, estimate
from kalshi_edge.backtest.reliability import (
    ForecastError,
    PitHistogram,
    ReliabilityMark,
    forecast_errors,
    pit_histogram,
    reliability_points,
)
from kalshi_edge.backtest.run import Record
from kalshi_edge.backtest.verification import ScoreTable, contests, score_tables
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import DailyRecord, Trade
from kalshi_edge.domain.verdicts import CityView
from kalshi_edge.errors import InputError
from kalshi_edge.models.calibration import nbm_version
from kalshi_edge.portfolio.performance import Performance, performance
from kalshi_edge.units import ZERO


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked of the backtest."""

    cities: tuple[str, ...]
    first_day: date
    last_day: date
    starting_balance: Decimal
    settings: tuple[tuple[str, str], ...]
    """Gates, limits and strategies by name, as they were in force."""
    seed: int
    is_synthetic: bool
    """Whether the history is made up, and with it every figure."""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """Closed trades of a strategy in a city; ``None`` stands for all. Dollars."""

    strategy: Strategy | None
    city: str | None
    performance: Performance
    positions: int
    """A bracket is one position, whatever the number of its legs."""
    won: int
    """Positions that earned more than they cost."""
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


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures of a backtest."""

    question: Question
    models: tuple[tuple[str, int], ...]
    """City-days by model and version."""
    lead_h: float | None
    """Median hours from the forecast's cycle to the start of the climate day."""
    lines: tuple[ResultRow, ...]
    """Everything first, then by strategy, by city, and by both."""
    open_trades: int
    """Not in any line: nothing says what they paid."""
    equity: tuple[EquityMark, ...]
    drawdown: Drawdown
    halts: int
    """How often the kill switch went off."""
    ladders: int
    """Looked at, each in the last cycle before its climate day."""
    ladders_with_result: int
    quotes_per_market: float | None
    """The median; between two quotes nothing is known."""
    scores: tuple[ScoreTable, ...]
    model_reliability: tuple[ReliabilityMark, ...]
    market_reliability: tuple[ReliabilityMark, ...]
    pit: PitHistogram | None
    forecast_errors: tuple[ForecastError, ...]
    priced: tuple[EdgeBucket, ...]
    """One contract of everything that had an ask."""
    taken: tuple[EdgeBucket, ...]
    """What was bought, by contract."""
    refusals: tuple[tuple[str, int], ...]
    """By rule, the most frequent first; one refusal may count under several."""
    skipped: tuple[tuple[str, int], ...]
    """Ladders left out, by reason."""

    def line(self, strategy: Strategy | None = None, city: str | None = None) -> ResultRow | None:
        """The line of a strategy, of a city, of both, or of everything."""
        return next((x for x in self.lines if (x.strategy, x.city) == (strategy, city)), None)

    @property
    def total(self) -> ResultRow:
        """The line of everything."""
        return self.lines[0]

    @property
    def distinct_lines(self) -> tuple[ResultRow, ...]:
        """The lines without those that repeat others, as there is one city or one strategy."""
        strategies = {line.strategy for line in self.lines if line.strategy}
        cities = {line.city for line in self.lines if line.city}
        return tuple(
            line
            for line in self.lines
            if (line.strategy is None or len(strategies) > 1)
            and (line.city is None or len(cities) > 1)
        )

    @property
    def fairest_scores(self) -> ScoreTable | None:
        """The scores that judge the model: all cities, tight ladders if they allow an interval.

        The middle of a wide market is nobody's forecast, and beating it shows nothing.
        """
        of_all = [table for table in self.scores if table.city is None]
        firm = [t for t in of_all if t.rows[0].model_less_market.low is not None]
        return next((t for t in reversed(firm or of_all)), None)


def summary(record: Record, *, seed: int = 0) -> Summary:
    """All figures of ``record``; ``seed`` draws the bootstrap samples of every interval."""
    trades, views = tuple(record.trades.values()), tuple(record.views.values())
    days = calendar([*(v.climate_day for v in views), *(t.climate_day for t in trades)])
    playbook = record.request.setup.playbook
    compared = contests(record)
    equity = equity_points(record)
    leads_h = [_lead_h(view) for view in views]
    return Summary(
        question=_question(record, seed),
        models=_ranked(Counter(model_name(view) for view in views)),
        lead_h=median(leads_h) if leads_h else None,
        lines=lines(trades, days, seed),
        open_trades=sum(trade.is_open for trade in trades),
        equity=equity,
        drawdown=drawdown(equity),
        halts=sum(day.halts for day in record.days),
        ladders=len(views),
        ladders_with_result=sum((v.city, v.climate_day) in record.highs for v in views),
        quotes_per_market=median(record.quotes.values()) if record.quotes else None,
        scores=score_tables(compared, float(playbook.gates.max_spread), days, seed),
        model_reliability=reliability_points((c.model, c.winner) for c in compared),
        market_reliability=reliability_points((c.market, c.winner) for c in compared),
        pit=pit_histogram(views, record.highs),
        forecast_errors=forecast_errors(views, record.highs),
        priced=edge_buckets(priced_claims(record.opportunities, record.highs), days, seed),
        taken=edge_buckets(taken_claims(trades), days, seed),
        refusals=_ranked(record.refusals),
        skipped=_ranked(Counter(reason.partition(": ")[2] for reason in record.skipped)),
    )


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


def model_name(view: CityView) -> str:
    """The model behind a view, for the NBM with the version in force: ``NBM 4.1``."""
    if not view.model.startswith("NB"):
        return view.model
    try:
        return f"{view.model} {nbm_version(view.run_at)}"
    except InputError:
        return view.model


def _question(record: Record, seed: int) -> Question:
    request = record.request
    playbook = request.setup.playbook
    return Question(
        cities=request.cities,
        first_day=request.first_day,
        last_day=request.last_day,
        starting_balance=request.starting_balance,
        settings=(
            ("strategies", ", ".join(sorted(playbook.strategies))),
            ("models", ", ".join(request.models)),
            *_settings(playbook.gates),
            *_settings(playbook.limits),
        ),
        seed=seed,
        is_synthetic=record.is_synthetic,
    )


def _settings(group: Any) -> Iterator[tuple[str, str]]:
    return ((field.name, str(getattr(group, field.name))) for field in fields(group))


def _among(trades: Iterable[Trade], strategy: Strategy | None, city: str | None) -> list[Trade]:
    return [t for t in trades if strategy in {None, t.strategy} and city in {None, t.city}]


def _line(
    strategy: Strategy | None,
    city: str | None,
    trades: Sequence[Trade],
    days: Sequence[date],
    seed: int,
) -> ResultRow:
    earned: dict[str, Decimal] = {}
    for trade in trades:
        position = trade.bracket_id or trade.trade_id
        earned[position] = earned.get(position, ZERO) + _pnl(trade)
    won = sum(pnl > ZERO for pnl in earned.values())
    cases = ((trade.climate_day, float(_pnl(trade)), float(trade.count)) for trade in trades)
    return ResultRow(
        strategy=strategy,
        city=city,
        performance=performance(trades),
        positions=len(earned),
        won=won,
        win_rate=won / len(earned) if earned else None,
        per_contract=estimate(cases, days, seed),
    )


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


def _lead_h(view: CityView) -> float:
    start_at = station_of(view.city).day_start(view.climate_day)
    return (start_at - view.run_at).total_seconds() / 3600


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
