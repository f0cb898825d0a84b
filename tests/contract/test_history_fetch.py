"""``history fetch`` in a SYNTHETIC world on a socket, as people run it.

Stopped wherever it may be, it ends with the bytes of a fetch that nobody stopped, and a backtest
runs on them.
"""

import json
import re
import signal
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from kalshi_edge.choices import PLAYED_SOURCES
from kalshi_edge.data.history.records import key_of, read_city
from kalshi_edge.data.kalshi.market_wire import parse_event_ticker
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_sandbox.past.past import Past
from kalshi_sandbox.world.world import World
from tests.support.history_fetch import (
    DIES,
    LAST,
    FetchFolder,
    fetching,
    later,
    still_sandbox,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.timeout(600)

DAYS = 3
BASIC = ("NBP", "CLI")
"""All sources are in ``test_history_sources.py``."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with still_sandbox(hours=72) as base:
        yield base


@pytest.fixture(scope="module")
def complete(sandbox: str) -> Iterator[FetchFolder]:
    """What a fetch that nobody stopped gives."""
    with TemporaryDirectory() as folder:
        fetcher = FetchFolder(Path(folder), sandbox)
        assert f"of {DAYS} days new" in fetcher.fetch(*BASIC)
        yield fetcher


@pytest.fixture
def fetcher(tmp_path: Path, sandbox: str) -> FetchFolder:
    return FetchFolder(tmp_path, sandbox)


def test_again_nothing_is_asked_and_elsewhere_and_later_it_is_the_same(
    complete: FetchFolder, fetcher: FetchFolder
) -> None:
    before = complete.content
    assert {name.rpartition("/")[2] for name in before} == {
        "2027-04.jsonl", "fetched.json", "origin.json",
    }  # fmt: skip
    said = complete.fetch(*BASIC)
    assert f"0 records of 0 days new, {DAYS} days known already, 0.0 MB" in said
    assert "SYNTHETIC" in said
    later(fetcher.base, hours=7)
    fetcher.fetch(*BASIC)
    assert fetcher.content == complete.content == before


def test_killed_at_any_write_it_goes_on_where_it_was(
    complete: FetchFolder, fetcher: FetchFolder
) -> None:
    deaths = 0
    for steps in range(1, 100):
        run = (sys.executable, "-c", DIES, str(steps))
        process = fetcher.start(*fetching(*BASIC), run=run)
        _, err = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, err
        deaths += 1
    assert deaths >= 4
    assert fetcher.content == complete.content


def test_killed_at_any_moment_it_goes_on_where_it_was(
    complete: FetchFolder, fetcher: FetchFolder
) -> None:
    for pause_s in (1.5, 2.5, 3.5, 4.0):
        process = fetcher.start(*fetching(*BASIC))
        time.sleep(pause_s)  # wherever that is
        process.kill()
        process.communicate()
    fetcher.fetch(*BASIC)
    assert fetcher.content == complete.content


@pytest.mark.parametrize(
    "fault",
    [
        ("weather-faults", {"product": "nbp", "kind": "down"}),
        ("weather-faults", {"product": "cli_archive", "kind": "down"}),
        (
            "faults",
            {"kind": "refuse", "status": 503, "times": 100, "path": "/series/KXHIGHNY/markets/"},
        ),
        ("faults", {"kind": "drop_before", "times": 100, "path": "/events/"}),
    ],
    ids=["bulletins", "reports", "quotes", "ladders"],
)
def test_where_an_office_does_not_answer_it_says_so_and_goes_on_later(
    fault: tuple[str, dict[str, object]], complete: FetchFolder, fetcher: FetchFolder
) -> None:
    route, body = fault
    control = f"{fetcher.base}/control/{route}"
    httpx.post(control, json=body, timeout=PATIENCE_S).raise_for_status()
    try:
        said = fetcher.fetch(*BASIC, fails=True)
    finally:
        httpx.delete(control, timeout=PATIENCE_S).raise_for_status()
    assert "error: " in said
    assert "Traceback" not in said
    assert fetcher.noted == {}
    fetcher.fetch(*BASIC)
    assert fetcher.content == complete.content


def test_a_day_that_lacks_something_is_asked_for_again(
    complete: FetchFolder, fetcher: FetchFolder
) -> None:
    control = f"{fetcher.base}/control/weather-faults"
    body = {"product": "cli_archive", "kind": "missing", "station": "KNYC"}
    httpx.post(control, json=body, timeout=PATIENCE_S).raise_for_status()
    try:
        fetcher.fetch(*BASIC)
    finally:
        httpx.delete(control, timeout=PATIENCE_S).raise_for_status()
    assert list(fetcher.noted.values()) == [["MARKETS", "NBP"]] * DAYS, "the report may come yet"
    assert fetcher.content != complete.content
    fetcher.fetch(*BASIC)
    assert fetcher.content == complete.content


def test_a_backtest_runs_on_it_and_says_everywhere_that_it_is_made_up(
    complete: FetchFolder, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    backtest = ("backtest", "--city", "NYC", "--days", str(DAYS))
    assert "SYNTHETIC" in complete.run(*backtest, "--report", str(page))
    assert page.read_text().count("SYNTHETIC") >= 2
    found = json.loads(complete.run(*backtest, "--json"))
    assert found["sentence"].startswith("SYNTHETIC")
    question = found["summary"]["question"]
    assert question["is_synthetic"] is True
    assert question["last_day"] == LAST
    assert found["summary"]["ladders"] > 0
    assert "SYNTHETIC" in complete.run("history", "list")


def test_a_backtest_fetches_what_it_lacks_by_itself(sandbox: str, tmp_path: Path) -> None:
    new = FetchFolder(tmp_path / "new", sandbox)
    said = new.run("backtest", "--city", "NYC", "--days", "1", "--json")
    question = json.loads(said)["summary"]["question"]
    assert (question["first_day"], question["last_day"]) == (LAST, LAST)
    assert new.noted == {LAST: sorted(("MARKETS", *PLAYED_SOURCES))}
    assert question["is_synthetic"] is True
    before = new.content
    assert "2 of 2 days" not in new.run("backtest", "--city", "NYC", "--days", "1", "--offline")
    assert new.content == before


def test_what_is_fetched_is_what_the_past_of_its_world_says(complete: FetchFolder) -> None:
    fetched = list(read_city(complete.history, "NYC"))
    day, nyc = date.fromisoformat(LAST), station_of("NYC")
    past = Past(World(1)).day(nyc, day)
    for kind in (Ladder, ClimateReport, Settlement):
        theirs = [one for one in fetched if isinstance(one, kind) and about(one) == day]
        ours = [one for one in past if isinstance(one, kind) and getattr(one, "is_final", True)]
        assert sorted(ours, key=key_of) == sorted(theirs, key=key_of)
    runs = {(one.run_at, one.climate_day): one for one in fetched if isinstance(one, Forecast)}
    for one in past:
        if isinstance(one, Forecast) and one.model == "NBP":
            assert runs[one.run_at, day] == one


def about(record: Ladder | ClimateReport | Settlement) -> date:
    """The climate day that a record is about."""
    if isinstance(record, Settlement):
        return parse_event_ticker(record.ticker.rsplit("-", 1)[0])[1]
    return record.climate_day


def test_bulletins_cost_little_once_their_layout_is_known(fetcher: FetchFolder) -> None:
    first, then = (megabytes(fetcher.run("bulletins")) for _ in range(2))
    assert 0 < sum(moved for moved, _ in first) < 2
    assert 0 < sum(moved for moved, _ in then) <= 0.15
    assert sum(full for _, full in then) > 30


def megabytes(said: str) -> list[tuple[float, float]]:
    """Of each bulletin: what was transferred, and what its files hold."""
    assert "SYNTHETIC" in said
    found = re.findall(r"(\S+) MB transferred of (\S+) MB in full files", said)
    return [(float(moved), float(full)) for moved, full in found]


def test_real_history_is_never_put_beside_it(complete: FetchFolder, tmp_path: Path) -> None:
    said = complete.run("history", "import", str(tmp_path), fails=True)
    assert "holds SYNTHETIC history: real records go into a folder of their own" in said
