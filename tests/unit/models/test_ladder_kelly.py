"""Sizing one ladder: what is refused, which λ, whole contracts, and the seed's separate stakes."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from kalshi_edge.domain.market import Book, Level
from kalshi_edge.domain.orders import Side
from kalshi_edge.models.kelly import GAP
from kalshi_edge.models.ladder_kelly import LadderStakes, ladder_stakes
from kalshi_edge.models.ladder_offers import LadderBudget, LadderHolding, Offer, offers
from kalshi_edge.trading.sizing import kelly_fraction
from kalshi_edge.units import ceil_to
from tests.support.builders import NOW, Quote, levels
from tests.support.random_ladders import (
    RandomLadder,
    depths_of,
    gap_of,
    most_fee,
    nats_of,
    random_ladder,
    returns_of,
    unit_fee,
    wealth_of,
)

D = Decimal
BUDGET = LadderBudget(D(1000), cash=D(900), loss=D(100))
EVEN = (0.5, 0.5)


def no_fee(_ticker: str, _price: Decimal, _count: Decimal) -> Decimal:
    return D(0)


def of(*quotes: Quote) -> tuple[Level, ...]:
    return levels(quotes)


def yes(price: str, depth: str = "500", at: int = 0) -> Offer:
    return Offer(f"BIN{at}", at, Side.BUY, D(price), D(depth), float(price))


def no(bid: str, depth: str = "500", at: int = 0) -> Offer:
    return Offer(f"BIN{at}", at, Side.SELL, D(bid), D(depth), 1 - float(bid))


def sized(case: RandomLadder, **changes) -> LadderStakes:
    budget = replace(case.budget, **changes)
    return ladder_stakes(
        case.probabilities, case.offered, budget, most_fee, held=case.held, live=case.live
    )


def counts(found: LadderStakes) -> list[tuple[int, Side, Decimal]]:
    return [(one.offer.at, one.offer.side, one.count) for one in found.purchases]


def failing(found: LadderStakes) -> list[str]:
    return [check.rule for check in found.checks if not check.passed]


# What is offered


def test_every_level_of_both_sides_is_offered_at_its_own_sides_price_and_fee() -> None:
    book = Book("BIN1", of(("0.30", 7), ("0.29", 3)), of(("0.34", 5)), NOW, NOW)
    ask, best_bid, second = offers([None, book], unit_fee)
    assert (ask.at, ask.side, ask.price, ask.depth) == (1, Side.BUY, D("0.34"), 5)
    assert ask.cost == pytest.approx(0.34 + 0.07 * 0.34 * 0.66)
    assert (best_bid.side, best_bid.level, best_bid.price) == (Side.SELL, D("0.30"), D("0.70"))
    assert best_bid.cost == pytest.approx(0.70 + 0.07 * 0.30 * 0.70)
    assert second.price == D("0.71")
    assert [ask.pays_in(0), ask.pays_in(1)] == [False, True]
    assert [best_bid.pays_in(0), best_bid.pays_in(1)] == [True, False]


def test_levels_outside_the_range_of_prices_are_not_offered() -> None:
    quotes = of(("0.06", 1), ("0.05", 1), ("0.04", 1)), of(("0.95", 1), ("0.96", 1))
    book = Book("BIN0", *quotes, NOW, NOW)
    found = offers([book], unit_fee, least=D("0.05"), most=D("0.95"))
    assert [one.price for one in found] == [D("0.95"), D("0.94"), D("0.95")]


# What is refused


def test_what_is_held_may_not_cost_a_quarter_of_equity_in_any_bin() -> None:
    roomy = replace(BUDGET, loss=D(1000))
    for paid, refused in ((D("249.99"), []), (D(250), ["wealth"]), (D(251), ["wealth"])):
        held = (LadderHolding(0, Side.BUY, D(1), paid + 1), LadderHolding(1, Side.BUY, D(1), D(0)))
        found = ladder_stakes(EVEN, (yes("0.4"),), roomy, no_fee, held=held)
        assert failing(found) == refused


def test_a_ladder_held_over_its_limit_is_not_bought_more_of() -> None:
    offered = (yes("0.4", at=1), yes("0.4", at=0))
    for paid, refused in ((D("99.99"), []), (D(100), []), (D("100.01"), ["held_loss"])):
        held = (LadderHolding(0, Side.BUY, D(100), paid),)
        found = ladder_stakes(EVEN, offered, BUDGET, no_fee, held=held)
        assert failing(found) == refused
        if refused:
            assert found.purchases == ()
            assert [c.figure for c in found.checks if not c.passed] == ["$100.0100"]


def test_a_live_order_that_hedges_counts_as_unfilled_against_the_limit() -> None:
    held, hedge = (
        LadderHolding(0, Side.BUY, D(200), D(120)),
        LadderHolding(1, Side.BUY, D(100), D(40)),
    )
    assert failing(ladder_stakes(EVEN, (), BUDGET, no_fee, held=(held, hedge))) == []
    assert failing(ladder_stakes(EVEN, (), BUDGET, no_fee, held=(held,), live=(hedge,))) == [
        "held_loss"
    ]


def test_all_checks_are_made_and_overdrawn_cash_is_one() -> None:
    held = (LadderHolding(0, Side.BUY, D(1), D(400)),)
    found = ladder_stakes(EVEN, (), replace(BUDGET, cash=D("-0.01")), no_fee, held=held)
    assert failing(found) == ["wealth", "free_cash", "held_loss"]


def test_stakes_that_cannot_be_certified_are_not_bought(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = (yes("0.4", depth="0.5"), yes("0.41"))
    assert ladder_stakes(EVEN, offered, BUDGET, no_fee).purchases
    monkeypatch.setattr("kalshi_edge.models.kelly.MOST_STEPS", 0)
    found = ladder_stakes(EVEN, offered, BUDGET, no_fee)
    assert (failing(found), found.purchases) == (["kelly_gap"], ())
    assert found.gap > 1e-3


# Which λ


def test_within_the_budgets_it_is_a_quarter_of_kelly() -> None:
    found = ladder_stakes(EVEN, (yes("0.4"),), BUDGET, no_fee)
    assert found.fraction == 0.25
    assert found.stakes == pytest.approx([kelly_fraction(0.5, D("0.4")) * 250 / 0.4])
    assert counts(found) == [(0, Side.BUY, 104)]


def test_the_no_side_is_bought_where_a_bin_is_priced_too_high() -> None:
    found = ladder_stakes((0.2, 0.8), (no("0.30"),), BUDGET, no_fee)
    # (0.8 − 0.7)/(1 − 0.7) of $250 at 70 ¢ each
    assert counts(found) == [(0, Side.SELL, 119)]
    assert found.purchases[0].outlay == D("83.3")


def test_over_a_budget_a_smaller_share_of_equity_is_bet() -> None:
    # 104.17 at 40 ¢ cost $41.67; $30 buy 75, the stakes of λ = 0.18, here found to λ/256
    for budget in (replace(BUDGET, loss=D(30)), replace(BUDGET, cash=D(30))):
        found = ladder_stakes(EVEN, (yes("0.4"),), budget, no_fee)
        assert 0.18 - 0.25 / 256 <= found.fraction <= 0.18
        assert found.stakes == pytest.approx([found.fraction * 1000 / 6 / 0.4])
        assert counts(found)[0][2] in {74, 75}


def test_a_position_that_a_smaller_share_would_hedge_more_is_scaled_instead() -> None:
    # Little equity, a large position: every smaller λ buys more of the hedge, never less.
    held = (LadderHolding(1, Side.BUY, D(100), D(40)),)
    budget = LadderBudget(D(400), cash=D(30), loss=D(400))
    found = ladder_stakes(EVEN, (yes("0.4"),), budget, no_fee, held=held)
    # at λ = ¼: 0.6/(60 + 0.6x) = 0.4/(160 − 0.4x); $30 buy 75 of these 150
    assert found.fraction == 0.25
    assert found.stakes == pytest.approx([75])
    assert counts(found) == [(0, Side.BUY, 75)]


def test_stakes_of_a_smaller_share_that_lose_at_a_quarter_are_not_taken() -> None:
    # Held: 130 of bin 1 for $13. With $3 to spend only a small λ fits, and that buys 5.37 of bin 2
    # at 55 ¢ for an even chance, which a quarter of equity does not need.
    held = (LadderHolding(1, Side.BUY, D(130), D(13)),)
    offered = (yes("0.05", at=1), yes("0.55", at=2))
    budget = LadderBudget(D(1000), cash=D(3), loss=D(1000))
    found = ladder_stakes((0.3, 0.2, 0.5), offered, budget, no_fee, held=held)
    assert found.fraction == 0.25
    assert found.stakes[0] * 0.05 + found.stakes[1] * 0.55 == pytest.approx(3)
    assert counts(found) == [(1, Side.BUY, 35), (2, Side.BUY, 2)]
    assert found.nats > 0


# Whole contracts


def test_rounded_fees_that_exceed_the_budget_drop_a_contract() -> None:
    # 41 ¢ · 50 + fee 0.84665 → 0.8467, and 0.0001 for pieces: $21.3468
    book = Book("BIN0", (), of(("0.41", 50)), NOW, NOW)
    offered = offers([book], unit_fee)
    for cash, bought in ((D("21.3468"), 50), (D("21.3467"), 49)):
        budget = LadderBudget(D(10000), cash=cash, loss=D(300))
        found = ladder_stakes((0.6, 0.4), offered, budget, most_fee)
        assert found.stakes == (50,)  # before rounding they cost $21.34665
        assert counts(found) == [(0, Side.BUY, bought)]


def test_the_contract_dropped_is_the_one_that_is_missed_least() -> None:
    books = [Book(f"BIN{at}", (), of(("0.30", 50)), NOW, NOW) for at in (0, 1)]
    offered = offers(books, unit_fee)
    cost = sum(most_fee("", one.price, D(50)) + one.price * 50 for one in offered)
    budget = LadderBudget(D(100000), cash=cost - D("0.0001"), loss=D(300))
    assert counts(ladder_stakes((0.5, 0.4, 0.1), offered, budget, most_fee)) == [
        (0, Side.BUY, 50),
        (1, Side.BUY, 49),
    ]


def test_a_contract_that_frees_nothing_of_the_budget_exceeded_is_kept() -> None:
    # NO on bin 1 is held, and loses $60 there: bin 1's budget is used up by what pays elsewhere.
    books = [Book(f"BIN{at}", (), of(("0.30", 50)), NOW, NOW) for at in (0, 1)]
    offered = offers(books, unit_fee)
    held = (LadderHolding(1, Side.SELL, D(60), D(60)),)
    cost = D("0.30") * 50 + most_fee("", D("0.30"), D(50))
    budget = LadderBudget(D(100000), cash=D(9000), loss=60 + cost - D("0.0001"))
    found = ladder_stakes((0.5, 0.4, 0.1), offered, budget, most_fee, held=held)
    assert counts(found) == [(0, Side.BUY, 49), (1, Side.BUY, 50)]


def test_a_hedge_whose_other_half_is_rounded_away_is_not_bought_alone() -> None:
    # 1.8 of bin 0 in two levels of less than one contract, hedged by 1.58 of bin 1
    offered = (yes("0.50", depth="0.9"), yes("0.51", depth="0.9"), yes("0.45", at=1))
    budget = LadderBudget(D(4), cash=D(4), loss=D(4))
    found = ladder_stakes((0.6, 0.4), offered, budget, no_fee)
    assert found.stakes == pytest.approx([0.9, 0.9, 1.58], abs=5e-3)
    assert (found.purchases, found.nats) == ((), 0.0)


def test_steps_so_small_that_rounding_hides_them_are_dropped_too() -> None:
    cent = Book("BIN0", (), of(("0.01", 90)), NOW, NOW)

    def fee(_ticker: str, price: Decimal, count: Decimal) -> Decimal:
        return D("0.5") + price * (
            ceil_to(count, D(1)) - count
        )  # as if whole contracts were paid for

    budget = LadderBudget(D(1000), cash=D("1.2"), loss=D(30), step=D("0.01"))
    found = ladder_stakes((0.5, 0.5), offers([cent], no_fee), budget, fee)
    assert counts(found) == [(0, Side.BUY, 70)]


def test_a_contract_is_added_where_the_part_that_was_cut_off_gains() -> None:
    # 104.17 of one level: 104; a depth of 60 and 44.02 more: the 45th gains too little
    assert counts(ladder_stakes(EVEN, (yes("0.4"),), BUDGET, no_fee)) == [(0, Side.BUY, 104)]
    # 104.9 are worth 105: equity a little more
    more = replace(BUDGET, equity=D("1007"))
    found = ladder_stakes(EVEN, (yes("0.4"),), more, no_fee)
    assert found.stakes == pytest.approx([104.896], abs=1e-3)
    assert counts(found) == [(0, Side.BUY, 105)]


def test_contracts_come_in_steps_within_the_depth() -> None:
    for step, bought in ((D("0.01"), D("104.17")), (D(5), D(105)), (D(50), D(100))):
        found = ladder_stakes(EVEN, (yes("0.4"),), replace(BUDGET, step=step), no_fee)
        assert counts(found) == [(0, Side.BUY, bought)]
    shallow = (yes("0.4", depth="59.9"),)
    assert counts(ladder_stakes(EVEN, shallow, BUDGET, no_fee)) == [(0, Side.BUY, 59)]


def test_what_gains_nothing_in_whole_contracts_is_not_bought() -> None:
    # Kelly's stake is 0.42 of a contract; a whole one loses
    tiny = LadderBudget(D(4), cash=D(4), loss=D(4))
    found = ladder_stakes(EVEN, (yes("0.4"),), tiny, no_fee)
    assert found.stakes == pytest.approx([0.4167], abs=1e-4)
    assert (found.purchases, found.nats) == ((), 0.0)


def test_coherent_quotes_around_our_own_probabilities_buy_nothing() -> None:
    p = (0.07, 0.13, 0.2, 0.3, 0.2, 0.1)
    books = [
        Book(f"BIN{at}", of((f"{q - 0.01:.2f}", 50)), of((f"{q + 0.01:.2f}", 50)), NOW, NOW)
        for at, q in enumerate(p)
    ]
    found = ladder_stakes(p, offers(books, unit_fee), BUDGET, most_fee)
    assert set(found.stakes) == {0.0}
    assert found.purchases == ()
    assert failing(found) == []


# Against others


def room_left(case: RandomLadder, x: np.ndarray) -> float:
    """Dollars of the tightest budget that stakes leave, fees before rounding."""
    results = returns_of(case)
    left = [float(case.budget.cash) - x @ np.array([one.cost for one in case.offered])]
    for won in range(len(case.probabilities)):
        lost = -sum(float(s.result_in(won)) for s in case.held)
        lost += sum(max(-float(s.result_in(won)), 0.0) for s in case.live)
        left.append(float(case.budget.loss) - lost - x @ np.maximum(-results[:, won], 0.0))
    return min(left)


def test_before_rounding_it_is_the_best_of_its_share_of_equity_or_a_part_that_just_fits() -> None:
    generator = np.random.default_rng(17)
    smaller = parts = 0
    for _ in range(300):
        case = random_ladder(generator, levels=3, loss_share=0.05)
        found = sized(case)
        if failing(found):
            continue
        p, x = np.array(case.probabilities), np.array(found.stakes)
        assert room_left(case, x) >= -1e-6
        gap = gap_of(p, wealth_of(case, found.fraction), returns_of(case), depths_of(case), x)
        if gap <= 1.01 * GAP:
            smaller += found.fraction < 0.25
        else:
            parts += 1
            assert found.fraction == 0.25
            assert room_left(case, x) == pytest.approx(0, abs=1e-6)
        assert nats_of(p, wealth_of(case, 0.25), returns_of(case), x) >= 0
    assert smaller > 100
    assert parts > 5


def separate_stakes(case: RandomLadder, fraction: float) -> np.ndarray:
    """The seed's: ``fraction`` of Kelly on the best level of each side, as if alone."""
    x, seen = np.zeros(len(case.offered)), set()
    for i, one in enumerate(case.offered):
        if (one.at, one.side) not in seen:
            seen.add((one.at, one.side))
            p = case.probabilities[one.at]
            alone = kelly_fraction(p if one.side is Side.BUY else 1 - p, D(repr(one.cost)))
            x[i] = min(alone * fraction * float(case.budget.equity) / one.cost, float(one.depth))
    return x


def test_before_rounding_it_gains_no_less_than_separate_stakes() -> None:
    generator = np.random.default_rng(23)
    better = compared = 0
    for _ in range(300):
        case = replace(random_ladder(generator), held=(), live=())
        found = sized(case, cash=case.budget.equity, loss=case.budget.equity)
        p, returns = np.array(case.probabilities), returns_of(case)
        wealth = wealth_of(case, found.fraction)
        apart = nats_of(p, wealth, returns, separate_stakes(case, found.fraction))
        joint = nats_of(p, wealth, returns, np.array(found.stakes))
        if np.isfinite(apart):  # one stake each can take all wealth of a bin
            compared += 1
            assert joint >= apart - GAP
            better += joint > apart + 1e-4
    assert compared > 200
    assert better > 50
