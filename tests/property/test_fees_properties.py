"""What holds of fees however an order is filled."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.market import FeeRule, FeeType
from kalshi_edge.domain.orders import Side
from kalshi_edge.trading.fees import (
    FEE_REGIMES,
    OrderFees,
    fee_regime,
    model_fee,
    most_taker_fee,
    taker_fee,
)
from kalshi_edge.units import MICRO, ONE, ZERO

prices = st.integers(1, 99).map(lambda cents: Decimal(cents) / 100)
fine_prices = st.integers(1, 9_999).map(lambda units: Decimal(units) / 10_000)
counts = st.integers(1, 20_000).map(lambda hundredths: Decimal(hundredths) / 100)
rules = st.sampled_from(
    [FeeRule(), FeeRule(FeeType.QUADRATIC_WITH_MAKER_FEES), FeeRule(multiplier=Decimal("0.5"))]
)
fills = st.lists(st.tuples(fine_prices, counts, st.booleans()), min_size=1, max_size=12)
TODAY = datetime(2026, 11, 22, tzinfo=UTC)


@given(st.sampled_from(FEE_REGIMES), rules, st.sampled_from(Side), fills)
def test_no_fee_is_negative_and_every_balance_stays_on_its_grid(regime, rule, side, fills):
    fees = OrderFees(rule, regime)
    for price, count, is_taker in fills:
        fee, fees = fees.charge(side, price, count, is_taker=is_taker)
        change = (price if side is Side.SELL else -price) * count - fee
        assert fee >= ZERO
        assert change % regime.balance_step == ZERO
        assert fees.overpaid >= ZERO


@given(st.sampled_from(Side), st.lists(st.tuples(prices, st.integers(1, 500)), min_size=1))
def test_an_order_taken_in_pieces_overpays_less_than_a_hundredth_of_a_cent(side, pieces):
    fees = OrderFees(FeeRule(), fee_regime(TODAY))
    paid = exact = ZERO
    for price, count in pieces:
        fee, fees = fees.charge(side, price, Decimal(count), is_taker=True)
        paid += fee
        exact += model_fee(price, Decimal(count), FeeRule(), is_taker=True)
    ceilings = len(pieces) * MICRO
    assert exact <= paid < exact + ceilings + Decimal("0.0001")


@given(prices, st.lists(st.tuples(prices, counts), min_size=1, max_size=99), rules)
def test_a_purchase_costs_no_more_than_was_counted_on_in_however_many_pieces_it_comes(
    limit, pieces, rule
):
    fees, paid, count = OrderFees(rule, fee_regime(TODAY)), ZERO, ZERO
    for price, part in pieces:
        fee, fees = fees.charge(Side.BUY, min(price, limit), part, is_taker=True)
        paid += min(price, limit) * part + fee
        count += part
    assert paid <= limit * count + most_taker_fee(limit, count, rule, TODAY)


@given(prices, counts, rules)
def test_a_fee_is_symmetric_in_price_and_no_more_than_a_cent_and_three_quarters_a_contract(
    price, count, rule
):
    fee = taker_fee(price, count, rule, TODAY)
    assert fee == taker_fee(ONE - price, count, rule, TODAY, Side.SELL)
    assert fee <= Decimal("0.0175") * count + Decimal("0.0001")
