"""What other models than the NBM say of a maximum: their errors go with the NBM's, each by so much.

A model's error at a lead is bias + r·(c·e + √(1 − c²)·σ·w), where e is the NBM's own error at that
lead and σ its spread: c is the correlation with the NBM, r the ratio of the spreads. w has variance
1; a family of models shares the part g of it. So two models of different families correlate by
c₁·c₂, two of one family by c₁·c₂ + √(1 − c₁²)·√(1 − c₂²)·g. From lead to lead w is autoregressive.

Figures: New York, 12 UTC the day before, 2021 to 2024, 1,408 days, from the recorded archive [C].
LAMP's ratio is from a published comparison [M]; its correlation and all delays are guesses [E].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import InputError
from kalshi_edge.units import round_half_up
from kalshi_sandbox.world.dependence import error_spread
from kalshi_sandbox.world.draws import draws
from kalshi_sandbox.world.forecasts import SHARPNESS, Errors
from kalshi_sandbox.world.seasons import Floats

if TYPE_CHECKING:
    from kalshi_sandbox.world.world import World

LAST_LEAD_H = 96
_MEMORY_H = 24.0
"""Leads so far apart share 1/e of what is a model's own."""
_SPREAD_MEDIAN_F, _SPREAD_LOG_SD = 1.96, 0.43
"""Of GEFS; in the archive it hardly goes with the size of the error (correlation 0.09)."""


class PointModel(StrEnum):
    """Models by the name that their forecasts have."""

    GFSMOS = "GFSMOS"
    NAMMOS = "NAMMOS"
    LAMP = "LAMP"
    GEFS = "GEFS"
    HRRR = "HRRR"
    RAP = "RAP"


@dataclass(frozen=True, slots=True)
class Skill:
    """How a model errs beside the NBM, when it runs, how far it looks and when it is seen."""

    ratio: float
    """Spread of its errors over that of the NBM's."""
    correlation: float
    """Of its errors with the NBM's."""
    bias_f: float
    """Forecast less truth."""
    hours: tuple[int, ...]
    """UTC hours of its runs."""
    reach_h: int
    """The last forecast hour."""
    seen_after: timedelta
    family: str
    family_share: float = 0.0
    past_hour: timedelta = timedelta()
    """LAMP runs at half past."""


