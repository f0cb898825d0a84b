"""The forecasters' figures: each with its n and, where it is a comparison, its interval.

Lower is better in all. Days of one date count once, whatever their city: intervals are drawn over
dates in blocks of a week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np

from kalshi_edge.backtest.conditional import Conditional, conditional
from kalshi_edge.backtest.estimates import Estimate, calendar, estimate
from kalshi_edge.backtest.reliability import pit_shares
from kalshi_edge.backtest.walk_forward import CityWalk, JudgedDay, JudgedLadder
from kalshi_edge.models.distribution import Normal, degree_probability
from kalshi_edge.models.scores import brier_per_bin, degree_crps, log_score

J = TypeVar("J", JudgedDay, JudgedLadder)

EVERYWHERE = "all"
"""The name of all cities together."""


@dataclass(frozen=True, slots=True)
class ForecastFigures:
    """How good a forecast of the maximum is, in whole °F."""

    n: int
    crps: float
    """Mean, °F."""
    log: float
    """Mean log score of the whole degree that came, nats."""
    pit_chi2: float
    """Of the non-randomised PIT in ten bins; a calibrated forecast exceeds 16.9 one time in 20."""


@dataclass(frozen=True, slots=True)
class PosteriorFigures:
    """The posterior beside the mid, on the same coherent ladders."""

    n: int
    log_loss: float
    log_loss_mid: float
    difference: float
    """Nats a ladder; below 0 the posterior is better."""
    interval: tuple[float, float] | None
    """95 %; ``None`` where there are too few days for one."""
    brier_per_bin: float
    brier_per_bin_mid: float
    earned_weight: float
    """Of our forecast, at the last ladder; of several cities the mean."""


@dataclass(frozen=True, slots=True)
class ForecasterFigures:
    """By city, ``all`` among them: the forecasts by model, and the posterior where quoted."""

    forecast: Mapping[str, Mapping[str, ForecastFigures]]
    posterior: Mapping[str, PosteriorFigures]
    posterior_tight: Mapping[str, PosteriorFigures]
    """On ladders of which no bin's spread is wider than the trader's gate lets through."""
    conditional: Conditional
    crps_less_seed: Mapping[str, Estimate]
    """EMOS's CRPS less the seed's on the same days, °F a day; below 0 EMOS is sharper."""


NO_FIGURES = ForecasterFigures({}, {}, {}, {}, {})
"""Where nothing was walked."""


def forecaster_figures(
    walks: Sequence[CityWalk],
    first_day: date,
    last_day: date,
    seed: int,
    *,
    max_spread: float = 0.12,
) -> ForecasterFigures:
    """The figures of climate days from ``first_day`` to ``last_day``, both included.

    A ladder is tight where no bin's ask − bid exceeds ``max_spread``, dollars.
    """
    days = {w.station.city: _within(w.days, first_day, last_day) for w in walks}
    ladders = {w.station.city: _within(w.ladders, first_day, last_day) for w in walks}
    days[EVERYWHERE] = [day for some in days.values() for day in some]
    ladders[EVERYWHERE] = every_ladder = [ladder for some in ladders.values() for ladder in some]
    return ForecasterFigures(
        forecast={city: found for city, some in days.items() if (found := _by_model(some))},
        posterior=_by_city(ladders, seed),
        posterior_tight=_by_city(
            {
                city: [one for one in some if one.widest_spread <= max_spread]
                for city, some in ladders.items()
            },
            seed,
        ),
        conditional=conditional(every_ladder, seed),
        crps_less_seed={
            city: less for city, some in days.items() if (less := _less_seed(some, seed))
        },
    )


def _by_model(days: Sequence[JudgedDay]) -> dict[str, ForecastFigures]:
    pairs = {
        model: [(day.forecasts[model], day.high_f) for day in days if model in day.forecasts]
        for model in ("seed", "emos")
    }
    return {model: _forecast_figures(some) for model, some in pairs.items() if some}


def _by_city(
    ladders: Mapping[str, Sequence[JudgedLadder]], seed: int
) -> dict[str, PosteriorFigures]:
    return {city: _posterior_figures(some, seed) for city, some in ladders.items() if some}


def _less_seed(days: Sequence[JudgedDay], seed: int) -> Estimate | None:
    cases = []
    for day in days:
        ours, seeds = day.forecasts.get("emos"), day.forecasts.get("seed")
        if ours is not None and seeds is not None:
            gain_f = degree_crps(ours, day.high_f) - degree_crps(seeds, day.high_f)
            cases.append((day.climate_day, gain_f, 1.0))
    return estimate(cases, calendar(day.climate_day for day in days), seed)


def _forecast_figures(pairs: Sequence[tuple[Normal, int]]) -> ForecastFigures:
    n = len(pairs)
    shares = pit_shares(pairs)
    expected = n / len(shares)
    return ForecastFigures(
        n=n,
        crps=float(np.mean([degree_crps(one, high_f) for one, high_f in pairs])),
        log=float(np.mean([log_score(degree_probability(one, high_f)) for one, high_f in pairs])),
        pit_chi2=sum((n * share - expected) ** 2 / expected for share in shares),
    )


def _posterior_figures(ladders: Sequence[JudgedLadder], seed: int) -> PosteriorFigures:
    ours = [log_score(one.posterior.probabilities[one.won]) for one in ladders]
    mids = [log_score(one.posterior.mid[one.won]) for one in ladders]
    found = log_difference(ladders, seed)
    last_of_city = {one.city: one for one in ladders}
    low_high = None if found.low is None or found.high is None else (found.low, found.high)
    return PosteriorFigures(
        n=len(ladders),
        log_loss=float(np.mean(ours)),
        log_loss_mid=float(np.mean(mids)),
        difference=found.mean,
        interval=low_high,
        brier_per_bin=brier_per_bin([(one.posterior.probabilities, one.won) for one in ladders]),
        brier_per_bin_mid=brier_per_bin([(one.posterior.mid, one.won) for one in ladders]),
        earned_weight=float(
            np.mean([one.posterior.earned_weight for one in last_of_city.values()])
        ),
    )


def log_difference(ladders: Sequence[JudgedLadder], seed: int) -> Estimate:
    """The posterior's log loss less the mid's, nats a ladder, with its interval."""
    cases = [
        (
            one.climate_day,
            log_score(one.posterior.probabilities[one.won]) - log_score(one.posterior.mid[one.won]),
            1.0,
        )
        for one in ladders
    ]
    found = estimate(cases, calendar(one.climate_day for one in ladders), seed)
    assert found is not None  # there is at least one ladder
    return found


def _within(some: Sequence[J], first_day: date, last_day: date) -> list[J]:
    return [one for one in some if first_day <= one.climate_day <= last_day]
