"""Pieces of large files, and texts of any station and hour."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather.byte_ranges import bulk_file
from kalshi_sandbox.weather.metar import metar, report_times
from kalshi_sandbox.weather.nbm_files import station_bulletin
from kalshi_sandbox.weather.nbm_layout import layout
from kalshi_sandbox.world.publication import RUN_HOURS, Model
from kalshi_sandbox.world.world import World

WORLD = World(seed=77)
INSTANTS = st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1), timezones=st.just(UTC))


@given(st.lists(st.binary(max_size=9), max_size=9), st.integers(-5, 90), st.integers(-5, 90))
def test_any_range_of_a_file_is_the_slice_of_its_bytes(
    parts: list[bytes], start: int, stop: int
) -> None:
    whole = b"".join(parts)
    file = bulk_file(tuple(parts))
    assert len(file) == len(whole)
    assert file.read(start, stop) == whole[max(0, start) : max(0, stop)]
    assert b"".join(file.chunks(0, len(file), size=4)) == whole


@settings(max_examples=40)
@given(st.sampled_from(STATIONS), INSTANTS)
def test_any_hourly_report_can_be_read_without_a_fault(station: Station, around: datetime) -> None:
    (at,) = report_times(station, around, around + timedelta(minutes=59, seconds=59))
    assert around <= at
    readings, faults = parse_metars(metar(WORLD, station, at), received_at=at)
    assert faults == ()
    assert readings[0].low_f == WORLD.temperature_f(station, at)


@settings(max_examples=40)
@given(st.sampled_from(STATIONS), INSTANTS, st.sampled_from(RUN_HOURS[Model.NBP]))
def test_any_run_of_any_station_can_be_read_without_a_fault(
    station: Station, around: datetime, hour: int
) -> None:
    run_at = around.replace(hour=hour, minute=0, second=0, microsecond=0)
    seen_at = WORLD.published_at(Model.NBP, run_at)
    text = station_bulletin(WORLD, station, layout(Model.NBP, run_at))
    parsed = parse_nbp(text, received_at=seen_at)
    assert parsed.faults == ()
    assert len(parsed.forecasts) == 9
    for forecast in parsed.forecasts:
        assert forecast == WORLD.forecast(Model.NBP, station, forecast.climate_day, run_at)
