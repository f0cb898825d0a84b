"""What thermometers have said of a climate day's maximum so far: soft bounds, none of them certain.

A reading bounds the maximum from below. Each kind has its own doubts: that the final figure is a
degree below it after all (``slip``), and that it says nothing at all (``wrong``). What the same
sensor says twice is not counted twice: for each degree the strongest statement stands alone. What
was corrected says nothing any more, in whichever order the two were received.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from kalshi_edge.domain.weather import Basis, ClimateReport, Observation, Station
from kalshi_edge.models.versions import current_observations, current_reports


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far a kind of statement may be off: estimates (docs/concepts/model.md)."""

    slip: float
    """That the final maximum is one degree beyond the bound."""
    wrong: float
    """That it says nothing: a spike, a typing error, another source at settlement."""


DOUBTS: Mapping[Basis, Doubt] = MappingProxyType(
    {
        Basis.T_GROUP: Doubt(slip=0.02, wrong=0.005),
        Basis.SIX_HOUR_MAX: Doubt(slip=0.01, wrong=0.005),
        Basis.DAY_MAX: Doubt(slip=0.02, wrong=0.005),
        Basis.DAILY_SUMMARY: Doubt(slip=0.01, wrong=0.005),
        Basis.WHOLE_CELSIUS: Doubt(slip=0.04, wrong=0.01),
    }
)
REPORT_DOUBT = Doubt(slip=0.01, wrong=0.003)
"""Of an intermediate climate report."""

AGREES_WITHIN_F = 3
"""Another statement so near makes it unlikely that this one says nothing: the doubt is squared."""
WHOLE_DAY = timedelta(minutes=15)
"""A summary that goes so near to midnight is of the whole day: it bounds from above as well."""
WINDOW_FROM_UTC_H = 12
"""NBM's maximum begins at this hour of the climate day's date (facts: 12 UTC to 06 UTC)."""


class DayPart(StrEnum):
    """Which part of the climate day a statement is about."""

    NIGHT = "night"
    """Before NBM's window."""
    DAYTIME = "daytime"
    """Within it."""
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement that the day's maximum is one of ``low_f`` to ``high_f`` °F, or above.

    More than one only where rounding leaves several whole °F possible, each as likely.
    """

    low_f: int
    high_f: int
    doubt: Doubt
    end_at: datetime
    part: DayPart
    is_maximum: bool = False
    """Over a window, not of a moment."""
    is_ceiling: bool = False
    """It is of the whole day: the maximum is not above either."""
    share: float = 1.0
    """How much of its window lies in this climate day: as likely is it that its maximum does."""

    def weight(self, maximum_f: int, wrong: float) -> float:
        """How likely this statement is where the day's maximum is ``maximum_f``, at most 1."""
        candidates = range(self.low_f, self.high_f + 1)
        mean = sum(self._of_one(maximum_f, one, wrong) for one in candidates) / len(candidates)
        return self.share * mean + (1 - self.share)

    def _of_one(self, maximum_f: int, candidate_f: int, wrong: float) -> float:
        beyond = candidate_f - maximum_f
        if self.is_ceiling:
            beyond = abs(beyond)
        if beyond <= 0:
            return 1.0
        return max(self.doubt.slip, wrong) if beyond == 1 else wrong


