"""An order's fees are judged as a whole, in the order of execution, within what rounding leaves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Fill
from kalshi_edge.trading.fees import OrderFees, fee_check, fee_regime
from tests.support.builders import NOW, fill, intent

D = Decimal
RULE, DOUBLE = FeeRule(), FeeRule(multiplier=D(2))
ORDER = intent(count=100)


def always(rule: FeeRule):
    return lambda _at: rule


def excess(fills: Sequence[Fill], rule: FeeRule = RULE) -> Decimal | None:
    return fee_check(fills, always(rule)).excess


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
        assert (check.charged - check.expected, check.excess) == (0, None)


@given(st.lists(st.decimals("0.01", "20", places=2), min_size=1, max_size=8), st.data())
def test_whatever_fills_are_still_missing_rounding_explains_the_rest(counts, data):
    fills = pieces([str(count) for count in counts])
    known = data.draw(st.integers(1, len(fills)))
    some = data.draw(st.sampled_from(list(combinations(fills, known))))
    assert excess(some) is None


@pytest.mark.parametrize(
    ("off", "is_amiss"), [("0.0002", False), ("0.0003", True), ("-0.0003", False), ("-0.1", False)]
)
def test_only_what_is_charged_beyond_rounding_is_amiss(off, is_amiss):
    [one] = pieces(["10"])
    wrong = fill(ORDER, 10, "0.33", one.fee + D(off), valid_at=NOW, received_at=NOW)
    assert excess([wrong]) == (D(off) if is_amiss else None)


def test_the_same_fill_told_twice_counts_once():
    [one] = pieces(["10"])
    assert fee_check([one, one], always(RULE)).charged == one.fee


@pytest.mark.parametrize("rule", [DOUBLE, FeeRule(multiplier=D("1.1"))])
def test_the_fee_of_a_dearer_rule_is_amiss_and_that_of_a_cheaper_one_is_not(rule):
    fills = pieces(["10", "5"], rule)
    assert excess(fills) == sum(f.fee for f in fills) - sum(f.fee for f in pieces(["10", "5"]))
    assert excess(pieces(["10", "5"]), rule) is None


@pytest.mark.parametrize("waived", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_fills_of_an_order_may_be_waived_whichever_they_are(waived):
    """The exchange settles no rounding in a fill that it waives."""
    counts = ("3.12", "1.56", "4.68")
    charged = pieces([count for n, count in enumerate(counts) if n not in waived])
    fills = [
        fill(ORDER, counts[n], "0.33", "0", valid_at=NOW + timedelta(minutes=n), received_at=NOW)
        if n in waived
        else replace(charged.pop(0), valid_at=NOW + timedelta(minutes=n))
        for n in range(len(counts))
    ]
    check = fee_check(fills, always(RULE))
    assert (check.charged - check.expected, check.excess) == (0, None)


def test_a_waived_fill_excuses_no_other():
    free = fill(ORDER, "3.33", "0.33", "0", valid_at=NOW, received_at=NOW)
    assert excess([free, *pieces(["10"], DOUBLE)]) is not None


def test_a_series_that_charges_nothing_and_a_charge_all_the_same_are_amiss():
    assert excess(pieces(["10"]), FeeRule(multiplier=D(0))) is not None


def test_an_order_across_a_change_may_pay_by_either_rule():
    change_at = NOW + timedelta(seconds=1)

    def rule_at(at: datetime) -> FeeRule:
        return RULE if at < change_at else DOUBLE

    as_placed = pieces(["10", "5"])
    each_by_its_own = [as_placed[0], pieces(["10", "5"], DOUBLE)[1]]
    for fills in (as_placed, each_by_its_own):
        assert fee_check(fills, rule_at, placed_at=NOW).excess is None
    assert fee_check(pieces(["10", "5"], DOUBLE), rule_at, placed_at=NOW).excess is not None
