"""How good the forecasts were: each judged only on what had been received when it was made."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kalshi_edge.backtest.reliability import PIT_CLASSES, Z_95, pit_shares, reliability_points
from kalshi_edge.backtest.walk_forward import CityWalk, walked
from kalshi_edge.config import load_settings
from kalshi_edge.data.history.origin import is_synthetic
from kalshi_edge.lab.frames import MADE_UP, frame
from kalshi_edge.lab.history import chosen_cities
from kalshi_edge.models.distribution import Normal, degree_probability
from kalshi_edge.models.scores import degree_crps, log_score, multi_brier, pit_interval

Rows = Iterator[Mapping[str, Any]]


def forecast_scores(
    folder: Path | str,
    cities: Sequence[str] | None = None,
    *,
    models: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What each model said of each climate day at its first instant, and how it came out; °F.

    One row per city, climate day and model (``seed``, ``emos``): the calibrated μ and σ, the high,
    the error high − μ, the CRPS over whole degrees (°F, lower is better), the log score of the
    degree that came (nats), and the interval of the PIT. The calibration has learned from earlier
    days alone. ``models`` are the seed's forecasts, the best first; default: ``FORECAST_MODELS``.
    Raises ``HistoryError`` for a city without history.

    >>> from kalshi_edge import lab
    >>> found = lab.forecast_scores(lab.example())
    >>> sorted(found["model"].unique()), bool((found["crps_f"] > 0).all())
    (['emos', 'seed'], True)
    """
    folder = Path(folder)

    def rows() -> Rows:
        for walk in _walks(folder, cities, models):
            for day in walk.days:
                for model, said in sorted(day.forecasts.items()):
                    low, high = pit_interval(said, day.high_f)
                    yield {
                        "city": walk.station.city,
                        "climate_day": day.climate_day,
                        "model": model,
                        "mu_f": said.mu_f,
                        "sigma_f": said.sigma_f,
                        "high_f": day.high_f,
                        "error_f": day.high_f - said.mu_f,
                        "crps_f": degree_crps(said, day.high_f),
                        "log_score": log_score(degree_probability(said, day.high_f)),
                        "pit_low": low,
                        "pit_high": high,
                    }

    columns = ("city", "climate_day", "model", "mu_f", "sigma_f", "high_f", "error_f", "crps_f",
               "log_score", "pit_low", "pit_high")  # fmt: skip
    return frame(rows(), columns, synthetic=is_synthetic(folder))


def ladder_scores(
    folder: Path | str,
    cities: Sequence[str] | None = None,
    *,
    models: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Every bin of every coherent ladder: who said what of it, and whether it won.

    One row per bin at the first instant of its climate day. ``seed``, ``emos`` and ``posterior``
    are the models' probabilities, ``market`` the quotes' mid, normalised over the ladder. ``seed``
    is missing where none of its forecasts was there. Raises ``HistoryError`` for a city without
    history.

    >>> from kalshi_edge import lab
    >>> found = lab.ladder_scores(lab.example())
    >>> sums = found.groupby("climate_day")[["market", "posterior", "won"]].sum()
    >>> bool(((sums - 1).abs() < 1e-9).all(axis=None))
    True
    """
    folder = Path(folder)

    def rows() -> Rows:
        for walk in _walks(folder, cities, models):
            for one in walk.ladders:
                own, mid = one.posterior.own, one.posterior.mid
                for i, bin_ in enumerate(one.bins):
                    yield {
                        "city": one.city,
                        "climate_day": one.climate_day,
                        "decided_at": one.at,
                        "bin": str(bin_),
                        "lower_f": bin_.lower,
                        "upper_f": bin_.upper,
                        "bid": one.quotes.bids[i],
                        "ask": one.quotes.asks[i],
                        "seed": one.seed[i] if one.seed else None,
                        "emos": own[i],
                        "posterior": one.posterior.probabilities[i],
                        "market": mid[i],
                        "won": i == one.won,
                    }

    columns = ("city", "climate_day", "decided_at", "bin", "lower_f", "upper_f", "bid", "ask",
               "seed", "emos", "posterior", "market", "won")  # fmt: skip
    return frame(rows(), columns, synthetic=is_synthetic(folder))


def reliability(ladders: pd.DataFrame, who: str) -> pd.DataFrame:
    """The reliability of the probabilities that ``who`` gave the bins of ``ladder_scores``.

    One row per class of a tenth: how many, their mean probability, the share that won, and the band
    in which that share would lie 19 times in 20 if they were true and the bins independent.

    >>> from kalshi_edge import lab
    >>> table = lab.reliability(lab.ladder_scores(lab.example()), "market")
    >>> bool((table["band_low"] <= table["forecast"]).all())
    True
    """
    given = ladders.dropna(subset=[who])
    forecasts = [
        (tuple(one[who]), list(one["won"]).index(True))
        for _, one in given.groupby(["city", "climate_day"], sort=True)
    ]
    rows = [
        {
            "low": mark.row.low,
            "high": mark.row.high,
            "count": mark.row.count,
            "forecast": mark.row.forecast,
            "observed": mark.row.observed,
            "band_low": mark.band_low,
            "band_high": mark.band_high,
        }
        for mark in reliability_points(forecasts)
    ]
    columns = ("low", "high", "count", "forecast", "observed", "band_low", "band_high")
    return frame(rows, columns, synthetic=_is_made_up(ladders))


def pit(scores: pd.DataFrame) -> pd.DataFrame:
    """The PIT histogram of ``forecast_scores``: the shares of ten equal classes.

    A calibrated forecast has a tenth in each; the band is where a share would lie 19 times in 20 if
    it were calibrated and the days independent. Hollow in the middle: σ too small; a heap: too big.

    >>> from kalshi_edge import lab
    >>> shares = lab.pit(lab.forecast_scores(lab.example()).query("model == 'seed'"))["share"]
    >>> float(shares.sum().round(9))
    1.0
    """
    pairs = [
        (Normal(mu_f, sigma_f), int(high_f))
        for mu_f, sigma_f, high_f in zip(
            scores["mu_f"], scores["sigma_f"], scores["high_f"], strict=True
        )
    ]
    share, n = 1 / PIT_CLASSES, len(pairs)
    half = Z_95 * (share * (1 - share) / n) ** 0.5 if n else 0.0
    rows = [
        {
            "low": i * share,
            "high": (i + 1) * share,
            "share": found,
            "band_low": max(share - half, 0.0),
            "band_high": share + half,
        }
        for i, found in enumerate(pit_shares(pairs) if pairs else ())
    ]
    columns = ("low", "high", "share", "band_low", "band_high")
    return frame(rows, columns, synthetic=_is_made_up(scores))


def brier_per_bin(ladders: pd.DataFrame, who: str) -> float:
    """The mean Brier score over all bins of ``ladder_scores``, 0 to 1; lower is better.

    >>> from kalshi_edge.lab import example, ladder_scores
    >>> 0 < brier_per_bin(ladder_scores(example()), "market") < 0.25
    True
    """
    given = ladders.dropna(subset=[who])
    total = sum(
        multi_brier(tuple(one[who]), list(one["won"]).index(True))
        for _, one in given.groupby(["city", "climate_day"])
    )
    return float(total / len(given))


def _walks(
    folder: Path, cities: Sequence[str] | None, models: Sequence[str] | None
) -> Iterator[CityWalk]:
    names = tuple(models) if models else load_settings().forecast_models
    return (walked(folder, city, names) for city in chosen_cities(folder, cities))


def _is_made_up(found: pd.DataFrame) -> bool:
    return found.columns.name == MADE_UP
