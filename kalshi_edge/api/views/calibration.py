"""How a city's forecasts did: the journal's last word before each day against what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.api.schemas.market import (
    Bounds,
    CalibrationView,
    CityCalibration,
    ReliabilityPoint,
    Verification,
)
from kalshi_edge.domain.verdicts import CityView
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError
from kalshi_edge.models.distribution import Normal
from kalshi_edge.models.scores import multi_brier, randomised_pit, reliability
from kalshi_edge.models.statistics import mean_interval

SEED = 7
"""Of the bootstrap: asked again, it answers the same."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A forecast whose day is over."""

    view: CityView
    high_f: int
    winner: int
    """The index of the bin that won."""

    @property
    def market(self) -> tuple[float, ...] | None:
        """The market's mids made to sum to 1; ``None`` where a bin was not quoted."""
        mids = [mid for mid in self.view.market if mid is not None]
        if len(mids) < len(self.view.market) or sum(mids) <= 0:
            return None
        return tuple(mid / sum(mids) for mid in mids)


def city_calibration(read_model: ReadModel, station: Station) -> CityCalibration:
    """A city's calibration records and how its forecasts did."""
    return CityCalibration(
        city=station.city,
        records=[
            CalibrationView(
                city=record.city,
                model=record.model,
                version=record.version,
                bias_f=record.bias_f,
                sigma_scale=record.sigma_scale,
                days=record.days,
                as_of=record.as_of,
                error_f=record.error_f,
                sigma_f=record.sigma_f,
                received_at=record.received_at,
            )
            for record in read_model.calibrations
            if record.city == station.city
        ],
        verification=verification(list(_settled(read_model, station))),
    )


def _settled(read_model: ReadModel, station: Station) -> Iterator[Settled]:
    for (city, climate_day), view in sorted(read_model.views.items()):
        report = read_model.reports.get((station.report, climate_day))
        if city != station.city or report is None or report.high_f is None:
            continue
        winner = next(i for i, one in enumerate(view.bins) if one.contains(report.high_f))
        yield Settled(view, report.high_f, winner)


def verification(days: list[Settled]) -> Verification:
    """The scores of ``days``, in date order, and what they rest on."""
    pairs = [(day, market) for day in days if (market := day.market) is not None]
    ours = [multi_brier(day.view.fair, day.winner) for day, _ in pairs]
    theirs = [multi_brier(market, day.winner) for day, market in pairs]
    stated = [(p, i == day.winner) for day in days for i, p in enumerate(day.view.fair)]
    return Verification(
        days=len(days),
        model_brier=_mean([multi_brier(day.view.fair, day.winner) for day in days]),
        market_brier=_mean(theirs),
        difference=_bounds([a - b for a, b in zip(ours, theirs, strict=True)]),
        reliability=[
            ReliabilityPoint(
                low=row.low,
                high=row.high,
                count=row.count,
                forecast=row.forecast,
                observed=row.observed,
            )
            for row in reliability(stated)
        ],
        pit=_pit(days),
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _bounds(differences: list[float]) -> Bounds | None:
    if not differences:
        return None
    try:
        found = mean_interval(differences, np.random.default_rng(SEED))
    except InputError:  # too few days for bounds
        return Bounds(low=None, estimate=sum(differences) / len(differences), high=None)
    return Bounds(low=found.low, estimate=found.estimate, high=found.high)


def _pit(days: list[Settled]) -> list[int]:
    tenths = [0] * 10
    uniform = np.random.default_rng(SEED).random(len(days))
    for day, u in zip(days, uniform, strict=True):
        stated = Normal(day.view.mu_f, day.view.sigma_f)
        tenths[min(int(randomised_pit(stated, day.high_f, float(u)) * 10), 9)] += 1
    return tenths
