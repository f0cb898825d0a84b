"""What a backtest shows, in figures: each with what it rests on. Pure; one seed, one result."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

from kalshi_edge.backtest.claims import EdgeBucket, edge_buckets, priced_claims, taken_claims
from kalshi_edge.backtest.decisions import (
    DecisionRow,
    ModelRuns,
    decision_rows,
    model_name,
    model_runs,
)
from kalshi_edge.backtest.estimates import calendar
from kalshi_edge.backtest.money import (
    Drawdown,
    EquityMark,
    ResultRow,
    drawdown,
    equity_points,
    lines,
)
from kalshi_edge.backtest.reliability import (
    ForecastError,
    PitHistogram,
    ReliabilityMark,
    forecast_errors,
    pit_histogram,
    reliability_points,
)
from kalshi_edge.backtest.run import Record, label
from kalshi_edge.backtest.verification import ScoreTable, contests, score_tables
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.verdicts import CityView


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked of the backtest."""

    model: str
    """Whose probabilities were traded: ``seed``, ``emos`` or ``posterior``."""
    sizing: str
    """``seed`` or ``joint``."""
    cities: tuple[str, ...]
    first_day: date
    last_day: date
    starting_balance: Decimal
    settings: tuple[tuple[str, str], ...]
    """Gates, limits and strategies by name, as they were in force."""
    seed: int
    is_synthetic: bool
    """Whether the history is made up, and with it every figure."""

    @property
    def label(self) -> str:
        """Its name beside others."""
        return label(self.model, self.sizing)


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures of a backtest."""

    question: Question
    models: tuple[tuple[str, int], ...]
    """City-days by model and version."""
    lead_h: float | None
    """Median hours from the forecast's cycle to the start of the climate day."""
    decisions: tuple[DecisionRow, ...]
    """All first, then by city and model: how old forecast and quotes were."""
    runs: ModelRuns | None
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

    def scores_of(self, *, tight_only: bool) -> ScoreTable | None:
        """The scores of all cities together: of every ladder, or of the tight ones only."""
        tables = (t for t in self.scores if t.city is None and t.tight_only is tight_only)
        return next(tables, None)


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
        decisions=decision_rows(record),
        runs=model_runs(record.runs),
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


def _question(record: Record, seed: int) -> Question:
    request = record.request
    playbook = request.setup.playbook
    return Question(
        model=request.model,
        sizing=playbook.sizing,
        cities=request.cities,
        first_day=request.first_day,
        last_day=request.last_day,
        starting_balance=request.starting_balance,
        settings=(
            ("strategies", ", ".join(sorted(playbook.traded))),
            ("sizing", playbook.sizing),
            ("models", ", ".join(request.models)),
            *_settings(playbook.gates),
            *_settings(playbook.limits),
        ),
        seed=seed,
        is_synthetic=record.is_synthetic,
    )


def _settings(group: Any) -> Iterator[tuple[str, str]]:
    return ((field.name, str(getattr(group, field.name))) for field in fields(group))


def _lead_h(view: CityView) -> float:
    start_at = station_of(view.city).day_start(view.climate_day)
    return (start_at - view.run_at).total_seconds() / 3600


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
