"""Of the bins where a model departs from the price, how many came: worked out by hand."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from kalshi_edge.backtest.conditional import DEPARTURES, conditional
from tests.support.backtest_records import FIRST
from tests.support.judged_ladders import judged_ladder

DAYS = 60


def test_a_bin_is_in_the_row_of_its_departure_with_what_was_said_and_paid() -> None:
    # said less price: 0.10 − 0.20, 0.60 − 0.40, 0.30 − 0.40
    ladder = judged_ladder((0.2, 0.4, 0.4), posterior_says=(0.1, 0.6, 0.3), won=1)
    rows = conditional([ladder], seed=0)["posterior"]["all"]["all"]
    assert [(row.low, row.high, row.n, row.days) for row in rows] == [
        (-0.10, -0.05, 2, 1),
        (0.20, None, 1, 1),
    ]
    below, above = rows
    assert (below.said, below.price, below.came) == (pytest.approx(0.2), pytest.approx(0.3), 0.0)
    assert (above.said, above.price, above.came) == (0.6, pytest.approx(0.4), 1.0)
    assert above.interval is None


def test_every_bin_is_in_one_row_of_every_cut() -> None:
    generator = np.random.default_rng(3)
    ladders = [
        judged_ladder(
            tuple(generator.dirichlet(np.ones(6))),
            city=("NYC", "CHI")[i % 2],
            day=FIRST + timedelta(days=9 * i),
            posterior_says=tuple(generator.dirichlet(np.ones(6))),
            won=i % 6,
        )
        for i in range(40)
    ]
    found = conditional(ladders, seed=0)["posterior"]
    assert set(found["city"]) == {"CHI", "NYC"}
    assert set(found["season"]) == {"winter", "spring", "summer", "autumn"}
    for parts in found.values():
        assert sum(row.n for rows in parts.values() for row in rows) == 240
        for rows in parts.values():
            assert [row.low for row in rows] == sorted(
                (row.low for row in rows), key=lambda low: DEPARTURES[0] if low is None else low
            )


def test_bins_are_divided_by_their_own_spread_and_price() -> None:
    ladder = judged_ladder((0.05, 0.25, 0.70), posterior_says=(0.05, 0.25, 0.70), won=2)
    quotes = replace(ladder.quotes, bids=(0.02, 0.20, 0.60), asks=(0.07, 0.32, 0.80))
    found = conditional([replace(ladder, quotes=quotes)], seed=0)["posterior"]
    assert {name: sum(row.n for row in rows) for name, rows in found["spread"].items()} == {
        "to 5 ¢": 1, "to 12 ¢": 1, "wider": 1,
    }  # fmt: skip
    assert list(found["price"]) == ["to 10 ¢", "to 50 ¢", "dearer"]
    assert list(found["lead"]) == ["night"]


@pytest.mark.parametrize(("share_right", "off"), [(1.0, 1), (0.0, 0)])
def test_right_departures_leave_the_price_behind_and_noise_does_not(
    share_right: float, off: int
) -> None:
    """The model says 0.5 of a bin at 0.3: it is right, or the price is."""
    generator = np.random.default_rng(5)
    truth = 0.3 + 0.2 * share_right
    ladders = [
        judged_ladder(
            (0.3, 0.7),
            day=FIRST + timedelta(days=i),
            posterior_says=(0.5, 0.5),
            won=int(generator.random() >= truth),
        )
        for i in range(400)
    ]
    rows = conditional(ladders, seed=0)["posterior"]["all"]["all"]
    assert [(row.low, row.high) for row in rows] == [(-0.20, -0.10), (0.20, None)]
    assert rows[1].interval is not None
    assert rows[1].interval[0] <= truth <= rows[1].interval[1]
    assert rows[1].price_is_off == off


def test_a_model_without_forecasts_has_no_rows() -> None:
    assert set(conditional([judged_ladder((0.4, 0.6), won=0)], seed=0)) == {"emos", "posterior"}
    assert conditional([], seed=0) == {}


def test_what_never_came_is_not_taken_for_impossible() -> None:
    ladders = [
        judged_ladder((0.3, 0.7), day=FIRST + timedelta(days=i), posterior_says=(0.5, 0.5), won=1)
        for i in range(30)
    ]
    never, always = conditional(ladders, seed=0)["posterior"]["all"]["all"][::-1]
    assert (never.came, always.came) == (0.0, 1.0)
    assert never.interval == (0.0, pytest.approx(1 - 0.025 ** (1 / 30)))
    assert always.interval == (pytest.approx(0.025 ** (1 / 30)), 1.0)


def test_a_ladder_is_as_wide_as_its_widest_bin() -> None:
    ladder = judged_ladder((0.3, 0.3, 0.4), won=0)
    quotes = replace(ladder.quotes, bids=(0.30, 0.25, 0.40), asks=(0.42, 0.35, 0.44))
    assert replace(ladder, quotes=quotes).widest_spread == 0.12
