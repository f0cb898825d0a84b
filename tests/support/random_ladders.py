"""Random ladders to size, and how much their stakes can grow by a solver that is not ours.

Quotes are SYNTHETIC. Nothing here uses the code under test but its dataclasses.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from kalshi_edge.domain.market import Book, FeeRule, Level
from kalshi_edge.domain.orders import Side
from kalshi_edge.models.ladder_offers import LadderBudget, LadderHolding, Offer, offers
from kalshi_edge.trading.fees import model_fee, most_taker_fee
from tests.support.builders import EVENT, NOW

Array = NDArray[np.float64]
AFTER_JULY = datetime(2026, 11, 22, tzinfo=UTC)


def unit_fee(_ticker: str, price: Decimal, count: Decimal) -> Decimal:
    """The exchange's fee before rounding."""
    return model_fee(price, count, FeeRule(), is_taker=True)


def most_fee(_ticker: str, price: Decimal, count: Decimal) -> Decimal:
    """The most that an order can be charged."""
    return most_taker_fee(price, count, FeeRule(), AFTER_JULY)


@dataclass(frozen=True, slots=True)
class RandomLadder:
    """What sizing asks for."""

    probabilities: tuple[float, ...]
    offered: tuple[Offer, ...]
    budget: LadderBudget
    held: tuple[LadderHolding, ...]
    live: tuple[LadderHolding, ...]


def random_ladder(
    generator: np.random.Generator,
    *,
    bins: int | None = None,
    levels: int | None = None,
    loss_share: float | None = None,
) -> RandomLadder:
    """A ladder with books, positions and budgets; where figures are not given they are drawn.

    Our probabilities lie anywhere between the market's and others that have nothing to do with it.
    """
    count = bins or int(generator.integers(2, 9))
    market = generator.dirichlet(np.full(count, 2.0))
    trust = generator.uniform()
    ours = np.maximum((1 - trust) * market + trust * generator.dirichlet(np.full(count, 2.0)), 1e-4)
    books = [
        _book(generator, at, mid, int(generator.integers(0, 4)) if levels is None else levels)
        for at, mid in enumerate(market)
    ]
    equity = Decimal(round(float(np.exp(generator.uniform(np.log(50), np.log(20000)))), 2))
    share = generator.choice([0.005, 0.03, 0.2, 1.0]) if loss_share is None else loss_share
    held = [_holding(generator, count, equity, 0.02) for _ in range(generator.integers(0, 4))]
    live = [_holding(generator, count, equity, 0.01) for _ in range(generator.integers(0, 3))]
    budget = LadderBudget(
        equity,
        cash=(equity * Decimal(round(generator.uniform(0.01, 1), 4))).quantize(Decimal("0.0001")),
        loss=(equity * Decimal(round(float(share), 4))).quantize(Decimal("0.0001")),
        step=Decimal(str(generator.choice(["1", "0.01", "5"]))),
    )
    return RandomLadder(
        tuple((ours / ours.sum()).tolist()),
        offers(books, unit_fee),
        budget,
        tuple(held),
        tuple(live),
    )


def _book(generator: np.random.Generator, at: int, mid: float, levels: int) -> Book:
    middle, half = round(100 * mid), int(generator.integers(1, 4))
    asks = [c for c in range(max(middle + half, 1), middle + half + levels) if 0 < c < 100]
    bids = [c for c in range(middle - half, middle - half - levels, -1) if 0 < c < asks_from(asks)]

    def side(cents: list[int]) -> tuple[Level, ...]:
        depths = np.exp(generator.uniform(0, 8, len(cents)))
        return tuple(
            Level(Decimal(c) / 100, Decimal(str(round(float(depth), 2))))
            for c, depth in zip(cents, depths, strict=True)
        )

    return Book(f"{EVENT}-{at}", side(bids), side(asks), NOW, NOW)


