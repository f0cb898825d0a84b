"""The sandbox's weather service over HTTP: as the real servers answer, and wrong when told to."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from kalshi_edge.clock import WorldClock
from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.data.weather.metar import fahrenheit_candidates, parse_metars
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.stations import by_icao
from kalshi_sandbox.weather.faults import Fault, FaultKind, Faults, Product
from kalshi_sandbox.weather.service import weather_app
from kalshi_sandbox.world.publication import NOMADS_LEAD, Model
from kalshi_sandbox.world.world import World

WORLD = World(seed=11)
START = datetime(2026, 11, 22, 13, tzinfo=UTC)
PUBLISHED = WORLD.published_at(Model.NBP, START)
KEY = "blend.20261122/13/text/blend_nbptx.t13z"
OBJECT = f"/s3/{KEY}"
NOMADS = f"/nomads/pub/data/nccf/com/blend/prod/{KEY}"
NYC, MIDWAY = by_icao("KNYC"), by_icao("KMDW")
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture
def clock() -> WorldClock:
    return WorldClock(START)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def client(clock: WorldClock, faults: Faults) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=weather_app(WORLD, clock, faults))
    named = {"User-Agent": "(kalshi-edge tests, tests@example.org)"}
    async with httpx.AsyncClient(transport=transport, base_url="http://w", headers=named) as it:
        yield it


def move_to(clock: WorldClock, at: datetime) -> None:
    clock.step(at - clock.now())


async def json_of(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def listing_of(client: httpx.AsyncClient, query: dict[str, str]) -> ElementTree.Element:
    response = await client.get("/s3/", params=query)
    return ElementTree.fromstring(response.text)  # noqa: S314 — our own server wrote it


async def test_a_run_appears_when_it_is_published_and_not_before(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    move_to(clock, PUBLISHED - timedelta(seconds=1))
    missing = await client.get(OBJECT)
    assert missing.status_code == 404
    assert "NoSuchKey" in missing.text
    move_to(clock, PUBLISHED)
    head = await client.head(OBJECT)
    assert head.status_code == 200
    assert parsedate_to_datetime(head.headers["last-modified"]) == PUBLISHED
    assert 34_700_000 < int(head.headers["content-length"]) < 34_740_000
    assert head.content == b""


async def test_ranges_are_the_bytes_of_the_whole(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    move_to(clock, PUBLISHED)
    whole = (await client.get(OBJECT)).content
    size = len(whole)
    for asked, begin, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=20000000-20131071", 20_000_000, 20_131_072),
        ("bytes=-500", size - 500, size),
        (f"bytes={size - 10}-", size - 10, size),
        (f"bytes={size - 10}-{size + 99}", size - 10, size),
    ):
        part = await client.get(OBJECT, headers={"Range": asked})
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
        assert part.content == whole[begin:end]
    for ignored in ("bytes=0-9,20-29", "lines=0-9", "bytes=9-0"):
        assert (await client.head(OBJECT, headers={"Range": ignored})).status_code == 200
    beyond = await client.get(OBJECT, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{size}"


async def test_a_slice_of_the_file_is_enough_to_read_a_station(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    move_to(clock, PUBLISHED)
    start = (await client.get(OBJECT)).content.index(b" KNYC ")
    asked = {"Range": f"bytes={start - 64_000}-{start + 64_000}"}
    part = (await client.get(OBJECT, headers=asked)).content
    parsed = parse_nbp(part, received_at=PUBLISHED, stations=["KNYC"])
    tomorrow = WORLD.forecast(Model.NBP, NYC, date(2026, 11, 23), START)
    assert parsed.faults == ()
    assert parsed.forecasts[0] == tomorrow


async def test_what_is_known_already_is_not_sent_again(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    move_to(clock, PUBLISHED)
    etag = (await client.head(OBJECT)).headers["etag"]
    same = format_datetime(PUBLISHED, usegmt=True)
    before = format_datetime(PUBLISHED - timedelta(seconds=1), usegmt=True)
    for headers, status in (
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": same}, 304),
        ({"If-Modified-Since": before}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": same}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": etag}, 200),
    ):
        assert (await client.head(OBJECT, headers=headers)).status_code == status, headers


async def test_the_models_own_server_is_sooner_but_forgets(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    move_to(clock, PUBLISHED - NOMADS_LEAD - timedelta(seconds=1))
    assert (await client.head(NOMADS)).status_code == 404
    move_to(clock, PUBLISHED - NOMADS_LEAD)
    assert (await client.head(NOMADS)).status_code == 200
    assert (await client.head(OBJECT)).status_code == 404
    move_to(clock, START + timedelta(days=2))
    assert (await client.head(NOMADS)).status_code == 404
    assert (await client.head(OBJECT)).status_code == 200


async def test_the_listing_tells_names_times_and_sizes(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    move_to(clock, PUBLISHED)
    prefix = "blend.20261122/13/text/blend_nbptx"
    listing = await listing_of(client, {"list-type": "2", "prefix": prefix})
    (entry,) = listing.findall(f"{S3}Contents")
    head = await client.head(OBJECT)
    assert entry.findtext(f"{S3}Key") == KEY
    assert entry.findtext(f"{S3}Size") == head.headers["content-length"]
    assert entry.findtext(f"{S3}ETag") == head.headers["etag"]
    assert entry.findtext(f"{S3}LastModified") == f"{PUBLISHED:%Y-%m-%dT%H:%M:%S}.000Z"


async def test_a_long_listing_comes_in_pages(client: httpx.AsyncClient) -> None:
    found: list[str] = []
    query = {"list-type": "2", "prefix": "blend.20261121/", "max-keys": "7"}
    while True:
        listing = await listing_of(client, query)
        found += [entry.text or "" for entry in listing.iter(f"{S3}Key")]
        more = listing.findtext(f"{S3}NextContinuationToken")
        if more is None:
            break
        query["continuation-token"] = more
    assert len(found) == 24 + 6
    assert found == sorted(set(found))


async def test_the_text_archive_has_one_station_at_a_time(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    move_to(clock, PUBLISHED + timedelta(minutes=10))
    page = (await client.get("/iem/wx/afos/p.php?pil=NBPNYC")).text
    block = page.partition("<pre>")[2].partition("</pre>")[0]
    parsed = parse_nbp(block, received_at=clock.now())
    assert parsed.forecasts[0].run_at == START
    unknown = await client.get("/iem/wx/afos/p.php?pil=NBPOKX")
    assert unknown.status_code == 200
    assert "<pre>" not in unknown.text


async def test_the_text_archive_goes_back_in_the_order_asked(client: httpx.AsyncClient) -> None:
    address = "/iem/cgi-bin/afos/retrieve.py"
    query = {"pil": "CLIMDW", "limit": "9999", "sdate": "2026-11-15", "edate": "2026-11-20T00:00Z"}
    newest_first = (await client.get(address, params=query)).text.split("\001\n")[1:]
    query["order"] = "asc"
    oldest_first = (await client.get(address, params=query)).text.split("\001\n")[1:]
    assert len(newest_first) == 10
    assert oldest_first == newest_first[::-1]
    days = [
        parse_cli(text.strip("\n\003"), received_at=START)[0].climate_day for text in newest_first
    ]
    assert days == sorted(days, reverse=True)
    query["limit"] = "10000"
    assert (await client.get(address, params=query)).status_code == 422
    nothing = await client.get(address, params={"pil": "CLIXYZ"})
    assert nothing.text.startswith("ERROR: Could not Find")


async def test_the_archive_of_reports_has_a_row_for_every_day(client: httpx.AsyncClient) -> None:
    rows = (await json_of(client, "/iem/json/cli.py?station=KMDW&year=2026"))["results"]
    assert rows[-1]["valid"] == "2026-11-21"
    assert len(rows) == 325
    for row in rows[::40]:
        assert row["high"] == WORLD.high_f(MIDWAY, date.fromisoformat(row["valid"]))
    everywhere = await json_of(client, "/iem/geojson/cli.py?dt=2026-11-21")
    assert len(everywhere["features"]) == 24


async def test_the_archive_shows_the_last_report_there_is(
    client: httpx.AsyncClient, clock: WorldClock, faults: Faults
) -> None:
    """The intermediate one until midnight, the final one, then its correction."""
    faults.add(Fault(Product.CLI, FaultKind.CORRECTED, "KNYC", 3))
    day = date(2026, 11, 22)
    found = {}
    for at, name in (
        (NYC.day_end(day) - timedelta(hours=1), "so far"),
        (NYC.day_end(day) + timedelta(hours=2), "final"),
        (NYC.day_end(day) + timedelta(hours=4), "corrected"),
    ):
        move_to(clock, at)
        rows = (await json_of(client, "/iem/json/cli.py?station=KNYC&year=2026"))["results"]
        assert rows[-1]["valid"] == day.isoformat()
        found[name] = rows[-1]
    high = WORLD.high_f(NYC, day)
    assert found["so far"]["high"] <= high
    assert found["final"]["high"] == high
    assert found["corrected"]["high"] == high + 3
    assert found["corrected"]["product"].endswith("-CLINYC-CCA")
    assert found["so far"]["product"] < found["final"]["product"] < found["corrected"]["product"]


async def test_the_weather_service_leads_from_a_point_to_its_forecasts(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    point = (await json_of(client, "/nws/points/40.7789,-73.9692"))["properties"]
    assert point["gridId"] == "OKX"
    assert point["timeZone"] == "America/New_York"
    grid = (await json_of(client, point["forecastGridData"]))["properties"]
    highs = {
        datetime.fromisoformat(value["validTime"].split("/")[0]).date(): value["value"]
        for value in grid["maxTemperature"]["values"]
    }
    day = date(2026, 11, 24)
    assert round(highs[day] * 9 / 5 + 32) == WORLD.nws_high_f(NYC, day, clock.now())
    periods = (await json_of(client, point["forecast"]))["properties"]["periods"]
    assert periods[0]["name"] == "Today"
    assert [p["temperature"] for p in periods if p["name"] == "Tuesday"] == [
        WORLD.nws_high_f(NYC, day, clock.now())
    ]
    hourly = (await json_of(client, point["forecastHourly"]))["properties"]["periods"]
    assert len(hourly) == 156
    stations = await json_of(client, point["observationStations"])
    assert stations["features"][0]["properties"]["stationIdentifier"] == "KNYC"


async def test_observations_are_reports_with_tenths_and_records_in_whole_celsius(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    found = await json_of(client, "/nws/stations/KMDW/observations?limit=100")
    stamps = []
    for feature in found["features"]:
        observation = feature["properties"]
        at = datetime.fromisoformat(observation["timestamp"])
        stamps.append(at)
        truth = WORLD.temperature_f(MIDWAY, at)
        if raw := observation["rawMessage"]:
            readings, faults = parse_metars(raw, received_at=clock.now())
            assert faults == ()
            assert readings[0].low_f == truth
        else:
            assert truth in fahrenheit_candidates(observation["temperature"]["value"])
    assert stamps == sorted(stamps, reverse=True)
    assert clock.now() - timedelta(minutes=20) < stamps[0] < clock.now()
    central_park = await json_of(client, "/nws/stations/KNYC/observations?limit=30")
    assert all(feature["properties"]["rawMessage"] for feature in central_park["features"])


async def test_products_are_kept_for_five_days(client: httpx.AsyncClient) -> None:
    listed = (await json_of(client, "/nws/products/types/CLI/locations/MDW"))["@graph"]
    assert len(listed) == 10
    product = await json_of(client, listed[0]["@id"])
    assert product["issuanceTime"] == listed[0]["issuanceTime"]
    (report,) = parse_cli(product["productText"], received_at=START)
    assert report.report == "CLIMDW"
    assert report.is_final


async def test_the_weather_service_has_manners(client: httpx.AsyncClient) -> None:
    address = "/nws/points/40.7789,-73.9692"
    assert (await client.get(address, headers={"User-Agent": ""})).status_code == 403
    assert (await client.get(address, headers={"User-Agent": "python-httpx"})).status_code == 403
    odd = await client.get(address, params={"cache": "no"})
    assert odd.status_code == 400
    assert odd.headers["content-type"] == "application/problem+json"
    assert (await client.get("/nws/points/51.5,0.1")).status_code == 404
    first = await client.get(address)
    assert first.headers["cache-control"] == "public, max-age=60"
    again = await client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


async def test_hourly_reports_come_raw_or_as_json(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    raw = (await client.get("/awc/api/data/metar?ids=KNYC,KMDW&hours=3")).text
    readings, faults = parse_metars(raw, received_at=clock.now())
    assert faults == ()
    assert len({reading.end_at for reading in readings if reading.station == "KNYC"}) == 3
    newest = await json_of(client, "/awc/api/data/metar?ids=KNYC&format=json")
    assert newest[0]["rawOb"] == raw.splitlines()[0]
    assert (await client.get("/awc/api/data/metar?ids=KNYC&format=xml")).status_code == 400


@pytest.mark.parametrize("path", ["/s3/", OBJECT, "/nws/points/0,0", "/elsewhere"])
async def test_every_answer_says_that_it_is_synthetic(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).headers["x-synthetic"] == "yes"


async def test_late_and_missing_runs(
    client: httpx.AsyncClient, clock: WorldClock, faults: Faults
) -> None:
    faults.add(Fault(Product.NBP, FaultKind.LATE, amount=45))
    move_to(clock, PUBLISHED + timedelta(minutes=44))
    assert (await client.head(OBJECT)).status_code == 404
    move_to(clock, PUBLISHED + timedelta(minutes=45))
    assert (await client.head(OBJECT)).status_code == 200
    faults.clear()
    faults.add(Fault(Product.NBP, FaultKind.MISSING))
    assert (await client.head(OBJECT)).status_code == 404
    assert KEY not in (await client.get("/s3/", params={"prefix": "blend.20261122/13"})).text


async def test_a_station_may_be_missing_from_a_file(
    client: httpx.AsyncClient, clock: WorldClock, faults: Faults
) -> None:
    move_to(clock, PUBLISHED)
    complete = await client.head(OBJECT)
    faults.add(Fault(Product.NBP, FaultKind.MISSING, "KNYC"))
    text = (await client.get(OBJECT)).content
    assert b" KNYC " not in text
    assert b" KMDW " in text
    assert len(text) < int(complete.headers["content-length"])
    assert (await client.head(OBJECT)).headers["etag"] != complete.headers["etag"]


async def test_truncated_and_unreadable_files(
    client: httpx.AsyncClient, clock: WorldClock, faults: Faults
) -> None:
    move_to(clock, PUBLISHED)
    faults.add(Fault(Product.NBP, FaultKind.TRUNCATED, amount=0.25))
    cut = await client.get(OBJECT)
    assert len(cut.content) == int(cut.headers["content-length"]) < 8_700_000
    faults.clear(Product.NBP)
    faults.add(Fault(Product.NBP, FaultKind.MALFORMED))
    garbled = (await client.get(OBJECT)).content
    parsed = parse_nbp(garbled, received_at=PUBLISHED, stations=["KNYC", "KMDW"])
    assert parsed.forecasts == ()
    assert {fault.station for fault in parsed.faults} == {"KNYC", "KMDW"}


async def test_a_server_that_is_down_or_says_a_wrong_length(
    client: httpx.AsyncClient, faults: Faults
) -> None:
    faults.add(Fault(Product.FORECAST, FaultKind.DOWN, "KNYC"))
    down = await client.get("/nws/gridpoints/OKX/34,45")
    assert (down.status_code, down.headers["retry-after"]) == (503, "5")
    assert (await client.get("/nws/gridpoints/LOT/72,69")).status_code == 200
    faults.add(Fault(Product.CLI, FaultKind.WRONG_LENGTH, amount=100))
    short = await client.get("/iem/cgi-bin/afos/retrieve.py?pil=CLINYC")
    assert int(short.headers["content-length"]) == len(short.content) + 100


async def test_missing_figures_of_the_weather_service(
    client: httpx.AsyncClient, faults: Faults
) -> None:
    for product in (Product.FORECAST, Product.OBSERVATIONS, Product.CLI, Product.CLI_ARCHIVE):
        faults.add(Fault(product, FaultKind.MISSING, "KNYC"))
    grid = (await json_of(client, "/nws/gridpoints/OKX/34,45"))["properties"]
    assert grid["maxTemperature"]["values"] == []
    assert (await client.get("/nws/gridpoints/OKX/34,45/forecast")).status_code == 503
    assert (await client.get("/nws/stations/KNYC/observations/latest")).status_code == 404
    assert (await json_of(client, "/nws/products/types/CLI/locations/NYC"))["@graph"] == []
    faults.clear(Product.CLI)
    rows = (await json_of(client, "/iem/json/cli.py?station=KNYC&year=2026"))["results"]
    assert {row["high"] for row in rows} == {"M"}


async def test_a_slow_server_takes_its_time(
    client: httpx.AsyncClient, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def noted(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("kalshi_sandbox.weather.http_rules.asyncio.sleep", noted)
    faults.add(Fault(Product.METAR, FaultKind.SLOW, amount=7))
    await client.get("/awc/api/data/metar?ids=KNYC")
    assert waited == [7]


async def test_nothing_is_told_before_it_is_known(
    client: httpx.AsyncClient, clock: WorldClock
) -> None:
    for _ in range(30):
        clock.step(timedelta(minutes=47))
        now = clock.now()
        observed = (await json_of(client, "/nws/stations/KMDW/observations?limit=1"))["features"]
        assert datetime.fromisoformat(observed[0]["properties"]["timestamp"]) < now
        for name in ("NBPMDW", "CLIMDW", "DSMMDW"):
            text = (await client.get(f"/iem/cgi-bin/afos/retrieve.py?pil={name}")).text
            heading = text.splitlines()[2].split()
            day, hour, minute = (int(heading[2][at : at + 2]) for at in (0, 2, 4))
            issued = now.replace(day=day, hour=hour, minute=minute, second=0, microsecond=0)
            assert issued <= now