@dataclass(frozen=True, slots=True)
class Evidence:
    """All statements about one climate day's maximum, with what follows from them together."""

    bounds: tuple[Bound, ...] = ()

    def floor_f(self, *parts: DayPart) -> int | None:
        """The highest whole °F that was reached in ``parts`` (default: all), as far as one knows.

        Of two candidates the lower; nothing from a window that reaches into another climate day.
        """
        lows = [
            bound.low_f
            for bound in self.bounds
            if bound.share == 1.0 and (not parts or bound.part in parts)
        ]
        return max(lows, default=None)

    def of(self, *parts: DayPart) -> "Evidence":
        """Only the statements about ``parts``."""
        return Evidence(tuple(bound for bound in self.bounds if bound.part in parts))

    def weights(self, maxima_f: Sequence[int]) -> list[float]:
        """How likely all of it is for each maximum of the day; never 0, at most 1.

        >>> at = datetime(2026, 8, 24, 19, 53, tzinfo=UTC)
        >>> alone = Evidence((Bound(85, 85, DOUBTS[Basis.T_GROUP], at, DayPart.DAYTIME),))
        >>> alone.weights((83, 84, 85, 86))
        [0.005, 0.02, 1.0, 1.0]
        """
        doubted = [(bound, self._wrong(bound)) for bound in self._telling()]
        return [
            min((bound.weight(maximum_f, wrong) for bound, wrong in doubted), default=1.0)
            for maximum_f in maxima_f
        ]

    def _telling(self) -> list[Bound]:
        """The statements near the highest; what is far below it adds nothing."""
        least_f = max((bound.low_f for bound in self.bounds), default=0) - AGREES_WITHIN_F
        return [bound for bound in self.bounds if bound.is_ceiling or bound.low_f >= least_f]

    def _wrong(self, bound: Bound) -> float:
        """That ``bound`` says nothing; its square where a statement of another time agrees."""
        agreed = any(
            other.end_at != bound.end_at and other.low_f >= bound.low_f - AGREES_WITHIN_F
            for other in self.bounds
        )
        return bound.doubt.wrong**2 if agreed else bound.doubt.wrong


def evidence(
    station: Station,
    climate_day: date,
    observations: Iterable[Observation],
    reports: Iterable[ClimateReport] = (),
) -> Evidence:
    """What readings, maxima, summaries and intermediate reports say of one climate day.

    A maximum whose window reaches over standard midnight counts for either day by the share of its
    window; a reading of a moment belongs to one day alone. What was corrected does not count.
    """
    ours = (one for one in observations if one.station == station.icao)
    found = [
        bound
        for one in current_observations(ours)
        if (bound := _of_observation(station, climate_day, one)) is not None
    ]
    about = (station.report, climate_day)
    about_day = (report for report in reports if (report.report, report.climate_day) == about)
    start_at, end_at = station.day_start(climate_day), station.day_end(climate_day)
    found += [
        Bound(
            report.high_f,
            report.high_f,
            REPORT_DOUBT,
            end_at if report.is_final else min(report.reach_at or start_at, end_at),
            DayPart.BOTH,
            is_maximum=True,
            is_ceiling=report.is_final,
        )
        for report in current_reports(about_day)
        if report.high_f is not None
    ]
    return Evidence(tuple(found))


def _of_observation(station: Station, day: date, one: Observation) -> Bound | None:
    start_at, end_at = station.day_start(day), station.day_end(day)
    share = _share(one, start_at, end_at)
    if share == 0.0:
        return None
    is_daily = one.basis in {Basis.DAY_MAX, Basis.DAILY_SUMMARY}
    return Bound(
        low_f=one.low_f,
        high_f=one.high_f,
        doubt=DOUBTS[one.basis],
        end_at=one.end_at,
        part=_part(one, day),
        is_maximum=one.start_at < one.end_at,
        is_ceiling=is_daily and one.end_at >= end_at - WHOLE_DAY,
        share=share,
    )


def _share(one: Observation, start_at: datetime, end_at: datetime) -> float:
    """How much of a window lies in a day; of a moment all or nothing."""
    if one.start_at == one.end_at:
        return float(start_at <= one.end_at < end_at)
    inside = min(one.end_at, end_at) - max(one.start_at, start_at)
    return max(inside / (one.end_at - one.start_at), 0.0)


def window_start(day: date) -> datetime:
    """When the daytime of a climate day begins for the NBM.

    >>> window_start(date(2026, 8, 24)).isoformat()
    '2026-08-24T12:00:00+00:00'
    """
    return datetime.combine(day, time(WINDOW_FROM_UTC_H), tzinfo=UTC)


def _part(one: Observation, day: date) -> DayPart:
    daytime_at = window_start(day)
    if one.end_at <= daytime_at:
        return DayPart.NIGHT
    # The group made at 17:51 is of the six hours before, a few minutes of the night among them.
    return DayPart.DAYTIME if one.start_at >= daytime_at - WHOLE_DAY else DayPart.BOTH
