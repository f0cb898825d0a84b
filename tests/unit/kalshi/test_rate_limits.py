"""Budgets: never faster than the exchange allows, and never slower than need be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.kalshi.rate_limits import Costs, backoff_s, parse_costs
from kalshi_edge.errors import ContractError
from kalshi_edge.token_bucket import Rate, TokenBucket
from tests.support.kalshi_answers import COSTS

RATES = st.builds(Rate, st.floats(1, 1000), st.floats(30, 2000))
REQUESTS = st.lists(st.tuples(st.floats(0, 5), st.sampled_from([2, 10, 30])), min_size=1)


@given(RATES, REQUESTS)
def test_whoever_waits_as_told_never_takes_more_than_was_refilled(rate, requests):
    bucket, now_s, used = TokenBucket(rate), 100.0, []
    for idle_s, cost in requests:
        now_s += idle_s
        used.append((now_s + bucket.take(cost, now_s), cost))
    # what the exchange would hold after each request, by its own rule
    tokens, counted_s = rate.capacity, 100.0
    for at_s, cost in used:
        tokens = min(rate.capacity, tokens + (at_s - counted_s) * rate.refill_per_s) - cost
        counted_s = at_s
        assert tokens >= -1e-6


def test_a_full_bucket_makes_nobody_wait_and_an_empty_one_as_long_as_it_takes():
    bucket = TokenBucket(Rate(refill_per_s=100, capacity=100))
    assert [bucket.take(10, now_s=7.0) for _ in range(10)] == [0.0] * 10
    assert bucket.take(10, now_s=7.0) == pytest.approx(0.1)
    assert bucket.take(10, now_s=7.0) == pytest.approx(0.2)


def test_looking_takes_nothing():
    bucket = TokenBucket(Rate(10, 20))
    assert [bucket.wait_s(20, now_s=0) for _ in range(3)] == [0.0] * 3


def test_the_exchange_knows_better_when_a_bucket_is_empty():
    bucket = TokenBucket(Rate(refill_per_s=10, capacity=100))
    bucket.empty(now_s=0)
    assert bucket.wait_s(10, now_s=0) == pytest.approx(1.0)
    bucket.take(30, now_s=0)
    bucket.empty(now_s=0)
    assert bucket.wait_s(10, now_s=0) == pytest.approx(4.0), "what was owed before stays owed"


def test_cancelling_and_reading_an_order_are_cheap_and_the_rest_costs_ten():
    costs = Costs()
    assert costs.of("DELETE", "/portfolio/events/orders/{order_id}") == 2
    assert costs.of("GET", "/portfolio/orders/{order_id}") == 2
    assert costs.of("POST", "/portfolio/events/orders") == 10
    assert costs.of("GET", "/portfolio/orders") == 10


@pytest.mark.parametrize(
    "path", ["/portfolio/orders/{order_id}", "/trade-api/v2/portfolio/orders/:id"]
)
def test_the_exchanges_own_list_of_costs_is_understood_however_it_spells_its_routes(path):
    listed = {"default_cost": 12, "endpoint_costs": [{"method": "GET", "path": path, "cost": 3}]}
    costs = parse_costs(listed)
    assert costs.of("GET", "/portfolio/orders/{order_id}") == 3
    assert costs.of("DELETE", "/portfolio/events/orders/{order_id}") == 12
    assert parse_costs(COSTS).of("DELETE", "/portfolio/events/orders/{order_id}") == 2


def test_costs_that_are_no_list_are_refused():
    with pytest.raises(ContractError, match="endpoint_costs"):
        parse_costs({"default_cost": 10})


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_back_off_grows_to_its_cap_and_no_further(failures, u):
    waits = [backoff_s(n, lambda: u, first_s=0.5, cap_s=30.0) for n in (failures, failures + 1)]
    assert 0 <= waits[0] <= waits[1] <= 30 * u
