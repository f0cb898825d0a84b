"""The command: right figures on real files, one clear line for every error, no traceback."""

import json
from pathlib import Path

import pytest

from kalshi_edge.cli.main import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run the command in an empty folder; its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run_command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run_command


def test_a_bulletin_becomes_days_and_figures(run, shared: Path) -> None:
    path = shared / "data" / "nbm" / "nbp_v5.0_20260929_t01z.txt"
    code, out, _ = run("forecast", path, "--city", "LA")
    assert code == 0
    assert "NBP v5.0 2026-09-29 01Z" in out
    # The column under WED 30 at 00 UTC is Tuesday's maximum: P10 80, P50 84, P90 88.
    first = next(line for line in out.splitlines() if "KLAX LA" in line)
    assert first.split() == [
        "KLAX",
        "LA",
        "Tue",
        "2026-09-29",
        "23h",
        "84.0",
        "3.12",
        "80",
        "82",
        "84",
        "85",
        "88",
        "84",
        "3",
    ]
    assert "KMDW" not in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_every_bulletin_of_every_form_is_read(run, shared: Path) -> None:
    files = sorted((shared / "data" / "nbm").glob("*.txt"))
    code, out, err = run("forecast", *files, "--city", "LA,CHI,MIA,SFO")
    assert code == 0
    assert "refused" not in err
    assert "fault" not in err
    for icao, blocks in {"KLAX": 3, "KMDW": 3, "KMIA": 3, "KSFO": 3}.items():
        assert sum(line.startswith(f" {icao} ") for line in out.splitlines()) == blocks


def test_a_city_that_a_file_lacks_is_named(run, shared: Path, monkeypatch) -> None:
    path = shared / "data" / "nbm" / "nbp_v5.0_20260929_t01z.txt"
    code, out, err = run("forecast", path, "--city", "LA,NYC", "--city", "PHX")
    assert (code, "KLAX LA" in out) == (0, True)
    told = " ".join(err.split())
    assert f"missing {path.name} has no forecast for NYC (KNYC), PHX (KPHX)" in told
    monkeypatch.setenv("CITIES", "MIA")
    code, out, err = run("forecast", path)
    assert (code, err, "KMIA MIA" in out, "KLAX" in out) == (0, "", True, False)
    monkeypatch.setenv("CITIES", "NYC,PHX")
    code, _, err = run("forecast", path)
    assert code == 2
    assert "none of these files has a forecast for NYC, PHX" in " ".join(err.split())


def test_a_refused_file_costs_no_other_and_is_named(run, shared: Path) -> None:
    folder = shared / "data" / "nbm"
    code, out, err = run(
        "forecast", folder / "nbs" / "NBS_badheader.txt", folder / "nbp_v5.0_20260928_t13z.txt"
    )
    assert code == 0
    assert "KMDW CHI" in out
    assert "refused" in err
    assert "NBS_badheader.txt" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("forecast", "nowhere.txt"), "no file nowhere.txt"),
        (("forecast", "nowhere.txt", "--city", "XYZ"), "no city 'XYZ'"),
        (("backtest", "--city", "NYC", "--offline"), "no history of NYC in history"),
        (("backtest", "--synthetic", "--until", "1969-07-21"), "the past begins on 1970-01-03"),
        (("history", "list"), "no history in history"),
        (("history", "verify", "nowhere"), "nowhere/market_quotes.csv.gz"),
        (("replay", "nowhere.db"), "no file nowhere.db"),
        (("fees", "nowhere.csv"), "no file nowhere.csv"),
        (("sandbox", "clock", "--speed", "2", "--port", "1"), "no sandbox listens on port 1"),
        (("sandbox", "fault", "latency", "two", "--port", "1"), "name=value"),
    ],
)
def test_an_error_is_one_sentence_and_no_traceback(run, arguments, sentence: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert sentence in " ".join(err.split())
    assert "Traceback" not in err


def test_a_wrong_setting_stops_the_program_with_its_name(run, monkeypatch) -> None:
    monkeypatch.setenv("KELLY_FRACTION", "2")
    code, _, err = run("backtest", "--city", "NYC")
    assert code == 2
    assert "KELLY_FRACTION is '2'" in err


def test_history_backtest_and_replay_tell_one_story(run, shared: Path, tmp_path: Path) -> None:
    code, out, _ = run("history", "import", shared / "data" / "history")
    assert code == 0
    assert "4,347" in out  # New York's books: 4,046 quotes, and 301 bins that nobody quoted

    code, out, _ = run("history", "verify", shared / "data" / "history")
    assert code == 0
    assert "8,465 of 8,466 results agree, 0 differ, 1 undecided" in out
    assert "HIGHCHI-24FEB28-T31" in out
    assert "5,667 of 5,673 results agree, 6 differ" in out
    assert "2024-11-27" in out

    played = ("--city", "NYC", "--days", "30", "--until", "2024-12-31")
    code, out, _ = run("backtest", *played, "--json", "--store", "run.db", "--report", "out.html")
    assert code == 0
    figures = json.loads(out)
    assert figures["sentence"]
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")

    code, out, _ = run("replay", "run.db")
    assert code == 0
    assert "replay as recorded" in out

    code, _, err = run("backtest", *played, "--store", "run.db")
    assert code == 2
    assert "run.db exists already" in err
