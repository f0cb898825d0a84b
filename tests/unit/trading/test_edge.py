"""Hand-computed edges, and every gate just inside, exactly at and just outside its limit."""

from dataclasses import replace
from decimal import Decimal

import pytest

from kalshi_edge.choices import FeeGate
from kalshi_edge.domain.market import Bin, FeeRule, FeeType
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.verdicts import Leg, Opportunity
from kalshi_edge.errors import ContractError
from kalshi_edge.trading.edge import (
    Gates,
    expected_value,
    gate_fee,
    leg,
    market_mid,
    single_opportunities,
)
from tests.support.builders import NOW, book, ladder, market

D = Decimal
GATES = Gates()
RULE = FeeRule()
BIN = market("T", Bin(52, 53), NOW)


def leg_at(fair: float, ask: str | None, bid: str | None = None, gates: Gates = GATES) -> Leg:
    """A leg whose bid, unless given, is two cents under its ask."""
    below = None if ask is None else str(D(ask) - D("0.02"))
    bids = [(bid or below, 10)] if bid or (below and D(below) > 0) else []
    quotes = book("T", bids=bids, asks=[] if ask is None else [(ask, 10)])
    return leg(BIN, fair, quotes, RULE, gates)


def single(one: Leg, gates: Gates = GATES) -> Opportunity:
    (found,) = single_opportunities(ladder(), (one,), gates)
    return found


def failures(found: Opportunity) -> set[str]:
    return {check.rule for check in found.checks if not check.passed}


def test_a_legs_figures_by_hand() -> None:
    one = leg_at(0.37, "0.25")
    # house gate: 0.01 / 0.25 = 0.04; exchange: 0.07 · 0.25 · 0.75 = 0.013125
    assert one.raw_edge == pytest.approx(0.12, abs=1e-12)
    assert one.net_edge == pytest.approx(0.08, abs=1e-12)
    assert one.ev == pytest.approx(0.106875, abs=1e-12)


@pytest.mark.parametrize(
    ("ask", "house", "exchange"),
    [
        ("0.05", "0.2", "0.003325"),
        ("0.20", "0.05", "0.0112"),
        ("0.50", "0.02", "0.0175"),
        ("0.80", "0.0125", "0.0112"),
    ],
)
def test_the_gates_fee_is_the_houses_or_the_exchanges(ask: str, house: str, exchange: str) -> None:
    assert gate_fee(D(ask), RULE, GATES) == D(house)
    assert gate_fee(D(ask), RULE, Gates(fee_gate=FeeGate.EXCHANGE)) == D(exchange)


def test_the_exchanges_gate_makes_the_net_edge_the_expected_value() -> None:
    one = leg_at(0.37, "0.25", gates=Gates(fee_gate=FeeGate.EXCHANGE))
    assert one.net_edge == one.ev


def test_a_series_multiplier_is_in_the_fee_and_an_unknown_fee_has_no_edge() -> None:
    doubled = FeeRule(multiplier=D(2))
    assert leg(BIN, 0.37, book("T"), doubled, GATES).ev == pytest.approx(0.37 - 0.33 - 0.030954)
    with pytest.raises(ContractError):
        leg(BIN, 0.37, book("T"), FeeRule(FeeType.FLAT), GATES)


@pytest.mark.parametrize("ask", [f"0.{cents:02}" for cents in range(5, 94)])
def test_an_edge_of_exactly_five_cents_is_not_over_five_cents(ask: str) -> None:
    gates = Gates(fee_rate=D(0))
    exactly = float(D(ask) + D("0.05"))
    assert "net_edge" in failures(single(leg_at(exactly, ask, gates=gates), gates))
    assert "net_edge" not in failures(single(leg_at(exactly + 1e-9, ask, gates=gates), gates))


def test_an_edge_of_exactly_five_cents_after_the_house_fee_does_not_trade() -> None:
    # 0.34 − 0.25 − 0.01/0.25 and 0.57 − 0.50 − 0.01/0.50 are 0.05; as floats one is more, one less
    for fair, ask in ((0.34, "0.25"), (0.57, "0.50"), (0.5, "0.4")):
        expected = set() if ask == "0.4" else {"net_edge"}
        assert failures(single(leg_at(fair, ask))) == expected


