"""Our parsers read all that the sandbox's weather service writes, and find the world's figures."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.data.weather.dsm import parse_dsms
from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.nbm.nbs import parse_nbs
from kalshi_edge.data.weather.stations import STATIONS, by_icao
from kalshi_edge.domain.weather import Basis, Forecast, Station
from kalshi_sandbox.weather.faults import Fault, FaultKind, Faults, Product
from kalshi_sandbox.weather.nbm_files import (
    STATION_COUNT,
    nbm_file,
    nbm_file_size,
    station_bulletin,
    station_names,
)
from kalshi_sandbox.weather.nbm_layout import layout
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.publication import RUN_HOURS, Model
from kalshi_sandbox.world.world import World

WORLD = World(seed=42)
NOW = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
ICAOS = [station.icao for station in STATIONS]
NYC, PHOENIX = by_icao("KNYC"), by_icao("KPHX")


def run_at(hour: int, day: date = date(2026, 12, 31)) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def expected(model: Model, run: datetime, days_ahead: list[int]) -> set[Forecast]:
    return {
        WORLD.forecast(model, station, run.date() + timedelta(days=ahead), run)
        for station in STATIONS
        for ahead in days_ahead
    }


@pytest.mark.parametrize("hour", RUN_HOURS[Model.NBP])
def test_the_bulk_file_says_of_every_station_what_the_world_forecasts(hour: int) -> None:
    run = run_at(hour)
    seen_at = WORLD.published_at(Model.NBP, run)
    file = nbm_file(WORLD, layout(Model.NBP, run))
    parsed = parse_nbp(file.read(0, len(file)), received_at=seen_at, stations=ICAOS)
    assert parsed.faults == ()
    first = 0 if hour < 12 else 1
    assert set(parsed.forecasts) == expected(Model.NBP, run, list(range(first, first + 9)))


def test_a_full_file_has_the_size_and_number_of_stations_of_a_real_one() -> None:
    file = nbm_file(WORLD, layout(Model.NBP, run_at(1)))
    assert 34_700_000 < len(file) < 34_740_000
    text = file.read(0, len(file))
    assert text.count(b" NBP GUIDANCE ") == STATION_COUNT == 9580
    assert 27_000_000 < len(nbm_file(WORLD, layout(Model.NBP, run_at(0)))) < 28_000_000


def test_stations_move_a_little_from_run_to_run_but_keep_their_order() -> None:
    texts = []
    for hour in (1, 13):
        file = nbm_file(WORLD, layout(Model.NBP, run_at(hour)))
        texts.append(file.read(0, len(file)))
    places = [[text.index(f" {icao} ".encode()) for icao in ICAOS] for text in texts]
    moved = [abs(before - after) for before, after in zip(*places, strict=True)]
    assert 0 < max(moved) < 64 * 1024
    assert sorted(ICAOS, key=dict(zip(ICAOS, places[0], strict=True)).__getitem__) == sorted(
        ICAOS, key=dict(zip(ICAOS, places[1], strict=True)).__getitem__
    )


def test_numbered_stations_come_first_and_the_rest_is_not_sorted() -> None:
    names = station_names()
    numbered = [name for name in names if name.isdigit()]
    assert list(names[: len(numbered)]) == numbered == sorted(numbered)
    named = list(names[len(numbered) :])
    assert named != sorted(named)
    assert len(set(names)) == STATION_COUNT


def test_every_block_of_a_file_can_be_read_but_those_without_temperatures() -> None:
    file = nbm_file(WORLD, layout(Model.NBP, run_at(7)))
    parsed = parse_nbp(file.read(0, len(file)), received_at=NOW)
    assert {fault.reason for fault in parsed.faults} == {"no whole TXNMN row"}
    assert 150 < len(parsed.faults) < 400
    assert len({forecast.station for forecast in parsed.forecasts}) == STATION_COUNT - len(
        parsed.faults
    )


@pytest.mark.parametrize("model", list(Model))
@pytest.mark.parametrize("hour", [0, 1, 7, 12, 13, 19])
def test_a_files_size_is_known_without_making_it(model: Model, hour: int) -> None:
    columns = layout(model, run_at(hour))
    for without in ((), ("KNYC", "KPHX")):
        file = nbm_file(WORLD, columns, without=without)
        assert nbm_file_size(WORLD, columns, without=without) == len(file)


def test_the_noon_run_of_nbs_is_the_last_to_speak_of_today() -> None:
    for hour, first in ((7, 0), (12, 0), (13, 1)):
        run = run_at(hour)
        file = nbm_file(WORLD, layout(Model.NBS, run))
        seen_at = WORLD.published_at(Model.NBS, run)
        parsed = parse_nbs(file.read(0, len(file)), received_at=seen_at, stations=ICAOS)
        assert parsed.faults == ()
        assert set(parsed.forecasts) == expected(Model.NBS, run, list(range(first, 3)))


@pytest.mark.parametrize("hour", range(24))
def test_every_hour_has_an_nbs_that_can_be_read(hour: int) -> None:
    run = run_at(hour)
    text = station_bulletin(WORLD, PHOENIX, layout(Model.NBS, run))
    parsed = parse_nbs(text, received_at=WORLD.published_at(Model.NBS, run))
    assert parsed.faults == ()
    for forecast in parsed.forecasts:
        assert forecast == WORLD.forecast(Model.NBS, PHOENIX, forecast.climate_day, run)


def test_three_figure_temperatures_stand_where_they_belong() -> None:
    run = run_at(13, date(2026, 7, 10))
    text = station_bulletin(WORLD, PHOENIX, layout(Model.NBP, run))
    parsed = parse_nbp(text, received_at=WORLD.published_at(Model.NBP, run))
    assert max(forecast.mean_f or 0 for forecast in parsed.forecasts) >= 100
    assert set(parsed.forecasts) <= expected(Model.NBP, run, list(range(1, 10)))


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.icao)
def test_climate_reports_give_the_worlds_extremes(station: Station) -> None:
    reports = []
    for bulletin in islice(Newsroom(WORLD, Faults()).bulletins("CLI", station, NOW), 12):
        (report,) = parse_cli(bulletin.text(), received_at=bulletin.seen_at)
        reports.append(report)
        assert report.report == station.report
        assert report.issued_at == bulletin.issued_at
        high_f = WORLD.high_f(station, report.climate_day)
        if report.is_final:
            assert (report.high_f, report.low_f) == (
                high_f,
                WORLD.low_f(station, report.climate_day),
            )
        else:
            assert report.high_f is not None
            assert report.high_f <= high_f
    assert [report.is_final for report in reports].count(True) == 6


def test_a_correction_follows_the_final_report() -> None:
    faults = Faults([Fault(Product.CLI, FaultKind.CORRECTED, "KNYC", amount=-2)])
    newsroom = Newsroom(WORLD, faults)
    bulletins = list(islice(newsroom.bulletins("CLI", NYC, NOW.replace(hour=15)), 2))
    corrected, final = (parse_cli(b.text(), received_at=b.seen_at)[0] for b in bulletins)
    assert corrected.is_corrected
    assert not final.is_corrected
    assert corrected.climate_day == final.climate_day == date(2026, 12, 30)
    assert corrected.high_f == WORLD.high_f(NYC, final.climate_day) - 2
    settled = newsroom.final_report(NYC, final.climate_day)
    assert settled is not None
    assert settled.high_f == final.high_f


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.icao)
def test_daily_summaries_give_the_worlds_maximum_and_its_minute(station: Station) -> None:
    for bulletin in islice(Newsroom(WORLD, Faults()).bulletins("DSM", station, NOW), 12):
        (summary,), faults = parse_dsms(bulletin.text(), received_at=bulletin.seen_at)
        assert faults == ()
        if summary.until is None:
            assert summary.high_f == WORLD.high_f(station, summary.climate_day)
            assert summary.high_time is not None
            since = timedelta(hours=summary.high_time.hour, minutes=summary.high_time.minute)
            begun = WORLD.high_at(station, summary.climate_day)
            assert station.day_start(summary.climate_day) + since == begun + timedelta(minutes=4)


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.icao)
def test_hourly_reports_give_the_worlds_temperature_and_maxima(station: Station) -> None:
    bases = set()
    for bulletin in islice(Newsroom(WORLD, Faults()).bulletins("MTR", station, NOW), 120):
        observations, faults = parse_metars(bulletin.text(), received_at=bulletin.seen_at)
        assert faults == ()
        for observation in observations:
            bases.add(observation.basis)
            assert observation.low_f == observation.high_f
            start, end = observation.start_at, observation.end_at
            if observation.basis is Basis.T_GROUP:
                assert observation.low_f == WORLD.temperature_f(station, end)
            else:
                before = timedelta(minutes=5 if observation.basis is Basis.DAY_MAX else 0)
                series = WORLD.temperatures_f(station, start - before, end)
                assert observation.low_f == series.max()
    assert bases == {Basis.T_GROUP, Basis.SIX_HOUR_MAX, Basis.DAY_MAX}


def rows(block: str) -> dict[str, str]:
    """Rows by what stands before their columns."""
    return {line[:6].strip(): line for line in block.splitlines() if line.strip()}


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("nbp_v5.0_20260928_t13z.txt", datetime(2026, 9, 28, 13, tzinfo=UTC)),
        ("nbp_v5.0_20260929_t01z.txt", datetime(2026, 9, 29, 1, tzinfo=UTC)),
    ],
)
def test_a_block_is_laid_out_as_the_real_one(shared: Path, name: str, run: datetime) -> None:
    text = (shared / "data" / "nbm" / name).read_text()
    block = text[text.index(" KMDW ") :].split(" KMIA ")[0]
    file = nbm_file(WORLD, layout(Model.NBP, run))
    bulk = file.read(0, len(file)).decode()
    start = bulk.index("\n KMDW ") + 1
    ours, real = rows(bulk[start : start + 3640]), rows(block)
    assert list(ours)[: len(real)] == list(real)
    for label in ("KMDW", "UTC", "FHR"):
        assert ours[label] == real[label]
    for label, line in real.items():
        assert len(ours[label]) == len(line)
        bars = [at for at, mark in enumerate(line) if mark == "|"]
        assert [at for at, mark in enumerate(ours[label]) if mark == "|"] == bars


def test_an_nbs_block_has_the_rows_and_hours_of_a_real_one(shared: Path) -> None:
    text = (shared / "data" / "nbm" / "nbs" / "NBS_v5.txt").read_text()
    real = text[text.index("KDSM ") :].splitlines()
    columns = layout(Model.NBS, datetime(2026, 4, 7, 15, tzinfo=UTC))
    ours = station_bulletin(WORLD, NYC, columns).splitlines()[3:]
    assert [line[:3] for line in ours[1:]] == [line[:3] for line in real[1:]]
    assert ours[1:4] == real[1:4]
    for mine, theirs in zip(ours[4:], real[4:], strict=True):
        filled = [bool(mine[at : at + 3].strip()) for at in range(4, 73, 3)]
        assert filled == [bool(theirs[at : at + 3].strip()) for at in range(4, 73, 3)], mine[:3]
