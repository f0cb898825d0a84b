"""Two years of the real archive: the books balance, and there is no profit to explain."""

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from kalshi_edge.backtest.report import Played, report_html
from kalshi_edge.backtest.run import Record, Request, backtest
from kalshi_edge.backtest.summary import Summary, summary
from kalshi_edge.backtest.terminal import as_json
from kalshi_edge.backtest.wording import honest_sentence
from kalshi_edge.lab import PlayedBacktest
from kalshi_edge.trading.playbook import Playbook


@pytest.fixture(scope="module")
def played(history: Path) -> Record:
    first, last = date(2023, 1, 1), date(2024, 12, 31)
    request = Request(history, ("NYC", "CHI"), first, last, Playbook(), ("NBM", "GFSMOS"))
    return asyncio.run(backtest(request))


@pytest.fixture(scope="module")
def figures(played: Record) -> Summary:
    return summary(played)


def test_the_account_ends_with_what_the_trades_earned(figures: Summary) -> None:
    start, end = figures.question.starting_balance, figures.equity[-1].equity
    assert figures.open_trades == 0
    assert end - start == figures.total.performance.pnl
    came = sum(bucket.came.mean * bucket.came.count for bucket in figures.taken)
    assert came == pytest.approx(float(figures.total.performance.pnl))


def test_the_midnight_quotes_give_no_profit(figures: Summary) -> None:
    found = figures.total.per_contract
    assert found is not None
    # The honest baseline loses about five cents; an interval above zero would be a leak.
    assert found.sign == -1
    assert -0.20 < found.mean < 0


def test_bigger_claims_do_not_come_true(figures: Summary) -> None:
    claimed = [bucket for bucket in figures.priced if bucket.low is not None and bucket.low >= 0.05]
    assert sum(bucket.claims for bucket in claimed) > 200
    for bucket in claimed:
        assert bucket.came.high is not None
        assert bucket.came.high < bucket.ev


def test_the_market_forecasts_better_on_all_ladders_and_on_the_tight_ones(
    figures: Summary,
) -> None:
    for tight_only, least in ((False, 900), (True, 100)):
        table = figures.scores_of(tight_only=tight_only)
        assert table is not None
        assert table.ladders > least
        assert [row.model_less_market.sign for row in table.rows] == [1, 1, 1, 1]


def test_most_whole_ladders_are_compared(figures: Summary) -> None:
    whole = figures.scores[0]
    assert figures.ladders_with_result == figures.ladders > 1200
    assert whole.ladders > 900
    assert whole.overround > 0


def test_the_figures_that_the_front_pages_state_are_these(played: Record, figures: Summary) -> None:
    whole = PlayedBacktest(played, figures).lines.iloc[0]
    assert (round(whole["pnl"], 2), whole["contracts"], whole["days"]) == (-328.82, 3480, 131)
    cents = [round(100 * whole[name], 1) for name in ("per_contract", "low", "high")]
    assert cents == [-9.4, -13.7, -5.0]


def test_page_and_json_tell_the_same_story(played: Record, figures: Summary) -> None:
    sentence = honest_sentence(figures)
    page = report_html([Played(played, figures)])
    assert sentence.startswith("Model seed, on forecasts 17 h and quotes 0 min old")
    assert "one model run a day, 12Z only" in sentence
    assert ": lost $" in sentence
    assert sentence.replace("'", "&#39;") in page
    assert json.loads(as_json([figures]))["sentence"] == sentence
    assert page.count("<details>") == len(
        {trade.climate_day.replace(day=1) for trade in played.trades.values()}
    )
