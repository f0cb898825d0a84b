"""Which run holds which day, from when on: the table of the NBM's cycles, row by row."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE, target_days
from kalshi_edge.data.weather.stations import station_of

D = date(2026, 11, 22)
DAY = timedelta(days=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "first"), [(0, D), (1, D), (7, D), (12, D + DAY), (13, D + DAY), (19, D + DAY)]
)
def test_the_first_maximum_of_each_run_is_that_of_its_columns(hour: int, first: date):
    run_at = at(22, hour)
    days = [D - DAY, D, D + DAY, D + 2 * DAY]
    assert [day for day in days if NBP.holds(run_at, day)] == [d for d in days if d >= first]


def test_a_run_looks_nine_days_ahead_and_no_further():
    """The last maximum stands at FHR 215 at 01Z, at 227 at 13Z."""
    assert NBP.holds(at(22, 13), D + 9 * DAY)
    assert not NBP.holds(at(22, 13), D + 10 * DAY)


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (at(22, 0, 29), at(21, 19)),
        (at(22, 0, 30), at(22, 0)),
        (at(22, 1, 30), at(22, 1)),
        (at(22, 7, 29), at(22, 1)),
        (at(22, 7, 30), at(22, 7)),
        (at(22, 13, 0), at(22, 7)),
        (at(22, 23, 59), at(22, 7)),
    ],
)
def test_the_newest_word_on_a_day_is_never_younger_than_seven_utc(now: datetime, newest: datetime):
    assert NBP.candidates(D, now)[0] == newest


def test_without_the_runs_of_a_whole_morning_the_evening_before_is_asked():
    """2026-09-24: the runs of 00, 01 and 07Z came nine to fourteen hours late."""
    assert NBP.candidates(D, at(22, 15)) == (at(22, 7), at(22, 1), at(22, 0), at(21, 19))


def test_a_day_that_no_recent_run_can_hold_has_no_candidates():
    assert NBP.candidates(D - 3 * DAY, at(22, 15)) == ()
    assert NBP.candidates(D + 12 * DAY, at(22, 15)) == ()


def test_the_bridge_spans_from_noon_to_the_end_of_the_day():
    assert NBS_BRIDGE.candidates(D, at(22, 12, 29)) == ()
    assert NBS_BRIDGE.candidates(D, at(22, 12, 30)) == (at(22, 12),)
    assert NBS_BRIDGE.candidates(D, at(23, 4)) == (at(22, 12),)
    assert NBS_BRIDGE.candidates(D + DAY, at(22, 15)) == ()


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (at(22, 15), [D, D + DAY]),
        (at(23, 4, 59), [D, D + DAY]),
        (at(23, 6), [D, D + DAY, D + 2 * DAY]),  # New York has turned, Los Angeles has not
        (at(23, 8), [D + DAY, D + 2 * DAY]),
    ],
)
def test_what_is_traded_is_the_day_in_progress_anywhere_and_the_next(
    now: datetime, days: list[date]
):
    stations = [station_of(city) for city in ("NYC", "LA")]
    assert list(target_days(stations, now)) == days
