"""E-values: evidence that may be looked at every day (Ramdas et al. 2023, Statistical Science 38).

A bet against "there is nothing": wealth that starts at 1 and is fair to the sceptic. It exceeds x
in at most one of x histories without an edge, however often one looks and whenever one stops.
"""

from decimal import ROUND_FLOOR, Decimal
from math import exp, log1p

from kalshi_edge.domain.beliefs import Lead, Vector

BETS: Vector = (0.05, 0.1, 0.2, 0.4)
"""Shares of the wealth that are bet on a decision; smaller ones lose power everywhere, and 0.4 is
needed for NO at high prices."""
CLOSING_BETS: Vector = (0.1, 0.2, 0.4)

EARLY = frozenset({Lead.AHEAD, Lead.EVE})
"""Decided before the high of the day before is known: neighbouring days' factors are not one after
the other, so that even and odd days are multiplied apart and averaged."""


def log_factors(result: float) -> Vector:
    """ln(1 + k r) of each bet, for a decision that brought r = ``result`` per dollar asked, r ≥ −1.

    >>> [round(x, 3) for x in log_factors(-1.0)]
    [-0.051, -0.105, -0.223, -0.511]
    """
    return tuple(log1p(k * result) for k in BETS)


def skill_value(lead: Lead, log_skill: Vector) -> float:
    """E of even and odd days' log products of p(won) ÷ m(won)."""
    even, odd = log_skill
    return (exp(even) + exp(odd)) / 2 if lead in EARLY else exp(even + odd)


def money_value(lead: Lead, log_money: tuple[Vector, Vector]) -> float:
    """E of even and odd days' log products, averaged over the bets.

    >>> money_value(Lead.NIGHT, ((0.0,) * 4, (0.0,) * 4))
    1.0
    """
    even, odd = log_money
    if lead in EARLY:
        return sum(exp(x) for x in (*even, *odd)) / (2 * len(BETS))
    return sum(exp(a + b) for a, b in zip(even, odd, strict=True)) / len(BETS)


def closing_wealth(wealth: Vector, result: float) -> Vector:
    """The wealth of bets that the edge is gone, after ``result`` per dollar of the greatest gain.

    Mₖ ← max(Mₖ, 1) · (1 − k · result): it begins anew whenever the edge has proved itself, as a
    product without the maximum would hardly ever close a lost edge.

    >>> closing_wealth((0.5, 1.0, 2.0), 1.0)
    (0.9, 0.8, 1.2)
    """
    return tuple(
        max(m, 1.0) * (1.0 - k * result) for m, k in zip(wealth, CLOSING_BETS, strict=True)
    )


def mean(values: Vector) -> float:
    """Σ ÷ n."""
    return sum(values) / len(values)


def plain_e(value: float) -> str:
    """An E-value for a person, rounded down: short of a limit it never looks like it.

    >>> [plain_e(x) for x in (0.042, 3.29, 19.99, 1340.7, 2e6, 1e-7)]
    ['0.042', '3.2', '19', '1,340', '>1e6', '<0.0001']
    """
    if value > 1e6:
        return ">1e6"
    if value < 1e-4:
        return "<0.0001"
    exact = Decimal(repr(value))
    places = max(1 - exact.adjusted(), 0)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR):,f}"
