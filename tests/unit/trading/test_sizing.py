"""Kelly by hand and by brute force, and rounding that only ever goes down."""

from decimal import Decimal
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from kalshi_edge.trading.sizing import affordable, contracts, kelly_fraction

D = Decimal
QUARTER = D("0.25")


@pytest.mark.parametrize(
    ("p", "cost", "expected"),
    [
        (0.5, "0.4", 1 / 6),  # (0.5 − 0.4) / 0.6
        (0.6, "0.5", 0.2),  # an even bet: 2p − 1
        (0.9, "0.8", 0.5),
        (0.3, "0.2628", (0.3 - 0.2628) / 0.7372),
        (0.4, "0.4", 0.0),
        (0.3, "0.4", 0.0),
        (1.0, "0.4", 1.0),
        (0.99, "1", 0.0),
        (0.99, "1.01", 0.0),
    ],
)
def test_the_fraction_by_hand(p: float, cost: str, expected: float) -> None:
    assert kelly_fraction(p, D(cost)) == pytest.approx(expected)


@given(st.floats(0.02, 0.98), st.integers(2, 97))
def test_no_other_stake_grows_the_bankroll_faster(p: float, cents: int) -> None:
    cost = cents / 100

    def growth(stake: float) -> float:
        return p * log(1 + stake * (1 - cost) / cost) + (1 - p) * log(1 - stake)

    best = minimize_scalar(lambda f: -growth(f), bounds=(0, 0.999), method="bounded")
    ours = kelly_fraction(p, D(cents) / 100)
    assert growth(min(ours, 0.999)) >= -best.fun - 1e-9
    assert min(ours, 0.999) == pytest.approx(best.x, abs=2e-3)


def test_a_brackets_fraction_is_that_of_one_bet_on_both_bins() -> None:
    # two bins bought in equal counts pay one dollar with the sum of their probabilities
    p, q, a, b = 0.30, 0.38, 0.24, 0.31

    def growth(contracts_per_dollar: float) -> float:
        spent = contracts_per_dollar * (a + b)
        return (p + q) * log(1 - spent + contracts_per_dollar) + (1 - p - q) * log(1 - spent)

    best = minimize_scalar(lambda n: -growth(n), bounds=(0, 1.8), method="bounded")
    assert kelly_fraction(p + q, D("0.55")) == pytest.approx(best.x * (a + b), abs=1e-4)


def test_a_size_by_hand() -> None:
    # f* = (0.42 − 0.3147) / 0.6853 = 0.153655; a quarter of it on $1000 is $38.41: over the budget
    assert contracts(0.42, D("0.3147"), D(1000), D(30), D(500), fraction=QUARTER) == 95
    # $38.41 / 0.3147 = 122.06
    assert contracts(0.42, D("0.3147"), D(1000), D(300), D(500), fraction=QUARTER) == 122
    assert contracts(0.42, D("0.3147"), D(1000), D(300), D("11.77"), fraction=QUARTER) == 11
    hundredths = contracts(
        0.42, D("0.3147"), D(1000), D(300), D("11.777"), fraction=QUARTER, step=D("0.01")
    )
    assert hundredths == D("11.77")


@pytest.mark.parametrize(
    ("bankroll", "budget", "depth"),
    [("8", "30", "500"), ("1000", "0.31", "500"), ("1000", "30", "0.99")],
)
def test_less_than_one_contract_is_none_and_never_rounded_up(
    bankroll: str, budget: str, depth: str
) -> None:
    # Kelly allows $0.307 of $8: 0.98 of a contract
    assert contracts(0.42, D("0.3147"), D(bankroll), D(budget), D(depth), fraction=QUARTER) == 0


@pytest.mark.parametrize(("bankroll", "budget"), [("0", "30"), ("-50", "30"), ("1000", "0")])
def test_no_money_buys_nothing(bankroll: str, budget: str) -> None:
    assert contracts(0.42, D("0.3147"), D(bankroll), D(budget), D(9), fraction=QUARTER) == 0


def test_a_bet_that_does_not_pay_has_no_size() -> None:
    assert contracts(0.31, D("0.3147"), D(1000), D(30), D(500), fraction=QUARTER) == 0


@given(
    st.floats(0, 1),
    st.decimals("0.05", "1.2", places=4),
    st.tuples(
        st.decimals("0", "100000", places=4),
        st.decimals("0", "3000", places=4),
        st.decimals("0", "5000", places=2),
    ),
    st.sampled_from([D(1), D("0.01")]),
)
def test_a_size_never_passes_kelly_budget_or_depth(
    p: float, cost: Decimal, bounds: tuple[Decimal, Decimal, Decimal], step: Decimal
) -> None:
    bankroll, budget, depth = bounds
    count = contracts(p, cost, bankroll, budget, depth, fraction=QUARTER, step=step)
    assert 0 <= count <= depth
    assert count % step == 0
    assert count * cost <= budget
    assert float(count * cost) <= kelly_fraction(p, cost) * 0.25 * float(bankroll) + 1e-6


def test_what_a_budget_buys() -> None:
    assert affordable(D("10"), D("0.3"), D(1)) == 33
    assert affordable(D("10"), D("0.3"), D("0.01")) == D("33.33")
    assert affordable(D("-1"), D("0.3"), D(1)) == 0
