"""An order's fees are judged as a whole, in the order of execution, within what rounding leaves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Fill
from kalshi_edge.trading.fees import OrderFees, fee_check, fee_difference, fee_regime
from tests.support.builders import NOW, fill, intent

D = Decimal
RULE, DOUBLE = FeeRule(), FeeRule(multiplier=D(2))
ORDER = intent(count=100)


def always(rule: FeeRule):
    return lambda _at: rule


def pieces(counts: Sequence[str], rule: FeeRule = RULE, price: str = "0.33") -> list[Fill]:
    """Fills with exactly the fees that the exchange's rounding gives, oldest first."""
    fees, fills = OrderFees(rule, fee_regime(NOW)), []
    for second, count in enumerate(counts):
        at = NOW + timedelta(seconds=second)
        fee, fees = fees.charge(ORDER.side, D(price), D(count), is_taker=True)
        fills.append(fill(ORDER, count, price, fee, valid_at=at, received_at=NOW))
    return fills


def test_fees_are_right_in_whichever_order_the_fills_came():
    for order in permutations(pieces(("3.12", "1.56", "0.01", "4.68"))):
        check = fee_check(order, always(RULE))
        assert (check.charged - check.expected, check.difference) == (0, None)


@given(st.lists(st.decimals("0.01", "20", places=2), min_size=1, max_size=8), st.data())
def test_whatever_fills_are_still_missing_rounding_explains_the_rest(counts, data):
    fills = pieces([str(count) for count in counts])
    known = data.draw(st.integers(1, len(fills)))
    some = data.draw(st.sampled_from(list(combinations(fills, known))))
    assert fee_difference(some, always(RULE)) is None


@pytest.mark.parametrize(
    ("off", "is_explained"), [("0.0002", True), ("-0.0002", True), ("0.0003", False)]
)
def test_a_fee_may_be_off_by_two_hundredths_of_a_cent(off, is_explained):
    [one] = pieces(["10"])
    wrong = fill(ORDER, 10, "0.33", one.fee + D(off), valid_at=NOW, received_at=NOW)
    found = fee_difference([wrong], always(RULE))
    assert found == (None if is_explained else D(off))


def test_the_same_fill_told_twice_counts_once():
    [one] = pieces(["10"])
    assert fee_check([one, one], always(RULE)).charged == one.fee


@pytest.mark.parametrize("rule", [DOUBLE, FeeRule(multiplier=D("1.1"))])
def test_a_fee_of_another_rule_is_a_difference(rule):
    fills = pieces(["10", "5"], rule)
    found = fee_difference(fills, always(RULE))
    assert found == sum(f.fee for f in fills) - sum(f.fee for f in pieces(["10", "5"]))


def test_what_is_waived_costs_nothing_and_a_charge_all_the_same_is_a_difference():
    waived = always(FeeRule(multiplier=D(0)))
    free = fill(ORDER, "3.33", "0.33", "0", valid_at=NOW, received_at=NOW)
    assert fee_difference([free], waived) is None
    assert fee_difference(pieces(["10"]), waived) is not None


def test_an_order_across_a_change_may_pay_by_either_rule():
    change_at = NOW + timedelta(seconds=1)

    def rule_at(at: datetime) -> FeeRule:
        return RULE if at < change_at else DOUBLE

    as_placed = pieces(["10", "5"])
    each_by_its_own = [as_placed[0], pieces(["10", "5"], DOUBLE)[1]]
    for fills in (as_placed, each_by_its_own):
        assert fee_difference(fills, rule_at, placed_at=NOW) is None
    assert fee_difference(pieces(["10", "5"], DOUBLE), rule_at, placed_at=NOW) is not None
