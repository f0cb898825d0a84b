"""Three forecasters on the same ladders: our model, the market's prices and climatology.

They are compared only where all three gave every bin a probability and the high is known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np

from kalshi_edge.backtest.estimates import Estimate, estimate
from kalshi_edge.backtest.run import Record
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import Side, Strategy
from kalshi_edge.domain.verdicts import CityView, Leg
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.models.scores import log_score, multi_brier, ranked_probability
from kalshi_edge.models.temperature import SIGMA_FLOOR_F

CLIMATE_WINDOW_DAYS = 15
CLIMATE_LEAST_VALUES = 20

Probabilities: TypeAlias = Sequence[float]

PER_LADDER, PER_BIN = "Brier", "Brier per bin"
SCORES: Mapping[str, Callable[[Probabilities, int], float]] = {
    PER_LADDER: multi_brier,
    PER_BIN: multi_brier,
    "RPS": ranked_probability,
    "log": lambda probabilities, winner: log_score(probabilities[winner]),
}
"""By name, of a ladder; lower is better in all. ``Brier`` is the sum over a ladder's bins, ``Brier
per bin`` the same divided by all bins of all ladders."""


@dataclass(frozen=True, slots=True)
class Contest:
    """A ladder with three forecasts of every bin, lowest bin first, and the bin that won."""

    city: str
    climate_day: date
    model: Probabilities
    market: Probabilities
    """Mids divided by their sum."""
    climatology: Probabilities
    winner: int
    overround: float
    """The mids' sum less 1: what had to be taken out of them, dollars."""
    widest_spread: float
    """Of its bins, dollars; a missing bid stands at 0 and a missing ask at 1."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score's means, and how they differ on the same ladders. Lower is better."""

    score: str
    model: float
    market: float
    climatology: float
    model_less_market: Estimate
    """Below 0 the model is the better forecaster."""
    climatology_less_market: Estimate


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """The scores of some ladders: of all cities or of one, of every width or only tight ones."""

    city: str | None
    tight_only: bool
    """Whether no spread in them exceeds the widest that the trader's gate lets through."""
    ladders: int
    days: int
    overround: float
    """Mean, dollars."""
    rows: tuple[ScoreRow, ...]

    @property
    def per_bin(self) -> ScoreRow:
        """The row that judges: its figures do not depend on how many bins a ladder has."""
        return self._row(PER_BIN)

    @property
    def per_ladder(self) -> ScoreRow:
        """The Brier score summed over a ladder's bins."""
        return self._row(PER_LADDER)

    def _row(self, score: str) -> ScoreRow:
        return next(row for row in self.rows if row.score == score)


def climatology(highs: Mapping[date, int], day: date) -> Normal | None:
    """The normal distribution of a city's highs around this date one, two, … years earlier.

    Mean and standard deviation of all ``highs`` (°F by climate day) within 15 days of the date in
    each earlier year, so that nothing of the past eleven months is used; ``None`` with fewer than
    20 of them.

    >>> last_year = {date(2022, 7, 1) + timedelta(days=i): 80 + i % 3 for i in range(30)}
    >>> climatology(last_year, date(2023, 7, 16)).mu_f
    81.0
    """
    if not highs:
        return None
    first = min(highs)
    values: list[int] = []
    for year in range(day.year - 1, first.year - 2, -1):
        centre = _same_date(day, year)
        for offset in range(-CLIMATE_WINDOW_DAYS, CLIMATE_WINDOW_DAYS + 1):
            high_f = highs.get(centre + timedelta(days=offset))
            if high_f is not None:
                values.append(high_f)
    if len(values) < CLIMATE_LEAST_VALUES:
        return None
    return Normal(float(np.mean(values)), max(float(np.std(values, ddof=1)), SIGMA_FLOOR_F))


