"""The forecasters' figures on the real archive, walked forward by the running code's records.

The years were evaluated with the constants as they are documented in docs/concepts/forecaster.md;
bounds are what was asked for, not what came.
"""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kalshi_edge.backtest.forecaster_figures import (
    EVERYWHERE,
    ForecasterFigures,
    forecaster_figures,
)
from kalshi_edge.backtest.percentiles import USUAL, spread_figures
from kalshi_edge.backtest.walk_forward import CityWalk, mixed_again, shuffled, walked
from kalshi_edge.cli.main import main
from kalshi_edge.data.history.records import read_city
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_edge.models.pool import excess_bound
from kalshi_edge.operations.evening import evening_figures

pytestmark = pytest.mark.shared

FIRST, LAST = date(2023, 1, 1), date(2024, 12, 31)
MODELS = ("NBM", "GFSMOS")
CITIES = ("NYC", "CHI", "MIA")


@pytest.fixture(scope="module")
def walks(history: Path) -> list[CityWalk]:
    return [walked(history, city, MODELS) for city in CITIES]


@pytest.fixture(scope="module")
def figures(walks: list[CityWalk]) -> ForecasterFigures:
    return forecaster_figures(walks, FIRST, LAST, seed=0)


@pytest.mark.parametrize(
    ("city", "seed_f", "emos_f"), [("NYC", 1.360, 1.31), ("CHI", 1.896, 1.76), ("MIA", 0.929, 0.90)]
)
def test_emos_is_sharper_than_the_seed_and_as_flat(
    figures: ForecasterFigures, city: str, seed_f: float, emos_f: float
) -> None:
    found = figures.forecast[city]
    assert found["seed"].crps == pytest.approx(seed_f, abs=0.0005)
    assert found["emos"].crps <= emos_f
    assert found["emos"].log < found["seed"].log
    assert found["emos"].pit_chi2 <= 16.9
    assert found["emos"].n >= 728


def test_on_tight_ladders_the_posterior_is_not_shown_to_beat_the_mid(
    figures: ForecasterFigures,
) -> None:
    found = figures.posterior_tight[EVERYWHERE]
    assert found.n > 100
    assert found.interval is not None
    assert found.interval[0] < 0 < found.interval[1]
    # whatever it gained on all ladders, it gained where quotes are wide
    assert abs(found.difference) < abs(figures.posterior[EVERYWHERE].difference) / 10


def test_yesterdays_maximum_known_at_its_end_is_worth_something(history: Path) -> None:
    known = [walked(history, city, MODELS, high_at_day_end=True) for city in ("NYC", "CHI")]
    found = forecaster_figures(known, FIRST, LAST, seed=0).forecast
    assert found["NYC"]["emos"].crps <= 1.28
    assert found["CHI"]["emos"].crps <= 1.72


def test_the_posterior_beats_the_mid_on_all_coherent_ladders(figures: ForecasterFigures) -> None:
    found = figures.posterior[EVERYWHERE]
    assert found.n == sum(figures.posterior[city].n for city in ("NYC", "CHI"))
    assert found.n > 1200
    assert found.difference <= -0.08
    assert found.interval is not None
    assert found.interval[1] < -0.05
    assert found.difference == pytest.approx(found.log_loss - found.log_loss_mid)
    assert found.brier_per_bin < found.brier_per_bin_mid
    assert figures.posterior["NYC"].earned_weight is not None


def test_where_the_posterior_departs_from_the_price_the_price_is_wrong(
    figures: ForecasterFigures,
) -> None:
    assert set(figures.conditional) == {"seed", "emos", "posterior"}
    rows = figures.conditional["posterior"]["all"]["all"]
    assert sum(row.n for row in rows) > 7000
    for row in rows:
        if row.low is not None and row.low >= 0.02 and row.n > 100:
            assert row.price_is_off == 1
        if row.high is not None and row.high <= -0.02:
            assert row.price_is_off == -1
    # our own forecast's large departures are mostly noise: what came lies far below what was said
    boldest = figures.conditional["emos"]["all"]["all"][-1]
    assert boldest.low == 0.20
    assert boldest.interval is not None
    assert boldest.interval[1] < boldest.said - 0.10


def test_the_evenings_trades_knew_more_than_our_forecast(history: Path) -> None:
    found = evening_figures(history, MODELS)
    assert {city: one.n for city, one in found.market.items()} == {
        "CHI": 137, "DEN": 145, "LA": 87, "MIA": 55, "NYC": 129, EVERYWHERE: 553,
    }  # fmt: skip
    assert 1.05 < found.market["NYC"].total < 1.15
    assert set(found.models) == {"CHI", "MIA", "NYC", EVERYWHERE}
    ours = found.models[EVERYWHERE]["emos"]
    assert ours.interval is not None
    assert ours.interval[0] > 0
    assert ours.brier_per_bin > ours.brier_per_bin_market
    assert ours.log < found.models[EVERYWHERE]["seed"].log


