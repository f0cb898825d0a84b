"""What followed the quotes that were taken, summed up: by minutes, with how sure that is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from kalshi_edge.domain.records import MarkOut

Z95 = 1.959964
"""Standard errors on either side that hold 95 of 100."""


@dataclass(frozen=True, slots=True)
class MarkOutFigure:
    """The mean mark-out per contract after so many minutes, every fill counted once.

    Dollars; below 0 the prices moved against us. Orders, not fills, are what is independent of one
    another at best: the interval takes the mean of each order's fills as one figure.
    """

    minutes: int
    orders: int
    contracts: float
    mean: float
    low: float | None
    """Of the 95 % interval; ``None`` for fewer than two orders."""
    high: float | None


def mark_out_figures(marks: Iterable[MarkOut]) -> tuple[MarkOutFigure, ...]:
    """One figure for each number of minutes, the fewest first."""
    orders: dict[int, dict[str, list[MarkOut]]] = defaultdict(lambda: defaultdict(list))
    for mark in marks:
        orders[mark.minutes][mark.intent_id].append(mark)
    return tuple(_figure(minutes, orders[minutes].values()) for minutes in sorted(orders))


def _figure(minutes: int, orders: Iterable[list[MarkOut]]) -> MarkOutFigure:
    means, contracts = list[float](), 0.0
    for fills in orders:
        count = sum(float(one.count) for one in fills)
        means.append(sum(float(one.per_contract * one.count) for one in fills) / count)
        contracts += count
    mean, n = sum(means) / len(means), len(means)
    if n < 2:
        return MarkOutFigure(minutes, n, contracts, mean, None, None)
    error = sqrt(sum((one - mean) ** 2 for one in means) / (n - 1) / n)
    return MarkOutFigure(minutes, n, contracts, mean, mean - Z95 * error, mean + Z95 * error)


def mark_out_text(figure: MarkOutFigure) -> str:
    """A figure in cents, for people.

    >>> mark_out_text(MarkOutFigure(5, 12, 60.0, -0.004, -0.011, 0.003))
    '5 min -0.40 ¢ (-1.10 to +0.30, 12 orders)'
    """
    sure = (
        ""
        if figure.low is None or figure.high is None
        else (f"{100 * figure.low:+.2f} to {100 * figure.high:+.2f}, ")
    )
    return f"{figure.minutes} min {100 * figure.mean:+.2f} ¢ ({sure}{figure.orders} orders)"