def asks_from(asks: list[int]) -> int:
    """The lowest ask in cents; a dollar where there is none."""
    return asks[0] if asks else 100


def _holding(
    generator: np.random.Generator, bins: int, equity: Decimal, share: float
) -> LadderHolding:
    price = Decimal(int(generator.integers(5, 95))) / 100
    paid = equity * Decimal(round(share * generator.uniform(), 6))
    count = (paid / price).quantize(Decimal("0.01"))
    side = Side.BUY if generator.uniform() < 0.5 else Side.SELL
    return LadderHolding(int(generator.integers(bins)), side, count, price * count)


def pays(at: int, side: Side, won: int) -> int:
    """What a contract pays, dollars."""
    return int((at == won) == (side is Side.BUY))


def wealth_of(case: RandomLadder, fraction: float) -> Array:
    """W⁰ in each bin, dollars."""
    holdings = (*case.held, *case.live)
    return np.array(
        [
            fraction * float(case.budget.equity)
            + sum(float(s.count) * pays(s.at, s.side, won) - float(s.paid) for s in holdings)
            for won in range(len(case.probabilities))
        ]
    )


def returns_of(case: RandomLadder) -> Array:
    """Dollars per contract of each offer in each bin, fees before rounding."""
    bins = range(len(case.probabilities))
    rows = [[pays(one.at, one.side, won) - one.cost for won in bins] for one in case.offered]
    return np.array(rows).reshape(len(rows), len(bins))


def depths_of(case: RandomLadder) -> Array:
    """Contracts of each offer."""
    return np.array([float(one.depth) for one in case.offered])


def nats_of(p: Array, wealth: Array, returns: Array, stakes: Array) -> float:
    """Σ p ln(W/W⁰), written out."""
    after = wealth + stakes @ returns
    return float(p @ np.log(after / wealth)) if after.min() > 0 else float("-inf")


def gap_of(p: Array, wealth: Array, returns: Array, depths: Array, stakes: Array) -> float:
    """What the tangent at ``stakes`` still gains at the best corner of the box, nats."""
    slope = returns @ (p / (wealth + stakes @ returns))
    corner = np.where(slope > 0, depths, 0.0)
    return float(slope @ (corner - stakes))


def independent_nats(p: Array, wealth: Array, returns: Array, depths: Array) -> float:
    """The most that stakes gain, nats, by sequential quadratic programming (SLSQP of SciPy).

    Stakes are scaled so that one unit may just take all wealth; wealth stays above 0 as a
    constraint.
    """
    if not len(depths):
        return 0.0
    scale = np.minimum(depths, 1 / np.abs(returns / wealth).max(axis=1))
    bets, top = returns / wealth * scale[:, None], depths / scale

    def loss(z: Array) -> float:
        left = 1 + z @ bets
        return float(-(p @ np.log(left))) if left.min() > 0 else 1e3

    def slope(z: Array) -> Array:
        return np.asarray(-(bets @ (p / np.maximum(1 + z @ bets, 1e-9))))

    found = minimize(
        loss,
        np.zeros(len(depths)),
        jac=slope,
        method="SLSQP",
        bounds=[(0, most) for most in top],
        constraints=[
            {"type": "ineq", "fun": lambda z: 1 + z @ bets - 1e-9, "jac": lambda _z: bets.T}
        ],
        options={"maxiter": 500, "ftol": 1e-13},
    )
    return -loss(np.clip(found.x, 0, top))


def worst_losses(
    results: list[tuple[Decimal, ...]], certain: tuple[Decimal, ...], filled: list[bool]
) -> list[Decimal]:
    """Dollars lost in each bin where only some orders filled."""
    return [
        -before - sum((r[won] for r, f in zip(results, filled, strict=True) if f), Decimal(0))
        for won, before in enumerate(certain)
    ]


def all_fills(orders: int) -> list[list[bool]]:
    """Every choice of which orders fill."""
    return [list(choice) for choice in product((False, True), repeat=orders)]
