"""A past ladder's books: the makers' own belief and prices; what flow does to them is drawn.

The belief is to the last digit that of the maker who would have traded the ladder. What takers
would have left in the maker's hands, and the size at each price, follow what 5 days of lived
trading show: a random walk of the stock, and sizes with the median of real books.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import ceil, floor

import numpy as np

from kalshi_edge.domain.market import Book, Ladder, Level
from kalshi_edge.units import CENT
from kalshi_sandbox.exchange.venue.beliefs import MAKER, Oracle
from kalshi_sandbox.exchange.venue.market_makers import PRICES, Habits
from kalshi_sandbox.exchange.venue.quoting import (
    fair_cents,
    ladder_random,
    quoted_cents,
    skew_cents,
)
from kalshi_sandbox.world.world import World

STOCK_PER_ROOT_HOUR = 250.0
"""Standard deviation of the maker's stock an hour after the opening, contracts: lived ladders had
285 after 1.5 hours, 860 after 12 and 1,200 after 23."""
TOP_SIZE, SIZE_SPREAD = 29.0, 1.8
"""Median contracts at a price, and standard deviation of their logarithm."""
CERTAIN_TIMES = 100
"""How many times as many stand at 1 cent offered or 99 wanted: nobody expects to be wrong there."""
DEEPER = 1
"""Prices behind the maker's two at which patient orders stand, on each side."""
LEVELS = 2 + DEEPER
BEHIND_CENTS = 3
"""How far from fair the first of them stands, cents."""


@dataclass(frozen=True, slots=True)
class Quoting:
    """One ladder as its maker sees it."""

    world: World
    ladder: Ladder
    oracle: Oracle
    habits: Habits

    def books(self, instants: Sequence[datetime]) -> Iterator[Book]:
        """Every market's book at each instant, in the order of time."""
        markets = self.ladder.markets
        error = ladder_random(self.world.seed, self.ladder.event_ticker).gauss(0, 1)
        random = self.world.draws(
            f"past quotes {self.ladder.station.icao}", self.ladder.climate_day.toordinal()
        )
        stocks = _stocks(random, self.ladder.received_at, instants, len(markets))
        hundredths = _hundredths(random, (len(instants), len(markets)), self.habits)
        for at, held, sizes in zip(instants, stocks, hundredths, strict=True):
            fair = self.oracle.probabilities(MAKER, error, at)
            for market, p, stock, size in zip(markets, fair, held, sizes, strict=True):
                bids, asks = self._prices(p, stock)
                yield Book(
                    ticker=market.ticker,
                    bids=_levels(bids, size[:LEVELS], certain=99),
                    asks=_levels(asks, size[LEVELS:], certain=1),
                    valid_at=at,
                    received_at=at,
                )

    def _prices(self, fair: float, held: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Bids and asks in cents, the best first: the maker's two, then the patient's."""
        cents, habits = fair_cents(fair), self.habits
        shaded = cents - skew_cents(fair, held)
        bids, asks = quoted_cents(shaded, habits.bid_shift_cents, habits.ask_shift_cents)
        below = floor(min((cents, *bids))) - BEHIND_CENTS
        above = ceil(max((cents, *asks))) + BEHIND_CENTS
        return (
            (*bids, *range(below, max(below - DEEPER, 0), -1)),
            (*asks, *range(above, min(above + DEEPER, 100))),
        )


def _stocks(
    random: np.random.Generator, opened_at: datetime, instants: Sequence[datetime], markets: int
) -> list[list[float]]:
    """What the maker holds of each market at each instant, contracts (instants, markets)."""
    hours = np.array([(at - opened_at).total_seconds() / 3600 for at in instants])
    steps = np.sqrt(np.diff(hours, prepend=0.0))[:, None] * random.standard_normal(
        (len(instants), markets)
    )
    found: list[list[float]] = (STOCK_PER_ROOT_HOUR * np.cumsum(steps, axis=0)).tolist()
    return found


def _hundredths(
    random: np.random.Generator, shape: tuple[int, int], habits: Habits
) -> list[list[list[int]]]:
    """Sizes in hundredths of contracts (…, bids and then asks): whole ones, but for a share."""
    raw = TOP_SIZE * random.lognormal(0.0, SIZE_SPREAD, (*shape, 2 * LEVELS))
    is_whole = random.random(raw.shape) >= habits.fractional_share
    sizes = np.where(is_whole, 100 * np.maximum(np.rint(raw), 1), np.maximum(np.rint(100 * raw), 1))
    found: list[list[list[int]]] = sizes.astype(int).tolist()
    return found


def _levels(cents: Sequence[int], sizes: Sequence[int], *, certain: int) -> tuple[Level, ...]:
    """The levels at these prices; at ``certain`` cents everybody quotes."""
    return tuple(
        _level(price, size * CERTAIN_TIMES if price == certain else size)
        for price, size in zip(cents, sizes, strict=False)
    )


@lru_cache(maxsize=1 << 16)
def _level(cents: int, hundredths: int) -> Level:
    return Level(PRICES[cents], CENT * hundredths)
