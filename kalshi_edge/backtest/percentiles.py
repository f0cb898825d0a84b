"""What a bulletin's percentiles are worth: its spread against its printed SD and a learned one.

Each lead is a series of its own, one run a climate day, walked in the order of receipt. The centre
is the same for all ways: the median plus the bias that the series' own past taught.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import NormalDist, fmean

from kalshi_edge.backtest.estimates import Case, Estimate, calendar, estimate
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.models.calibration import learn, uncalibrated
from kalshi_edge.models.distribution import Normal, degree_probability
from kalshi_edge.models.scores import degree_crps, log_score, pit_interval
from kalshi_edge.models.temperature import DECILE_SPAN, PRIOR_SIGMA_F, SIGMA_FLOOR_F

LEAST_SIGMA_F = 0.5
"""Half the degree that figures are rounded to: equal P10 and P90 are rounding, not certainty."""
INNER = (0.10, 0.90)
"""Between which a calibrated distribution holds four days in five."""
USUAL = "learned × usual"
"""The mean spread of the series' bulletins so far, times the learned scale: what a day's own
percentiles are worth is what they add to it."""
WAYS = ("P10–P90", "P10–P90, ties", "printed SD", "learned", USUAL, "learned × P10–P90")
LEADS_H = (0, 24, 48, 72, 120)
"""Hours from the run's start to the climate day's: a class begins at each."""

Result = tuple[int, datetime]
"""A day's maximum, whole °F, and when its report was received."""


@dataclass(frozen=True, slots=True)
class SpreadFigures:
    """One way to get a spread, over the runs of a class of leads."""

    n: int
    """Runs of climate days with a result."""
    days: int
    sigma_f: float
    """Mean, °F."""
    crps_f: float
    log: float
    """Mean log score of the whole degree that came, nats."""
    coverage: float
    """The share of highs between the distribution's P10 and P90, 0.8 if calibrated."""
    log_less_usual: Estimate
    """Nats a run; below 0 it is better than the usual spread with the learned scale."""


@dataclass(frozen=True, slots=True)
class _Judged:
    day: date
    lead_h: float
    said: Mapping[str, Normal]
    high_f: int


def percentile_sigma_f(forecast: Forecast) -> float | None:
    """(P90 − P10) ÷ 2.5632, °F; ``None`` without them."""
    p10, p90 = forecast.percentile(10), forecast.percentile(90)
    return None if p10 is None or p90 is None else (p90 - p10) / DECILE_SPAN


def tied_sigma_f(percentiles: Sequence[tuple[int, float]]) -> float | None:
    """The slope of the percentiles over a standard normal's, °F; ``None`` with one value only.

    Percentiles that were rounded to the same degree stand there together, at the mean of their
    percentages: only so many different degrees were printed.

    >>> exact = [(10, 97.0), (25, 98.0), (50, 99.0), (75, 100.0), (90, 101.0)]
    >>> round(tied_sigma_f(exact), 2)
    1.54
    >>> round(tied_sigma_f([(10, 98.0), (25, 99.0), (50, 99.0), (75, 99.0), (90, 100.0)]), 2)
    0.78
    """
    by_value: dict[float, list[int]] = defaultdict(list)
    for percent, value in percentiles:
        by_value[value].append(percent)
    if len(by_value) < 2:
        return None
    z = [NormalDist().inv_cdf(fmean(percents) / 100) for percents in by_value.values()]
    mean_z, mean_f = fmean(z), fmean(by_value)
    slope = sum((a - mean_z) * (f - mean_f) for a, f in zip(z, by_value, strict=True))
    return slope / sum((a - mean_z) ** 2 for a in z)


