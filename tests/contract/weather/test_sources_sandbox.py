"""All sources against the sandbox's weather service, over a socket: what they say is the truth of
that world, at the time it could be known, and each of its faults has a name and an end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import uvicorn

from kalshi_edge.clock import WorldClock
from kalshi_edge.data.source_status import PollOutcome, Source
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.http import Patience, PoliteClient
from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.data.weather.sources.nws import NwsForecastSource
from kalshi_edge.data.weather.sources.observations import ObservationSource
from kalshi_edge.data.weather.sources.reports import ClimateReportSource
from kalshi_edge.data.weather.sources.summaries import SummarySource
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import Basis, ClimateReport, Forecast, Observation
from kalshi_sandbox.weather.faults import Fault, FaultKind, Faults, Product
from kalshi_sandbox.weather.service import weather_app
from kalshi_sandbox.world.publication import Model
from kalshi_sandbox.world.world import World

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

FIVE = tuple(station_of(city) for city in ("NYC", "LA", "MIA", "CHI", "PHX"))
QUICK = Patience(
    connect_s=2, silence_s=0.5, page_s=2, stream_s=30, attempts=2, pause_s=0.001, sit_out_s=0
)
START = datetime(2026, 11, 21, 15, tzinfo=UTC)
WORLD = World(seed=7)


class Town:
    """A world with its weather service on a socket, and a client of it."""

    def __init__(self, base: str, clock: WorldClock, faults: Faults) -> None:
        self.clock = clock
        self.faults = faults
        self.client = PoliteClient(
            clock,
            "(kalshi-edge, me@example.org)",
            addresses=WeatherAddresses.under(base),
            patience=QUICK,
        )
        self._with = (self.client, FIVE, clock)

    def nbm(self, product: Any = NBP) -> NbmSource:
        return NbmSource(product, *self._with)

    def forecasts(self) -> NwsForecastSource:
        return NwsForecastSource(*self._with)

    def observations(self) -> ObservationSource:
        return ObservationSource(*self._with)

    def summaries(self) -> SummarySource:
        return SummarySource(*self._with)

    def reports(self) -> ClimateReportSource:
        return ClimateReportSource(*self._with)

    async def later(self, by: timedelta, source: Callable[[], Awaitable[Any]]) -> Any:
        self.clock.step(by)
        return await source()


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock, faults = WorldClock(START), Faults()
    config = uvicorn.Config(weather_app(WORLD, clock, faults), port=0, log_level="critical")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    one = Town(f"http://127.0.0.1:{port}", clock, faults)
    yield one
    await one.client.close()
    server.should_exit = True
    await serving


async def test_two_days_of_bulletins_cost_one_file_and_then_a_fiftieth_each(town: Town):
    source = town.nbm()
    seen: dict[tuple[str, date], Forecast] = {}
    cold, costs = 0, []
    for _ in range(64):
        for forecast in await source():
            assert WORLD.published_at(Model.NBP, forecast.run_at) <= forecast.received_at + (
                timedelta(minutes=20)
            ), "known before anybody could know it"
            seen[forecast.station, forecast.climate_day] = forecast
        cold, costs = (cold, [*costs, source.status.last_bytes]) if cold else (
            source.status.last_bytes, costs)  # fmt: skip
        town.clock.step(timedelta(minutes=45))
    runs = {forecast.run_at for forecast in seen.values()}
    assert max(costs) < 700_000
    assert max(runs) == source.status.cycle
    now = town.clock.now()
    for station in FIVE:
        for day in (station.climate_day(now), station.climate_day(now) + timedelta(days=1)):
            forecast = seen[station.icao, day]
            assert forecast.run_at == newest_run(day, now - timedelta(minutes=45))
            belief = WORLD.outlook(station, day, forecast.run_at)
            assert forecast.mean_f == pytest.approx(belief.mean_f, abs=0.51)
    assert source.status.outcome in {PollOutcome.NEW, PollOutcome.UNCHANGED}


def newest_run(day: date, now: datetime) -> datetime:
    """The newest run out at the model's own server by ``now`` that holds ``day``."""
    at = now.replace(minute=0, second=0, microsecond=0)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    while (
        at.hour not in {0, 1, 7, 12, 13, 19}
        or midnight - at < timedelta(hours=17)
        or WORLD.published_at(Model.NBP, at) - timedelta(minutes=20) > now
    ):
        at -= timedelta(hours=1)
    return at


