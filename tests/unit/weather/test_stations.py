"""The settlement table against the exchange's own times, dates and names."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from kalshi_edge.data.weather.stations import (
    LEGACY_SERIES,
    STATIONS,
    by_icao,
    by_report,
    by_series,
    station_of,
)
from kalshi_edge.errors import InputError

# The instant at which the exchange closes each city's market, hours UTC: midnight standard time.
CLOSE_HOUR_UTC = {
    "NYC": 5, "MIA": 5, "PHIL": 5, "ATL": 5, "BOS": 5, "DC": 5, "EWR": 5, "SDF": 5, "TTN": 5,
    "CHI": 6, "AUS": 6, "DAL": 6, "HOU": 6, "MIN": 6, "NOLA": 6, "OKC": 6, "SATX": 6,
    "DEN": 7, "PHX": 7,
    "LA": 8, "LV": 8, "SAN": 8, "SEA": 8, "SFO": 8,
}  # fmt: skip

CIVIL_ZONE = {
    5: ZoneInfo("America/New_York"),
    6: ZoneInfo("America/Chicago"),
    7: ZoneInfo("America/Denver"),
    8: ZoneInfo("America/Los_Angeles"),
}
PHOENIX = ZoneInfo("America/Phoenix")


def test_the_table_holds_each_of_the_24_cities_once() -> None:
    assert {station.city for station in STATIONS} == set(CLOSE_HOUR_UTC)
    for field in ("city", "icao", "report", "series", "name"):
        assert len({getattr(station, field) for station in STATIONS}) == 24


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.city)
def test_a_climate_day_ends_when_its_market_closes_in_winter_and_in_summer(station) -> None:
    for day in (date(2026, 1, 15), date(2026, 7, 15), date(2026, 3, 8), date(2026, 11, 1)):
        closes_at = datetime.combine(
            day + timedelta(days=1), time(CLOSE_HOUR_UTC[station.city]), tzinfo=UTC
        )
        assert station.day_end(day) == closes_at
        assert station.climate_day(closes_at - timedelta(microseconds=1)) == day
        assert station.climate_day(closes_at) == day + timedelta(days=1)


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.city)
def test_half_past_midnight_by_a_summer_clock_belongs_to_the_day_before(station) -> None:
    has_summer_time = station.city != "PHX"
    zone = CIVIL_ZONE[CLOSE_HOUR_UTC[station.city]] if has_summer_time else PHOENIX
    summer = datetime(2026, 7, 4, 0, 30, tzinfo=zone)
    winter = datetime(2026, 1, 4, 0, 30, tzinfo=zone)
    assert station.climate_day(winter) == date(2026, 1, 4)
    assert station.climate_day(summer) == date(2026, 7, 3 if has_summer_time else 4)


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.city)
def test_the_days_on_which_clocks_change_still_have_24_hours(station) -> None:
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        assert station.day_end(day) - station.day_start(day) == timedelta(hours=24)
        assert station.day_end(day) == station.day_start(day + timedelta(days=1))


def test_the_repeated_hour_in_november_is_one_climate_day() -> None:
    zone = ZoneInfo("America/New_York")
    for fold in (0, 1):
        at = datetime(2026, 11, 1, 1, 30, tzinfo=zone, fold=fold)
        assert station_of("NYC").climate_day(at) == date(2026, 11, 1)
    assert station_of("NYC").climate_day(datetime(2026, 11, 1, 0, 30, tzinfo=zone)) == date(
        2026, 10, 31
    )


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.city)
def test_a_sensor_stands_in_its_time_zone(station) -> None:
    """Standard time follows the sun to within an hour and a half everywhere in the table."""
    solar_offset_h = station.longitude / 15
    assert abs(solar_offset_h - station.standard_offset_h) < 1.5
    assert 25 < station.latitude < 48


def test_the_traps_among_the_stations_are_avoided() -> None:
    traps = {"CHI": "KMDW", "DAL": "KDFW", "HOU": "KHOU", "AUS": "KAUS", "NYC": "KNYC"}
    assert {city: station_of(city).icao for city in traps} == traps


def test_every_station_is_found_by_each_of_its_names() -> None:
    for station in STATIONS:
        assert station_of(station.city) is station
        assert by_icao(station.icao) is station
        assert by_series(station.series) is station
        assert by_report(station.report) is station


def test_names_of_recorded_history_lead_to_the_same_stations() -> None:
    assert station_of("LAX") is station_of("LA")
    for old, new in LEGACY_SERIES.items():
        assert by_series(old) is by_series(new)
        assert new == f"KX{old}"


@pytest.mark.parametrize(
    ("look_up", "wrong", "known"),
    [
        (station_of, "ORD", "NYC"),
        (by_icao, "KORD", "KMDW"),
        (by_series, "KXHIGHHOU", "KXHIGHTHOU"),
        (by_report, "CLIORD", "CLIMDW"),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(look_up, wrong, known) -> None:
    with pytest.raises(InputError, match=rf"'{wrong}'; known: .*\b{known}\b"):
        look_up(wrong)
