"""Every weather source under every trouble of its servers: it says what is wrong, tells nothing
untrue, and is well again once the trouble is over, with nobody's help."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.source_status import PollOutcome, Source
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.http import Patience, PoliteClient
from kalshi_edge.data.weather.sources.model_runs import NBP
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.data.weather.sources.nws import NwsForecastSource
from kalshi_edge.data.weather.sources.observations import ObservationSource
from kalshi_edge.data.weather.sources.reports import ClimateReportSource
from kalshi_edge.data.weather.stations import by_icao
from tests.support.nbm_files import bulletin_file, capture_blocks, of_run, through_gateway
from tests.support.weather_server import Trouble, WeatherServer, weather_server

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

QUICK = Patience(connect_s=1, silence_s=0.15, page_s=0.3, stream_s=0.5, attempts=2, pause_s=0.001)
NOW = datetime(2026, 7, 9, 21, tzinfo=UTC)
MIDWAY, NYC = by_icao("KMDW"), by_icao("KNYC")
RECOVERY = timedelta(minutes=20)
"""Longer than any server is left alone, and than the archive is."""

NAMED = {
    Trouble.DOWN: {PollOutcome.DOWN},
    Trouble.REFUSED: {PollOutcome.REFUSED},
    Trouble.UNREACHABLE: {PollOutcome.DOWN},
    Trouble.SILENT: {PollOutcome.SLOW},
    Trouble.DRIPPING: {PollOutcome.SLOW},
    Trouble.CUT: {PollOutcome.TRUNCATED},
    Trouble.TOO_LONG: {PollOutcome.SLOW},
    Trouble.TOO_SHORT: {PollOutcome.MALFORMED, PollOutcome.DOWN},
    Trouble.NOT_HTTP: {PollOutcome.DOWN},
    Trouble.HTML: {PollOutcome.MALFORMED, PollOutcome.LATE},
    Trouble.HALF: {PollOutcome.MALFORMED},
}


@dataclass
class OfficeHarness:
    """The offices' server, everything true on it, and a client."""

    office: WeatherServer
    clock: ManualClock
    client: PoliteClient

    def source(self, name: str) -> Source:
        if name == "bulletins":
            return NbmSource(NBP, self.client, (MIDWAY,), self.clock)
        kinds: dict[str, Any] = {
            "forecasts": NwsForecastSource,
            "observations": ObservationSource,
            "reports": ClimateReportSource,
        }
        return kinds[name](self.client, (NYC,), self.clock)

    def older_forecasts(self) -> set[Any]:
        """Of all runs that are there, the newest or not."""
        files = (doc.body for path, doc in self.office.documents.items() if path.startswith("/s3"))
        bulletins = (parse_nbp(file, received_at=NOW, stations={"KMDW"}) for file in files)
        return {forecast for bulletin in bulletins for forecast in bulletin.forecasts}

    async def everything(self, name: str) -> set[Any]:
        """What a new source says while nothing is wrong."""
        async with PoliteClient(
            self.clock, "test", addresses=self.client.addresses, patience=QUICK
        ) as client:
            events = await replace(self, client=client).source(name)()
        return told(events)


def told(events: Any) -> set[Any]:
    return {replace(event, received_at=NOW) for event in events}


@pytest.fixture
async def harness(shared: Path) -> AsyncIterator[OfficeHarness]:
    async with weather_server() as office:
        put_truth(office, shared)
        clock = ManualClock(NOW)
        addresses = WeatherAddresses.under(office.base)
        async with PoliteClient(clock, "test", addresses=addresses, patience=QUICK) as client:
            yield OfficeHarness(office, clock, client)


def put_truth(office: WeatherServer, shared: Path) -> None:
    blocks = {"KMDW": capture_blocks(shared, "nbp_v5.0_20260929_t01z.txt")["KMDW"]}
    noon = {"KMDW": capture_blocks(shared, "nbp_v5.0_20260928_t13z.txt")["KMDW"]}
    for hour, capture in ((7, blocks), (13, noon), (19, noon)):
        run_at = NOW.replace(hour=hour)
        now = {"KMDW": of_run(capture["KMDW"], run_at)}
        key = f"blend.{run_at:%Y%m%d/%H}/text/blend_nbptx.t{run_at:%H}z"
        office.put(f"/s3/{key}", bulletin_file(now, range(60), (30,)))
    office.put("/nws/points/40.7789,-73.9692", (shared / "data/nws/points_nyc.json").read_bytes())
    grid = (shared / "data/nws/griddata_nyc_trimmed.json").read_bytes()
    office.put("/nws/gridpoints/OKX/34,45", grid)
    metars = (
        "METAR KNYC 092051Z AUTO 28/18 A3001 RMK AO2 SLP152 T02780183\n"
        "METAR KNYC 091751Z AUTO 29/18 A3001 RMK AO2 SLP152 T02890183 10294 20222\n"
    )
    for hours in (3, 30):
        office.put(f"/awc/api/data/metar?ids=KNYC&format=raw&hours={hours}", metars)
    final = (shared / "data/cli/nyc_final.txt").read_text()
    office.put("/nws/products/9f1c", orjson.dumps({"productText": final}))
    entry = {"id": "9f1c", "issuanceTime": "2026-07-09T06:26:00+00:00"}
    office.put("/nws/products/types/CLI/locations/NYC", orjson.dumps({"@graph": [entry]}))
    rows = [
        {"station": "KNYC", "valid": f"2026-07-0{day}", "high": 80 + day, "low": 66,
         "product": f"2026070{day + 1}0620-KOKX-CDUS41-CLINYC"}
        for day in (6, 7)
    ]  # fmt: skip
    office.put("/iem/json/cli.py?station=KNYC&year=2026", orjson.dumps({"results": rows}))


