"""``backtest`` without homework: what it does where days are missing, and what it says."""

import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from kalshi_edge.cli.main import main
from kalshi_edge.data.history.days import last_settled_day, missing_days, reported_days
from kalshi_edge.data.history.records import merge_events
from kalshi_edge.data.weather.stations import station_of
from kalshi_sandbox.past.past import Past, Stretch, write_past
from kalshi_sandbox.world.world import World

NYC = station_of("NYC")
LAST = date(2026, 11, 20)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run the command in an empty folder; its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run_command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run_command


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody answers; what was asked."""
    asked: list[str] = []

    def head(url: str, **_: object) -> None:
        asked.append(url)
        raise httpx.ConnectError("no route to host")

    monkeypatch.setattr(httpx, "head", head)
    return asked


@pytest.mark.parametrize(("city", "days"), [("NYC", 30), ("LA", 60)])
def test_without_history_and_network_one_line_says_the_way_out(
    run, no_network: list[str], city: str, days: int
) -> None:
    code, out, err = run("backtest", "--city", city, "--days", days)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("error: no network: ")
    assert f"{days} of {days} days from " in err
    assert "--synthetic plays a sandbox's past (SYNTHETIC)" in err
    assert "--offline" not in err  # there is nothing that it could play
    assert len(no_network) >= 1
    assert not Path("history").exists()


def test_a_network_that_swallows_everything_is_not_waited_for(run, monkeypatch) -> None:
    monkeypatch.setattr("kalshi_edge.operations.history.ANSWER_WITHIN_S", 0.3)
    monkeypatch.setattr(httpx, "head", lambda *_, **__: time.sleep(30))
    begun = time.monotonic()
    code, _, err = run("backtest", "--city", "NYC", "--days", "3")
    assert code == 2
    assert "no network" in err
    assert time.monotonic() - begun < 5


def test_with_some_history_it_may_be_played_as_it_is(run, no_network: list[str]) -> None:
    merge_events(Path("history"), Past(World(1)).day(NYC, LAST))
    code, _, err = run("backtest", "--city", "NYC", "--days", 2, "--until", LAST)
    assert code == 2
    assert "1 of 2 days from 2026-11-19 to 2026-11-20 are not in history" in err
    assert "--offline what is there" in err
    code, out, _ = run("backtest", "--city", "NYC", "--days", 2, "--offline", "--json")
    assert code == 0
    assert json.loads(out)["summary"]["question"]["last_day"] == f"{LAST}"


def test_a_model_that_cannot_be_traded_is_refused_before_anything_is_fetched(
    run, no_network: list[str]
) -> None:
    code, out, err = run("backtest", "--city", "NYC", "--model", "seed,nonsense")
    assert (code, out) == (2, "")
    assert "no model nonsense; known: seed, emos, posterior" in err
    assert no_network == []


def test_days_that_are_there_ask_nobody(run, no_network: list[str]) -> None:
    merge_events(Path("history"), Past(World(1)).day(NYC, LAST))
    code, _, _ = run("backtest", "--city", "NYC", "--days", 1, "--until", LAST)
    assert (code, no_network) == (0, [])


def test_a_made_up_history_is_played_as_it_is(run, no_network: list[str], tmp_path: Path) -> None:
    write_past(tmp_path / "history", 1, Stretch(("NYC",), LAST - timedelta(days=4), LAST))
    code, out, _ = run("backtest", "--city", "NYC", "--days", 30)
    assert (code, no_network) == (0, [])
    assert "SYNTHETIC" in out


def test_a_synthetic_backtest_needs_nothing_and_says_everywhere_that_it_is_one(
    run, no_network: list[str]
) -> None:
    asked = ("backtest", "--city", "NYC", "--days", 30, "--until", LAST, "--synthetic")
    code, out, _ = run(*asked, "--report", "out.html")
    assert code == 0
    assert "SYNTHETIC" in out.splitlines()[0]
    assert "SYNTHETIC, so no evidence of profit" in out
    page = Path("out.html").read_text(encoding="utf-8")
    assert "<title>SYNTHETIC backtest" in page
    assert page.count("SYNTHETIC") >= 3
    code, first, _ = run(*asked, "--json")
    found = json.loads(first)
    assert found["sentence"].startswith("SYNTHETIC")
    assert found["summary"]["question"]["is_synthetic"] is True
    assert found["summary"]["ladders"] == 30
    assert found["summary"]["scores"]
    code, again, _ = run(*asked, "--json")
    assert again == first
    code, other, _ = run(*asked, "--json", "--seed", 2)
    assert other != first
    assert no_network == []
    assert not Path("history").exists()


def test_the_sandbox_writes_down_a_past(run) -> None:
    asked = ("sandbox", "past", "--days", 3, "--until", LAST, "--city", "NYC,MIA")
    code, out, _ = run(*asked, "--seed", 7)
    assert code == 0
    assert "SYNTHETIC" in out
    folder = Path("history-synthetic")
    assert reported_days(folder, "MIA") == {LAST - timedelta(days=back) for back in range(3)}
    code, _, err = run(*asked, "--seed", 8)
    assert code == 2
    assert "the past of another world" in err


def test_missing_are_the_days_without_a_final_high(tmp_path: Path) -> None:
    past = Past(World(1))
    floor_only = [one for one in past.day(NYC, LAST) if not getattr(one, "is_final", False)]
    merge_events(tmp_path, [*floor_only, *past.report(NYC, LAST - timedelta(days=1))])
    days = [LAST - timedelta(days=back) for back in (2, 1, 0)]
    assert missing_days(tmp_path, "NYC", days) == (days[0], days[2])


def test_a_day_is_settled_everywhere_by_two_in_the_afternoon_utc() -> None:
    past = Past(World(1))
    for city in ("NYC", "LA"):
        for day in (date(2026, 1, 15), date(2026, 7, 15)):
            paid_at = max(one.received_at for one in past.day(station_of(city), day))
            assert last_settled_day(paid_at.replace(hour=14, minute=0)) == day
            assert paid_at < datetime(day.year, day.month, day.day, 14, tzinfo=UTC) + timedelta(1)
