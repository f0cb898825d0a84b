"""Whichever orders of a sized ladder fill: no budget is exceeded. Counted by other means."""

import random
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.market import Book, Level
from kalshi_edge.domain.orders import Side
from kalshi_edge.models.ladder_kelly import LadderStakes, ladder_stakes
from kalshi_edge.models.ladder_offers import LadderBudget, LadderHolding, Offer, offers
from kalshi_edge.units import ONE, ZERO, ceil_to
from tests.support.builders import NOW
from tests.support.random_ladders import all_fills, most_fee, pays, unit_fee, worst_losses

CENTS = st.integers(1, 99)
COUNTS = st.decimals("0.01", 3000, places=2)
MOST_ENUMERATED = 8


@dataclass(frozen=True)
class Case:
    probabilities: tuple[float, ...]
    offered: tuple[Offer, ...]
    budget: LadderBudget
    held: tuple[LadderHolding, ...]
    live: tuple[LadderHolding, ...]

    @property
    def found(self) -> LadderStakes:
        return ladder_stakes(
            self.probabilities,
            self.offered,
            self.budget,
            most_fee,
            held=self.held,
            live=self.live,
        )


@st.composite
def books(draw: st.DrawFn, at: int) -> Book:
    prices = sorted(draw(st.sets(CENTS, max_size=6)))
    split = draw(st.integers(0, len(prices)))

    def side(cents: list[int]) -> tuple[Level, ...]:
        return tuple(Level(Decimal(c) / 100, draw(COUNTS)) for c in cents)

    return Book(f"BIN{at}", side(prices[:split][::-1]), side(prices[split:]), NOW, NOW)


@st.composite
def holdings(draw: st.DrawFn, bins: int) -> LadderHolding:
    at, side = draw(st.integers(0, bins - 1)), draw(st.sampled_from(Side))
    count, price = draw(st.decimals("0.01", 40, places=2)), Decimal(draw(CENTS)) / 100
    return LadderHolding(at, side, count, count * price)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    bins = draw(st.integers(2, 6))
    weights = [draw(st.integers(1, 1000)) for _ in range(bins)]
    equity = draw(st.decimals(20, 50_000, places=2))
    budget = LadderBudget(
        equity,
        cash=draw(st.decimals(0, 3000, places=4)),
        loss=equity * draw(st.sampled_from([Decimal("0.03"), Decimal("0.2"), ONE])),
        step=draw(st.sampled_from([ONE, Decimal("0.01"), Decimal(7)])),
    )
    return Case(
        tuple(weight / sum(weights) for weight in weights),
        offers([draw(books(at)) for at in range(bins)], unit_fee),
        budget,
        tuple(draw(st.lists(holdings(bins), max_size=3))),
        tuple(draw(st.lists(holdings(bins), max_size=3))),
    )


def results(side: Side, at: int, count: Decimal, paid: Decimal, bins: int) -> tuple[Decimal, ...]:
    return tuple(count * pays(at, side, won) - paid for won in range(bins))


@given(cases(), st.randoms(use_true_random=False))
def test_no_budget_is_exceeded_whichever_orders_fill(case: Case, chance: random.Random) -> None:
    found, bins = case.found, len(case.probabilities)
    if not found.purchases:
        return
    paid = [one.offer.price * one.count for one in found.purchases]
    fees = [most_fee("", one.offer.price, one.count) for one in found.purchases]
    assert [one.outlay for one in found.purchases] == [
        p + f for p, f in zip(paid, fees, strict=True)
    ]
    assert sum(paid) + sum(fees) <= case.budget.cash
    held = [results(s.side, s.at, s.count, s.paid, bins) for s in case.held]
    certain = tuple(sum((r[won] for r in held), ZERO) for won in range(bins))
    orders = [results(s.side, s.at, s.count, s.paid, bins) for s in case.live]
    orders += [
        results(one.offer.side, one.offer.at, one.count, one.outlay, bins)
        for one in found.purchases
    ]
    if len(orders) <= MOST_ENUMERATED:
        fills = all_fills(len(orders))
    else:
        fills = [[chance.random() < share for _ in orders] for share in (0.2, 0.5, 0.8) * 40]
        # and, bin by bin, the worst that can be
        fills += [[r[won] < 0 for r in orders] for won in range(bins)]
    for filled in fills:
        assert max(worst_losses(orders, certain, filled)) <= case.budget.loss


@given(cases())
def test_whole_contracts_are_near_the_stakes_within_the_depth_and_gain(case: Case) -> None:
    found = case.found
    assert (found.nats > 0) is bool(found.purchases)
    wanted = dict(zip(case.offered, found.stakes, strict=False))
    for one in found.purchases:
        assert one.count > 0
        assert one.count % case.budget.step == 0
        assert one.count <= one.offer.depth
        assert one.count <= ceil_to(Decimal(wanted[one.offer]), case.budget.step)


@given(cases())
def test_a_refusal_buys_nothing_and_is_decided_before_anything_is_bought(case: Case) -> None:
    found = case.found
    held = [results(s.side, s.at, s.count, s.paid, len(case.probabilities)) for s in case.held]
    live = [results(s.side, s.at, s.count, s.paid, len(case.probabilities)) for s in case.live]
    bins = range(len(case.probabilities))
    lost = max(
        -sum((r[won] for r in held), ZERO) - sum((min(r[won], ZERO) for r in live), ZERO)
        for won in bins
    )
    least = min(sum((r[won] for r in (*held, *live)), ZERO) for won in bins)
    failed = {check.rule for check in found.checks if not check.passed}
    assert ("held_loss" in failed) is (lost > case.budget.loss)
    assert ("wealth" in failed) is (least + case.budget.equity / 4 <= 0)
    assert not (failed and found.purchases)
