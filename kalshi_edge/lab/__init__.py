"""History, forecasts, scores and backtests as pandas DataFrames: for notebooks and scripts.

>>> from kalshi_edge import lab
>>> past = lab.example()  # a folder of history, here of a SYNTHETIC world
>>> lab.highs(past)["high_f"].between(-60, 130).all()
np.True_

Nothing is computed here that the program does not compute itself: a frame holds what its models,
scores and backtests say, so that a figure in a notebook is the program's own. Temperatures are °F;
dollars are floats, to look at and never to keep accounts by; instants are UTC, and a climate day is
a date at midnight. A frame of made-up data says SYNTHETIC in its upper left corner.
"""

try:
    import pandas as _pandas  # noqa: F401 - whether it is there
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "kalshi_edge.lab needs pandas: install kalshi-edge with its extra `lab`"
    ) from error

from kalshi_edge.lab.backtests import PlayedBacktest, backtest, stored_trades
from kalshi_edge.lab.history import cities, forecasts, highs, quotes, readings, settlements
from kalshi_edge.lab.past import example, import_archive, synthetic_past
from kalshi_edge.lab.scores import (
    brier_per_bin,
    forecast_scores,
    ladder_scores,
    pit,
    reliability,
)

__all__ = [
    "PlayedBacktest",
    "backtest",
    "brier_per_bin",
    "cities",
    "example",
    "forecast_scores",
    "forecasts",
    "highs",
    "import_archive",
    "ladder_scores",
    "pit",
    "quotes",
    "readings",
    "reliability",
    "settlements",
    "stored_trades",
    "synthetic_past",
]
