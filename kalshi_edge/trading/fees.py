"""What the exchange charges: a fee per fill, its rounding settled per order.

The model fee of a taker is 0.07 · multiplier · C · P · (1 − P) dollars; a maker pays nothing, a
quarter or a half of that, as the series says. The fee is rounded up, the balance change rounded
down, and what the order has overpaid so far comes back in whole steps, never below a fee of 0.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from kalshi_edge.domain.market import FeeRule, FeeType
from kalshi_edge.domain.orders import Fill, Side
from kalshi_edge.errors import ContractError
from kalshi_edge.units import CENT, MICRO, ONE, ZERO, ceil_to, floor_to

TAKER_COEFFICIENT = Decimal("0.07")
"""From the exchange's fee schedule; the API does not say it."""

_MAKER_SHARE = {
    FeeType.QUADRATIC: ZERO,
    FeeType.QUADRATIC_WITH_MAKER_FEES: Decimal("0.25"),
    FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES: Decimal("0.5"),
}
_CENTICENT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class FeeRegime:
    """How fees are rounded for trades from a date (UTC) on; all steps in dollars."""

    since: date
    fee_step: Decimal
    """The model fee of a fill is rounded up to this."""
    balance_step: Decimal
    """The change of a direct member's balance is rounded down to this."""
    rebate_step: Decimal
    """Accumulated overpayment comes back in multiples of this."""


FEE_REGIMES = (
    FeeRegime(date.min, fee_step=_CENTICENT, balance_step=CENT, rebate_step=CENT),
    FeeRegime(date(2026, 5, 28), fee_step=_CENTICENT, balance_step=_CENTICENT, rebate_step=CENT),
    FeeRegime(date(2026, 7, 1), fee_step=MICRO, balance_step=_CENTICENT, rebate_step=_CENTICENT),
)
"""The three regimes, oldest first.

- Whole cents: the "round up to the next cent per order" of the fee schedule. The exchange's page
  "Fee Rounding" as of 2026-03-04 describes the steps; they give what each of 1,239 real orders
  of February 2026 paid. The schedule's formula, ⌈sum of model fees⌉ to the cent, differs only
  where an order was filled in pieces whose fees were each rounded up: one order of those.
- 2026-05-28: direct members' balances go to $0.0001 (changelog); rebates stay whole cents.
- July 2026: today's steps (the page as of 2026-09-04). The day in July is not known, the first is
  assumed; the two regimes differ by less than $0.0001 per fill and the timing of rebates.
"""


def fee_regime(at: datetime) -> FeeRegime:
    """The rounding in force for a trade at instant ``at``.

    >>> fee_regime(datetime(2026, 2, 20, tzinfo=UTC)).balance_step
    Decimal('0.01')
    """
    day = at.astimezone(UTC).date()
    return next(regime for regime in reversed(FEE_REGIMES) if regime.since <= day)


def model_fee(price: Decimal, count: Decimal, rule: FeeRule, *, is_taker: bool) -> Decimal:
    """The exact fee of ``count`` contracts at ``price`` dollars before any rounding, dollars.

    Raises ``ContractError`` for a fee type whose formula we do not know.

    >>> model_fee(Decimal("0.41"), Decimal(1), FeeRule(), is_taker=True)
    Decimal('0.016933')
    """
    maker_share = _MAKER_SHARE.get(rule.fee_type)
    if maker_share is None:
        raise ContractError(f"no formula for fee type {rule.fee_type}: not traded")
    share = ONE if is_taker else maker_share
    return TAKER_COEFFICIENT * rule.multiplier * share * count * price * (ONE - price)


@dataclass(frozen=True, slots=True)
class OrderFees:
    """The fees of one order so far: its rule, its regime, and what rounding has overpaid.

    Taker and maker fills of an order share one accumulator.
    """

    rule: FeeRule
    regime: FeeRegime
    overpaid: Decimal = ZERO

    def charge(
        self, side: Side, price: Decimal, count: Decimal, *, is_taker: bool
    ) -> tuple[Decimal, "OrderFees"]:
        """The fee of the order's next fill in dollars, and the order's fees after it.

        fee = ⌈model⌉ + rounding − rebate, where the rounding brings the balance change down to a
        whole step. Raises ``ContractError`` for an unknown fee type.

        >>> fees = OrderFees(FeeRule(), fee_regime(datetime(2026, 11, 22, tzinfo=UTC)))
        >>> fees.charge(Side.BUY, Decimal("0.41"), Decimal(1), is_taker=True)[0]
        Decimal('0.017000')
        """
        regime = self.regime
        trade_fee = ceil_to(model_fee(price, count, self.rule, is_taker=is_taker), regime.fee_step)
        revenue = price * count if side is Side.SELL else -price * count
        change = revenue - trade_fee
        rounding = change - floor_to(change, regime.balance_step)
        overpaid = self.overpaid + rounding
        rebate = floor_to(min(overpaid, trade_fee + rounding), regime.rebate_step)
        return trade_fee + rounding - rebate, replace(self, overpaid=overpaid - rebate)


