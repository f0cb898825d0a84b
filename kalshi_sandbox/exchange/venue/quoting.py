"""How a maker turns a belief into prices, the same for the makers who live and for the past.

Pure: a ladder's randomness comes from its seed and ticker, prices are whole cents.
"""

from math import ceil, floor
from random import Random

STOCK_CONTRACTS = 1500
"""Contracts held in one market at which a maker shades the price as far as they ever do."""


def ladder_random(seed: int, event_ticker: str) -> Random:
    """The randomness of a ladder's trading; the first normal number is the maker's own error."""
    return Random(f"{seed}|{event_ticker}")  # noqa: S311 - repeatable on purpose


def fair_cents(probability: float) -> float:
    """A probability as a price in cents."""
    return 100 * min(max(probability, 0.0), 1.0)


def skew_cents(fair: float, held: float) -> float:
    """Cents by which a maker shades the price against ``held`` contracts: flow moves prices.

    Up to 3 cents where all is open, none where nothing is.

    >>> skew_cents(0.5, 750.0), skew_cents(0.5, -9000.0), skew_cents(1.0, 750.0)
    (1.5, -3.0, 0.0)
    """
    return 12.0 * fair * (1 - fair) * min(max(held / STOCK_CONTRACTS, -1.0), 1.0)


def quoted_cents(
    cents: float, bid_shift: float, ask_shift: float
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The maker's bids and asks in whole cents, the best first; none outside 1 to 99.

    >>> quoted_cents(40.2, 0.4, 0.6), quoted_cents(0.3, 0.4, 0.6)
    (((40, 39), (41, 42)), ((), (1, 2)))
    """
    bid = floor(cents + bid_shift)
    ask = max(ceil(cents + ask_shift), bid + 1)
    return (
        tuple(c for c in (bid, bid - 1) if 1 <= c <= 99),
        tuple(c for c in (ask, ask + 1) if 1 <= c <= 99),
    )