_MOS = frozenset({PointModel.GFSMOS, PointModel.NAMMOS})
_SIX_HOURLY = (0, 6, 12, 18)
SKILLS: Mapping[PointModel, Skill] = MappingProxyType(
    {
        PointModel.GFSMOS: Skill(
            1.32, 0.62, -0.88, _SIX_HOURLY, 72, timedelta(minutes=230), "MOS", 0.44
        ),
        PointModel.NAMMOS: Skill(
            1.37, 0.63, -1.44, (0, 12), 72, timedelta(minutes=175), "MOS", 0.44
        ),
        PointModel.LAMP: Skill(
            1.05, 0.75, -0.5, tuple(range(24)), 25, timedelta(minutes=7), "LAMP",
            past_hour=timedelta(minutes=30),
        ),
        PointModel.GEFS: Skill(1.34, 0.79, -0.72, _SIX_HOURLY, 48, timedelta(minutes=360), "GEFS"),
        PointModel.HRRR: Skill(
            1.40, 0.62, -1.13, _SIX_HOURLY, 48, timedelta(minutes=110), "rapid refresh", 0.66
        ),
        PointModel.RAP: Skill(
            1.44, 0.65, -2.30, (3, 9, 15, 21), 51, timedelta(minutes=100), "rapid refresh", 0.66
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelErrors:
    """A month's errors of one model, forecast less truth, °F (days, stations, leads 0 to 96)."""

    error: Floats
    spread: Floats
    """What the model itself says of them: GEFS's, °F."""


def model_errors_of_month(seed: int, month: date, model: PointModel, nbm: Errors) -> ModelErrors:
    """The errors of a model's forecasts of a month's maxima, given the NBM's."""
    skill, leads = SKILLS[model], LAST_LEAD_H + 1
    shape = (len(nbm.bias), len(STATIONS), leads)
    spread = nbm.published_sd[..., :leads] / SHARPNESS
    theirs = _own_part(seed, f"errors of {skill.family} models", month, shape)
    own = _own_part(seed, f"errors of {model}", month, shape)
    apart = np.sqrt(skill.family_share) * theirs + np.sqrt(1 - skill.family_share) * own
    # The NBM's error is truth less forecast.
    shared = -(nbm.error[..., :leads] + nbm.bias[..., None])
    c = skill.correlation
    error = skill.bias_f + skill.ratio * (c * shared + np.sqrt(1 - c**2) * spread * apart)
    random = draws(seed, f"spread of {model}", month.year, month.month)
    said = _SPREAD_MEDIAN_F * np.exp(_SPREAD_LOG_SD * random.standard_normal(shape[:2]))
    return ModelErrors(error, np.broadcast_to(said[..., None], shape))


def _own_part(seed: int, purpose: str, month: date, shape: tuple[int, int, int]) -> Floats:
    """Variance 1; near stations and near leads go together."""
    days, stations, leads = shape
    random = draws(seed, purpose, month.year, month.month)
    noise = random.standard_normal((days, leads, stations)) @ error_spread().T
    keeps = np.exp(-1 / _MEMORY_H)
    state, path = noise[:, 0], [noise[:, 0]]
    for lead in range(1, leads):
        state = keeps * state + np.sqrt(1 - keeps**2) * noise[:, lead]
        path.append(state)
    return np.stack(path, axis=-1)


@lru_cache(maxsize=256)
def nominal_runs(model: PointModel, day: date) -> tuple[datetime, ...]:
    """The runs of a UTC day, oldest first."""
    skill = SKILLS[model]
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return tuple(midnight + timedelta(hours=hour) + skill.past_hour for hour in skill.hours)


def seen_at(world: "World", model: PointModel, run_at: datetime) -> datetime:
    """When a run can first be had; ``InputError`` where the model has no such run."""
    return _seen_at(world.seed, model, run_at)


@lru_cache(maxsize=4096)
def _seen_at(seed: int, model: PointModel, run_at: datetime) -> datetime:
    skill = SKILLS[model]
    if run_at not in nominal_runs(model, run_at.date()):
        raise InputError(f"{model} has no run at {run_at.isoformat()}, only at {skill.hours} UTC")
    random = draws(seed, f"publication of {model}", int(run_at.timestamp()) // 60)
    return run_at + skill.seen_after * float(random.uniform(0.95, 1.1))


def covers(model: PointModel, station: Station, day: date, run_at: datetime) -> bool:
    """Whether a run says something of the maximum of ``day``.

    Its hours cover the afternoon (12 to 18, standard time); MOS has a maximum while the twelve
    hours that end at 00 UTC have not begun.
    """
    if model in _MOS:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        return timedelta(hours=12) < midnight - run_at <= timedelta(hours=SKILLS[model].reach_h)
    start = station.day_start(day)
    reach = run_at + timedelta(hours=SKILLS[model].reach_h)
    return run_at <= start + timedelta(hours=12) and start + timedelta(hours=18) <= reach


def point_forecast(
    world: "World", model: PointModel, station: Station, day: date, run_at: datetime
) -> Forecast:
    """The run's word on ``day`` as its text or file has it; raises as ``World.model_outlook``.

    ``received_at`` is when it can first be had. MOS and LAMP are in whole °F.
    """
    outlook = world.model_outlook(model, station, day, run_at)
    is_whole = model in {*_MOS, PointModel.LAMP}
    return Forecast(
        station=station.icao,
        climate_day=day,
        model=model.value,
        version="",
        run_at=run_at,
        received_at=seen_at(world, model, run_at),
        mean_f=float(round_half_up(outlook.mean_f)) if is_whole else round(outlook.mean_f, 2),
        sd_f=round(outlook.sd_f, 2) if model is PointModel.GEFS else None,
    )
