"""The sentence at the top says what the figures allow, and nothing kinder."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kalshi_edge.backtest.estimates import Estimate
from kalshi_edge.backtest.summary import Summary, summary
from kalshi_edge.backtest.verification import ScoreRow, ScoreTable
from kalshi_edge.backtest.wording import honest_sentence
from tests.support.backtest_records import FIRST, record, trade


def traded(pnl: list[str]) -> Summary:
    """A trade of ten contracts a day, bought for two dollars, that brought these back."""
    return summary(
        record(
            trades=[
                trade(f"t{i}", paid="2", received=each, day=FIRST + timedelta(days=i))
                for i, each in enumerate(pnl)
            ]
        )
    )


def judged(mean: float, low: float | None, high: float | None, *, tight: bool = True) -> Summary:
    """A summary whose model differs from the market by that much Brier score."""
    difference = Estimate(mean, low, high, 40.0, 40, 30.0)
    row = ScoreRow("Brier", 0.7 + mean, 0.7, 1.1, difference, difference)
    table = ScoreTable(None, tight, 40, 40, 0.05, (row,))
    return replace(summary(record()), scores=(table,))


@pytest.mark.parametrize(
    ("pnl", "words"),
    [
        ([], "Nothing was bought and settled, so no profit or loss is shown;"),
        (["3"] * 10, "Made $10.00 on 100 contracts, +10.0 ¢ each after fees, on 10 days: too few"),
        (["0", "4.2"] * 30, "interval includes zero, so no edge is shown;"),
        (["1"] * 30, "Lost $30.00 on 300 contracts, −10.0 ¢ each after fees"),
        (["1"] * 30, "a loss that chance does not explain;"),
        (["3"] * 30, "distrust this profit until the leak test explains it;"),
    ],
)
def test_the_money_is_told_with_its_doubt(pnl: list[str], words: str) -> None:
    assert words in honest_sentence(traded(pnl))


def test_the_interval_and_the_effective_days_are_in_the_sentence() -> None:
    found = honest_sentence(traded(["0", "3"] * 30))
    assert "Lost $30.00" in found
    assert "(95 % interval" in found
    assert "on 60 days worth 60 independent ones)" in found


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (judged(0.05, 0.02, 0.08), "forecasts worse than the market's own prices (Brier +0.050"),
        (judged(0.05, -0.02, 0.12), "is not shown to forecast better than the market's own prices"),
        (
            judged(-0.05, -0.12, 0.02),
            "is not shown to forecast better than the market's own prices",
        ),
        (judged(-0.05, -0.08, -0.02), "better than the market's own prices (Brier −0.050"),
        (judged(-0.05, -0.08, -0.02, tight=False), "quotes too wide to mean much"),
        (judged(-0.05, None, None), "40 tight ladders are too few to compare"),
        (summary(record()), "the model could not be compared with the market"),
    ],
)
def test_the_model_is_held_against_the_market(shown: Summary, words: str) -> None:
    assert words in honest_sentence(shown)


def test_every_sentence_ends_with_what_the_figures_assume() -> None:
    for shown in (summary(record()), traded(["3"] * 30), judged(-0.05, -0.08, -0.02)):
        found = honest_sentence(shown)
        assert found.endswith(
            "the depth of every fill is assumed, and quotes are one snapshot a day."
        )
        assert found.count(".") == found.rstrip(".").count(".") + 1


def test_better_is_never_said_where_the_interval_reaches_zero() -> None:
    for low, high in ((-0.10, 0.0), (-0.10, 0.01), (0.0, 0.1)):
        assert "forecasts better" not in honest_sentence(judged(-0.05, low, high))