def contests(record: Record) -> tuple[Contest, ...]:
    """Every ladder that all three forecast and whose high is known, by date."""
    by_city: dict[str, dict[date, int]] = {}
    for (city, day), high_f in record.highs.items():
        by_city.setdefault(city, {})[day] = high_f
    # A bracket was last priced when both its legs were: a single bin's own quote is no older.
    brackets_first = sorted(record.opportunities, key=lambda one: one.strategy is Strategy.SINGLE)
    legs = {
        (one.city, one.climate_day, leg.bin): leg
        for one in brackets_first
        for leg in one.legs
        if leg.side is Side.BUY
    }
    found = (
        _contest(view, legs, by_city.get(view.city, {}))
        for view in sorted(record.views.values(), key=lambda view: (view.climate_day, view.city))
    )
    return tuple(contest for contest in found if contest is not None)


def score_tables(
    all_contests: Sequence[Contest], max_spread: float, days: Sequence[date], seed: int
) -> tuple[ScoreTable, ...]:
    """All ladders, then only the tight ones; first together, then city by city if several."""
    tables = []
    cities = sorted({contest.city for contest in all_contests})
    groups = (None, *cities) if len(cities) > 1 else (None,)
    for tight_only in (False, True):
        chosen = [c for c in all_contests if not tight_only or c.widest_spread <= max_spread]
        for city in groups:
            some = [c for c in chosen if city in {None, c.city}]
            if some:
                tables.append(_score_table(some, city, days, seed, tight_only=tight_only))
    return tuple(tables)


def _contest(
    view: CityView, legs: Mapping[tuple[str, date, Bin], Leg], highs: Mapping[date, int]
) -> Contest | None:
    high_f = highs.get(view.climate_day)
    climate = climatology(highs, view.climate_day)
    mids = [mid for mid in view.market if mid is not None]
    if high_f is None or climate is None or len(mids) < len(view.bins):
        return None
    total = sum(mids)
    spreads = (
        _spread(legs.get((view.city, view.climate_day, bin_)), mid)
        for bin_, mid in zip(view.bins, mids, strict=True)
    )
    return Contest(
        city=view.city,
        climate_day=view.climate_day,
        model=view.fair,
        market=tuple(mid / total for mid in mids),
        climatology=ladder_probabilities(climate, view.bins),
        winner=next(i for i, bin_ in enumerate(view.bins) if bin_.contains(high_f)),
        overround=total - 1,
        widest_spread=max(spreads),
    )


def _spread(leg: Leg | None, mid: float) -> float:
    # Every bin with an ask is among the opportunities; without one the mid is (bid + 1)/2. Rounded,
    # as binary fractions put 2 − 2 · 0.94 above 0.12.
    if leg is None or leg.ask is None:
        return round(2 * (1 - mid), 6)
    return float(leg.ask - leg.bid) if leg.bid is not None else float(leg.ask)


def _score_table(
    some: Sequence[Contest], city: str | None, days: Sequence[date], seed: int, *, tight_only: bool
) -> ScoreTable:
    return ScoreTable(
        city=city,
        tight_only=tight_only,
        ladders=len(some),
        days=len({contest.climate_day for contest in some}),
        overround=float(np.mean([contest.overround for contest in some])),
        rows=tuple(_score_row(name, some, days, seed) for name in SCORES),
    )


def _score_row(name: str, some: Sequence[Contest], days: Sequence[date], seed: int) -> ScoreRow:
    score = SCORES[name]
    model = [score(contest.model, contest.winner) for contest in some]
    market = [score(contest.market, contest.winner) for contest in some]
    climate = [score(contest.climatology, contest.winner) for contest in some]

    counts = [len(contest.model) if name == PER_BIN else 1 for contest in some]

    def less_market(ours: Sequence[float]) -> Estimate:
        cases = (
            (contest.climate_day, our - its, float(count))
            for contest, count, our, its in zip(some, counts, ours, market, strict=True)
        )
        found = estimate(cases, days, seed)
        assert found is not None  # there is at least one contest
        return found

    return ScoreRow(
        score=name,
        model=sum(model) / sum(counts),
        market=sum(market) / sum(counts),
        climatology=sum(climate) / sum(counts),
        model_less_market=less_market(model),
        climatology_less_market=less_market(climate),
    )


def _same_date(day: date, year: int) -> date:
    """The same date in another year; 29 February is the 28th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if is_leap_day else day.replace(year=year)