def taker_fee(
    price: Decimal, count: Decimal, rule: FeeRule, at: datetime, side: Side = Side.BUY
) -> Decimal:
    """The fee in dollars of one order that takes ``count`` contracts at one price.

    Source: the fee schedule and "Fee Rounding". Raises ``ContractError`` for an unknown fee type.

    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> taker_fee(Decimal("0.07"), Decimal("3.12"), FeeRule(), now)
    Decimal('0.014300')
    """
    return OrderFees(rule, fee_regime(at)).charge(side, price, count, is_taker=True)[0]


def most_taker_fee(price: Decimal, count: Decimal, rule: FeeRule, at: datetime) -> Decimal:
    """The most in dollars that buying ``count`` contracts at ``price`` can be charged in pieces.

    Every piece is rounded on its own, and what that overpays comes back but for less than a step:
    with up to 99 pieces the whole is at most $0.0001 over the fee of one. Before July 2026 steps
    were wider; of then there are only backtests, in which an order fills in one piece.

    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> most_taker_fee(Decimal("0.07"), Decimal("3.12"), FeeRule(), now)
    Decimal('0.014400')
    """
    return taker_fee(price, count, rule, at) + _CENTICENT


ROUNDINGS_PER_FILL = 2
"""Steps of the balance by which a fill's fee may be off where the fills before it are not known:
what they left over is below one step, and what its own rounding adds below another."""


@dataclass(frozen=True, slots=True)
class FeeCheck:
    """What an order's fills were charged, against what we compute; all in dollars."""

    charged: Decimal
    expected: Decimal
    tolerance: Decimal

    @property
    def excess(self) -> Decimal | None:
        """What was charged beyond ``expected``; ``None`` where that is nothing, or rounding."""
        off = self.charged - self.expected
        return off if off > self.tolerance else None


def fee_check(
    fills: Iterable[Fill],
    rule_at: Callable[[datetime], FeeRule],
    *,
    placed_at: datetime | None = None,
) -> FeeCheck:
    """The fees of all known ``fills`` of one order, in whichever order and however many they came.

    Only what is charged beyond the formula is amiss: a discount costs nobody anything, and what a
    waiver leaves out is seen from the fill, whose fee is 0. When waivers begin and end need not be
    known for that, and is not: the exchange says only until when one lasts.

    Fees are computed in the order of execution; ``rule_at`` says what was charged at an instant.
    Whether an order pays by the rule of its placing or of each trade is not documented: the dearer
    one counts. The tolerance is 0.0002 dollars a fill today, within which fills that are still
    missing make no difference. Raises ``ContractError`` for an unknown fee type.

    >>> check = fee_check((), lambda at: FeeRule())
    >>> check.expected, check.excess
    (Decimal('0'), None)
    """
    known = in_execution_order(fills)
    charged = sum((fill.fee for fill in known), ZERO)
    expected = _computed(known, rule_at)
    if placed_at is not None:
        then = rule_at(placed_at)
        expected = max(expected, _computed(known, lambda _: then))
    steps = (fee_regime(fill.valid_at).balance_step for fill in known)
    return FeeCheck(charged, expected, ROUNDINGS_PER_FILL * sum(steps, ZERO))


def in_execution_order(fills: Iterable[Fill]) -> tuple[Fill, ...]:
    """``fills``, each once, the earliest first; of one instant those that came first."""
    once = {fill.fill_id: fill for fill in fills}
    return tuple(sorted(once.values(), key=lambda fill: fill.valid_at))


def _computed(fills: Iterable[Fill], rule_at: Callable[[datetime], FeeRule]) -> Decimal:
    total, fees = ZERO, None
    for fill in fills:
        if fill.fee == ZERO:
            continue  # waived: it leaves no rounding to be settled either
        rule = rule_at(fill.valid_at)
        before = replace(fees, rule=rule) if fees else OrderFees(rule, fee_regime(fill.valid_at))
        fee, fees = before.charge(fill.side, fill.price, fill.count, is_taker=fill.is_taker)
        total += fee
    return total


@dataclass(frozen=True, slots=True)
class FeeDifference:
    """An order that was charged something else than we compute, both in dollars."""

    intent_id: str
    charged: Decimal
    computed: Decimal


@dataclass(frozen=True, slots=True)
class FeeParity:
    """How well our fees match what the exchange charged, per order."""

    orders: int
    differences: tuple[FeeDifference, ...]


def fee_parity(fills: Iterable[Fill], rule: FeeRule) -> FeeParity:
    """Our fees against those of ``fills``, which come in order of trading, all under one rule."""
    charged: dict[str, Decimal] = {}
    computed: dict[str, Decimal] = {}
    fees: dict[str, OrderFees] = {}
    for fill in fills:
        order = fill.intent_id
        before = fees.get(order) or OrderFees(rule, fee_regime(fill.valid_at))
        fee, fees[order] = before.charge(fill.side, fill.price, fill.count, is_taker=fill.is_taker)
        charged[order] = charged.get(order, ZERO) + fill.fee
        computed[order] = computed.get(order, ZERO) + fee
    return FeeParity(
        len(charged),
        tuple(
            FeeDifference(order, paid, computed[order])
            for order, paid in charged.items()
            if paid != computed[order]
        ),
    )
