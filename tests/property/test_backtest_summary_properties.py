"""What holds for any backtest: sums agree, order does not matter, and signs turn round."""

import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.backtest.claims import BUCKETS
from kalshi_edge.backtest.estimates import Case, calendar, estimate
from kalshi_edge.backtest.money import drawdown, equity_points
from kalshi_edge.backtest.summary import summary
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import Trade
from tests.support.backtest_records import FIRST, day_record, invented_climate, record, trade

cents = st.integers(0, 2000).map(lambda n: str(Decimal(n) / 100))
days = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def trades(draw: st.DrawFn) -> list[Trade]:
    return [
        trade(
            f"t{i}",
            paid=draw(cents),
            received=draw(cents),
            fees=draw(cents),
            count=draw(st.integers(1, 50)),
            day=draw(days),
            city=draw(st.sampled_from(("NYC", "CHI", "MIA"))),
            strategy=draw(st.sampled_from((Strategy.SINGLE, Strategy.BRACKET))),
            edge=draw(st.floats(-0.5, 0.9)),
        )
        for i in range(draw(st.integers(0, 12)))
    ]


@given(trades())
def test_every_way_of_dividing_the_profit_gives_the_whole(made: list[Trade]) -> None:
    found = summary(record(trades=made))
    whole = found.total.performance
    for cut in (
        [x for x in found.lines if x.strategy is not None and x.city is None],
        [x for x in found.lines if x.strategy is None and x.city is not None],
        [x for x in found.lines if x.strategy is not None and x.city is not None],
    ):
        assert sum(x.performance.pnl for x in cut) == whole.pnl
        assert sum(x.performance.trades for x in cut) == whole.trades
        assert sum(x.positions for x in cut) == found.total.positions
    came = sum(bucket.came.mean * bucket.came.count for bucket in found.taken)
    assert came == pytest.approx(float(whole.pnl), abs=1e-9)
    assert sum(bucket.claims for bucket in found.taken) == whole.trades


@given(trades(), st.randoms())
def test_the_order_of_the_trades_does_not_matter(made: list[Trade], shuffle: random.Random) -> None:
    mixed = list(made)
    shuffle.shuffle(mixed)
    one, other = summary(record(trades=made)), summary(record(trades=mixed))
    assert [x.performance for x in one.lines] == [x.performance for x in other.lines]
    for line, same in zip(one.lines, other.lines, strict=True):
        assert (line.per_contract is None) == (same.per_contract is None)
        if line.per_contract and same.per_contract:
            assert line.per_contract.mean == pytest.approx(same.per_contract.mean, abs=1e-12)


cases = st.lists(
    st.tuples(days, st.floats(-5, 5).map(lambda x: round(x, 3)), st.integers(0, 9).map(float)),
    max_size=80,
)


@given(cases)
def test_turning_every_result_round_turns_the_estimate_round(told: list[Case]) -> None:
    span = calendar([FIRST, FIRST + timedelta(days=40)])
    one = estimate(told, span, seed=1)
    other = estimate([(day, -total, n) for day, total, n in told], span, seed=1)
    if one is None or other is None:
        assert one is other
        return
    assert other.mean == pytest.approx(-one.mean)
    assert other.effective_days == pytest.approx(one.effective_days, rel=1e-6)
    assert (one.low is None) == (one.days < 14)
    if one.low is not None and one.high is not None:
        assert one.low <= one.high
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30))
def test_no_fall_is_deeper_than_from_the_highest_to_the_lowest(closings: list[int]) -> None:
    told = [day_record(FIRST + timedelta(days=i), str(each)) for i, each in enumerate(closings)]
    fall = drawdown(equity_points(record(days=told)))
    deepest = max(max([1000, *closings[: i + 1]]) - each for i, each in enumerate(closings))
    assert fall.dollars == deepest
    assert 0 <= fall.share < 1


@given(st.integers(0, 1000), st.floats(0.0, 4.0))
def test_probabilities_scores_and_shares_stay_in_their_ranges(seed: int, error_f: float) -> None:
    found = summary(invented_climate(5, seed=seed, market_error_f=error_f))
    for table in found.scores:
        brier, per_bin, ranked, logarithmic = table.rows
        assert 0 <= per_bin.model <= brier.model
        for row, most in ((brier, 2.0), (ranked, 1.0), (logarithmic, 13.82)):
            assert all(0 <= x <= most for x in (row.model, row.market, row.climatology))
    assert found.pit is not None
    assert sum(found.pit.shares) == pytest.approx(1)
    bounds = [bucket.low for bucket in found.priced]
    assert all(low is None or low in BUCKETS for low in bounds)


@given(st.lists(st.dates(date(2020, 1, 1), date(2024, 12, 31)), max_size=5))
def test_a_calendar_leaves_no_day_out(told: list[date]) -> None:
    found = calendar(told)
    assert set(told) <= set(found)
    assert all((b - a).days == 1 for a, b in pairwise(found))
