"""Fees against every worked example, and against what the exchange charged for real."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge.data.kalshi.recorded_fills import read_fills
from kalshi_edge.domain.market import FeeRule, FeeType
from kalshi_edge.domain.orders import Fill, Side
from kalshi_edge.errors import ContractError
from kalshi_edge.trading.fees import (
    FeeDifference,
    OrderFees,
    fee_parity,
    fee_regime,
    model_fee,
    taker_fee,
)
from kalshi_edge.units import CENT, ZERO, ceil_to

D = Decimal
FEBRUARY = datetime(2026, 2, 22, 12, tzinfo=UTC)
JUNE = datetime(2026, 6, 15, 12, tzinfo=UTC)
TODAY = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "price", "fee"),
    [("1", "0.41", "0.0170"), ("10", "0.40", "0.1680"), ("3.12", "0.07", "0.0143"),
     ("100", "0.50", "1.7500")],
)  # fmt: skip
def test_todays_worked_examples(count: str, price: str, fee: str) -> None:
    assert taker_fee(D(price), D(count), FeeRule(), TODAY) == D(fee)


def test_a_recorded_demo_fill_of_june_paid_a_fee_rounded_to_a_hundredth_of_a_cent() -> None:
    assert taker_fee(D("0.52"), D(1), FeeRule(), JUNE) == D("0.0175")


def test_the_old_fee_was_rounded_up_to_the_next_cent_per_order() -> None:
    assert taker_fee(D("0.05"), D(1), FeeRule(), FEBRUARY) == D("0.01")
    assert taker_fee(D("0.50"), D(100), FeeRule(), FEBRUARY) == D("1.75")


@pytest.mark.parametrize(
    ("at", "balance_step"),
    [
        (datetime(2024, 1, 1, tzinfo=UTC), "0.01"),
        (datetime(2026, 5, 27, 23, 59, tzinfo=UTC), "0.01"),
        (datetime(2026, 5, 28, tzinfo=UTC), "0.0001"),
        (TODAY, "0.0001"),
    ],
)
def test_the_regime_goes_by_the_trade_date(at: datetime, balance_step: str) -> None:
    assert fee_regime(at).balance_step == D(balance_step)


@pytest.mark.parametrize(
    ("fee_type", "share"),
    [
        (FeeType.QUADRATIC, "0"),
        (FeeType.QUADRATIC_WITH_MAKER_FEES, "0.25"),
        (FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES, "0.5"),
    ],
)
def test_a_maker_pays_the_share_its_series_says(fee_type: FeeType, share: str) -> None:
    rule = FeeRule(fee_type, D(2))
    taker = model_fee(D("0.30"), D(10), rule, is_taker=True)
    assert taker == D("0.294")
    assert model_fee(D("0.30"), D(10), rule, is_taker=False) == taker * D(share)


@pytest.mark.parametrize("fee_type", [FeeType.FLAT, FeeType.UNKNOWN])
def test_a_fee_type_without_a_known_formula_is_not_traded(fee_type: FeeType) -> None:
    with pytest.raises(ContractError, match=fee_type.value):
        taker_fee(D("0.30"), D(1), FeeRule(fee_type), TODAY)


def test_a_fee_off_the_balance_grid_depends_on_the_side() -> None:
    # 0.01 contract at 0.335 dollars moves 0.00335; the fee brings the change to a whole 0.0001
    price, count = D("0.335"), D("0.01")
    assert taker_fee(price, count, FeeRule(), TODAY, Side.BUY) == D("0.00025")
    assert taker_fee(price, count, FeeRule(), TODAY, Side.SELL) == D("0.00025")
    price = D("0.332")
    assert taker_fee(price, count, FeeRule(), TODAY, Side.BUY) == D("0.00018")
    assert taker_fee(price, count, FeeRule(), TODAY, Side.SELL) == D("0.00022")


def test_three_single_contracts_at_five_cents_pay_a_cent_nothing_and_a_cent() -> None:
    # each: 0.003325 → 0.0034, rounded to a cent: 0.0066 overpaid; the second brings 0.0132
    fees = OrderFees(FeeRule(), fee_regime(FEBRUARY))
    paid = []
    for _ in range(3):
        fee, fees = fees.charge(Side.BUY, D("0.05"), D(1), is_taker=True)
        paid.append(fee)
    assert paid == [D("0.01"), ZERO, D("0.01")]
    assert fees.overpaid == D("0.0098")


def test_taker_and_maker_fills_of_an_order_share_their_rounding() -> None:
    rule = FeeRule(FeeType.QUADRATIC_WITH_MAKER_FEES)
    fees = OrderFees(rule, fee_regime(TODAY))
    first, fees = fees.charge(Side.BUY, D("0.41"), D(1), is_taker=True)
    second, fees = fees.charge(Side.BUY, D("0.40"), D(1), is_taker=False)
    # 0.016933 + 0.000067; then 0.0042 exactly, with 0.000067 carried on
    assert (first, second, fees.overpaid) == (D("0.0170"), D("0.0042"), D("0.000067"))


# --- real fills of February 2026 ---------------------------------------------------------------


def real_fills(shared: Path) -> Sequence[Fill]:
    """The 1,766 recorded fills, oldest first."""
    (path,) = (shared / "data" / "fees").glob("real_fills_*.csv")
    return read_fills(path)


def by_order(fills: Sequence[Fill]) -> dict[str, list[Fill]]:
    orders = defaultdict(list)
    for fill in fills:
        orders[fill.intent_id].append(fill)
    return orders


def test_every_real_order_was_charged_what_we_compute(shared: Path) -> None:
    fills = real_fills(shared)
    taken = {fill.intent_id for fill in fills if fill.is_taker}
    assert (len(fills), len(taken), len(by_order(fills))) == (1766, 1152, 1239)

    parity = fee_parity(fills, FeeRule())

    assert parity.orders == 1239  # 1,152 that took, 87 that only made
    assert parity.differences == ()


def test_the_schedules_formula_per_order_misses_just_the_order_filled_one_by_one(
    shared: Path,
) -> None:
    missed = {}
    for order, fills in by_order(real_fills(shared)).items():
        model = sum(
            (model_fee(f.price, f.count, FeeRule(), is_taker=f.is_taker) for f in fills), ZERO
        )
        charged = sum((fill.fee for fill in fills), ZERO)
        if ceil_to(model, CENT) != charged:
            missed[order] = (model, charged, [(f.count, f.price) for f in fills])
    # Three single contracts at 5 cents: ⌈0.009975⌉ is a cent, yet two were charged, as each
    # fill's fee was first rounded up to 0.0034.
    assert missed == {"405": (D("0.009975"), D("0.02"), [(D(1), D("0.05"))] * 3)}


def test_fill_by_fill_real_fees_follow_from_some_order_of_trading(shared: Path) -> None:
    # The record gives all fills of an order one instant, so their order is not known.
    explained = 0
    for fills in by_order(real_fills(shared)).values():
        if len(fills) > 5:
            continue
        assert any(_charges(sequence) for sequence in itertools.permutations(fills)), fills
        explained += 1
    assert explained == 1223


def _charges(fills: Sequence[Fill]) -> bool:
    fees = OrderFees(FeeRule(), fee_regime(FEBRUARY))
    for fill in fills:
        fee, fees = fees.charge(fill.side, fill.price, fill.count, is_taker=fill.is_taker)
        if fee != fill.fee:
            return False
    return True


def test_parity_names_the_order_that_was_charged_otherwise(shared: Path) -> None:
    first, *rest = real_fills(shared)
    parity = fee_parity([replace(first, fee=first.fee + CENT), *rest], FeeRule())
    assert parity.differences == (FeeDifference(first.intent_id, first.fee + CENT, first.fee),)
