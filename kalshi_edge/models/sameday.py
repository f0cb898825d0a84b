"""The day's maximum once the day has begun: M = max(daytime's maximum, that of the night before).

NBM's bulletin is about 12 UTC to 06 UTC; the night's hours before belong to the climate day too.
Both are bounded by what was read so far, and how much of the rise is still to come depends on the
hour. The constants are estimates, none fitted on what is traded; their sources are in
docs/concepts/model.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from math import cos, erfc, pi, sqrt
from types import MappingProxyType

from kalshi_edge.domain.weather import Station
from kalshi_edge.models.distribution import Distribution, Normal, in_degrees, weighted
from kalshi_edge.models.observed import Bound, DayPart, Evidence, window_start


@dataclass(frozen=True, slots=True)
class Habit:
    """When a station's day is warmest: hour (local standard time), spread, and the night's share.

    In winter and in summer, each; in between by the cosine of the date.
    """

    peak_h: tuple[float, float]
    spread_h: tuple[float, float]
    night_share: tuple[float, float]
    """Days whose maximum falls outside the NBM's window."""


HABITS: Mapping[str, Habit] = MappingProxyType(
    {
        "KNYC": Habit((13.6, 14.3), (1.8, 1.7), (0.10, 0.01)),
        "KMDW": Habit((13.5, 14.4), (1.8, 1.8), (0.11, 0.01)),
        "KMIA": Habit((13.4, 13.0), (1.5, 1.5), (0.03, 0.005)),
        "KLAX": Habit((12.8, 12.0), (1.5, 1.4), (0.01, 0.005)),
        "KPHX": Habit((14.8, 15.4), (1.0, 1.1), (0.01, 0.005)),
    }
)
USUAL = Habit((13.6, 14.2), (1.8, 1.7), (0.06, 0.01))
"""For stations of which nothing is known."""

READ_GAPS = (0.55, 0.25, 0.12, 0.06, 0.02)
"""How far the maximum is above the highest hourly reading once it is past: by 0, 1, 2 … °F. It is
above on 45 % of days, and by 0.75 °F on average."""
MAXIMUM_GAPS = (0.85, 0.12, 0.03)
"""The same above the highest maximum of six hours: 0.2 °F on average."""
RISE_F_PER_H = 2.5
"""How fast it warms, at most, on the way to the peak."""
LEAST_RISE_F = 2.0
BEYOND = 0.5
"""What a rise of one degree more than seems possible costs."""
LEAST_LIKELY = 1e-3
"""No rise is ruled out by the hour alone."""
NIGHT_EXCESS_F, NIGHT_SPREAD_F = 2.0, 3.0
"""A night's maximum that is the day's is so far above daytime's: 1.7 °F on average, in Chicago."""
TOP_F = 12
"""How far above all that was read the figures go."""


def same_day(
    daytime: Normal, seen: Evidence, station: Station, climate_day: date, at: datetime
) -> Distribution:
    """The distribution of a climate day's maximum at ``at``.

    ``daytime`` is what the newest bulletin says of its window, calibrated. While nothing was read
    of the day it stands as it is: what its past errors taught has the nights in it.
    """
    if not seen.bounds:
        return daytime
    floors = [bound.high_f for bound in seen.bounds]
    whole = in_degrees(daytime, up_to_f=max(floors, default=-999) + TOP_F)
    degrees = range(whole.first_f, whole.first_f + len(whole.probabilities))
    risen = _daytime(whole.probabilities, degrees, seen, station, climate_day)
    left = _share_left(station, climate_day, at)
    night = _night(daytime, degrees, seen, left)
    reached = [a * b for a, b in zip(accumulate(risen), night, strict=True)]
    masses = [after - before for before, after in zip([0.0, *reached], reached, strict=False)]
    both = seen.of(DayPart.BOTH).weights(degrees)
    return weighted(
        degrees.start, [max(mass, 0.0) * weight for mass, weight in zip(masses, both, strict=True)]
    )


def _daytime(
    prior: Sequence[float], degrees: range, seen: Evidence, station: Station, day: date
) -> tuple[float, ...]:
    """Daytime's maximum, given what was read in it and how late it was by then."""
    leading = _leading(seen)
    if leading is None:
        return tuple(prior)
    seen_until = max(bound.end_at for bound in seen.bounds if bound.part is not DayPart.NIGHT)
    rises = rise_likelihoods(station, day, seen_until, is_maximum=leading.is_maximum)
    weights = [
        mass * likely * _rise(rises, f - leading.low_f)
        for f, mass, likely in zip(
            degrees, prior, seen.of(DayPart.DAYTIME).weights(degrees), strict=True
        )
    ]
    return weighted(degrees.start, weights).probabilities


