"""What was claimed and what came: edges by the size of the claim, against what a contract earned.

If claims were true, what came would grow with them. Dollars per contract throughout.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import inf

from kalshi_edge.backtest.estimates import Estimate, estimate
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import Opportunity

BUCKETS = (-inf, -0.20, -0.10, -0.05, 0.0, 0.05, 0.10, 0.20, 0.35, inf)
"""Bounds of the claimed net edge; a bucket holds its lower one. 0.05 and 0.35 are the gates'."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One contract, or several at one price: what was said of it and what it earned."""

    climate_day: date
    contracts: float
    raw_edge: float
    """fair − ask."""
    net_edge: float
    """raw_edge − the gate's fee: what decides."""
    ev: float
    """raw_edge − the exchange's fee: what would come on average if the claim were true."""
    came: float
    """What it paid − ask − the exchange's fee."""


@dataclass(frozen=True, slots=True)
class EdgeBucket:
    """Claims with a net edge in [low, high): their means, each contract counting once."""

    low: float | None
    """``None`` where the bucket has no bound on that side."""
    high: float | None
    claims: int
    raw_edge: float
    net_edge: float
    ev: float
    came: Estimate


def priced_claims(
    opportunities: Iterable[Opportunity], highs: Mapping[tuple[str, date], int]
) -> tuple[Claim, ...]:
    """One contract of every single bin that had an ask and whose result is known."""
    return tuple(
        Claim(
            climate_day=one.climate_day,
            contracts=1.0,
            raw_edge=leg.raw_edge,
            net_edge=leg.net_edge,
            ev=leg.ev,
            # The leg's ev is fair − ask − fee: its costs are the same whoever is right.
            came=leg.bin.contains(highs[one.city, one.climate_day]) - leg.fair + leg.ev,
        )
        for one in opportunities
        if one.strategy is Strategy.SINGLE and (one.city, one.climate_day) in highs
        for leg in one.legs
        if leg.raw_edge is not None and leg.net_edge is not None and leg.ev is not None
    )


def taken_claims(trades: Iterable[Trade]) -> tuple[Claim, ...]:
    """What was bought and is over, at what it really cost; a bracket's legs each for itself."""
    found = []
    for trade in trades:
        if trade.pnl is None or trade.fair is None or trade.edge is None:
            continue
        count = float(trade.count)
        raw_edge = trade.fair - float(trade.paid) / count
        found.append(
            Claim(
                climate_day=trade.climate_day,
                contracts=count,
                raw_edge=raw_edge,
                net_edge=trade.edge,
                ev=raw_edge - float(trade.fees) / count,
                came=float(trade.pnl) / count,
            )
        )
    return tuple(found)


def edge_buckets(
    claims: Iterable[Claim], days: Sequence[date], seed: int
) -> tuple[EdgeBucket, ...]:
    """The claims in buckets of net edge, lowest first; empty buckets are left out."""
    everything = tuple(claims)
    found = (
        _bucket([c for c in everything if low <= c.net_edge < high], low, high, days, seed)
        for low, high in pairwise(BUCKETS)
    )
    return tuple(bucket for bucket in found if bucket is not None)


def _bucket(
    claims: Sequence[Claim], low: float, high: float, days: Sequence[date], seed: int
) -> EdgeBucket | None:
    cases = [(c.climate_day, c.came * c.contracts, c.contracts) for c in claims]
    came = estimate(cases, days, seed)
    if came is None:
        return None
    return EdgeBucket(
        low=None if low == -inf else low,
        high=None if high == inf else high,
        claims=len(claims),
        raw_edge=sum(c.raw_edge * c.contracts for c in claims) / came.count,
        net_edge=sum(c.net_edge * c.contracts for c in claims) / came.count,
        ev=sum(c.ev * c.contracts for c in claims) / came.count,
        came=came,
    )