SOURCES = ["bulletins", "forecasts", "observations", "reports"]
FIRST_ORIGIN = {
    "bulletins": ("/s3", "/nomads"),
    "forecasts": ("/nws",),
    "observations": ("/awc", "/stations"),
    "reports": ("/nws", "/iem"),
}


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("name", SOURCES)
async def test_trouble_from_the_start_is_named_harmless_and_over_when_it_is_over(
    name: str, trouble: Trouble, harness: OfficeHarness
):
    truth = await harness.everything(name)
    source = harness.source(name)
    harness.office.troubles = dict.fromkeys(FIRST_ORIGIN[name], trouble)
    first = told(await source())
    assert first <= truth, "nothing untrue"
    status = source.status
    if first == truth or (first and name == "observations"):
        assert status.outcome == PollOutcome.NEW  # the damage was behind what was wanted
    else:
        assert status.outcome in NAMED[trouble], status
        assert status.error
        assert status.age is None
    harness.office.troubles.clear()
    harness.clock.advance(RECOVERY)
    assert first | told(await source()) == truth
    assert source.status.outcome in {PollOutcome.NEW, PollOutcome.UNCHANGED}
    assert not source.status.is_stale


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("name", SOURCES)
async def test_trouble_after_good_times_takes_nothing_back_and_keeps_the_age(
    name: str, trouble: Trouble, harness: OfficeHarness
):
    source = harness.source(name)
    truth = told(await source())
    assert truth
    cycle = source.status.cycle
    harness.office.troubles = {"/": trouble}
    harness.clock.advance(RECOVERY)
    assert told(await source()) <= truth
    assert source.status.cycle == cycle
    if source.status.outcome not in {PollOutcome.UNCHANGED, PollOutcome.NEW}:
        assert source.status.age == RECOVERY
    harness.office.troubles.clear()
    harness.clock.advance(RECOVERY)
    await source()
    assert source.status.outcome in {PollOutcome.NEW, PollOutcome.UNCHANGED}
    assert source.status.age == timedelta()


@pytest.mark.parametrize(
    "trouble", [one for one in Trouble if one not in {Trouble.TOO_SHORT, Trouble.HALF}]
)
async def test_a_bulletin_comes_from_the_second_place_whatever_ails_the_first(
    trouble: Trouble, harness: OfficeHarness
):
    truth = await harness.everything("bulletins")
    for path in [path for path in harness.office.documents if path.startswith("/s3")]:
        nomads = path.replace("/s3", "/nomads/pub/data/nccf/com/blend/prod")
        harness.office.documents[nomads] = harness.office.documents[path]
    harness.office.troubles = {"/s3": trouble}
    source = harness.source("bulletins")
    assert told(await source()) == truth
    assert (source.status.outcome, source.status.is_stale) == (PollOutcome.NEW, False)
    assert harness.office.asked("/nomads")


async def test_a_bulletin_comes_from_the_third_origin_if_it_must(
    harness: OfficeHarness, shared: Path
):
    truth = await harness.everything("bulletins")
    captures = [
        capture_blocks(shared, f"nbp_v5.0_{name}.txt")["KMDW"]
        for name in ("20260929_t01z", "20260928_t13z", "20260928_t13z")
    ]
    texts = [
        through_gateway(of_run(block, NOW.replace(hour=hour)))
        for block, hour in zip(captures, (7, 13, 19), strict=True)
    ]
    path = "/iem/cgi-bin/afos/retrieve.py?pil=NBPMDW&fmt=text&limit=6"
    harness.office.put(path, "".join(reversed(texts)))
    harness.office.troubles = {"/s3": Trouble.SILENT, "/nomads": Trouble.REFUSED}
    source = harness.source("bulletins")
    assert told(await source()) == truth
    assert source.status.outcome == PollOutcome.NEW
    assert len(harness.office.asked(path)) == 1, "one answer holds all three runs"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", SOURCES)
async def test_whatever_happens_request_by_request_only_the_truth_is_told(
    name: str, seed: int, harness: OfficeHarness
):
    wanted = await harness.everything(name)
    truth = wanted | harness.older_forecasts()  # no lies, while the newest run cannot be had
    dice = random.Random(seed)
    quick = sorted(set(Trouble) - {Trouble.SILENT, Trouble.DRIPPING, Trouble.TOO_LONG}, key=str)

    def unlucky(_: str) -> None:
        harness.office.troubles = {"/": dice.choice(quick)} if dice.random() < 0.6 else {}

    source = harness.source(name)
    harness.office.on_request = unlucky
    found: set[Any] = set()
    for _ in range(6):
        found |= told(await source())
        harness.clock.advance(timedelta(minutes=dice.choice([1, 5, 15])))
    assert found <= truth
    harness.office.on_request = len
    harness.office.troubles = {}
    harness.clock.advance(RECOVERY)
    assert wanted <= found | told(await source()) <= truth
    assert not source.status.is_stale
