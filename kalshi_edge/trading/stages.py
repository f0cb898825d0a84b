"""What the evidence lets a strategy do with live money: no order, one contract, a share, all."""

from decimal import Decimal

from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.learning.evidence import STAGES
from kalshi_edge.units import ONE, ZERO, floor_to

NO_ORDERS = frozenset({Stage.PAPER, Stage.SHADOW})


def share_of(stage: Stage) -> Decimal:
    """The share of what sizing gives that a stage allows."""
    return Decimal(repr(STAGES[stage].share_of_size))


def stage_checks(stage: Stage) -> tuple[Check, ...]:
    """Whether a strategy may send orders at all; nothing to ask where evidence sets no limit."""
    if stage is Stage.FULL:
        return ()
    return (Check("stage", stage not in NO_ORDERS, stage.value, "one contract or more"),)


def staged_count(stage: Stage, count: Decimal, step: Decimal, *, holds_ladder: bool) -> Decimal:
    """How many contracts of ``count`` a stage allows, a multiple of ``step``.

    At one contract a ladder, of a bracket one of each leg, nothing is added to what is held.

    >>> staged_count(Stage.QUARTER, Decimal(10), ONE, holds_ladder=True)
    Decimal('2')
    >>> staged_count(Stage.ONE_CONTRACT, Decimal(10), ONE, holds_ladder=False)
    Decimal('1')
    """
    if stage in NO_ORDERS:
        return ZERO
    if stage is Stage.ONE_CONTRACT:
        return ZERO if holds_ladder else min(count, ONE)
    return floor_to(count * share_of(stage), step)
