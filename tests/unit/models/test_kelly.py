"""Joint Kelly stakes against another solver, a certificate written out, and figures by hand."""

import gzip
import json
from collections import defaultdict
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from kalshi_edge.data.kalshi.market_wire import parse_book
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Side
from kalshi_edge.errors import InputError
from kalshi_edge.models.kelly import GAP, growth_nats, most_growth
from kalshi_edge.models.ladder_offers import LadderBudget, offers
from tests.support.builders import NOW
from tests.support.random_ladders import (
    RandomLadder,
    depths_of,
    gap_of,
    independent_nats,
    nats_of,
    random_ladder,
    returns_of,
    unit_fee,
    wealth_of,
)

QUARTER = 0.25


def random_bets(count: int, seed: int):
    """p, W⁰, R and depths of random ladders at a quarter of equity."""
    generator = np.random.default_rng(seed)
    while count:
        case = random_ladder(generator)
        wealth = wealth_of(case, QUARTER)
        if case.offered and wealth.min() > 0:
            count -= 1
            yield np.array(case.probabilities), wealth, returns_of(case), depths_of(case)


def test_no_other_solver_finds_more_and_none_finds_much_less() -> None:
    # Where the other solver stopped short ours is right: the certificate, recomputed by its
    # definition, leaves nobody more than a hundredth of the tolerance.
    bought = 0
    for p, wealth, returns, depths in random_bets(300, seed=5):
        found = most_growth(p, wealth, returns, depths)
        x = np.array(found.stakes)
        assert (x >= 0).all()
        assert (x <= depths).all()
        assert found.nats == pytest.approx(nats_of(p, wealth, returns, x), abs=1e-12)
        assert found.gap <= GAP
        assert gap_of(p, wealth, returns, depths, x) == pytest.approx(found.gap, abs=1e-12)
        other = independent_nats(p, wealth, returns, depths)
        assert other <= found.nats + GAP
        assert found.nats <= other + 1e-6
        bought += found.nats > 1e-3
    assert bought > 100


def test_what_is_nearly_ruined_somewhere_is_certified_too() -> None:
    generator = np.random.default_rng(11)
    for _ in range(150):
        case = random_ladder(generator, levels=int(generator.integers(1, 20)))
        wealth = wealth_of(case, QUARTER)
        wealth += np.exp(generator.uniform(np.log(1e-3), np.log(100))) - wealth.min()
        depths = depths_of(case) * generator.choice([1.0, 1000.0])
        returns = returns_of(case) + generator.choice([0.0, 0.05])  # sometimes all is too cheap
        p = np.array(case.probabilities)
        found = most_growth(p, wealth, returns, depths)
        assert gap_of(p, wealth, returns, depths, np.array(found.stakes)) <= 1.01 * GAP


def real_ladders(shared: Path) -> list[list[Book]]:
    """The recorded books, six a ladder, lowest bin first."""
    path = shared / "data" / "kalshi" / "books_2026-07-16_22.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        records = [json.loads(line) for line in lines]
    found = []
    for _, captured in groupby(records, key=lambda record: record["capture_id"]):
        events = defaultdict(list)
        for record in captured:
            low = record["floor_strike"]
            low = record["cap_strike"] - 1 if low is None else low
            events[record["ticker"].rsplit("-", 1)[0]].append((low, record))
        for event in events.values():
            rows = [record for _, record in sorted(event, key=lambda pair: pair[0])]
            found.append([parse_book(r["ticker"], r["raw_orderbook"], NOW) for r in rows])
    return found


def middle(book: Book) -> float:
    return (float(book.bid or 0) + float(1 if book.ask is None else book.ask)) / 2


def of_books(books: list[Book], p: np.ndarray, equity: int = 1000) -> RandomLadder:
    money = Decimal(equity)
    budget = LadderBudget(money, money, money)
    return RandomLadder(tuple(p.tolist()), offers(books, unit_fee), budget, (), ())


def test_real_books_at_full_depth_are_solved_to_the_certificate(shared: Path) -> None:
    generator = np.random.default_rng(3)
    ladders = real_ladders(shared)
    assert len(ladders) > 200
    bought = levels = 0
    for books in ladders:
        mids = np.maximum([middle(book) for book in books], 0.0025)
        p = np.maximum(
            0.7 * mids / mids.sum() + 0.3 * generator.dirichlet(np.ones(len(mids))), 1e-4
        )
        case = of_books(books, p / p.sum())
        wealth, returns, depths = wealth_of(case, QUARTER), returns_of(case), depths_of(case)
        found = most_growth(case.probabilities, wealth, returns, depths)
        x = np.array(found.stakes)
        gap = gap_of(np.array(case.probabilities), wealth, returns, depths, x)
        assert gap <= 1.01 * GAP
        bought += bool(x.sum() > 1)
        levels = max(levels, len(x))
    assert bought > 150
    assert levels > 200


