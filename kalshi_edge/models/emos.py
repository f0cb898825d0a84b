"""Online EMOS: the day's maximum is N(μ, σ²), both learned from each settled day.

μ = anchor + β·x and ln σ = γ·s (Gneiting et al. 2005, fitted by likelihood, one step a day). The
anchor is the best model's value; the predictors x are what the others say beside it, the season,
and yesterday where its maximum is known; s is how far they disagree. A missing input is 0: it says
nothing and breaks nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from math import cos, exp, log, pi, sin

import numpy as np

from kalshi_edge.domain.beliefs import (
    EmosLesson,
    EmosRecord,
    EmosState,
    Lead,
    Predictors,
    Vector,
)
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.models.distribution import Normal
from kalshi_edge.models.learner import Prior, dot, learned, weakened
from kalshi_edge.models.temperature import DECILE_SPAN

MEAN_KEEP, SPREAD_KEEP = 0.99, 0.998
TYPICAL_SIGMA_F = 2.5
"""σ of the prior, and of a bulletin whose own spread says nothing new."""
LN_SIGMA_RANGE = (-0.5, 2.0)
"""σ stays within 0.6 and 7.4 °F."""
SQUARE_CAP = 9.0
"""One day counts at most as three σ: an error of a station must not blow up the spread."""
TAKEOVER_FACTOR = 2.0
"""So much less firmly is held what was learned of a version when the next one takes over.

From 1 (nothing is forgotten) to 4 New York's CRPS of 2023–24, with two take-overs in it, changes by
0.001 °F: there is nothing to choose by.
"""
SLOPE_SD, SEASON_SD, YESTERDAY_SD, SPREAD_SD = 0.3, 0.7, 0.1, 0.3
TYPICAL_GEFS_F, LEAST_GEFS_F = 1.5, 0.3
DISAGREEMENT_FLOOR_F, TYPICAL_DISAGREEMENT_F = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class EmosLayout:
    """Which models take which part."""

    name: str
    anchors: tuple[str, ...]
    """The newest run of these is the anchor; of the same run the first."""
    others: tuple[str, ...]

    @property
    @cache  # noqa: B019 - there are three layouts
    def mean_prior(self) -> Prior:
        """Equal weights of the anchor and of each other model; no bias, season or yesterday."""
        p = len(self.others)
        theta = (0.0, *[1.0 / (p + 1)] * p, 0.0, 0.0, 0.0, 0.0)
        sds = (1.0, *[SLOPE_SD] * p, SEASON_SD, SEASON_SD, YESTERDAY_SD, YESTERDAY_SD)
        return Prior(theta, tuple(1.0 / sd**2 for sd in sds), MEAN_KEEP)

    @property
    def fresh(self) -> EmosState:
        """What is known before the first day."""
        return EmosState(self.mean_prior.belief, SPREAD_PRIOR.belief)


SPREAD_PRIOR = Prior(
    (log(TYPICAL_SIGMA_F), 0.0, 0.0, 0.0, 0.0, 0.0), (1.0 / SPREAD_SD**2,) * 6, SPREAD_KEEP
)

LAYOUTS: tuple[EmosLayout, ...] = (
    EmosLayout("NBP", ("NBP", "NBS", "NBE"), ("GFSMOS", "NAMMOS", "LAMP", "GEFS", "HRRR", "RAP")),
    EmosLayout("NBM", ("NBM",), ("GFSMOS", "NAMMOS", "GEFS", "HRRR", "RAP")),
    EmosLayout("GFSMOS", ("GFSMOS",), ("NAMMOS", "GFSMOSTMP")),
)
"""The best first. A city has the best of which it has seen an anchor."""


def layout_named(name: str) -> EmosLayout:
    """The layout of that name."""
    return next(layout for layout in LAYOUTS if layout.name == name)


def layout_of(seen: Sequence[str]) -> EmosLayout | None:
    """The best layout of which one of the models ``seen`` is an anchor; ``None`` without any.

    >>> found = layout_of(["GFSMOS", "NBM"])
    >>> found and found.name
    'NBM'
    """
    return next((one for one in LAYOUTS if not set(one.anchors).isdisjoint(seen)), None)


@dataclass(frozen=True, slots=True)
class KnownSpreads:
    """The last known ln of each spread beside its typical size: what a missing one is taken as."""

    disagreement: float = 0.0
    gefs: float = 0.0
    bulletin: float = 0.0


@dataclass(frozen=True, slots=True)
class Yesterday:
    """The day before, where its maximum is known already, °F."""

    high_f: float
    anchor_f: float
    """What was its anchor in the same lead class."""


def predictors(
    layout: EmosLayout,
    forecasts: Mapping[str, Forecast],
    climate_day: date,
    known: KnownSpreads,
    yesterday: Yesterday | None = None,
) -> Predictors | None:
    """What ``forecasts`` (by model, of one station and day) make of it.

    Without an anchor the mean of the other models stands in; ``None`` where there is nothing.
    """
    points = {name: forecasts[name].point_f for name in layout.others if name in forecasts}
    anchors = [forecasts[name] for name in layout.anchors if name in forecasts]
    if not anchors and not points:
        return None
    anchor = max(anchors, key=lambda one: one.run_at) if anchors else None
    anchor_f = sum(points.values()) / len(points) if anchor is None else anchor.point_f
    departures = [points.get(name, anchor_f) - anchor_f for name in layout.others]
    around = [0.0, *(points[name] - anchor_f for name in points)]
    disagreement = (
        log(float(np.std(around)) + DISAGREEMENT_FLOOR_F) - log(TYPICAL_DISAGREEMENT_F)
        if points
        else known.disagreement
    )
    gefs = _gefs_spread(forecasts.get("GEFS"), known.gefs)
    bulletin = _bulletin_spread(anchor, known.bulletin)
    angle = 2 * pi * climate_day.timetuple().tm_yday / 365.25
    season = (sin(angle), cos(angle))
    before = (0.0, 0.0)
    if yesterday is not None:
        before = (yesterday.high_f - yesterday.anchor_f, yesterday.high_f - anchor_f)
    return Predictors(
        climate_day=climate_day,
        anchor_f=anchor_f,
        model="" if anchor is None else anchor.model,
        version="" if anchor is None else anchor.version,
        x=(1.0, *departures, *season, *before),
        s=(1.0, disagreement, *season, gefs, bulletin),
    )


def spreads_of(s: Vector) -> KnownSpreads:
    """The spreads that are in the predictors ``s``."""
    _, disagreement, _, _, gefs, bulletin = s
    return KnownSpreads(disagreement, gefs, bulletin)


def _gefs_spread(gefs: Forecast | None, before: float) -> float:
    if gefs is None or gefs.sd_f is None:
        return before
    return log(max(gefs.sd_f, LEAST_GEFS_F) / TYPICAL_GEFS_F)


def _bulletin_spread(anchor: Forecast | None, before: float) -> float:
    """Ln of the bulletin's own spread ÷ 2.5 °F, from P10 and P90 or as it prints it."""
    if anchor is None:
        return before
    p10, p90 = anchor.percentile(10), anchor.percentile(90)
    sd_f = anchor.sd_f if p10 is None or p90 is None else (p90 - p10) / DECILE_SPAN
    return before if sd_f is None else log(max(sd_f, DISAGREEMENT_FLOOR_F) / TYPICAL_SIGMA_F)


