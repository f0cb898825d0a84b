"""When quotes make way: the table against what the sources ask for, and its windows."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE, OVERDUE
from kalshi_edge.data.weather.stations import STATIONS, station_of
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.trading.quoting.releases import (
    RELEASES,
    ReleaseKind,
    next_release_at,
    release_due,
)
from kalshi_edge.trading.state import WorldState
from kalshi_edge.units import DAY
from tests.support.builders import DAY as TODAY
from tests.support.builders import forecast

NEW_YORK = station_of("NYC")
START = NEW_YORK.day_start(TODAY)
NIGHT = datetime.combine(TODAY, time(), tzinfo=START.tzinfo)


def of(kind: ReleaseKind):  # type: ignore[no-untyped-def]
    return next(one for one in RELEASES if one.source is kind)


def knowing(*forecasts: Forecast) -> WorldState:
    state = WorldState((NEW_YORK,), ("NBP",))
    for one in forecasts:
        state.forecast(one)
    return state


def test_the_bulletins_are_those_that_the_trader_asks_for() -> None:
    for kind, product in ((ReleaseKind.NBP, NBP), (ReleaseKind.NBS, NBS_BRIDGE)):
        assert tuple(clock.hour for clock in of(kind).due) == product.hours
        assert of(kind).overdue >= OVERDUE


def test_a_bulletin_keeps_quotes_out_until_it_is_here() -> None:
    run_at = NIGHT + timedelta(hours=7)
    due_at = run_at + timedelta(minutes=45)
    window = release_due(knowing(), NEW_YORK, TODAY, due_at)
    assert window is not None
    assert str(window) == "NBP of 07:00Z due"
    said = forecast({10: 50.0, 50: 53.0, 90: 56.0})
    here = replace(said, run_at=run_at, received_at=due_at)
    assert release_due(knowing(here), NEW_YORK, TODAY, due_at) is None
    older = replace(here, run_at=run_at - timedelta(hours=6))
    assert release_due(knowing(older), NEW_YORK, TODAY, due_at) is not None


def test_nobody_waits_for_a_bulletin_for_ever() -> None:
    late_at = NIGHT + timedelta(hours=7) + OVERDUE
    assert release_due(knowing(), NEW_YORK, TODAY, late_at, late_at) is None


def test_an_hourly_report_is_waited_for_once_the_day_has_begun() -> None:
    report_at = START + timedelta(hours=3, minutes=51)
    window = release_due(knowing(), NEW_YORK, TODAY, report_at)
    assert window is not None
    assert window.source is ReleaseKind.METAR
    assert release_due(knowing(), NEW_YORK, TODAY, report_at, report_at) is None
    before = START - timedelta(hours=2) + timedelta(minutes=51)
    assert release_due(knowing(), NEW_YORK, TODAY, before) is None


@given(
    station=st.sampled_from(STATIONS),
    after_min=st.integers(0, 36 * 60),
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_no_window_begins_before_the_one_that_is_said_to_be_next(station, after_min, day) -> None:  # type: ignore[no-untyped-def]
    """A quote that expires then is out of the book whenever a release is due."""
    state = WorldState((station,), ("NBP",))
    at = station.day_start(day) - DAY + timedelta(minutes=after_min)
    next_at = next_release_at(station, day, at)
    if release_due(state, station, day, at) is not None or next_at is None:
        return
    step = timedelta(minutes=1)
    seen = at
    while seen + step < next_at:
        seen += step
        assert release_due(state, station, day, seen) is None
    assert release_due(state, station, day, next_at) is not None