async def test_after_the_mornings_last_bulletin_the_bridge_holds_today(town: Town):
    forecasts = await town.nbm(NBS_BRIDGE)()
    run_at = START.replace(hour=12)
    today = [f for f in forecasts if f.climate_day == START.date()]
    assert {(f.model, f.run_at) for f in today} == {("NBS", run_at)}
    assert {f.station for f in today} == {station.icao for station in FIVE}


async def test_the_offices_forecast_is_in_whole_degrees_of_the_climate_day(town: Town):
    source = town.forecasts()
    forecasts = await source()
    assert {f.station for f in forecasts} == {station.icao for station in FIVE}
    stations = {station.icao: station for station in FIVE}
    for forecast in forecasts:
        station = stations[forecast.station]
        assert forecast.mean_f == WORLD.nws_high_f(station, forecast.climate_day, START)
        assert (forecast.model, forecast.run_at) == ("NWS", WORLD.nws_issued_at(START))
    assert await town.later(timedelta(seconds=61), source) == ()
    assert source.status.last_bytes == 0
    assert len(await town.later(timedelta(hours=6), source)) >= len(FIVE)


async def test_a_days_maximum_shows_in_the_reports_of_its_stations(town: Town):
    source = town.observations()
    found: list[Observation] = []
    for _ in range(36):
        found += await town.later(timedelta(hours=1), source)
    assert len({(o.station, o.basis, o.start_at, o.end_at) for o in found}) == len(found)
    for station in FIVE:
        ours = [o for o in found if o.station == station.icao]
        for one in ours:
            if one.basis is Basis.T_GROUP:
                truth = WORLD.temperature_f(station, one.end_at)
                assert (one.low_f, one.high_f) == (truth, truth)
        day = station.climate_day(START)
        (maximum,) = (o for o in ours if o.basis is Basis.DAY_MAX and o.start_at
                      == station.day_start(day))  # fmt: skip
        assert WORLD.high_f(station, day) - 1 <= maximum.high_f <= WORLD.high_f(station, day)


async def test_where_aviation_is_down_the_office_has_the_same_reports(town: Town):
    town.faults.add(Fault(Product.METAR, FaultKind.DOWN))
    source = town.observations()
    found = await source()
    assert {o.station for o in found} == {station.icao for station in FIVE}
    assert {o.basis for o in found} >= {Basis.T_GROUP, Basis.WHOLE_CELSIUS, Basis.SIX_HOUR_MAX}
    assert {o.basis for o in found if o.station == "KNYC"} == {
        Basis.T_GROUP, Basis.SIX_HOUR_MAX, Basis.DAY_MAX,
    }, "Central Park has no five-minute feed"  # fmt: skip
    assert "503" in source.status.error
    assert source.status.outcome == PollOutcome.NEW


async def test_each_day_is_settled_once_by_its_final_report(town: Town):
    source = town.reports()
    reports: list[ClimateReport] = []
    for _ in range(18):
        reports += await town.later(timedelta(hours=4), source)
    finals = [r for r in reports if r.is_final]
    assert len({(r.report, r.climate_day) for r in finals}) == len(finals)
    yesterday = {(s.report, s.climate_day(town.clock.now()) - timedelta(days=1)): s for s in FIVE}
    by_day = {(r.report, r.climate_day): r for r in finals}
    for (report, day), station in yesterday.items():
        assert by_day[report, day].high_f == WORLD.high_f(station, day)
        assert by_day[report, day].received_at >= station.day_end(day)
    so_far = [r for r in reports if not r.is_final]
    assert so_far
    assert all(r.high_f <= by_day[r.report, r.climate_day].high_f
               for r in so_far if (r.report, r.climate_day) in by_day)  # fmt: skip


async def test_where_the_office_is_down_the_archive_has_the_final_reports(town: Town):
    town.faults.add(Fault(Product.CLI, FaultKind.DOWN))
    source = town.reports()
    reports = await source()
    yesterday = START.date() - timedelta(days=1)
    assert {r.report: r.high_f for r in reports if r.climate_day == yesterday} == {
        station.report: WORLD.high_f(station, yesterday) for station in FIVE
    }
    assert all(r.is_final for r in reports)
    assert source.status.outcome == PollOutcome.NEW


