"""The sandbox's weather texts in detail: clocks, groups, faults, and a real server's socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import httpx
import orjson
import pytest
import uvicorn

from kalshi_edge.clock import WorldClock
from kalshi_edge.data.weather.metar import fahrenheit_candidates
from kalshi_edge.data.weather.stations import STATIONS, by_icao
from kalshi_edge.errors import InputError
from kalshi_sandbox.weather import cli
from kalshi_sandbox.weather.diurnal_curve import hourly_forecast_f
from kalshi_sandbox.weather.faults import Fault, FaultKind, Faults, Product, fault_of
from kalshi_sandbox.weather.metar import tenths, whole_celsius
from kalshi_sandbox.weather.office_table import (
    OFFICES,
    civil_time,
    is_summer_time,
    station_of_name,
    zone_name,
)
from kalshi_sandbox.weather.service import weather_app
from kalshi_sandbox.world.world import World

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

WORLD = World(seed=5)
NYC, LAX, PHOENIX = by_icao("KNYC"), by_icao("KLAX"), by_icao("KPHX")


def test_every_station_has_an_office_and_is_found_by_its_letters() -> None:
    assert set(OFFICES) == {station.icao for station in STATIONS}
    assert all(station_of_name(station.report[3:]) == station for station in STATIONS)


@pytest.mark.parametrize(
    ("at", "wall", "zone"),
    [
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), datetime(2026, 3, 8, 1, 59), "EST"),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), datetime(2026, 3, 8, 3, 0), "EDT"),
        (datetime(2026, 11, 1, 5, 59, tzinfo=UTC), datetime(2026, 11, 1, 1, 59), "EDT"),
        (datetime(2026, 11, 1, 6, 0, tzinfo=UTC), datetime(2026, 11, 1, 1, 0), "EST"),
    ],
)
def test_clocks_change_at_two_in_the_morning(at: datetime, wall: datetime, zone: str) -> None:
    assert civil_time(NYC, at) == (wall, zone)


def test_phoenix_never_changes_its_clocks() -> None:
    assert not is_summer_time(PHOENIX, datetime(2026, 7, 1, tzinfo=UTC))
    assert is_summer_time(LAX, datetime(2026, 7, 1, tzinfo=UTC))
    assert zone_name(PHOENIX) == "America/Phoenix"


def test_the_afternoon_report_goes_to_four_by_the_wall_clock() -> None:
    assert cli.as_of(NYC, date(2026, 7, 9)) == datetime(2026, 7, 9, 20, tzinfo=UTC)
    assert cli.as_of(NYC, date(2026, 12, 9)) == datetime(2026, 12, 9, 21, tzinfo=UTC)
    assert cli.as_of(PHOENIX, date(2026, 7, 9)) == datetime(2026, 7, 9, 23, tzinfo=UTC)


def test_final_reports_come_when_real_ones_do() -> None:
    """New York about 06:18, Miami 08:27 to 09:22 UTC in summer, within 35 minutes."""
    for icao, hour, minute in (("KNYC", 6, 18), ("KMDW", 6, 46), ("KMIA", 8, 50), ("KPHX", 8, 16)):
        station = by_icao(icao)
        usual = datetime(2026, 7, 10, hour, minute, tzinfo=UTC)
        for ahead in range(30):
            at = cli.final_at(WORLD, station, date(2026, 7, 9) + timedelta(days=ahead))
            assert abs(at - timedelta(days=ahead) - usual) <= timedelta(minutes=35)


def test_a_record_is_marked() -> None:
    day = date(2026, 7, 9)
    (record, _), _ = cli.records_f(WORLD, NYC, day)
    above = record - WORLD.high_f(NYC, day)
    issued_at = cli.final_at(WORLD, NYC, day)
    text = cli.climate_report(WORLD, NYC, day, issued_at, added_f=above)
    assert f"  MAXIMUM{record:>11}R" in text
    assert f"  MAXIMUM{record - 1:>11} " in cli.climate_report(
        WORLD, NYC, day, issued_at, added_f=above - 1
    )


@pytest.mark.parametrize("whole_f", range(-30, 131))
def test_celsius_in_reports_leads_back_to_the_sensors_fahrenheit(whole_f: int) -> None:
    group = tenths(whole_f)
    celsius = int(group[1:]) / 10 * (-1 if group[0] == "1" else 1)
    assert round(celsius * 1.8 + 32) == whole_f
    assert whole_f in fahrenheit_candidates(whole_celsius(whole_f))


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.icao)
def test_hourly_forecasts_pass_through_the_days_maximum_and_minimum(station: object) -> None:
    place = by_icao(getattr(station, "icao", ""))
    run_at = datetime(2026, 11, 22, 13, tzinfo=UTC)
    day = date(2026, 11, 24)
    hours = [
        hourly_forecast_f(WORLD, place, place.day_start(day) + timedelta(hours=hour), run_at)
        for hour in range(24)
    ]
    assert hours[15] == pytest.approx(WORLD.outlook(place, day, run_at).mean_f)
    assert hours[6] == pytest.approx(WORLD.low_outlook(place, day, run_at).mean_f)


def test_faults_survive_json() -> None:
    fault = Fault(Product.NBP, FaultKind.TRUNCATED, amount=0.3)
    assert fault_of(orjson.loads(orjson.dumps(asdict(fault)))) == fault


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"product": "cli", "kind": "eaten"}, "'eaten'"),
        ({"product": "nbp", "kind": "corrected"}, "only climate reports are corrected"),
        ({"product": "nbp", "kind": "truncated", "amount": 1.5}, "share of 0 to 1, not 1.5"),
        ({"product": "nbp", "kind": "late", "amount": -5}, "no negative amount -5"),
        ({"product": "nbp", "kind": "late", "amount": "much"}, "is a number, not 'much'"),
        ({"product": "nbp", "kind": "late", "station": 7}, "not 7"),
        ({"product": "nbp", "kind": "late", "when": "now"}, "no when"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        fault_of(fields)


def test_a_newer_fault_takes_the_place_of_its_like() -> None:
    faults = Faults([Fault(Product.CLI, FaultKind.LATE, amount=10)])
    faults.add(Fault(Product.CLI, FaultKind.LATE, amount=20))
    faults.add(Fault(Product.CLI, FaultKind.LATE, "KNYC", amount=30))
    assert len(faults.active) == 2
    assert faults.delay(Product.CLI, "KMDW") == timedelta(minutes=20)
    assert faults.delay(Product.CLI, "KNYC") == timedelta(minutes=30)
    faults.clear()
    assert faults.active == ()


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A real server on a real port."""
    faults = Faults([Fault(Product.METAR, FaultKind.WRONG_LENGTH)])
    clock = WorldClock(datetime(2026, 11, 22, 16, tzinfo=UTC))
    config = uvicorn.Config(weather_app(WORLD, clock, faults), port=0, log_level="critical")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — it has no event to wait for
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


async def test_over_a_real_socket_ranges_work_and_wrong_lengths_hurt(address: str) -> None:
    key = "blend.20261122/13/text/blend_nbptx.t13z"
    async with httpx.AsyncClient(base_url=address) as client:
        part = await client.get(f"/s3/{key}", headers={"Range": "bytes=-75"})
        assert (part.status_code, part.content) == (206, b" " * 74 + b"\n")
        assert (await client.head(f"/s3/{key}")).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/awc/api/data/metar?ids=KNYC")