def test_a_bulletins_own_percentiles_are_worth_something_three_to_five_days_ahead(
    history: Path,
) -> None:
    records = list(read_city(history, "LV"))
    results = {
        one.climate_day: (one.high_f, one.received_at)
        for one in records
        if isinstance(one, ClimateReport) and one.high_f is not None
    }
    runs = [one for one in records if isinstance(one, Forecast) and one.model == "NBP"]
    found = spread_figures(station_of("LV"), runs, results, seed=0)
    assert {lead: ways[USUAL].n for lead, ways in found.items()} == {
        "0–24 h": 193, "24–48 h": 193, "48–72 h": 194, "72–120 h": 396, "from 120 h": 796,
    }  # fmt: skip
    traded = {lead: ways["learned × P10–P90"] for lead, ways in found.items()}
    assert traded["72–120 h"].log_less_usual.sign == -1
    # on 52 days nothing is shown for the day ahead
    assert traded["0–24 h"].log_less_usual.sign == 0
    for lead in ("0–24 h", "24–48 h", "48–72 h"):
        ties, plain = found[lead]["P10–P90, ties"], found[lead]["P10–P90"]
        assert ties.log == pytest.approx(plain.log, abs=0.02)
        assert 0.8 < traded[lead].coverage < 0.95


def test_the_command_prints_these_figures_as_json(
    history: Path,
    figures: ForecasterFigures,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HISTORY_DIR", str(history))
    monkeypatch.setenv("FORECAST_MODELS", ",".join(MODELS))
    asked = ["--city", ",".join(CITIES), "--days", "731", "--until", "2024-12-31", "--offline"]
    with pytest.raises(SystemExit) as ended:
        main(["backtest", *asked, "--model", "seed", "--json"])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {
        "sentence", "summary", "forecast", "posterior", "posterior_tight", "conditional",
    }  # fmt: skip
    assert set(told["forecast"]) == {*CITIES, EVERYWHERE}
    # Miami has forecasts and no quotes
    assert set(told["posterior"]) == {"NYC", "CHI", EVERYWHERE}
    assert told["posterior"][EVERYWHERE]["n"] == figures.posterior[EVERYWHERE].n
    assert told["forecast"]["MIA"]["emos"]["crps"] == figures.forecast["MIA"]["emos"].crps
    assert "Model seed, on forecasts 17 h" in told["sentence"]


def test_several_models_are_played_on_the_same_days(
    history: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HISTORY_DIR", str(history))
    asked = ["--city", "NYC", "--days", "60", "--until", "2024-12-31", "--offline", "--json"]
    with pytest.raises(SystemExit) as ended:
        main(["backtest", *asked, "--model", "seed,emos", "--model", "posterior"])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    models = ["seed", "emos", "posterior"]
    assert [one["summary"]["question"]["model"] for one in told["backtests"]] == models
    scores = [one["summary"]["scores"][0] for one in told["backtests"]]
    assert len({score["ladders"] for score in scores}) == 1
    assert len({score["rows"][0]["market"] for score in scores}) == 1
    assert len({score["rows"][0]["model"] for score in scores}) == 3


def test_ladders_that_nobody_quotes_are_no_evidence(walks: list[CityWalk]) -> None:
    left_out = {str(day): why for walk in walks for day, why in walk.incoherent}
    assert set(left_out) == {f"2024-10-{day}" for day in (21, 22, 23, 24)}
    assert all(why.startswith("no quotes of") for why in left_out.values())


def test_with_the_same_forecasts_the_pool_says_the_same_again(walks: list[CityWalk]) -> None:
    for walk in walks[:2]:
        ladders = walk.ladders
        again, _ = mixed_again(ladders, {one.climate_day: one.own for one in ladders})
        assert [one.probabilities for one in again] == [
            one.posterior.probabilities for one in ladders
        ]


@pytest.mark.parametrize("city", ["NYC", "CHI"])
def test_forecasts_of_other_days_earn_nothing_and_cost_no_more_than_the_bound(
    walks: list[CityWalk], city: str
) -> None:
    ladders = next(walk.ladders for walk in walks if walk.station.city == city)
    generator = np.random.default_rng(1)
    for _ in range(20):
        said, state = mixed_again(ladders, shuffled(ladders, generator))
        assert abs(state.pool.theta[1]) <= 0.15
        excess = sum(
            float(np.log(one.mid[ladder.won] / one.probabilities[ladder.won]))
            for one, ladder in zip(said, ladders, strict=True)
        )
        vectors = max(one.vector for one in said) + 1
        assert vectors == 2
        assert excess <= excess_bound(vectors, len(ladders))
