"""The frames: labelled where made up, the program's own figures, and one clear error."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kalshi_edge import lab
from kalshi_edge.backtest.forecaster_figures import forecaster_figures
from kalshi_edge.backtest.walk_forward import walked
from kalshi_edge.config import load_settings
from kalshi_edge.data.history.records import merge_events
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.errors import HistoryError, SettingError, StoreError
from kalshi_edge.operations.backtest import backtest_request, run_backtest


@pytest.fixture(scope="module")
def past() -> Path:
    return lab.example()


@pytest.fixture(scope="module")
def played(past: Path) -> lab.PlayedBacktest:
    return lab.backtest(past, days=30, min_edge_threshold=0.02)


def test_made_up_data_says_so_in_every_frame_and_after_selection(
    past: Path, played: lab.PlayedBacktest
) -> None:
    ladders, scores = lab.ladder_scores(past), lab.forecast_scores(past)
    frames = [
        *(kind(past) for kind in (lab.forecasts, lab.highs, lab.readings, lab.quotes)),
        *(lab.settlements(past), ladders, scores, lab.pit(scores)),
        *(lab.reliability(ladders, "market"), lab.reliability(ladders.query("won"), "market")),
        *(played.trades, played.days, played.lines, played.priced, played.taken),
        *(played.refusals, played.scores),
    ]
    for one in frames:
        assert "SYNTHETIC" in one.head(2).to_string(), one.columns


def test_recorded_data_has_no_label(tmp_path: Path) -> None:
    report = ClimateReport(
        report="CLINYC", climate_day=date(2026, 9, 1), high_f=88, low_f=70, is_final=True,
        is_corrected=False, is_record=False, issued_at=None,
        received_at=datetime(2026, 9, 2, 11, tzinfo=UTC),
    )  # fmt: skip
    merge_events(tmp_path, [report])
    highs = lab.highs(tmp_path)
    assert highs.columns.name is None
    assert list(highs["high_f"]) == [88]
    assert str(highs["climate_day"].iloc[0]) == "2026-09-01 00:00:00"
    assert str(highs["received_at"].iloc[0]) == "2026-09-02 11:00:00+00:00"


def test_what_is_not_there_is_an_empty_frame_with_all_its_columns(tmp_path: Path) -> None:
    test_recorded_data_has_no_label(tmp_path)
    for kind in (lab.forecasts, lab.quotes, lab.settlements, lab.readings):
        found = kind(tmp_path)
        assert len(found) == 0
        assert {"city", "climate_day", "received_at"} <= set(found.columns)


def test_the_scores_are_those_of_the_forecasters(past: Path) -> None:
    walks = [walked(past, "NYC", load_settings().forecast_models)]
    ours = forecaster_figures(walks, date(2027, 1, 1), date(2027, 12, 31), seed=0)
    theirs = lab.forecast_scores(past).groupby("model")[["crps_f", "log_score"]].mean()
    for model, figures in ours.forecast["all"].items():
        assert theirs.loc[model, "crps_f"] == pytest.approx(figures.crps)
        assert theirs.loc[model, "log_score"] == pytest.approx(figures.log)
    ladders, posterior = lab.ladder_scores(past), ours.posterior["all"]
    assert ladders["climate_day"].nunique() == posterior.n
    assert lab.brier_per_bin(ladders, "posterior") == pytest.approx(posterior.brier_per_bin)
    assert lab.brier_per_bin(ladders, "market") == pytest.approx(posterior.brier_per_bin_mid)


def test_a_backtest_is_the_programs_own(
    past: Path, played: lab.PlayedBacktest, tmp_path: Path
) -> None:
    settings = load_settings(history_dir=past, min_edge_threshold=0.02)
    request = backtest_request(
        settings, cities=("NYC",), last_day=date(2027, 4, 11), days=30,
        strategies=settings.playbook.strategies, model=settings.model,
    )  # fmt: skip
    record = run_backtest(request, store_path=tmp_path / "run.db")
    assert played.record.trades == record.trades
    assert len(record.trades) > 0
    closed = played.trades.dropna(subset=["pnl"])
    whole = played.lines.iloc[0]
    assert closed["pnl"].sum() == pytest.approx(whole["pnl"])
    assert closed["count"].sum() == pytest.approx(whole["contracts"])
    stored = lab.stored_trades(tmp_path / "run.db").set_index("trade_id")
    assert stored["pnl"].sum() == pytest.approx(closed["pnl"].sum())
    assert set(stored["mode"]) == {"backtest"}


async def test_it_runs_where_a_loop_is_running_already(past: Path) -> None:
    assert lab.backtest(past, days=2).summary.ladders == 2


def test_each_wrong_argument_is_one_clear_error(past: Path, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=f"no history in {tmp_path}"):
        lab.highs(tmp_path)
    with pytest.raises(HistoryError, match=r"no history of MIA, LA in .*; there is NYC"):
        lab.quotes(past, ["NYC", "MIA", "LA"])
    with pytest.raises(SettingError, match="MODEL is 'best'"):
        lab.backtest(past, model="best")
    with pytest.raises(SettingError, match="KELLY_FRACTION is 7"):
        lab.backtest(past, kelly_fraction=7)
    with pytest.raises(StoreError, match="no such store"):
        lab.stored_trades(tmp_path / "nothing.db")
    with pytest.raises(HistoryError, match="no folder"):
        lab.import_archive(tmp_path / "nothing", tmp_path)
    with pytest.raises(HistoryError, match="no city"):
        lab.synthetic_past(tmp_path, ["ATLANTIS"], days=2, until=date(2027, 4, 11))


def test_without_pandas_it_says_what_to_install() -> None:
    script = "import sys; sys.modules['pandas'] = None; import kalshi_edge.lab"
    said = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: kalshi_edge.lab needs pandas: "
        "install kalshi-edge with its extra `lab`"
    )
