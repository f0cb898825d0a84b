"""What was claimed and what came, bucket by bucket."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.backtest.claims import edge_buckets, priced_claims, taken_claims
from kalshi_edge.backtest.estimates import calendar
from kalshi_edge.backtest.summary import summary
from kalshi_edge.domain.orders import Side, Strategy
from tests.support.backtest_records import BINS, FIRST, opportunity, record, trade

HIGHS = {("NYC", FIRST): 51}
DAYS = calendar([FIRST, FIRST + timedelta(days=30)])


def test_a_contract_that_pays_brings_a_dollar_less_ask_and_fee() -> None:
    # The fee of one contract at 0.40 is 0.07 · 0.4 · 0.6 = 0.0168.
    won, lost = priced_claims(
        [
            opportunity(FIRST, BINS[1], 0.50, "0.35", "0.40", gate_fee=0.025),
            opportunity(FIRST, BINS[2], 0.50, "0.35", "0.40", gate_fee=0.025),
        ],
        HIGHS,
    )
    assert (won.came, lost.came) == pytest.approx((0.5832, -0.4168))
    assert (won.raw_edge, won.net_edge, won.ev) == pytest.approx((0.10, 0.075, 0.0832))


def test_brackets_and_days_without_a_result_are_not_among_the_priced() -> None:
    claims = priced_claims(
        [
            opportunity(FIRST, BINS[1], 0.5, "0.3", "0.4", strategy=Strategy.BRACKET),
            opportunity(FIRST + timedelta(days=1), BINS[1], 0.5, "0.3", "0.4"),
        ],
        HIGHS,
    )
    assert claims == ()


def test_a_trade_is_judged_by_what_it_really_cost() -> None:
    found = taken_claims(
        [trade("t", count=20, paid="5.00", received="20", fees="0.27", fair=0.35, edge=0.06)]
    )[0]
    assert (found.contracts, found.raw_edge, found.net_edge) == pytest.approx((20, 0.10, 0.06))
    assert found.ev == pytest.approx(0.10 - 0.0135)
    assert found.came == pytest.approx(0.75 - 0.0135)


def test_what_is_open_or_was_never_claimed_is_not_judged() -> None:
    trades = [
        trade("open", paid="5", received="0", open_count=Decimal(3)),
        trade("manual", paid="5", received="0", fair=None, edge=None, side=Side.BUY),
    ]
    assert taken_claims(trades) == ()


def test_a_bucket_holds_its_lower_bound_and_not_its_upper() -> None:
    edges = (0.0499, 0.05, 0.0999, 0.10, 0.35, 0.9, -0.3)
    trades = [trade(f"t{i}", paid="1", received="0", edge=edge) for i, edge in enumerate(edges)]
    found = edge_buckets(taken_claims(trades), DAYS, 0)
    assert [(b.low, b.high, b.claims) for b in found] == [
        (None, -0.20, 1),
        (0.0, 0.05, 1),
        (0.05, 0.10, 2),
        (0.10, 0.20, 1),
        (0.35, None, 2),
    ]


def test_a_bucket_weighs_by_contracts() -> None:
    trades = [
        trade("small", count=10, paid="1", received="10", edge=0.06),
        trade("large", count=30, paid="9", received="0", edge=0.08),
    ]
    bucket = edge_buckets(taken_claims(trades), DAYS, 0)[0]
    assert bucket.net_edge == pytest.approx((10 * 0.06 + 30 * 0.08) / 40)
    assert bucket.came.mean == pytest.approx((9 - 9) / 40, abs=1e-12)
    assert (bucket.claims, bucket.came.count, bucket.came.days) == (2, 40.0, 1)


def test_what_came_over_all_taken_buckets_is_the_profit() -> None:
    trades = [
        trade("a", paid="3", received="10", fees="0.15", edge=0.06),
        trade("b", paid="2", received="0", fees="0.11", edge=0.12),
        trade("c", count=4, paid="1", received="4", fees="0.02", edge=0.31),
    ]
    found = summary(record(trades=trades))
    came = sum(bucket.came.mean * bucket.came.count for bucket in found.taken)
    assert came == pytest.approx(float(found.total.performance.pnl))
