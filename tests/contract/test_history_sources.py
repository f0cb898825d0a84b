"""Every source of ``history fetch``, in a SYNTHETIC world on a socket.

Stopped before any write it ends with the same bytes; each fact has the time at which it surely was
known; one more source asks for nothing that is there.
"""

import json
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from kalshi_edge.choices import PAST_SOURCES
from kalshi_edge.data.history.records import read_city
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import Basis, ClimateReport, Forecast, Observation
from kalshi_sandbox.world.models import PointModel, point_forecast, seen_at
from kalshi_sandbox.world.publication import Model
from kalshi_sandbox.world.world import World
from tests.support.history_fetch import (
    DIES,
    FIRST,
    FetchFolder,
    fetching,
    still_sandbox,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.timeout(900)

NEW = ("GFSMOS", "NAMMOS", "LAMP", "HRRR", "RAP", "GEFS", "METAR")
DAY = date.fromisoformat(FIRST)
NYC = station_of("NYC")
MODELS = {"GFSMOS", "NAMMOS", "LAMP", "HRRR", "RAP", "GEFS"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with still_sandbox(hours=48) as base:
        yield base


@pytest.fixture(scope="module")
def complete(sandbox: str) -> Iterator[FetchFolder]:
    """A day of everything, from a fetch that nobody stopped."""
    with TemporaryDirectory() as folder:
        fetcher = FetchFolder(Path(folder), sandbox)
        said = fetcher.fetch(*PAST_SOURCES, last=FIRST)
        assert "of 1 days new" in said
        found = dict(re.findall(r"(\S+) +(\d+\.\d+) MB a day and city", said))
        assert set(found) == set(PAST_SOURCES)
        yield fetcher


@pytest.fixture
def fetcher(tmp_path: Path, sandbox: str) -> FetchFolder:
    return FetchFolder(tmp_path, sandbox)


@pytest.fixture(scope="module")
def world(sandbox: str) -> World:
    return World(int(httpx.get(f"{sandbox}/control/state").json()["seed"]))


def forecasts(complete: FetchFolder) -> dict[str, list[Forecast]]:
    found: dict[str, list[Forecast]] = defaultdict(list)
    for record in read_city(complete.history, "NYC"):
        if isinstance(record, Forecast):
            found[record.model].append(record)
    return found


def test_each_model_says_what_the_world_made_it_say_and_is_known_no_sooner(
    complete: FetchFolder, world: World
) -> None:
    found = forecasts(complete)
    assert set(found) == {"NBP", "NBS", *MODELS}
    for name in MODELS:
        model = PointModel(name)
        for one in found[name]:
            truth = point_forecast(world, model, NYC, one.climate_day, one.run_at)
            assert one.received_at >= seen_at(world, model, one.run_at), one
            assert one.received_at - one.run_at <= timedelta(hours=8)
            if name in {"GFSMOS", "NAMMOS"}:
                assert one.mean_f == truth.mean_f
            else:
                assert one.mean_f is not None
                assert truth.mean_f is not None
                assert one.mean_f >= truth.mean_f - 0.02, "a day's maximum may be at its ends"
            assert (one.sd_f is not None) == (name == "GEFS")
    for name in ("NBP", "NBS"):
        for one in found[name]:
            assert one.received_at >= world.published_at(Model(name), one.run_at)


def test_every_cycle_of_the_bulletins_is_there_with_its_own_receipt(complete: FetchFolder) -> None:
    found = forecasts(complete)
    noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
    runs = {name: {f.run_at for f in found[name] if f.climate_day == DAY} for name in found}
    assert runs["NBS"] == {noon - timedelta(hours=hour) for hour in range(25)}
    assert len(runs["NBP"]) == 6
    assert {run.hour for run in runs["GFSMOS"]} == {0, 6, 12, 18}
    assert {run.hour for run in runs["NAMMOS"]} == {0, 12}
    assert len(runs["LAMP"]) == 29, "from 12:30 the day before, 38 hours long, to 16:30 UTC"
    receipts = [f.received_at for f in found["NBS"] if f.climate_day == DAY]
    assert len(set(receipts)) == 25


def test_readings_come_to_the_high_of_the_day(complete: FetchFolder, world: World) -> None:
    records = list(read_city(complete.history, "NYC"))
    readings = [one for one in records if isinstance(one, Observation)]
    assert {one.basis for one in readings} == {Basis.T_GROUP, Basis.SIX_HOUR_MAX, Basis.DAY_MAX}
    assert all(one.received_at - one.end_at <= timedelta(minutes=6) for one in readings)
    (high,) = {
        one.high_f
        for one in readings
        if one.basis is Basis.DAY_MAX and NYC.climate_day(one.start_at) == DAY
    }
    (report,) = [one for one in records if isinstance(one, ClimateReport)]
    assert abs(high - world.high_f(NYC, DAY)) <= 2
    assert report.high_f == world.high_f(NYC, DAY)


def test_killed_before_any_write_it_ends_with_the_same_bytes(
    complete: FetchFolder, fetcher: FetchFolder
) -> None:
    deaths = 0
    for steps in range(1, 100):
        run = (sys.executable, "-c", DIES, str(steps))
        process = fetcher.start(*fetching(*PAST_SOURCES, last=FIRST), run=run)
        _, err = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, err
        deaths += 1
    assert deaths >= 4
    assert fetcher.content == complete.content


def test_source_by_source_it_is_the_same_and_nothing_is_asked_twice(
    complete: FetchFolder, fetcher: FetchFolder
) -> None:
    fetcher.fetch("NBP", "CLI", last=FIRST)
    assert fetcher.noted == {FIRST: ["CLI", "MARKETS", "NBP"]}
    for source in ("NBS", *NEW):
        said = fetcher.fetch(source, last=FIRST)
        assert f"{source:>8} " in said
        assert " NBP " not in said
    assert fetcher.content == complete.content
    assert "0 records of 0 days new, 1 days known already" in fetcher.fetch(
        *PAST_SOURCES, last=FIRST
    )


def test_a_note_of_before_there_were_sources_counts_for_what_there_was(
    fetcher: FetchFolder,
) -> None:
    fetcher.fetch("NBP", "CLI", last=FIRST)
    note = fetcher.history / "NYC" / "fetched.json"
    note.write_text(json.dumps([FIRST]))
    assert "1 days known already" in fetcher.fetch("NBP", "CLI", last=FIRST)
    assert "of 1 days new" in fetcher.fetch("LAMP", last=FIRST)


@pytest.mark.parametrize(
    ("product", "source"),
    [("mav", "GFSMOS"), ("lav", "LAMP"), ("bufkit", "HRRR"), ("point", "GEFS"), ("asos", "METAR")],
)
def test_an_archive_that_is_down_or_unreadable_is_named_and_its_day_is_not_noted(
    product: str, source: str, fetcher: FetchFolder
) -> None:
    control = f"{fetcher.base}/control/weather-faults"
    for kind in ("down", "malformed"):
        httpx.post(
            control, json={"product": product, "kind": kind}, timeout=PATIENCE_S
        ).raise_for_status()
        try:
            said = fetcher.fetch(source, last=FIRST, fails=True)
        finally:
            httpx.delete(control, timeout=PATIENCE_S).raise_for_status()
        assert "error: " in said
        assert "Traceback" not in said
    body = {"product": product, "kind": "missing", "station": "KNYC"}
    httpx.post(control, json=body, timeout=PATIENCE_S).raise_for_status()
    try:
        fetcher.fetch(source, last=FIRST)
    finally:
        httpx.delete(control, timeout=PATIENCE_S).raise_for_status()
    assert fetcher.noted == {FIRST: ["MARKETS"]}, "the archive may have it later"


def test_a_source_that_is_none_is_refused_by_name(fetcher: FetchFolder) -> None:
    assert "no source ECMWF; known: NBP, " in fetcher.fetch("ECMWF", last=FIRST, fails=True)