def test_at_a_coherent_markets_own_prices_nothing_is_bought(shared: Path) -> None:
    seen = 0
    for books in real_ladders(shared):
        mids = np.array([middle(book) for book in books])
        p = np.maximum(mids, 1e-4) / np.maximum(mids, 1e-4).sum()
        case = of_books(books, p)
        costs = np.array([one.cost for one in case.offered])
        worth = np.array(
            [p[one.at] if one.side is Side.BUY else 1 - p[one.at] for one in case.offered]
        )
        if (worth <= costs).all():  # the mids need no more than the spreads to sum to 1
            seen += 1
            bet = wealth_of(case, QUARTER), returns_of(case), depths_of(case)
            assert set(most_growth(p, *bet).stakes) == {0.0}
    assert seen > 50


@pytest.mark.parametrize("bins", [2, 6])
@pytest.mark.parametrize(("p", "cost"), [(0.5, 0.4), (0.12, 0.05), (0.97, 0.9)])
def test_one_bin_priced_too_low_gets_the_textbooks_fraction(
    bins: int, p: float, cost: float
) -> None:
    others = [(1 - p) / (bins - 1)] * (bins - 1)
    returns = [[1 - cost, *[-cost] * (bins - 1)]]
    found = most_growth([p, *others], [250] * bins, returns, [1e5])
    assert found.stakes[0] * cost / 250 == pytest.approx((p - cost) / (1 - cost), rel=1e-6)


def test_a_bin_priced_too_high_gets_the_textbooks_fraction_on_its_no() -> None:
    # NO at 70 ¢ where the bin wins once in five: (0.8 − 0.7)/(1 − 0.7)
    found = most_growth((0.2, 0.5, 0.3), [300] * 3, [[-0.7, 0.3, 0.3]], [1e5])
    assert found.stakes[0] * 0.7 / 300 == pytest.approx(1 / 3, rel=1e-6)


def test_what_is_held_already_is_not_bought_again() -> None:
    p, row = (0.5, 0.5), np.array([0.6, -0.4])
    alone = most_growth(p, [250, 250], [row], [1000]).stakes[0]
    with_held = most_growth(p, 250 + 40 * row, [row], [1000]).stakes[0]
    assert with_held == pytest.approx(alone - 40, rel=1e-6)


def test_a_position_makes_another_bin_worth_more() -> None:
    # Held: 100 of bin 1 for $40, so that wealth is $210 or $310. Bin 0 at 40 ¢ for an even chance:
    # 0.6/(210 + 0.6x) = 0.4/(310 − 0.4x) gives x = 212.5, without the position 104.17.
    p, row = (0.5, 0.5), [0.6, -0.4]
    found = most_growth(p, [210, 310], [row], [1000])
    assert found.stakes[0] == pytest.approx(212.5, rel=1e-6)
    # At 51 ¢ it is a bad bet by itself, and a good one with the position:
    # 0.49/(210 + 0.49x) = 0.51/(310 − 0.51x) gives x = 44.8/0.4998.
    dear = [0.49, -0.51]
    assert most_growth(p, [250, 250], [dear], [1000]).stakes == (0.0,)
    assert most_growth(p, [210, 310], [dear], [1000]).stakes[0] == pytest.approx(44.8 / 0.4998)


def test_the_cheaper_level_is_emptied_before_the_next_is_touched() -> None:
    # 104.17 would be bought at 40 ¢; there are 60, and 41 ¢ is still worth some.
    found = most_growth((0.5, 0.5), [250] * 2, [[0.6, -0.4], [0.59, -0.41]], [60, 1000])
    # 0.59/(250 + 36 + 0.59x) = 0.41/(250 − 24 − 0.41x)
    assert found.stakes == pytest.approx((60, (0.59 * 226 - 0.41 * 286) / (2 * 0.59 * 0.41)))


def test_what_pays_for_certain_is_bought_to_its_depth() -> None:
    returns = [[0.52, -0.48], [-0.48, 0.52]]  # both bins for 96 ¢
    found = most_growth((0.5, 0.5), [100, 100], returns, [30, 30])
    assert found.stakes == (30, 30)
    assert found.nats == pytest.approx(np.log(1 + 30 * 0.04 / 100))


def test_an_impossible_or_ruined_outcome_is_refused() -> None:
    with pytest.raises(InputError, match="above 0"):
        most_growth((1.0, 0.0), [100, 100], [[0.6, -0.4]], [10])
    with pytest.raises(InputError, match="above 0"):
        most_growth((0.5, 0.5), [100, 0], [[0.6, -0.4]], [10])


def test_a_ladder_that_offers_nothing_gains_nothing() -> None:
    found = most_growth((0.5, 0.5), [100, 100], [], [])
    assert (found.stakes, found.nats, found.gap) == ((), 0.0, 0.0)
    assert growth_nats((0.5, 0.5), [100, 100], np.zeros((0, 2)), []) == 0.0
