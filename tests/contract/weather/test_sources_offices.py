"""Forecasts, observations and climate reports from servers on real sockets, with real texts."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.http import Patience, PoliteClient
from kalshi_edge.data.weather.sources.nws import NwsForecastSource
from kalshi_edge.data.weather.sources.observations import ObservationSource
from kalshi_edge.data.weather.sources.reports import ClimateReportSource
from kalshi_edge.data.weather.stations import STATIONS, by_icao
from kalshi_edge.domain.weather import Basis
from tests.support.weather_server import Trouble, WeatherServer, weather_server

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

QUICK = Patience(connect_s=1, silence_s=0.3, page_s=0.6, attempts=2, pause_s=0.001)
EVENING = datetime(2026, 7, 9, 21, tzinfo=UTC)
NYC, MIA, MDW = (by_icao(icao) for icao in ("KNYC", "KMIA", "KMDW"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def office() -> AsyncIterator[WeatherServer]:
    async with weather_server() as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(EVENING)


@pytest.fixture
async def client(clock: ManualClock, office: WeatherServer) -> AsyncIterator[PoliteClient]:
    addresses = WeatherAddresses.under(office.base)
    async with PoliteClient(clock, "test", addresses=addresses, patience=QUICK) as one:
        yield one


# --- the office's forecast --------------------------------------------------------------------

POINT = "/nws/points/40.7789,-73.9692"
GRID = "/nws/gridpoints/OKX/34,45"


@pytest.fixture
def forecasts(client: PoliteClient, clock: ManualClock) -> NwsForecastSource:
    return NwsForecastSource(client, (NYC,), clock)


@pytest.fixture
def grid(shared: Path, office: WeatherServer) -> bytes:
    office.put(POINT, (shared / "data/nws/points_nyc.json").read_bytes())
    body = (shared / "data/nws/griddata_nyc_trimmed.json").read_bytes()
    office.put(GRID, body)
    return body


async def test_the_offices_forecast_comes_by_way_of_its_grid(forecasts, grid, office):
    found = await forecasts()
    assert [(f.climate_day.day, f.mean_f) for f in found] == [
        (9, 84.0), (10, 89.0), (11, 83.0), (12, 84.0),
    ]  # fmt: skip
    assert {f.received_at for f in found} == {EVENING}
    assert [r.path for r in office.requests] == [POINT, GRID]
    assert forecasts.status.cycle == datetime(2026, 7, 9, 19, 3, 33, tzinfo=UTC)


async def test_a_forecast_that_stands_is_no_news_and_one_that_changed_is(
    forecasts, grid, office, clock
):
    await forecasts()
    clock.advance(HOUR)
    assert await forecasts() == ()
    assert (office.requests[-1].status, forecasts.status.outcome) == (304, PollOutcome.UNCHANGED)
    office.put(GRID, grid.replace(b"31.666666666666668", b"32.22222222222222"))
    (changed,) = await forecasts()
    assert (changed.climate_day, changed.mean_f) == (date(2026, 7, 10), 90.0)


async def test_the_place_on_the_grid_is_asked_for_once_a_week(forecasts, grid, office, clock):
    for _ in range(8):
        await forecasts()
        clock.advance(DAY - MINUTE)
    assert len(office.asked(POINT)) == 1
    await forecasts()
    assert len(office.asked(POINT)) == 2


async def test_a_place_that_cannot_be_asked_for_again_is_where_it_was(
    forecasts, grid, office, clock
):
    await forecasts()
    clock.advance(8 * DAY)
    fresh = grid.replace(b"2026-07-09T19:03", b"2026-07-17T19:03").replace(b"-07-12T", b"-07-17T")
    office.put(GRID, fresh)
    office.troubles[POINT] = Trouble.DOWN
    assert {f.climate_day for f in await forecasts()} == {date(2026, 7, 17)}
    assert "503" in forecasts.status.error
    assert forecasts.status.outcome == PollOutcome.NEW


async def test_a_square_that_is_gone_is_looked_for_anew(forecasts, grid, office, shared):
    await forecasts()
    del office.documents[GRID]
    moved = (
        (shared / "data/nws/points_nyc.json").read_bytes().replace(b'"gridX": 34', b'"gridX": 33')
    )
    office.put(POINT, moved)
    assert await forecasts() == ()
    assert forecasts.status.outcome == PollOutcome.MISSING
    office.put(GRID.replace("34", "33"), grid.replace(b"28.33", b"28.88"))
    assert await forecasts()
    assert forecasts.status.outcome == PollOutcome.NEW


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ((b'"gridId": "OKX"', b'"gridId": "PHI"'), "asked for OKX, but got PHI"),
        ((b"2026-07-09T19:03:33", b"2026-07-09T21:11:33"), "which is yet to come"),
    ],
)
async def test_what_is_not_the_grid_asked_for_or_not_of_this_time_is_refused(
    wrong, why, forecasts, grid, office
):
    office.put(GRID, grid.replace(*wrong), headers={"Cache-Control": "max-age=3600"})
    assert await forecasts() == ()
    assert (forecasts.status.outcome, forecasts.status.age) == (PollOutcome.MALFORMED, None)
    assert why in forecasts.status.error
    office.put(GRID, grid)
    assert await forecasts(), "the wrong one is not kept"


async def test_an_old_forecast_is_given_and_said_to_be_old(forecasts, grid, clock):
    clock.set(datetime(2026, 7, 10, 9, 4, tzinfo=UTC))
    assert [f.climate_day.day for f in await forecasts()] == [10, 11, 12]
    assert (forecasts.status.outcome, forecasts.status.is_stale) == (PollOutcome.LATE, True)
    assert forecasts.status.error == "KNYC: forecast of 09 Jul 19:03 UTC, 14:00:27 old"


async def test_one_station_without_a_forecast_costs_no_other(client, grid, clock):
    source = NwsForecastSource(client, (NYC, MIA), clock)
    assert {f.station for f in await source()} == {"KNYC"}
    assert source.status.outcome == PollOutcome.MISSING


async def test_places_are_written_so_that_the_office_need_not_redirect(client, office, clock):
    await NwsForecastSource(client, STATIONS, clock)()
    asked = {request.path.removeprefix("/nws/points/") for request in office.requests}
    assert len(asked) == len(STATIONS)
    for place in asked:
        for number in place.split(","):
            assert len(number.partition(".")[2]) <= 4
            assert not number.endswith("0")
    assert {tuple(map(float, place.split(","))) for place in asked} == {
        (station.latitude, station.longitude) for station in STATIONS
    }


# --- observations -----------------------------------------------------------------------------

MDW_2051 = "KMDW 092051Z 15005KT 10SM CLR 29/23 A2993 RMK AO2 SLP121 T02940228 $"
NYC_2051 = "METAR KNYC 092051Z AUTO 00000KT 10SM CLR 28/18 A3001 RMK AO2 SLP152 T02780183"
NYC_1951 = "METAR KNYC 091951Z AUTO 00000KT 10SM CLR 29/18 A3001 RMK AO2 SLP152 T02890183"
LGA_2051 = "METAR KLGA 092051Z 00000KT 10SM CLR 31/18 A3001 RMK AO2 SLP152 T03110183"


def aviation_path(hours: int) -> str:
    return f"/awc/api/data/metar?ids=KMDW,KNYC&format=raw&hours={hours}"


@pytest.fixture
def observations(client: PoliteClient, clock: ManualClock) -> ObservationSource:
    return ObservationSource(client, (NYC, MDW), clock)


async def test_one_answer_has_the_reports_of_all_stations(observations, office):
    office.put(aviation_path(30), "\n".join([NYC_2051, NYC_1951, MDW_2051, LGA_2051, ""]))
    found = await observations()
    assert {(o.station, o.basis, o.low_f, o.high_f, o.end_at.hour) for o in found} == {
        ("KMDW", Basis.T_GROUP, 85, 85, 20),
        ("KNYC", Basis.T_GROUP, 82, 82, 20),
        ("KNYC", Basis.T_GROUP, 84, 84, 19),
    }, "and no neighbour stands in for another"
    assert {o.received_at for o in found} == {EVENING}
    assert len(office.requests) == 1
    assert (observations.status.outcome, observations.status.error) == (PollOutcome.NEW, "")
    assert observations.status.cycle == datetime(2026, 7, 9, 20, 51, tzinfo=UTC)


async def test_later_only_the_last_hours_are_asked_for_and_only_news_is_told(
    observations, office, clock
):
    office.put(aviation_path(30), "\n".join([NYC_2051, MDW_2051]))
    await observations()
    clock.advance(HOUR)
    new = MDW_2051.replace("092051Z", "092153Z")
    office.put(aviation_path(3), "\n".join([NYC_2051, MDW_2051, new]))
    (found,) = await observations()
    assert found.end_at == datetime(2026, 7, 9, 21, 53, tzinfo=UTC)


async def test_a_report_that_cannot_be_read_costs_no_other_and_is_shown(observations, office):
    office.put(
        aviation_path(30), "\n".join([NYC_2051.replace("28/18", "8/18"), NYC_1951, MDW_2051])
    )
    assert len(await observations()) == 3
    office.put(
        aviation_path(3), "\n".join([NYC_2051.replace("28/18", "10/08"), NYC_1951, MDW_2051])
    )
    assert await observations() == ()
    assert "KNYC" in observations.status.error
    assert "27.8 °C in the remarks" in observations.status.error


async def test_a_report_from_our_future_waits_until_it_is_past(observations, office, clock):
    early = MDW_2051.replace("092051Z", "092105Z")
    office.put(aviation_path(30), "\n".join([NYC_2051, MDW_2051]))
    office.put(aviation_path(3), "\n".join([NYC_2051, MDW_2051, early]))
    await observations()
    assert await observations() == ()
    clock.advance(6 * MINUTE)
    (found,) = await observations()
    assert found.end_at <= found.received_at


def nws_document(*reports: tuple[str, str, float | None]) -> bytes:
    features = [
        {
            "properties": {
                "timestamp": f"2026-07-09T{time}:00+00:00",
                "rawMessage": text,
                "temperature": {
                    "unitCode": "wmoUnit:degC", "value": value, "qualityControl": "V",
                },
            }
        }
        for time, text, value in reports
    ]  # fmt: skip
    return orjson.dumps({"type": "FeatureCollection", "features": features})


async def test_a_station_that_is_silent_there_is_asked_for_at_its_office(observations, office):
    office.put(aviation_path(30), NYC_2051)
    office.put(
        "/nws/stations/KMDW/observations?limit=400",
        nws_document(("20:55", "", 31), ("20:51", MDW_2051, 29.4), ("20:45", "", None)),
    )
    found = {(o.station, o.basis, o.low_f, o.high_f) for o in await observations()}
    assert found == {
        ("KNYC", Basis.T_GROUP, 82, 82),
        ("KMDW", Basis.T_GROUP, 85, 85),
        ("KMDW", Basis.WHOLE_CELSIUS, 87, 88),
    }
    assert not office.asked("KNYC/observations")
    assert observations.status.outcome == PollOutcome.NEW


async def test_a_station_that_is_silent_everywhere_is_named(observations, office):
    office.put(aviation_path(30), NYC_2051)
    office.put("/nws/stations/KMDW/observations?limit=400", nws_document())
    await observations()
    assert (observations.status.outcome, observations.status.is_stale) == (PollOutcome.LATE, True)
    assert observations.status.error == "no report of KMDW within 2:00:00"


async def test_nothing_to_say_is_silence(observations, office):
    office.put(aviation_path(30), "", status=204)
    assert await observations() == ()
    assert (observations.status.outcome, observations.status.is_stale) == (
        PollOutcome.MISSING,
        True,
    )


# --- climate reports --------------------------------------------------------------------------

FINAL, SO_FAR = "9f1c", "9f2d"


def product_list(*entries: tuple[str, str]) -> bytes:
    graph = [{"id": name, "issuanceTime": f"{at}:00+00:00"} for name, at in entries]
    return orjson.dumps({"@context": {}, "@graph": graph})


def archived(station: str, report: str, *highs: tuple[str, str, object]) -> bytes:
    results = [
        {"station": station, "valid": day, "high": high, "low": 60,
         "product": f"{issued}-KXXX-CDUS41-{report}"}
        for day, issued, high in highs
    ]  # fmt: skip
    return orjson.dumps({"results": results})


LIST = "/nws/products/types/CLI/locations/NYC"
ARCHIVE = "/iem/json/cli.py?station=KNYC&year=2026"
OLDER = (("2026-07-06", "202607070620", 84), ("2026-07-07", "202607080617", 79))


@pytest.fixture
def reports(client: PoliteClient, clock: ManualClock) -> ClimateReportSource:
    return ClimateReportSource(client, (NYC,), clock)


def text_of(shared: Path, name: str) -> str:
    return (shared / "data/cli" / name).read_text()


@pytest.fixture
def texts(shared: Path, office: WeatherServer) -> None:
    """As the office had it on 9 July 2026, with the days before in the archive."""
    for name, file in ((FINAL, "nyc_final.txt"), (SO_FAR, "nyc_intermediate.txt")):
        office.put(f"/nws/products/{name}", orjson.dumps({"productText": text_of(shared, file)}))
    office.put(LIST, product_list((SO_FAR, "2026-07-09T20:35"), (FINAL, "2026-07-09T06:26")))
    office.put(ARCHIVE, archived("KNYC", "CLINYC", *OLDER))


async def test_a_day_has_a_floor_in_the_afternoon_and_a_result_the_next_morning(reports, texts):
    found = {r.climate_day.day: r for r in await reports()}
    assert [(day, found[day].high_f, found[day].is_final) for day in (8, 9)] == [
        (8, 85, True),
        (9, 82, False),
    ]
    assert found[8].issued_at == datetime(2026, 7, 9, 6, 26, tzinfo=UTC)
    assert {r.received_at for r in found.values()} == {EVENING}
    assert [(found[day].high_f, found[day].is_final) for day in (6, 7)] == [(84, True), (79, True)]
    assert (reports.status.outcome, reports.status.is_stale) == (PollOutcome.NEW, False)


async def test_a_text_is_asked_for_once(reports, texts, office):
    await reports()
    asked = len(office.requests)
    assert await reports() == ()
    assert [r.path for r in office.requests[asked:]] == [LIST]


async def test_a_later_text_on_a_settled_day_is_told_as_well(reports, texts, office, shared):
    await reports()
    corrected = text_of(shared, "nyc_final.txt").replace("090626", "091240 CCA")
    corrected = corrected.replace("MAXIMUM         85", "MAXIMUM         86")
    office.put("/nws/products/9f3e", orjson.dumps({"productText": corrected}))
    office.put(LIST, product_list(("9f3e", "2026-07-09T12:40"), (FINAL, "2026-07-09T06:26")))
    (report,) = await reports()
    assert (report.climate_day.day, report.high_f, report.is_corrected) == (8, 86, True)


async def test_another_citys_text_is_never_taken(reports, texts, office, shared):
    wrong = text_of(shared, "mia_final.txt")
    office.put(f"/nws/products/{FINAL}", orjson.dumps({"productText": wrong}))
    assert {r.climate_day.day for r in await reports()} == {6, 7, 9}
    assert (reports.status.outcome, reports.status.is_stale) == (PollOutcome.LATE, True)
    assert reports.status.error == "CLINYC: no final report of 08 Jul"


async def test_a_text_that_cannot_be_read_leaves_its_day_to_the_archive(reports, texts, office):
    office.put(f"/nws/products/{FINAL}", orjson.dumps({"productText": "CLIMATE REPORT"}))
    office.put(ARCHIVE, archived("KNYC", "CLINYC", *OLDER, ("2026-07-08", "202607090626", 85)))
    found = {r.climate_day.day: r.high_f for r in await reports()}
    assert found == {6: 84, 7: 79, 8: 85, 9: 82}
    assert "0 headings" in reports.status.error
    assert reports.status.outcome == PollOutcome.NEW


async def test_a_missing_result_is_asked_of_the_archive_every_quarter_of_an_hour(
    reports, office, clock
):
    office.put(LIST, product_list())
    office.put(ARCHIVE, archived("KNYC", "CLINYC", *OLDER))
    await reports()
    assert reports.status.error == "CLINYC: no final report of 08 Jul"
    clock.advance(14 * MINUTE)
    await reports()
    assert len(office.asked("/iem")) == 1
    clock.advance(MINUTE)
    office.put(ARCHIVE, archived("KNYC", "CLINYC", *OLDER, ("2026-07-08", "202607090626", "M")))
    (report,) = await reports()
    assert (report.high_f, report.is_final) == (None, True), "missing is an answer too"
    assert reports.status.outcome == PollOutcome.NEW


async def test_the_archives_first_word_of_the_day_itself_is_only_a_floor(reports, office):
    office.put(LIST, product_list())
    entries = (*OLDER, ("2026-07-08", "202607090626", 85), ("2026-07-09", "202607092035", 82))
    office.put(ARCHIVE, archived("KNYC", "CLINYC", *entries))
    assert [(r.climate_day.day, r.is_final) for r in await reports()] == [
        (6, True), (7, True), (8, True), (9, False),
    ]  # fmt: skip


async def test_a_result_from_our_future_waits_until_it_is_past(reports, texts, office, clock):
    """A clock that is wrong by a day, ours or theirs: nothing may settle then."""
    clock._now = datetime(2026, 7, 8, 20, tzinfo=UTC)  # it cannot be set back
    office.put(ARCHIVE, archived("KNYC", "CLINYC", ("2026-07-05", "202607060620", 80), *OLDER))
    assert {r.climate_day.day for r in await reports()} == {5, 6, 7}
    assert "before it was true" in reports.status.error
    clock.set(EVENING)
    assert {r.climate_day.day for r in await reports()} == {8, 9}


async def test_at_the_turn_of_the_year_the_archive_is_asked_for_both(client, office):
    clock = ManualClock(datetime(2027, 1, 2, 15, tzinfo=UTC))
    office.put(LIST, product_list())
    office.put(ARCHIVE, archived("KNYC", "CLINYC", ("2026-12-31", "202701010620", 41)))
    office.put(
        ARCHIVE.replace("2026", "2027"),
        archived("KNYC", "CLINYC", ("2027-01-01", "202701020620", 38)),
    )
    found = await ClimateReportSource(client, (NYC,), clock)()
    assert [(r.climate_day, r.high_f) for r in found] == [
        (date(2026, 12, 31), 41),
        (date(2027, 1, 1), 38),
    ]