def spread_figures(
    station: Station, forecasts: Iterable[Forecast], results: Mapping[date, Result], seed: int
) -> Mapping[str, Mapping[str, SpreadFigures]]:
    """By class of leads (``0–24 h``) and way; days without percentiles or a result are left out."""
    series: dict[timedelta, list[Forecast]] = defaultdict(list)
    for one in forecasts:
        known = one.climate_day in results and percentile_sigma_f(one) is not None
        if known and one.sd_f is not None:
            series[station.day_start(one.climate_day) - one.run_at].append(one)
    judged = [
        case
        for lead, some in series.items()
        for case in _walk(station, some, results, lead / timedelta(hours=1))
    ]
    classes: dict[str, list[_Judged]] = {}
    for begins_h, name in _classes():
        ends_h = next((h for h in LEADS_H if h > begins_h), float("inf"))
        some_judged = [case for case in judged if begins_h <= case.lead_h < ends_h]
        if some_judged:
            classes[name] = some_judged
    return {
        name: {way: _figures(some, way, seed) for way in WAYS} for name, some in classes.items()
    }


def _classes() -> list[tuple[int, str]]:
    ends = [*(f"{h}" for h in LEADS_H[1:]), ""]
    names = (f"{a}–{b} h" if b else f"from {a} h" for a, b in zip(LEADS_H, ends, strict=True))
    return list(zip(LEADS_H, names, strict=True))


def _walk(
    station: Station, forecasts: Sequence[Forecast], results: Mapping[date, Result], lead_h: float
) -> Iterable[_Judged]:
    """One lead's runs in order: each by what had been reported when it was received."""
    ordered = sorted(forecasts, key=lambda one: one.received_at)
    alone = [replace(one, percentiles=((50, one.point_f),), sd_f=None) for one in ordered]
    learned, scaled = (uncalibrated(station.city, ordered[0]) for _ in range(2))
    waiting, total_f = 0, 0.0
    for i, one in enumerate(ordered):
        while waiting < i:
            high_f, reported_at = results[ordered[waiting].climate_day]
            if reported_at > one.received_at:
                break
            learned = learn(learned, alone[waiting], high_f, reported_at)
            scaled = learn(scaled, ordered[waiting], high_f, reported_at)
            waiting += 1
        own_f = percentile_sigma_f(one) or 0.0
        traded_f = max(own_f, SIGMA_FLOOR_F)
        total_f += traded_f
        sigmas_f = {
            "P10–P90": own_f,
            "P10–P90, ties": tied_sigma_f(one.percentiles) or 0.0,
            "printed SD": one.sd_f or 0.0,
            "learned": PRIOR_SIGMA_F * learned.sigma_scale,
            USUAL: total_f / (i + 1) * scaled.sigma_scale,
            "learned × P10–P90": traded_f * scaled.sigma_scale,
        }
        mu_f = one.point_f + learned.bias_f
        said = {way: Normal(mu_f, max(s, LEAST_SIGMA_F)) for way, s in sigmas_f.items()}
        yield _Judged(one.climate_day, lead_h, said, results[one.climate_day][0])


def _figures(cases: Sequence[_Judged], way: str, seed: int) -> SpreadFigures:
    logs = [_log(case, way) for case in cases]
    against: list[Case] = [
        (case.day, ours - _log(case, USUAL), 1.0) for case, ours in zip(cases, logs, strict=True)
    ]
    found = estimate(against, calendar(case.day for case in cases), seed)
    assert found is not None  # there is at least one case
    return SpreadFigures(
        n=len(cases),
        days=found.days,
        sigma_f=fmean(case.said[way].sigma_f for case in cases),
        crps_f=fmean(degree_crps(case.said[way], case.high_f) for case in cases),
        log=fmean(logs),
        coverage=fmean(_inside(case.said[way], case.high_f) for case in cases),
        log_less_usual=found,
    )


def _log(case: _Judged, way: str) -> float:
    return log_score(degree_probability(case.said[way], case.high_f))


def _inside(said: Normal, high_f: int) -> float:
    """How much of the probability that a whole degree covers lies between P10 and P90, 0 to 1."""
    low, high = pit_interval(said, high_f)
    least, most = INNER
    if high <= low:
        return float(least <= low <= most)
    return max(min(high, most) - max(low, least), 0.0) / (high - low)
