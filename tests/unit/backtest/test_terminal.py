"""What is printed fits its width and says the same at any; JSON holds the same figures."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from kalshi_edge.backtest.forecaster_figures import (
    NO_FIGURES,
    ForecasterFigures,
    forecaster_figures,
)
from kalshi_edge.backtest.run import Record
from kalshi_edge.backtest.summary import Summary, summary
from kalshi_edge.backtest.terminal import as_json, backtest_panel
from kalshi_edge.backtest.walk_forward import CityWalk, JudgedDay
from kalshi_edge.backtest.wording import cents, dollars, honest_sentence
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.models.distribution import Normal
from tests.support.backtest_records import FIRST, invented_climate, record, trade
from tests.support.judged_ladders import judged_ladder


def busy() -> Record:
    """Figures as wide as they get."""
    found = invented_climate(120, seed=11)
    found.refusals.update({"net_edge": 123_456, "combined_probability": 99_999, "ev": 1})
    for i, (_, day) in enumerate(list(found.views)[:80]):
        each = trade(
            f"t{i}", paid="8000", received="0", fees="123.45", count=20_000, fair=0.7, day=day
        )
        found.trades[each.trade_id] = each
    return found


def figures() -> ForecasterFigures:
    """What was said of sixty ladders of two cities."""
    generator = np.random.default_rng(2)
    walks = []
    for city in ("NYC", "CHI"):
        walk = CityWalk(station_of(city), ("NBM",))
        for i in range(60):
            day = FIRST + timedelta(days=i)
            mid = tuple(generator.dirichlet(np.ones(6)))
            won = int(generator.integers(6))
            walk.ladders.append(judged_ladder(mid, city=city, day=day, won=won))
            own = {"emos": Normal(52.0, 2.0), "seed": Normal(53.0, 3.0)}
            walk.days.append(JudgedDay(day, own, 50 + i % 5))
        walks.append(walk)
    return forecaster_figures(walks, FIRST, FIRST + timedelta(days=59), seed=0)


def models(*names: str) -> list[Summary]:
    found = summary(busy())
    return [replace(found, question=replace(found.question, model=name)) for name in names]


def shown(summaries: Sequence[Summary], width: int, found: ForecasterFigures = NO_FIGURES) -> str:
    out = StringIO()
    Console(width=width, file=out, force_terminal=False, color_system=None).print(
        backtest_panel(summaries, found)
    )
    return out.getvalue()


def printed(of: Record, width: int) -> str:
    return shown([summary(of)], width)


@pytest.mark.parametrize("width", [80, 100, 160, 200])
@pytest.mark.parametrize("names", [["seed"], ["seed", "emos", "posterior"]])
def test_nothing_is_cut_off_and_nothing_runs_over(width: int, names: list[str]) -> None:
    text = shown(models(*names), width, figures())
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "…" not in text


@pytest.mark.parametrize("names", [["seed"], ["seed", "posterior"]])
def test_wide_and_narrow_say_the_same(names: list[str]) -> None:
    narrow, wide = (shown(models(*names), width, figures()) for width in (80, 160))
    found = [sorted(re.findall(r"[+−$]*\d[\d,.]*\d", text)) for text in (narrow, wide)]
    assert found[0] == found[1]
    assert len(wide.splitlines()) < len(narrow.splitlines())


def test_the_sentence_and_the_profit_are_there() -> None:
    found = summary(busy())
    text = " ".join(printed(busy(), 160).replace("│", " ").split())
    assert honest_sentence(found) in text
    assert dollars(found.total.performance.pnl) in text
    assert all(cents(bucket.came.mean) in text for bucket in found.priced)


def test_a_bar_points_where_the_money_went() -> None:
    lines = printed(busy(), 80).splitlines()
    # All trades are in one bucket: claimed above zero, lost all.
    bar = next(line for line in lines if "◇" in line and "█" in line)
    assert bar.index("█") < bar.index("│") < bar.index("◇")


def test_a_record_without_anything_is_still_told() -> None:
    text = printed(record(), 80)
    assert "nothing was bought and settled" in text
    assert "refused nothing" in text


def test_json_holds_the_same_figures_with_money_as_text() -> None:
    found = summary(busy())
    told = json.loads(as_json([found]))
    assert told["sentence"] == honest_sentence(found)
    total = told["summary"]["lines"][0]
    assert total["performance"]["pnl"] == str(found.total.performance.pnl)
    assert total["per_contract"]["mean"] == found.total.per_contract.mean  # type: ignore[union-attr]
    assert told["summary"]["question"]["first_day"] == "2024-03-01"
    assert told["summary"]["scores"][0]["rows"][0]["score"] == "Brier"
    assert told["summary"]["priced"][0]["came"]["days"] == found.priced[0].came.days


def test_several_models_stand_side_by_side_each_with_its_sentence() -> None:
    summaries = models("seed", "emos")
    text = " ".join(shown(summaries, 100).replace("│", " ").split())
    for one in summaries:
        assert honest_sentence(one) in text
    assert "seed emos" in text
    pnl = dollars(summaries[0].total.performance.pnl)
    assert f"P&L after fees {pnl} {pnl}" in text
    told = json.loads(as_json(summaries, figures()))
    assert [one["summary"]["question"]["model"] for one in told["backtests"]] == ["seed", "emos"]
    assert [one["sentence"] for one in told["backtests"]] == [honest_sentence(s) for s in summaries]
    assert "sentence" not in told


def test_json_holds_the_forecasters_figures_by_city_and_model() -> None:
    found = figures()
    told = json.loads(as_json(models("seed"), found))
    assert set(told["forecast"]) == set(told["posterior"]) == {"NYC", "CHI", "all"}
    assert set(told["forecast"]["NYC"]) == {"seed", "emos"}
    assert told["forecast"]["all"]["emos"] == {
        "n": 120,
        "crps": found.forecast["all"]["emos"].crps,
        "log": found.forecast["all"]["emos"].log,
        "pit_chi2": found.forecast["all"]["emos"].pit_chi2,
    }
    posterior = told["posterior"]["all"]
    assert set(posterior) == {
        "n", "log_loss", "log_loss_mid", "difference", "interval", "brier_per_bin",
        "brier_per_bin_mid", "earned_weight",
    }  # fmt: skip
    low, high = posterior.pop("interval")
    assert low < posterior["difference"] < high
    assert all(isinstance(value, float | int) for value in posterior.values())
    row = told["conditional"]["posterior"]["city"]["CHI"][0]
    assert set(row) == {"low", "high", "n", "days", "said", "price", "came", "interval"}