async def test_a_correction_is_a_report_of_its_own(town: Town):
    town.faults.add(Fault(Product.CLI, FaultKind.CORRECTED, "KNYC", 2))
    reports = [r for r in await town.reports()() if r.report == "CLINYC" and r.is_final]
    yesterday = START.date() - timedelta(days=1)
    truth = WORLD.high_f(FIVE[0], yesterday)
    found = [(r.high_f, r.is_corrected) for r in reports if r.climate_day == yesterday]
    assert found == [(truth, False), (truth + 2, True)]


ALL = {
    "bulletins": (Town.nbm, (Product.NBP,)),
    "forecasts": (Town.forecasts, (Product.FORECAST,)),
    "observations": (Town.observations, (Product.METAR, Product.OBSERVATIONS)),
    "reports": (Town.reports, (Product.CLI, Product.CLI_ARCHIVE)),
}


@pytest.mark.parametrize(
    ("name", "kind", "outcome"),
    [
        ("bulletins", FaultKind.DOWN, PollOutcome.DOWN),
        ("bulletins", FaultKind.MALFORMED, PollOutcome.MALFORMED),
        ("bulletins", FaultKind.MISSING, PollOutcome.LATE),
        ("forecasts", FaultKind.DOWN, PollOutcome.DOWN),
        ("forecasts", FaultKind.MALFORMED, PollOutcome.MALFORMED),
        ("forecasts", FaultKind.TRUNCATED, PollOutcome.MALFORMED),
        ("forecasts", FaultKind.WRONG_LENGTH, PollOutcome.TRUNCATED),
        ("forecasts", FaultKind.MISSING, PollOutcome.MISSING),
        ("observations", FaultKind.DOWN, PollOutcome.DOWN),
        ("observations", FaultKind.MISSING, PollOutcome.LATE),
        ("reports", FaultKind.DOWN, PollOutcome.DOWN),
        ("reports", FaultKind.MALFORMED, PollOutcome.MALFORMED),
        ("reports", FaultKind.TRUNCATED, PollOutcome.MALFORMED),
        ("reports", FaultKind.WRONG_LENGTH, PollOutcome.TRUNCATED),
        ("reports", FaultKind.MISSING, PollOutcome.LATE),
    ],
)
async def test_a_fault_everywhere_is_named_and_ends(
    name: str, kind: FaultKind, outcome: PollOutcome, town: Town
):
    make, products = ALL[name]
    source: Source = make(town)
    for product in products:
        town.faults.add(Fault(product, kind))
    assert await source() == ()
    assert (source.status.outcome, source.status.age) == (outcome, None)
    assert source.status.error
    town.faults.clear()
    assert await town.later(timedelta(minutes=20), source)
    assert (source.status.outcome, source.status.is_stale) == (PollOutcome.NEW, False)


async def test_a_bulletin_half_a_day_late_is_shown_as_late(town: Town):
    source = town.nbm()
    await source()
    town.faults.add(Fault(Product.NBP, FaultKind.LATE, amount=12 * 60))
    town.clock.step(timedelta(hours=7))
    assert await source() == ()
    assert (source.status.outcome, source.status.is_stale) == (PollOutcome.LATE, True)
    assert "NBP of 21 Nov 19 UTC" in source.status.error
    assert source.status.cycle == START.replace(hour=13)
    town.faults.clear()
    assert {f.run_at for f in await town.later(timedelta(minutes=5), source)} == {
        START.replace(hour=19)
    }
    assert not source.status.is_stale


async def test_one_silent_thermometer_is_named(town: Town):
    for product in (Product.METAR, Product.OBSERVATIONS):
        town.faults.add(Fault(product, FaultKind.MISSING, "KMDW"))
    source = town.observations()
    assert {o.station for o in await source()} == {"KNYC", "KLAX", "KMIA", "KPHX"}
    assert (source.status.outcome, source.status.is_stale) == (PollOutcome.LATE, True)
    assert source.status.error == "no report of KMDW within 2:00:00"


async def test_a_days_summaries_say_its_maximum_and_then_nothing_new(town: Town):
    source = town.summaries()
    await source()
    found: list[Observation] = await town.later(timedelta(hours=20), source)
    whole = {
        one.station: one.high_f
        for one in found
        if one.end_at - one.start_at == timedelta(days=1) and one.start_at.date() == START.date()
    }
    assert whole == {station.icao: WORLD.high_f(station, START.date()) for station in FIVE}
    assert {one.basis for one in found} == {Basis.DAILY_SUMMARY}
    assert await source() == ()
    assert source.status.outcome is PollOutcome.UNCHANGED
