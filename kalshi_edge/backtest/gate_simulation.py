"""The evidence gate on made-up histories: how often it opens without an edge, how soon with one.

Histories are drawn, so everything here is SYNTHETIC: it says what the gate does, never what the
market does. One row a history, one column a day; the arithmetic is that of ``models/e_values.py``,
a whole history at once.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.learning.evidence import CLOSES, MONEY_OPENS, SKILL_OPENS
from kalshi_edge.models.e_values import BETS, CLOSING_BETS

Table: TypeAlias = NDArray[np.float64]
"""Histories by days."""

THREE_YEARS = 1096
YEAR = 365
BATCH = 20
MONEY_NEEDED = MONEY_OPENS / (0.5 / BATCH)
"""A cell's threshold in a first batch of 20: 800."""
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Opening:
    """When a gate opened over many histories."""

    histories: int
    opened: float
    """Share of the histories."""
    median_days: float | None
    """Over all histories, those that never opened last; ``None`` where most never did."""


def money_values(results: Table) -> Table:
    """The money E-value after each day, of results per dollar asked (0 without a decision)."""
    total = np.zeros_like(results)
    for k in BETS:
        total += np.exp(np.cumsum(np.log1p(k * results), axis=1))
    return total / len(BETS)


def skill_values(log_ratios: Table) -> Table:
    """The skill E-value after each day."""
    values: Table = np.exp(np.cumsum(log_ratios, axis=1))
    return values


