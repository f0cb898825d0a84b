"""How many contracts: a fraction of Kelly, within the city's budget and the depth on offer.

Always rounded down; what rounds to nothing is nothing.
"""

from decimal import Decimal

from kalshi_edge.units import ONE, ZERO, floor_to


def kelly_fraction(p: float, cost: Decimal) -> float:
    """The share of the bankroll that grows it fastest on a contract bought at ``cost``.

    f* = (p − c) / (1 − c), where c is all that one contract costs (price and fee, dollars) and the
    contract pays one dollar with probability ``p``; 0 where the bet does not pay. From
    f* = (b p − q) / b with odds b = (1 − c)/c (Kelly 1956).

    >>> round(kelly_fraction(0.5, Decimal("0.4")), 4)
    0.1667
    >>> kelly_fraction(0.3, Decimal("0.4"))
    0.0
    """
    c = float(cost)
    return max((p - c) / (1 - c), 0.0) if c < 1 else 0.0


def affordable(budget: Decimal, unit_cost: Decimal, step: Decimal) -> Decimal:
    """How many contracts of ``unit_cost`` dollars ``budget`` buys, a multiple of ``step``."""
    return max(floor_to(budget / unit_cost, step), ZERO) if unit_cost else ZERO


def contracts(
    p: float,
    unit_cost: Decimal,
    bankroll: Decimal,
    budget: Decimal,
    depth: Decimal,
    *,
    fraction: Decimal,
    step: Decimal = ONE,
) -> Decimal:
    """The contracts to buy: ``fraction`` of Kelly, within ``budget`` dollars and ``depth``.

    ``unit_cost`` is what one contract costs with its fee; for a bracket, one of each leg. Returned
    in multiples of ``step``, rounded down, often to none.

    >>> contracts(0.5, Decimal("0.4"), Decimal(1000), Decimal(30), Decimal(500),
    ...           fraction=Decimal("0.25"))
    Decimal('75')
    """
    kelly = Decimal(repr(kelly_fraction(p, unit_cost))) * fraction * bankroll
    stake = min(kelly, budget)
    return min(affordable(stake, unit_cost, step), floor_to(depth, step))
