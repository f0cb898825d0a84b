"""The world is a function: of its seed, a station and a day, and of nothing else."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.world.publication import RUN_HOURS, Model
from kalshi_sandbox.world.world import SLOT, World

DAYS = st.dates(date(2025, 12, 25), date(2028, 3, 5))
SOME = st.lists(st.tuples(st.sampled_from(STATIONS), DAYS), min_size=1, max_size=4)
RUNS = st.builds(
    lambda day, hour: datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
    DAYS,
    st.sampled_from(RUN_HOURS[Model.NBP]),
)

KEPT = World(seed=20261122)
"""Has answered all questions of earlier examples, whatever their order."""


def facts(world: World, station: Station, day: date) -> tuple[object, ...]:
    run = datetime(day.year, day.month, day.day, 7, tzinfo=UTC) - timedelta(days=1)
    return (
        world.high_f(station, day),
        world.window_high_f(station, day),
        world.high_at(station, day),
        world.low_f(station, day),
        world.forecast(Model.NBP, station, day, run),
    )


@settings(max_examples=8)
@given(SOME)
def test_the_order_of_questions_does_not_matter(asked: list[tuple[Station, date]]) -> None:
    fresh = World(seed=20261122)
    assert [facts(KEPT, *place) for place in asked] == [
        facts(fresh, *place) for place in reversed(asked)
    ][::-1]


@settings(max_examples=50)
@given(st.sampled_from(STATIONS), DAYS)
def test_a_high_lies_in_its_climate_day_and_above_the_rest_of_it(
    station: Station, day: date
) -> None:
    at = KEPT.high_at(station, day)
    assert station.climate_day(at) == day
    assert KEPT.low_f(station, day) < KEPT.window_high_f(station, day)


@settings(max_examples=50)
@given(st.sampled_from(STATIONS), RUNS, st.integers(1, 8))
def test_a_forecast_is_ordered_positive_in_spread_and_not_yet_known_at_its_run(
    station: Station, run_at: datetime, ahead: int
) -> None:
    forecast = KEPT.forecast(Model.NBP, station, run_at.date() + timedelta(days=ahead), run_at)
    values = [value for _, value in forecast.percentiles]
    assert values == sorted(values)
    assert forecast.sd_f is not None
    assert forecast.sd_f >= 1
    assert forecast.received_at > run_at + timedelta(minutes=60)


@settings(max_examples=50)
@given(st.sampled_from(STATIONS), DAYS, st.integers(0, 287), st.integers(0, 600))
def test_a_stretch_of_temperatures_is_its_moments_one_by_one(
    station: Station, day: date, slot: int, count: int
) -> None:
    start = station.day_start(day) + slot * SLOT
    series = KEPT.temperatures_f(station, start, start + count * SLOT)
    assert len(series) == count
    for place in range(0, count, 97):
        at = start + (place + 1) * SLOT
        assert series[place] == KEPT.temperature_f(station, at)


@given(RUNS)
def test_a_run_is_seen_in_the_bucket_within_the_measured_delays(run_at: datetime) -> None:
    delay = KEPT.published_at(Model.NBP, run_at) - run_at
    assert timedelta(minutes=62) <= delay <= timedelta(minutes=108)
