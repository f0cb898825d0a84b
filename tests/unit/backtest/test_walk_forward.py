"""A city's walk: only what was received by the start of a day decides about it, and once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from kalshi_edge.backtest.walk_forward import CityWalk
from kalshi_edge.data.history.records import Record
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_sandbox.past.past import Past
from kalshi_sandbox.world.world import World
from tests.support.backtest_records import FIRST

NYC = station_of("NYC")


def days(count: int) -> Iterator[Record]:
    """Days with a forecast of 12Z the day before and a report the day after."""
    for i in range(count):
        day = FIRST + timedelta(days=i)
        yield forecast(day, 50.0 + i % 7)
        yield report(day, 51 + i % 7)


def forecast(day: date, mean_f: float, model: str = "NBM", hours_late: float = -11.0) -> Forecast:
    at = NYC.day_start(day) + timedelta(hours=hours_late)
    return Forecast("KNYC", day, model, "4.2", at - timedelta(hours=6), at, mean_f=mean_f)


def report(day: date, high_f: int, *, days_later: int = 1) -> ClimateReport:
    at = datetime.combine(day + timedelta(days=days_later), time(11), NYC.day_start(day).tzinfo)
    return ClimateReport(
        report="CLINYC",
        climate_day=day,
        high_f=high_f,
        low_f=None,
        is_final=True,
        is_corrected=days_later > 1,
        is_record=False,
        issued_at=None,
        received_at=at,
    )


def walk(*records: Record, models: tuple[str, ...] = ("NBM",)) -> CityWalk:
    ordered = sorted(records, key=lambda record: record.received_at)
    return CityWalk(NYC, models).through(ordered)


def test_a_forecast_received_after_the_day_began_changes_nothing() -> None:
    known = list(days(6))
    late = forecast(FIRST + timedelta(days=4), 90.0, hours_late=0.01)
    in_time = replace(late, received_at=NYC.day_start(late.climate_day))
    assert walk(*known, late).days == walk(*known).days
    assert walk(*known, in_time).days != walk(*known).days


def test_a_day_that_nothing_was_known_of_at_its_start_is_not_judged() -> None:
    day = FIRST + timedelta(days=6)
    found = walk(*days(6), forecast(day, 50.0, hours_late=1), report(day, 52))
    assert [one.climate_day for one in found.days] == [FIRST + timedelta(days=i) for i in range(6)]


def test_a_day_is_judged_once_by_its_first_report_and_learned_from_the_last() -> None:
    corrected = report(FIRST + timedelta(days=1), 80, days_later=3)
    found, before = walk(*days(9), corrected), walk(*days(9))
    assert [one.high_f for one in found.days] == [one.high_f for one in before.days]
    assert found.days[3] == before.days[3]
    assert found.days[-1].forecasts["emos"] != before.days[-1].forecasts["emos"]


def test_without_the_seeds_models_emos_is_judged_alone() -> None:
    found = walk(*days(4), models=("GFSMOS",))
    assert [set(one.forecasts) for one in found.days] == [{"emos"}] * 4


def test_a_ladder_is_judged_with_the_age_of_its_quotes_and_without_the_seed() -> None:
    past = Past(World(3))
    records = [one for i in range(3) for one in past.day(NYC, FIRST + timedelta(days=i))]
    ladders = [one for one in records if isinstance(one, Ladder)]
    found = walk(*records, models=("none of them",))
    assert len(ladders) == 3
    assert found.ladders
    for one in found.ladders:
        assert one.seed is None
        assert 0 <= one.quotes_age_h <= 8
        assert one.bins[one.won].contains(
            next(day.high_f for day in found.days if day.climate_day == one.climate_day)
        )