def first_day(is_so: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The first day, counted from 1, on which it is so in each history; ``NEVER`` without one."""
    return np.where(is_so.any(axis=1), is_so.argmax(axis=1) + 1, NEVER)


def opening(days: NDArray[np.int64]) -> Opening:
    """What the first days of many histories say."""
    opened = days < NEVER
    middle = np.sort(days)[(len(days) - 1) // 2]
    return Opening(
        histories=len(days),
        opened=float(opened.mean()),
        median_days=None if middle == NEVER else float(middle),
    )


def closing_days(results: Table) -> NDArray[np.int64]:
    """The first day on which results per dollar of the greatest gain close the gate again."""
    histories, days = results.shape
    wealth = np.ones((histories, len(CLOSING_BETS)))
    bets = np.array(CLOSING_BETS)
    found = np.full(histories, NEVER)
    for day in range(days):
        wealth = np.maximum(wealth, 1.0) * (1.0 - bets * results[:, day, np.newaxis])
        closes = (wealth.mean(axis=1) >= CLOSES) & (found == NEVER)
        found[closes] = day + 1
    return found


# --- histories without an edge ----------------------------------------------------------------


def null_results(generator: np.random.Generator, weather: Table) -> Table:
    """Results per dollar asked of fair decisions, in a cell whose days share ``weather``.

    Prices from 3 to 97 ¢, a decision on nine days of ten. On a third of the days the position is
    closed early, at a fair price that has moved; on another third more is bought once the price has
    fallen, which does not count, and would make a fair market look unfair if it did.
    """
    shape = weather.shape
    price = generator.uniform(0.03, 0.97, shape)
    # a fair move: up by u with probability d/(u + d), down by d otherwise
    up, down = (1 - price) * 0.5, price * 0.5
    rises = weather < down / (up + down)
    moved = np.where(rises, price + up, price - down)
    # what is left of the day's weather, uniform again within either case
    share = down / (up + down)
    rest = np.where(rises, weather / share, (weather - share) / (1 - share))
    won = rest < moved
    closes_early = generator.random(shape) < 1 / 3
    worth = np.where(closes_early, moved, won.astype(float))
    decides = generator.random(shape) < 0.9
    results: Table = np.where(decides, (worth - price) / price, 0.0)
    return results


def null_openings(
    histories: int, generator: np.random.Generator, days: int = THREE_YEARS
) -> tuple[float, float]:
    """The shares of histories in which any of 20 cells without an edge opens in three years.

    First by the gate's money alone, which is stricter than the gate; then by a t-test of the
    results so far (p < 5 %, of a positive mean, from the thirtieth day), watched as often.
    """
    opened = np.zeros(histories, dtype=bool)
    tested = np.zeros(histories, dtype=bool)
    shared = generator.random((histories, days))
    for cell in range(BATCH):
        # half of the cells have the same weather: neighbouring cities, two strategies in one
        weather = shared if cell % 2 else generator.random((histories, days))
        results = null_results(generator, weather)
        opened |= (money_values(results) >= MONEY_NEEDED).any(axis=1)
        if cell == 0:
            tested |= _t_statistics(results)[:, 30:].max(axis=1) > T_95
    return float(opened.mean()), float(tested.mean())


T_95 = 1.645


def _t_statistics(results: Table) -> Table:
    n = np.arange(1, results.shape[1] + 1)
    mean = np.cumsum(results, axis=1) / n
    square = np.cumsum(results**2, axis=1) / n
    spread = np.sqrt(np.maximum(square - mean**2, 1e-12) / n)
    statistics: Table = mean / spread
    return statistics


# --- histories with an edge -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlantedEdge:
    """One decision a day in ``legs`` bins of a ladder, each at ``price``, worth ``edge`` more."""

    legs: int
    price: float
    edge: float
    """Dollars a contract, after fees."""

    @property
    def cost(self) -> float:
        """Of all legs."""
        return self.legs * self.price

    @property
    def chance(self) -> float:
        """That one of the legs wins."""
        return self.legs * (self.price + self.edge)

    def wins(self, generator: np.random.Generator, histories: int, days: int) -> NDArray[np.bool_]:
        """Whether one of the legs won, day by day."""
        return generator.random((histories, days)) < self.chance

    def per_asked(self, wins: NDArray[np.bool_]) -> Table:
        """Results per dollar asked."""
        return np.asarray((wins - self.cost) / self.cost, dtype=np.float64)

    def per_gain(self, wins: NDArray[np.bool_]) -> Table:
        """Results per dollar of contracts less cost, over all legs."""
        return np.asarray((wins - self.cost) / (self.legs - self.cost), dtype=np.float64)

    def log_ratios(self, wins: NDArray[np.bool_]) -> Table:
        """Of a model that knows the chance to a market that does not."""
        ours, market = self.chance, self.cost
        lost = np.log((1 - ours) / (1 - market))
        return np.asarray(np.where(wins, np.log(ours / market), lost), dtype=np.float64)


def planted_opening(
    planted: PlantedEdge,
    histories: int,
    generator: np.random.Generator,
    days: int = THREE_YEARS,
) -> Opening:
    """When a gate in a first batch of 20 cells opens, where an edge is planted."""
    wins = planted.wins(generator, histories, days)
    money = money_values(planted.per_asked(wins)) >= MONEY_NEEDED
    skill = skill_values(planted.log_ratios(wins)) >= SKILL_OPENS
    return opening(first_day(money & skill))


def planted_closing(
    before: PlantedEdge,
    after: PlantedEdge,
    histories: int,
    generator: np.random.Generator,
    *,
    good_days: int = YEAR,
    days: int = THREE_YEARS,
) -> Opening:
    """When a gate that is open closes, counted from the day on which the edge changed."""
    good = before.per_gain(before.wins(generator, histories, good_days))
    bad = after.per_gain(after.wins(generator, histories, days))
    found = closing_days(np.hstack((good, bad)))
    # one that closed before the change did so falsely, and says nothing here
    kept = found[found > good_days]
    return opening(np.where(kept == NEVER, NEVER, kept - good_days))


def false_closings(
    planted: PlantedEdge,
    histories: int,
    generator: np.random.Generator,
    days: int = THREE_YEARS,
) -> Opening:
    """When a gate closes although its edge is still there."""
    return opening(closing_days(planted.per_gain(planted.wins(generator, histories, days))))
