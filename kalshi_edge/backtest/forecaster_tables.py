"""The forecasters' figures and the comparison of several backtests, as tables for a terminal."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kalshi_edge.backtest.comparison import comparison
from kalshi_edge.backtest.conditional import EVERYTHING, Rows
from kalshi_edge.backtest.evening import Evening
from kalshi_edge.backtest.forecaster_figures import ForecasterFigures
from kalshi_edge.backtest.rich_tables import GAIN, LOSS, plain_table
from kalshi_edge.backtest.summary import Summary
from kalshi_edge.backtest.wording import NONE, bounds, count, interval, percent, signed


def comparison_table(summaries: Sequence[Summary]) -> RenderableType:
    """Backtests side by side, a column for each."""
    labels = [(s.question.label, True) for s in summaries]
    table = plain_table("the same days, side by side", ("", False), *labels)
    for name, values in comparison(summaries):
        table.add_row(name, *values)
    return Padding(table, (1, 0, 1, 1))


def forecaster_tables(figures: ForecasterFigures) -> list[RenderableType]:
    """Forecasts, posterior, and each model's conditional calibration; nothing without figures."""
    if not figures.forecast:
        return []
    tables = [_forecast_table(figures), _posterior_table(figures)]
    tables += [
        _conditional_table(model, cuts[EVERYTHING][EVERYTHING])
        for model, cuts in figures.conditional.items()
    ]
    return [Padding(table, (0, 0, 1, 1)) for table in tables]


def _forecast_table(figures: ForecasterFigures) -> Table:
    names = ("city", False), ("model", False)
    measures = ("n", "CRPS, °F", "log, nats", "PIT χ²", "less seed", "95 % interval")
    columns = [(name, True) for name in measures]
    table = plain_table("forecasts of the maximum, lower is better", *names, *columns)
    for city, models in figures.forecast.items():
        for model, one in models.items():
            scores = f"{one.crps:.3f}", f"{one.log:.3f}", f"{one.pit_chi2:.1f}"
            less = figures.crps_less_seed.get(city) if model == "emos" else None
            against = (signed(less.mean, 3), interval(less)) if less else ("", "")
            table.add_row(city, model, count(one.n), *scores, *against)
    return table


def _posterior_table(figures: ForecasterFigures) -> Table:
    names = ("n", "log", "mid", "less mid", "95 % interval", "Brier/bin", "mid", "weight")
    columns = [(name, True) for name in names]
    table = plain_table("posterior and mid, coherent ladders", ("city", False), *columns)
    for of, cities in (("", figures.posterior), (" tight", figures.posterior_tight)):
        for city, one in cities.items():
            low, high = one.interval or (None, None)
            # Lower is better: a difference below zero is the posterior's gain.
            is_gain, is_loss = high is not None and high < 0, low is not None and low > 0
            sure = GAIN if is_gain else LOSS if is_loss else ""
            table.add_row(
                f"{city}{of}",
                count(one.n),
                f"{one.log_loss:.3f}",
                f"{one.log_loss_mid:.3f}",
                Text(signed(one.difference, 3), sure),
                NONE if low is None or high is None else f"{signed(low, 3)} to {signed(high, 3)}",
                f"{one.brier_per_bin:.4f}",
                f"{one.brier_per_bin_mid:.4f}",
                percent(one.earned_weight),
            )
    if not figures.posterior:
        table.add_row("none")
    return table


def _conditional_table(model: str, rows: Rows) -> Table:
    columns = [(name, True) for name in ("bins", "days", "said", "price", "came", "95 % interval")]
    title = f"where {model} departs from the price, %"
    table = plain_table(title, ("said − price", False), *columns)
    for row in rows:
        low, high = row.interval or (None, None)
        table.add_row(
            bounds(row.low, row.high),
            count(row.n),
            count(row.days),
            f"{100 * row.said:.1f}",
            f"{100 * row.price:.1f}",
            f"{100 * row.came:.1f}",
            NONE if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}",
        )
    return table


def evening_tables(figures: Evening) -> list[RenderableType]:
    """The trade averages as a forecast, and each model beside them on the same ladders."""
    names = ("ladders", "left out", "sum, $", "log, nats", "Brier/bin")
    market = plain_table(
        "the evening's trade averages", ("city", False), *((name, True) for name in names)
    )
    for city, one in figures.market.items():
        scores = f"{one.total:.3f}", f"{one.log:.3f}", f"{one.brier_per_bin:.4f}"
        market.add_row(city, count(one.n), count(one.left_out), *scores)
    columns = ("n", "log", "market", "less market", "95 % interval", "Brier/bin", "market")
    models = plain_table(
        "forecasts beside them, the same ladders",
        ("city", False),
        ("model", False),
        *((name, True) for name in columns),
    )
    for city, by_model in figures.models.items():
        for model, found in by_model.items():
            low, high = found.interval or (None, None)
            models.add_row(
                city,
                model,
                count(found.n),
                f"{found.log:.3f}",
                f"{found.log_market:.3f}",
                signed(found.difference, 3),
                NONE if low is None or high is None else f"{signed(low, 3)} to {signed(high, 3)}",
                f"{found.brier_per_bin:.4f}",
                f"{found.brier_per_bin_market:.4f}",
            )
    return [Padding(table, (0, 0, 1, 1)) for table in (market, models)]


def evening_notes(figures: Evening) -> list[str]:
    """What the tables do not say by themselves."""
    alone = [city for city in figures.market if city not in figures.models]
    notes = [
        "an average of twelve hours' trades is never a fill; a ladder's are divided by their sum",
        "ours: made at the start of the climate day, in an archive of 12Z runs that of the evening",
    ]
    if alone:
        notes.append(f"no forecasts of {', '.join(alone)}: only the market's own figures")
    return notes + [f"left out {count(n)} ladders: {why}" for why, n in figures.left_out.items()]
