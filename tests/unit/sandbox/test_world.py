"""The sandbox's world: what a day is made of, what is said of it beforehand, and world time."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from kalshi_edge.clock import ManualClock, WorldClock
from kalshi_edge.data.weather.stations import STATIONS, by_icao
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError
from kalshi_sandbox.world.climatology import CLIMATES
from kalshi_sandbox.world.days import days_of_year
from kalshi_sandbox.world.dependence import CORE, recursion, same_day, transition
from kalshi_sandbox.world.publication import RUN_HOURS, Model
from kalshi_sandbox.world.world import SLOT, World

NYC, MIDWAY, LAX = by_icao("KNYC"), by_icao("KMDW"), by_icao("KLAX")
START = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7)


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=step) for step in range(count)]


def test_every_station_of_the_table_has_a_climate() -> None:
    assert set(CLIMATES) == {station.icao for station in STATIONS}


@pytest.mark.parametrize("season", range(4))
def test_the_recursion_keeps_the_published_correlations_in_every_season(season: int) -> None:
    rules = recursion()
    step, spread = rules.steps[season], rules.spreads[season]
    covariance = np.zeros_like(step)
    for _ in range(300):
        covariance = step @ covariance @ step.T + spread @ spread.T
    assert covariance[:5, :5] == pytest.approx(same_day(), abs=1e-12)
    assert np.diag(rules.mix @ covariance @ rules.mix.T) == pytest.approx(np.ones(len(STATIONS)))


def test_chicago_leads_new_york_by_a_day_as_published() -> None:
    lagged = transition(season=1) @ same_day()
    new_york, chicago = CORE.index("KNYC"), CORE.index("KMDW")
    assert lagged[new_york, chicago] == pytest.approx(0.68)
    assert lagged[new_york, new_york] == pytest.approx(0.58)


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.icao)
def test_the_five_minute_temperatures_reach_the_high_and_never_pass_it(
    world: World, station: Station
) -> None:
    for day in days(date(2026, 12, 20), 60):
        start = station.day_start(day) - SLOT
        series = world.temperatures_f(station, start, start + timedelta(days=1))
        assert len(series) == 288
        assert series.max() == world.high_f(station, day)


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.icao)
def test_the_models_window_has_its_own_maximum(world: World, station: Station) -> None:
    for day in days(date(2026, 12, 20), 60):
        start = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - SLOT
        series = world.temperatures_f(station, start, start + timedelta(hours=18))
        assert series.max() == world.window_high_f(station, day)


def test_a_midnight_high_is_over_before_the_models_window_opens(world: World) -> None:
    winter = days(date(2026, 12, 1), 90)
    missed = [d for d in winter if world.window_high_f(MIDWAY, d) < world.high_f(MIDWAY, d)]
    assert 2 <= len(missed) <= 25
    for day in missed:
        assert world.high_at(MIDWAY, day) < datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_the_last_minutes_at_the_maximum_are_its_time(world: World) -> None:
    day = date(2027, 7, 4)
    at = world.high_at(NYC, day)
    high = world.high_f(NYC, day)
    assert world.temperature_f(NYC, at) == world.temperature_f(NYC, at + SLOT / 2) == high
    rest = world.temperatures_f(NYC, at, NYC.day_end(day) - SLOT)
    assert rest.max() < high


def test_hourly_readings_understate_the_maximum_as_real_ones_do(world: World) -> None:
    gaps = []
    for day in days(date(2026, 1, 1), 365):
        readings = [
            world.temperature_f(NYC, NYC.day_start(day) + timedelta(hours=hour, minutes=51))
            for hour in range(24)
        ]
        gaps.append(world.high_f(NYC, day) - max(readings))
    assert 0.5 < np.mean(gaps) < 1.0  # 0.75 to 0.94 °F measured
    assert 0.35 < np.mean(np.array(gaps) > 0) < 0.55  # 45 % measured


def test_later_runs_are_nearer_the_truth(world: World) -> None:
    def rmse(run_hour: int, days_before: int) -> float:
        wrong = []
        for day in days(date(2026, 1, 1), 365):
            run = datetime(day.year, day.month, day.day, run_hour, tzinfo=UTC)
            outlook = world.outlook(NYC, day, run - timedelta(days=days_before))
            wrong.append(outlook.mean_f - world.window_high_f(NYC, day))
        return float(np.sqrt(np.mean(np.square(wrong))))

    assert rmse(7, 0) < rmse(13, 1) < rmse(13, 3) < rmse(13, 6)


def test_revisions_say_nothing_of_what_is_still_wrong(world: World) -> None:
    revisions, left = [], []
    for station in STATIONS:
        for day in days(date(2026, 1, 1), 365):
            seventh = datetime(day.year, day.month, day.day, 7, tzinfo=UTC)
            late = world.outlook(station, day, seventh).mean_f
            revisions.append(
                late - world.outlook(station, day, seventh - timedelta(hours=18)).mean_f
            )
            left.append(world.window_high_f(station, day) - late)
    assert abs(np.corrcoef(revisions, left)[0, 1]) < 0.04  # 8,760 days, dependent
    assert 0.8 < np.std(revisions) < 1.6  # √(2.66² − 2.38²) = 1.19 °F, pooled


def test_the_published_forecast_is_the_outlook_in_whole_degrees(world: World) -> None:
    run = datetime(2027, 1, 10, 13, tzinfo=UTC)
    outlook = world.outlook(LAX, date(2027, 1, 11), run)
    forecast = world.forecast(Model.NBP, LAX, date(2027, 1, 11), run)
    assert forecast.version == "5.0"
    assert forecast.percentile(50) == forecast.mean_f
    assert forecast.mean_f == pytest.approx(outlook.mean_f, abs=0.5)
    assert forecast.percentile(90) == pytest.approx(
        outlook.mean_f + 1.281552 * outlook.sd_f, abs=0.5
    )
    assert timedelta(minutes=62) <= forecast.received_at - run <= timedelta(minutes=104)


def test_a_day_that_is_over_has_no_forecast(world: World) -> None:
    with pytest.raises(InputError, match="says nothing of 2027-01-10"):
        world.outlook(NYC, date(2027, 1, 10), datetime(2027, 1, 11, tzinfo=UTC))


def test_only_six_runs_a_day_carry_percentiles(world: World) -> None:
    assert RUN_HOURS[Model.NBP] == (0, 1, 7, 12, 13, 19)
    with pytest.raises(InputError, match="NBP has no run at 18 UTC"):
        world.published_at(Model.NBP, datetime(2027, 1, 10, 18, tzinfo=UTC))


def test_the_weather_office_agrees_with_the_model_within_degrees(world: World) -> None:
    apart = []
    for day in days(date(2026, 1, 1), 365):
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        model = world.outlook(NYC, day, at.replace(hour=1)).mean_f
        apart.append(world.nws_high_f(NYC, day, at) - model)
    assert 0.75 < np.std(apart) < 1.05  # 0.85 °F of its own, and rounding
    assert world.nws_issued_at(at) <= at


def test_a_year_outside_the_worlds_is_refused(world: World) -> None:
    with pytest.raises(InputError, match="1900 to 2200, not 1899"):
        world.high_f(NYC, date(1899, 7, 1))


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="not negative, as -1 is"):
        World(seed=-1)


def test_leap_days_are_days_like_any_other() -> None:
    assert len(days_of_year(seed=1, year=2028)) == 366
    assert World(seed=1).high_f(NYC, date(2028, 2, 29)) < 80


def test_world_time_runs_stops_and_steps() -> None:
    real = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
    clock = WorldClock(START, speed=3600, real=real)
    real.advance(timedelta(seconds=24))
    assert clock.now() == START + timedelta(days=1)
    clock.set_speed(0)
    real.advance(timedelta(hours=5))
    assert clock.now() == START + timedelta(days=1)
    clock.step(timedelta(minutes=30))
    assert clock.now() == START + timedelta(days=1, minutes=30)


def test_world_time_never_goes_back() -> None:
    clock = WorldClock(START)
    with pytest.raises(InputError, match="cannot step back"):
        clock.step(timedelta(seconds=-1))
    with pytest.raises(InputError, match="between 0 and 1,000,000, not -1"):
        clock.set_speed(-1)