@pytest.mark.parametrize(
    ("ask", "fair", "passes"),
    [
        ("0.04", 0.99, False),
        ("0.0499", 0.99, False),
        ("0.05", 0.99, True),
        ("0.95", 0.99, True),
        ("0.9501", 0.99, False),
        ("0.96", 0.99, False),
    ],
)
def test_an_ask_from_five_to_ninety_five_cents_trades(ask: str, fair: float, passes: bool) -> None:
    assert ("ask_range" in failures(single(leg_at(fair, ask)))) is not passes


@pytest.mark.parametrize(
    ("bid", "ask", "passes"),
    [
        ("0.28", "0.40", True),
        ("0.2799", "0.40", False),
        ("0.39", "0.40", True),
        (None, "0.06", False),
    ],
)
def test_a_spread_of_twelve_cents_trades_and_a_missing_bid_is_none_at_all(
    bid: str | None, ask: str, passes: bool
) -> None:
    quotes = book("T", bids=[(bid, 10)] if bid else [], asks=[(ask, 10)])
    found = single(leg(BIN, 0.9, quotes, RULE, GATES))
    assert ("spread" in failures(found)) is not passes


@pytest.mark.parametrize("quotes", [None, book("T", bids=[("0.30", 5)], asks=[])])
def test_nothing_offered_is_no_edge_of_any_size(quotes: object) -> None:
    one = leg(BIN, 0.99, quotes, RULE, GATES)  # type: ignore[arg-type]
    assert (one.ask, one.raw_edge, one.net_edge, one.ev) == (None, None, None, None)
    found = single(one)
    assert failures(found) == {"has_ask"}
    assert found.net_edge == found.ev == float("-inf")


@pytest.mark.parametrize(("fair", "passes"), [(0.74, True), (0.8, False), (0.99, False)])
def test_an_edge_too_good_to_be_true_is_refused(fair: float, passes: bool) -> None:
    # 0.74 − 0.40 − 0.025 = 0.315
    assert (failures(single(leg_at(fair, "0.40"))) == set()) is passes


def test_an_edge_of_exactly_the_ceiling_is_believed() -> None:
    assert failures(single(leg_at(0.775, "0.40"))) == set()


def test_a_negative_edge_is_never_turned_around() -> None:
    one = leg_at(0.10, "0.40")
    assert one.raw_edge == pytest.approx(-0.30)
    assert failures(single(one)) == {"net_edge", "ev"}


def test_all_gates_that_say_no_are_told_with_figure_and_limit() -> None:
    dear = leg(BIN, 0.5, book("T", bids=[("0.60", 1)], asks=[("0.97", 1)]), RULE, GATES)
    checks = {check.rule: check for check in single(dear).checks}
    assert failures(single(dear)) == {"ask_range", "spread", "net_edge", "ev"}
    assert (checks["ask_range"].figure, checks["ask_range"].limit) == (
        "52–53°: $0.97",
        "$0.05 to $0.95",
    )
    assert checks["spread"].figure == "52–53°: $0.37"


def test_every_bin_is_an_opportunity_whether_worth_taking_or_not() -> None:
    six = ladder()
    legs = tuple(leg(m, 0.1, None, RULE, GATES) for m in six.markets)
    found = single_opportunities(six, legs, GATES)
    assert [one.legs[0].ticker for one in found] == [m.ticker for m in six.markets]
    assert {one.strategy for one in found} == {Strategy.SINGLE}


def test_the_middle_of_the_quotes_takes_a_missing_side_at_its_bound() -> None:
    one = leg_at(0.5, "0.40")
    assert market_mid(one) == pytest.approx(0.39)
    assert market_mid(replace(one, bid=None)) == pytest.approx(0.20)
    assert market_mid(replace(one, ask=None)) == pytest.approx(0.69)
    assert market_mid(replace(one, ask=None, bid=None)) is None


def test_expected_value_subtracts_every_cost() -> None:
    assert expected_value(0.5, D("0.4"), D("0.025")) == pytest.approx(0.075, abs=1e-15)
    assert expected_value(0.34, D("0.25"), D("0.04")) == 0.05
