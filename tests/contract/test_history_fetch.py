"""``history fetch`` in a SYNTHETIC world on a socket, as people run it.

Stopped wherever it may be, it ends with the bytes of a fetch that nobody stopped, and a backtest
runs on them.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from kalshi_edge.runtime.sandbox_process import free_port
from tests.support.history_fetch import DIES, LAST, RUN, Place, fetching, later, wait_for

pytestmark = pytest.mark.timeout(600)

DAYS = 3
BASIC = ("NBP", "CLI")
"""All sources are in ``test_history_sources.py``."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """A world that stands still, days after its start."""
    port = free_port()
    options = ("--port", str(port), "--speed", "0", "--start", "2027-04-12T14:20", "--with-parent")
    base = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        (*RUN, "sandbox", "run", *options), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        wait_for(base)
        later(base, hours=72)
        yield base
        process.terminate()


@pytest.fixture(scope="module")
def whole(sandbox: str) -> Iterator[Place]:
    """What a fetch that nobody stopped gives."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder), sandbox)
        assert f"of {DAYS} days new" in place.fetch(*BASIC)
        yield place


@pytest.fixture
def place(tmp_path: Path, sandbox: str) -> Place:
    return Place(tmp_path, sandbox)


def test_again_nothing_is_asked_and_elsewhere_and_later_it_is_the_same(
    whole: Place, place: Place
) -> None:
    before = whole.content
    assert {name.rpartition("/")[2] for name in before} == {
        "2027-04.jsonl", "fetched.json", "origin.json",
    }  # fmt: skip
    said = whole.fetch(*BASIC)
    assert f"0 records of 0 days new, {DAYS} days there already, 0.0 MB" in said
    assert "SYNTHETIC" in said
    later(place.base, hours=7)
    place.fetch(*BASIC)
    assert place.content == whole.content == before


def test_killed_at_any_write_it_goes_on_where_it_was(whole: Place, place: Place) -> None:
    deaths = 0
    for steps in range(1, 100):
        run = (sys.executable, "-c", DIES, str(steps))
        process = place.start(*fetching(*BASIC), run=run)
        _, err = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, err
        deaths += 1
    assert deaths >= 4
    assert place.content == whole.content


def test_killed_at_any_moment_it_goes_on_where_it_was(whole: Place, place: Place) -> None:
    for pause_s in (1.5, 2.5, 3.5, 4.0):
        process = place.start(*fetching(*BASIC))
        time.sleep(pause_s)  # wherever that is
        process.kill()
        process.communicate()
    place.fetch(*BASIC)
    assert place.content == whole.content


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
def test_where_a_place_does_not_answer_it_says_so_and_goes_on_later(
    fault: tuple[str, dict[str, object]], whole: Place, place: Place
) -> None:
    route, body = fault
    control = f"{place.base}/control/{route}"
    httpx.post(control, json=body).raise_for_status()
    try:
        said = place.fetch(*BASIC, fails=True)
    finally:
        httpx.delete(control).raise_for_status()
    assert "error: " in said
    assert "Traceback" not in said
    assert place.noted == {}
    place.fetch(*BASIC)
    assert place.content == whole.content


def test_a_day_that_lacks_something_is_asked_for_again(whole: Place, place: Place) -> None:
    control = f"{place.base}/control/weather-faults"
    body = {"product": "cli_archive", "kind": "missing", "station": "KNYC"}
    httpx.post(control, json=body).raise_for_status()
    try:
        place.fetch(*BASIC)
    finally:
        httpx.delete(control).raise_for_status()
    assert list(place.noted.values()) == [["MARKETS", "NBP"]] * DAYS, "the report may come yet"
    assert place.content != whole.content
    place.fetch(*BASIC)
    assert place.content == whole.content


def test_a_backtest_runs_on_it_and_says_everywhere_that_it_is_made_up(
    whole: Place, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    backtest = ("backtest", "--city", "NYC", "--days", str(DAYS))
    assert "SYNTHETIC" in whole.run(*backtest, "--report", str(page))
    assert page.read_text().count("SYNTHETIC") >= 2
    found = json.loads(whole.run(*backtest, "--json"))
    assert found["sentence"].startswith("SYNTHETIC")
    question = found["summary"]["question"]
    assert question["is_synthetic"] is True
    assert question["last_day"] == LAST
    assert found["summary"]["ladders"] > 0
    assert "SYNTHETIC" in whole.run("history", "list")


def test_bulletins_cost_little_once_their_places_are_known(place: Place) -> None:
    first, then = (megabytes(place.run("bulletins")) for _ in range(2))
    assert 0 < sum(moved for moved, _ in first) < 2
    assert 0 < sum(moved for moved, _ in then) < 0.3
    assert sum(whole for _, whole in then) > 30


def megabytes(said: str) -> list[tuple[float, float]]:
    """Of each bulletin: what was moved, and what its files hold."""
    assert "SYNTHETIC" in said
    found = re.findall(r"(\S+) MB moved of (\S+) MB in whole files", said)
    return [(float(moved), float(whole)) for moved, whole in found]


def test_real_history_is_never_put_beside_it(whole: Place, tmp_path: Path) -> None:
    said = whole.run("history", "import", str(tmp_path), fails=True)
    assert "holds SYNTHETIC history: real records go into a folder of their own" in said