def predicted(state: EmosState, given: Predictors) -> Normal:
    """The distribution of the day's maximum before rounding, °F."""
    mu_f = given.anchor_f + dot(state.mean.theta, given.x)
    return Normal(mu_f, _sigma_f(state, given.s))


def taught(layout: EmosLayout, state: EmosState, lesson: EmosLesson) -> EmosState:
    """``state`` after one more settled day; both steps see the old β and γ."""
    if lesson.version and state.version and lesson.version != state.version:
        state = replace(
            state,
            mean=weakened(state.mean, TAKEOVER_FACTOR),
            spread=weakened(state.spread, TAKEOVER_FACTOR),
        )
    x, s = np.array(lesson.x), np.array(lesson.s)
    variance = _sigma_f(state, lesson.s) ** 2
    error_f = lesson.high_f - lesson.anchor_f - dot(state.mean.theta, lesson.x)
    surprise = min(error_f**2 / variance, SQUARE_CAP) - 1.0
    outer_x, outer_s = x[:, np.newaxis] * x, s[:, np.newaxis] * s
    return EmosState(
        mean=learned(state.mean, layout.mean_prior, x * error_f / variance, outer_x / variance),
        spread=learned(state.spread, SPREAD_PRIOR, s * surprise, 2.0 * outer_s),
        version=lesson.version or state.version,
        days=state.days + 1,
    )


def fresh_emos(city: str, lead: Lead, layout: EmosLayout) -> EmosRecord:
    """The record of a city and lead class before the first day."""
    return EmosRecord(city, lead, layout.name, layout.fresh)


def _sigma_f(state: EmosState, s: Vector) -> float:
    low, high = LN_SIGMA_RANGE
    return exp(min(max(dot(state.spread.theta, s), low), high))