def _leading(seen: Evidence) -> Bound | None:
    """The highest that daytime has reached; a maximum rather than a reading that is as high.

    A statement about the whole day counts where the night does not explain it.
    """
    night_f = seen.floor_f(DayPart.NIGHT)
    counted = [
        bound
        for bound in seen.bounds
        if bound.share == 1.0
        and (
            bound.part is DayPart.DAYTIME
            or (bound.part is DayPart.BOTH and (night_f is None or bound.low_f > night_f + 1))
        )
    ]
    return max(counted, key=lambda bound: (bound.low_f, bound.is_maximum), default=None)


def rise_likelihoods(
    station: Station, day: date, seen_until: datetime, *, is_maximum: bool
) -> tuple[float, ...]:
    """How likely the highest reading so far is 0, 1, 2 … °F below what daytime will reach.

    s · c(d) + (1 − s) · g(d), with s the probability that the peak is still to come, c even up to
    the rise that the hours left allow, and g the gap between readings and maximum when it is past.

    >>> from kalshi_edge.data.weather.stations import station_of
    >>> noon, evening = (datetime.fromisoformat(f"2026-07-16T{h}:00Z") for h in (13, 23))
    >>> nyc, day = station_of("NYC"), date(2026, 7, 16)
    >>> [round(p, 2) for p in rise_likelihoods(nyc, day, evening, is_maximum=False)[:3]]
    [0.54, 0.25, 0.12]
    >>> early = rise_likelihoods(nyc, day, noon, is_maximum=False)
    >>> early[0] == early[10]
    True
    """
    habit, winter = HABITS.get(station.icao, USUAL), _winter(day)
    peak_h, spread_h = _between(habit.peak_h, winter), _between(habit.spread_h, winter)
    hour = (seen_until - station.day_start(day)) / timedelta(hours=1)
    ahead = 0.5 * erfc((hour - peak_h) / spread_h / sqrt(2.0))
    if ahead > 0.999:
        ahead = 1.0
    even = round(2 * (LEAST_RISE_F + RISE_F_PER_H * max(peak_h - hour, 0.0))) + 1
    gaps = MAXIMUM_GAPS if is_maximum else READ_GAPS
    length = even + 10
    to_come = [BEYOND ** max(d - even + 1, 0) / even for d in range(length)]
    past = [*gaps, *([0.0] * (length - len(gaps)))]
    return tuple(ahead * c + (1 - ahead) * g for c, g in zip(to_come, past, strict=True))


def _rise(likelihoods: Sequence[float], rise_f: int) -> float:
    """The likelihood of a rise; one downwards is for the doubts about the reading to judge."""
    likely = likelihoods[min(max(rise_f, 0), len(likelihoods) - 1)]
    return max(likely, LEAST_LIKELY)


def _share_left(station: Station, day: date, at: datetime) -> float:
    """How probable it is that the night's hours still to come bring the day's maximum."""
    night = window_start(day) - station.day_start(day)
    left = min(max((window_start(day) - at) / night, 0.0), 1.0)
    return _between(HABITS.get(station.icao, USUAL).night_share, _winter(day)) * left


def _night(daytime: Normal, degrees: range, seen: Evidence, share_left: float) -> list[float]:
    """The probability that the night's hours stay at or below each of ``degrees``.

    What was read in them bounds it from below; what is not over yet may still bring more.
    """
    excess = Normal(daytime.mu_f + NIGHT_EXCESS_F, NIGHT_SPREAD_F)
    unread = [1 - share_left * (1 - excess.cdf(f + 0.5)) for f in degrees]
    bounds = seen.of(DayPart.NIGHT)
    floor_f = bounds.floor_f()
    if floor_f is None:
        return unread
    gaps = list(accumulate(READ_GAPS))
    return [
        possible * (likely if f < floor_f else gaps[min(f - floor_f, len(gaps) - 1)])
        for f, possible, likely in zip(degrees, unread, bounds.weights(degrees), strict=True)
    ]


def _winter(day: date) -> float:
    """1 in mid-January, 0 in mid-July."""
    return (1 + cos(2 * pi * (day.timetuple().tm_yday - 15) / 365.25)) / 2


def _between(winter_and_summer: tuple[float, float], winter: float) -> float:
    return winter_and_summer[0] * winter + winter_and_summer[1] * (1 - winter)
