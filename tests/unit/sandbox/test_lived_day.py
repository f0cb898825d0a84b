"""A lived day: the same twice, within its bounds, and neither side sees the other's orders."""

import asyncio
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from kalshi_edge.choices import ForecastModel
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.models.censored import Outcomes
from kalshi_edge.models.fill_chance import FillChance
from kalshi_sandbox.lived.day import DayPlan, LivedDay, live_day
from kalshi_sandbox.world.world import World

DAY = date(2027, 1, 12)
PLAN = DayPlan(
    [station_of("NYC")], sessions=1, model=ForecastModel.POSTERIOR, margin=Decimal("0.01")
)


def lived() -> LivedDay:
    return asyncio.run(live_day(World(3), DAY, PLAN, FillChance()))


@pytest.fixture(scope="module")
def day() -> LivedDay:
    return lived()


def test_a_day_is_lived_the_same_twice(day: LivedDay) -> None:
    again = lived()
    assert again.orders == day.orders
    assert (again.maker_pnl, again.taker_pnl) == (day.maker_pnl, day.taker_pnl)
    assert again.writes == day.writes


def test_quotes_are_posted_predicted_and_out_of_the_way(day: LivedDay) -> None:
    assert len(day.orders) > 10
    assert all(0 <= order.chance <= 1 for order in day.orders)
    assert all(0 <= order.rested_s <= 60 for order in day.orders)
    assert not any(order.is_filled and order.is_censored for order in day.orders)
    assert not day.rested_too_long


def test_no_more_than_a_tenth_of_the_write_budget_is_used(day: LivedDay) -> None:
    assert sum(tokens for _, tokens in day.writes) <= 0.1 * 100 * day.seconds
    for at_s, _ in day.writes:
        within = sum(tokens for then_s, tokens in day.writes if at_s - 10 < then_s <= at_s)
        assert within <= 110


def test_what_was_taken_out_stands_for_nothing_and_the_rest_for_it() -> None:
    """A third would happen late: as many of those that were taken out as of the others."""
    random = np.random.default_rng(5)
    when = random.exponential(60 / np.log(1.5), 4000)  # one in three within 60 s
    out = random.uniform(0, 180, 4000)
    seen = np.minimum(np.minimum(when, out), 60.0)
    happened, lost = when <= np.minimum(out, 60.0), out < np.minimum(when, 60.0)
    known = Outcomes.of(list(seen), list(happened), list(lost), 60.0)
    assert abs(known.share() - 1 / 3) < 0.03
    assert abs(happened.mean() - 1 / 3) > 0.03  # as if all had been seen to the end
    assert known.skill(np.full(4000, known.share())) == pytest.approx(0.0)
