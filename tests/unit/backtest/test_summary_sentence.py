"""The sentence at the top says what the figures allow, and nothing kinder."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kalshi_edge.backtest.estimates import Estimate
from kalshi_edge.backtest.run import DecisionAges
from kalshi_edge.backtest.summary import Summary, summary
from kalshi_edge.backtest.verification import PER_BIN, PER_LADDER, ScoreRow, ScoreTable
from kalshi_edge.backtest.wording import honest_sentence
from tests.support.backtest_records import FIRST, record, trade, view


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


def table(*interval: float | None, tight: bool = False, ladders: int = 40) -> ScoreTable:
    """Scores whose model differs from the market by that much: the mean, its low and its high."""
    mean, low, high = interval
    assert mean is not None
    rows = tuple(
        ScoreRow(name, 0.7 + mean, 0.7, 1.1, difference, difference)
        for name, factor in ((PER_LADDER, 6.0), (PER_BIN, 1.0))
        for difference in (Estimate(factor * mean, low, high, 40.0, 40, 30.0),)
    )
    return ScoreTable(None, tight, ladders, 40, 0.05, rows)


def judged(*tables: ScoreTable) -> Summary:
    return replace(summary(record()), scores=tables)


@pytest.mark.parametrize(
    ("pnl", "words"),
    [
        ([], "nothing was bought and settled, so no profit or loss is shown;"),
        (["3"] * 10, "made $10.00 on 100 contracts, +10.0 ¢ each after fees, on 10 days: too few"),
        (["0", "4.2"] * 30, "interval includes zero, so no edge is shown;"),
        (["1"] * 30, "lost $30.00 on 300 contracts, −10.0 ¢ each after fees"),
        (["1"] * 30, "a loss that chance does not explain;"),
        (["3"] * 30, "distrust this profit until the leak test explains it;"),
        (["3"] * 30, "; none of its 30 positions lost its stake, so the interval knows of no"),
        (["3"] * 30, "up to 10 % may;"),
        ([*["3"] * 29, "1"], "distrust this profit until the leak test explains it; the model"),
    ],
)
def test_the_money_is_told_with_its_doubt(pnl: list[str], words: str) -> None:
    assert words in honest_sentence(traded(pnl))


def test_the_interval_and_the_effective_days_are_in_the_sentence() -> None:
    found = honest_sentence(traded(["0", "3"] * 30))
    assert "lost $30.00" in found
    assert "(95 % interval" in found
    assert "on 60 days worth 60 independent ones)" in found


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (
            judged(table(0.05, 0.02, 0.08)),
            "forecasts worse than the market's own prices on all 40 quoted ladders (Brier per bin"
            " +0.0500, +0.0200 to +0.0800; +0.300 summed over a ladder), and no ladder was tight;",
        ),
        (
            judged(table(0.05, -0.02, 0.12)),
            "is not shown to forecast better than the market's own prices on all 40",
        ),
        (
            judged(table(-0.05, -0.12, 0.02)),
            "is not shown to forecast better than the market's own prices on all 40",
        ),
        (
            judged(table(-0.05, -0.08, -0.02), table(0.05, 0.02, 0.08, tight=True, ladders=9)),
            "forecasts better than the market's own prices on all 40 quoted ladders (Brier per bin"
            " −0.0500, −0.0800 to −0.0200; −0.300 summed over a ladder), and worse on the 9 tight"
            " ones (Brier per bin +0.0500, +0.0200 to +0.0800; +0.300 summed over a ladder);",
        ),
        (
            judged(table(-0.05, -0.08, -0.02), table(-0.05, -0.1, 0.1, tight=True)),
            "), and not shown to be better on the 40 tight ones (",
        ),
        (
            judged(table(-0.05, -0.08, -0.02), table(-0.05, None, None, tight=True)),
            "), and the 40 tight ones are too few to say;",
        ),
        (judged(table(-0.05, None, None)), "all 40 quoted ladders are too few to compare"),
        (summary(record()), "the model could not be compared with the market"),
    ],
)
def test_the_model_is_held_against_the_market_on_all_ladders_first(
    shown: Summary, words: str
) -> None:
    assert words in honest_sentence(shown)


def test_every_sentence_ends_with_what_the_figures_assume() -> None:
    for shown in (summary(record()), traded(["3"] * 30), judged(table(-0.05, -0.08, -0.02))):
        found = honest_sentence(shown)
        assert found.endswith(
            "the depth of every fill is assumed, and quotes are one snapshot a day."
        )
        assert found.count(".") == found.rstrip(".").count(".") + 1


def test_better_is_never_said_where_the_interval_reaches_zero() -> None:
    for low, high in ((-0.10, 0.0), (-0.10, 0.01), (0.0, 0.1)):
        for tight in (False, True):
            shown = judged(table(-0.05, low, high), table(-0.05, low, high, tight=tight))
            assert "forecasts better" not in honest_sentence(shown)
            assert "and better" not in honest_sentence(shown)


# --- what was decided on ------------------------------------------------------------------------


def decided(*, runs: Iterable[int], model: str = "seed") -> Summary:
    """Two days of New York and one of Chicago, decided on these ages and this many runs a day."""
    days = [("NYC", FIRST), ("NYC", FIRST + timedelta(days=1)), ("CHI", FIRST)]
    found = record(views=[view(day, (0.1, 0.5, 0.4, 0.2), city=city) for city, day in days])
    ages = (DecisionAges(17.0, 0.0), DecisionAges(18.0, 1.5), DecisionAges(40.0, None))
    found.ages.update(zip(days, ages, strict=True))
    found.runs.update(("KNYC", datetime(2024, 2, 29, hour, tzinfo=UTC)) for hour in runs)
    shown = summary(found)
    return replace(shown, question=replace(shown.question, model=model))


def test_the_sentence_begins_with_the_model_and_the_age_of_what_it_decided_on() -> None:
    found = honest_sentence(decided(runs=[12], model="emos"))
    assert found.startswith(
        "Model emos, on forecasts 18 h and quotes 45 min old (medians; one model run a day, 12Z"
        " only): nothing was bought"
    )
    assert [
        (row.city, row.model, row.city_days, row.forecast_age_h, row.quotes_age_h)
        for row in decided(runs=[]).decisions[1:]
    ] == [("CHI", "NBM 4.1", 1, 40.0, None), ("NYC", "NBM 4.1", 2, 17.5, 0.75)]


@pytest.mark.parametrize(("runs", "words"), [([], "(medians)"), ([0, 12], "(medians)")])
def test_one_run_a_day_is_said_only_where_it_is_so(runs: list[int], words: str) -> None:
    assert words in honest_sentence(decided(runs=runs))
    assert "one model run" not in honest_sentence(decided(runs=runs))
