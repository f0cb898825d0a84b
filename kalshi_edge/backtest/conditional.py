"""Conditional calibration: of bins where a model departs from the price by so much, how many came.

A model whose departures are right beats the price there; one whose departures are noise leaves the
price right. Probabilities and prices are dollars, 0 to 1; the price is the normalised mid.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import inf
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from kalshi_edge.backtest.estimates import calendar, estimate
from kalshi_edge.backtest.walk_forward import JudgedLadder
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.models.distribution import ladder_probabilities

DEPARTURES = (-inf, -0.20, -0.10, -0.05, -0.02, 0.02, 0.05, 0.10, 0.20, inf)
"""Bounds of probability − price; a row holds its lower one."""
SPREADS = MappingProxyType({"to 5 ¢": 0.05, "to 12 ¢": 0.12, "wider": inf})
"""Ask − bid up to so much; 12 ¢ is the trader's gate."""
PRICES = MappingProxyType({"to 10 ¢": 0.10, "to 25 ¢": 0.25, "to 50 ¢": 0.50, "dearer": inf})
SEASONS = ("winter", "spring", "summer", "autumn")
EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class ConditionalRow:
    """The bins where a model's probability less the price is in [low, high)."""

    low: float | None
    """``None`` where the row has no bound on that side."""
    high: float | None
    n: int
    """Bins."""
    days: int
    said: float
    """The model's mean probability."""
    price: float
    """The mean price."""
    came: float
    """The share that came."""
    interval: tuple[float, float] | None
    """95 % of that share; ``None`` where the days are too few."""

    @property
    def price_is_off(self) -> int:
        """1 or −1 where the whole interval lies above or below the price, else 0."""
        if self.interval is None:
            return 0
        return (self.interval[0] > self.price) - (self.interval[1] < self.price)


Rows: TypeAlias = tuple[ConditionalRow, ...]
Conditional: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Rows]]]
"""By model, then by what the bins are divided by, then by the part: ``emos``, ``city``, ``NYC``."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One bin of one ladder."""

    city: str
    climate_day: date
    lead: Lead
    spread: float
    price: float
    said: float
    is_winner: bool


CUTS: Mapping[str, Callable[[_Case], str]] = MappingProxyType(
    {
        EVERYTHING: lambda _: EVERYTHING,
        "city": lambda case: case.city,
        "lead": lambda case: str(case.lead),
        "spread": lambda case: _class_of(case.spread, SPREADS),
        "season": lambda case: season_of(case.climate_day),
        "price": lambda case: _class_of(case.price, PRICES),
    }
)
"""What the bins are divided by, and the part that a bin is in."""

ORDER = (*Lead, *SPREADS, *SEASONS, *PRICES)
"""Parts in the order in which they are shown; cities by name."""


def conditional(ladders: Sequence[JudgedLadder], seed: int) -> Conditional:
    """The rows of every model and part that has any bin; ``seed`` draws the intervals' samples."""
    days = calendar(ladder.climate_day for ladder in ladders)
    found: dict[str, dict[str, dict[str, Rows]]] = {}
    for model, said in MODELS.items():
        cases = [case for ladder in ladders for case in _cases(ladder, said(ladder))]
        if cases:
            found[model] = {
                cut: _parts(cases, part_of, days, seed) for cut, part_of in CUTS.items()
            }
    return found


def same_every_day(share: float, days: int) -> tuple[float, float]:
    """The exact 95 % interval of a share that was 0 or 1 on each of ``days`` (Clopper & Pearson).

    Samples of such days all say the same, as if it were certain.

    >>> low, high = same_every_day(0.0, 36)
    >>> low, round(high, 3)
    (0.0, 0.097)
    """
    width = 1.0 - 0.025 ** (1.0 / days)
    return (0.0, width) if share == 0.0 else (1.0 - width, 1.0)


def season_of(day: date) -> str:
    """The meteorological season; December belongs to the winter that follows.

    >>> season_of(date(2024, 12, 1)), season_of(date(2024, 5, 31))
    ('winter', 'spring')
    """
    return SEASONS[day.month % 12 // 3]


MODELS: Mapping[str, Callable[[JudgedLadder], Sequence[float] | None]] = MappingProxyType(
    {
        "seed": lambda ladder: ladder.seed,
        "emos": lambda ladder: ladder_probabilities(ladder.own, ladder.bins),
        "posterior": lambda ladder: ladder.posterior.probabilities,
    }
)
"""What each said of a ladder's bins; nothing where it had no forecast."""


def _cases(ladder: JudgedLadder, said: Sequence[float] | None) -> Iterator[_Case]:
    quotes = ladder.quotes
    bins = zip(said or (), quotes.mid, quotes.bids, quotes.asks, strict=said is not None)
    for i, (p, price, bid, ask) in enumerate(bins):
        # rounded, as binary fractions put 0.42 − 0.37 above 0.05
        spread = round(ask - bid, 6)
        won = i == ladder.won
        yield _Case(ladder.city, ladder.climate_day, ladder.lead, spread, price, p, won)


def _parts(
    cases: Sequence[_Case], part_of: Callable[[_Case], str], days: Sequence[date], seed: int
) -> dict[str, Rows]:
    parts: dict[str, list[_Case]] = {}
    for case in cases:
        parts.setdefault(part_of(case), []).append(case)
    return {name: _rows(parts[name], days, seed) for name in sorted(parts, key=_place)}


def _place(part: str) -> tuple[int, str]:
    return (ORDER.index(part) if part in ORDER else -1), part


def _rows(cases: Sequence[_Case], days: Sequence[date], seed: int) -> Rows:
    classes: list[list[_Case]] = [[] for _ in DEPARTURES[1:]]
    for case in cases:
        classes[_class_at(case.said - case.price)].append(case)
    bounds = zip(pairwise(DEPARTURES), classes, strict=True)
    return tuple(_row(low, high, some, days, seed) for (low, high), some in bounds if some)


def _class_at(departure: float) -> int:
    # rounded, as binary fractions put 0.30 − 0.20 below 0.10
    return bisect_right(DEPARTURES, round(departure, 12)) - 1


def _row(
    low: float, high: float, cases: Sequence[_Case], days: Sequence[date], seed: int
) -> ConditionalRow:
    came = estimate(((case.climate_day, float(case.is_winner), 1.0) for case in cases), days, seed)
    assert came is not None  # there is at least one case
    bounds = None if came.low is None or came.high is None else (came.low, came.high)
    if bounds is not None and came.mean in {0.0, 1.0}:
        bounds = same_every_day(came.mean, came.days)
    return ConditionalRow(
        low=None if low == -inf else low,
        high=None if high == inf else high,
        n=len(cases),
        days=came.days,
        said=float(np.mean([case.said for case in cases])),
        price=float(np.mean([case.price for case in cases])),
        came=came.mean,
        interval=bounds,
    )


def _class_of(value: float, classes: Mapping[str, float]) -> str:
    return next(name for name, most in classes.items() if value <= most)
