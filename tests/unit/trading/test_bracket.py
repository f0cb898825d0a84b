"""Brackets: which pairs are looked at, and each of the conditions alone.

With μ = 54 °F, σ = 2 °F and bins 50–51, 52–53, 54–55, 56–57 between tails, half-degree edges stand
at z = −2.25, −1.25, −0.25, 0.75, 1.75: the bins are worth .0934, .2956, .3721, .1866.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from kalshi_edge.choices import FeeGate
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.verdicts import Leg, Opportunity
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.strategies.bracket import bracket_opportunities
from tests.support.builders import ladder, outlook

D = Decimal
FREE = Gates(fee_rate=D(0))


def pairs(mu_f: float, asks: dict[str, str] | None = None, gates: Gates = FREE) -> list[str]:
    """The bins of every pair that is looked at, by their lower ends."""
    legs = outlook(asks or {}, mu_f=mu_f, gates=gates).legs
    found = bracket_opportunities(ladder(), legs, mu_f, gates)
    return ["+".join(str(leg.bin.lower) for leg in one.legs) for one in found]


def pair(
    fair: tuple[float, float], asks: tuple[str | None, str | None], gates: Gates = FREE
) -> Opportunity:
    """The pair 52–53, 54–55 with these probabilities and offers."""
    (found,) = bracket_opportunities(ladder(), legs_of(fair, asks, gates), 53.5, gates)
    return found


def legs_of(
    fair: tuple[float, float], asks: tuple[str | None, str | None], gates: Gates
) -> tuple[Leg, ...]:
    """Two legs with books two cents wide."""
    names = ("B52.5", "B54.5")
    offered = {name: ask for name, ask in zip(names, asks, strict=True) if ask is not None}
    legs = [
        one for one in outlook(offered, gates=gates).legs if one.bin in {Bin(52, 53), Bin(54, 55)}
    ]
    moved = []
    for one, p in zip(legs, fair, strict=True):
        by = p - one.fair
        shifted = {
            name: None if (old := getattr(one, name)) is None else round(old + by, 12)
            for name in ("raw_edge", "net_edge", "ev")
        }
        moved.append(replace(one, fair=p, **shifted))
    return tuple(moved)


def failures(found: Opportunity) -> list[str]:
    return [check.rule for check in found.checks if not check.passed]


@pytest.mark.parametrize(
    ("mu_f", "expected"),
    [
        (54.0, ["52+54", "54+56"]),
        (53.5, ["50+52", "52+54", "54+56"]),  # on a shared edge all three unions hold it
        (49.5, ["50+52"]),
        (49.49, []),
        (57.5, ["54+56"]),
        (57.51, []),
        (50.2, ["50+52"]),
        (40.0, []),
        (70.0, []),
    ],
)
def test_a_pair_is_looked_at_where_its_union_holds_the_forecast(
    mu_f: float, expected: list[str]
) -> None:
    assert pairs(mu_f) == expected


def test_tails_never_belong_to_a_bracket_and_bins_are_neighbours() -> None:
    for tenths in range(450, 620):
        for name in pairs(tenths / 10):
            low, high = name.split("+")
            assert int(high) == int(low) + 2
            assert (int(low), int(high)) in {(50, 52), (52, 54), (54, 56)}


def test_a_pair_by_hand() -> None:
    found = pair((0.2956, 0.3721), ("0.20", "0.27"), Gates())
    # 0.2956 − 0.20 − 0.05 and 0.3721 − 0.27 − 0.01/0.27
    assert [leg.net_edge for leg in found.legs] == pytest.approx([0.0456, 0.065063], abs=1e-6)
    assert found.net_edge == pytest.approx(0.110663, abs=1e-6)
    # 0.2956 − 0.20 − 0.0112 + 0.3721 − 0.27 − 0.013797
    assert found.ev == pytest.approx(0.172703, abs=1e-6)
    assert failures(found) == ["leg_edge"]
    assert found.strategy is Strategy.BRACKET


def test_both_legs_at_exactly_five_cents_make_exactly_ten_and_trade() -> None:
    assert failures(pair((0.30, 0.40), ("0.25", "0.35"))) == []


@pytest.mark.parametrize(
    ("fair", "rules"),
    [
        ((0.299, 0.401), ["leg_edge"]),  # one leg short, together 10 cents
        ((0.301, 0.399), ["leg_edge"]),
        ((0.299, 0.40), ["leg_edge", "bracket_edge"]),
        ((0.30, 0.40), []),
        ((0.50, 0.65), ["edge_ceiling"]),
    ],
)
def test_each_leg_and_both_together_must_pay(fair: tuple[float, float], rules: list[str]) -> None:
    assert failures(pair(fair, ("0.25", "0.35"))) == rules


def test_two_good_legs_may_still_be_too_little_together() -> None:
    gates = replace(FREE, min_edge=0.02)
    assert failures(pair((0.29, 0.40), ("0.25", "0.35"), gates)) == ["bracket_edge"]
    assert failures(pair((0.31, 0.39), ("0.25", "0.35"), gates)) == []


def test_both_probabilities_together_must_be_over_both_prices() -> None:
    gates = Gates(fee_rate=D(0), min_edge=-1.0, min_bracket_edge=-1.0)
    assert "combined_probability" in failures(pair((0.30, 0.30), ("0.25", "0.35"), gates))
    over = pair((0.301, 0.30), ("0.25", "0.35"), gates)
    assert "combined_probability" not in failures(over)
    # what remains of a tenth of a cent does not pay two fees
    assert "ev" in failures(over)


def test_both_legs_need_a_quote_in_range() -> None:
    assert failures(pair((0.30, 0.40), (None, "0.35"))) == ["has_ask"]
    assert failures(pair((0.30, 0.40), (None, None))) == ["has_ask", "has_ask"]
    assert failures(pair((0.20, 0.40), ("0.04", "0.35"))) == ["ask_range"]


def test_the_exchanges_fee_can_be_in_the_gate() -> None:
    gates = Gates(fee_gate=FeeGate.EXCHANGE)
    found = pair((0.31, 0.45), ("0.20", "0.30"), gates)
    assert found.net_edge == pytest.approx(found.ev) == pytest.approx(0.26 - 0.0112 - 0.0147)
