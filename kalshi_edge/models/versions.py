"""Which versions are current: a later statement replaces an earlier one about the same thing.

Observations and reports have subjects (station, kind, window), and of each subject the greatest
``version`` stands. What came in which order makes no difference: a replay that has received both
knows the correction, one that has not received it yet knows the report.
"""

from collections.abc import Iterable
from datetime import date, datetime

from kalshi_edge.domain.weather import Basis, ClimateReport, Observation

METARS = {Basis.T_GROUP, Basis.SIX_HOUR_MAX, Basis.DAY_MAX, Basis.WHOLE_CELSIUS}
"""What hourly reports consist of: a correction of one stands in the place of all of it."""


def current_observations(observations: Iterable[Observation]) -> list[Observation]:
    """Those that nothing has corrected, in their order.

    A subject is a station, a kind and a window, and of each the greatest ``version`` stands. A
    corrected hourly report replaces all groups of what it corrects, also those that it leaves out.
    A later summary with a lower maximum takes back the higher one of an hour that it includes.
    """
    kept: dict[tuple[str, Basis, datetime, datetime], Observation] = {}
    corrections: dict[tuple[str, datetime], int] = {}
    for one in observations:
        subject = (one.station, one.basis, one.start_at, one.end_at)
        if subject not in kept or one.version > kept[subject].version:
            kept[subject] = one
        if one.basis in METARS:
            report = (one.station, one.end_at)
            corrections[report] = max(one.correction, corrections.get(report, 0))
    summaries = [one for one in kept.values() if one.basis is Basis.DAILY_SUMMARY]

    def stands(one: Observation) -> bool:
        if one.basis in METARS:
            return one.correction == corrections[one.station, one.end_at]
        return not any(_takes_back(other, one) for other in summaries)

    return [one for one in kept.values() if stands(one)]


def _takes_back(other: Observation, one: Observation) -> bool:
    """Whether ``other`` is a later summary of no shorter a time, and yet of a lower maximum."""
    sent, before = other.issued_at or other.end_at, one.issued_at or one.end_at
    return (
        (other.station, other.start_at) == (one.station, one.start_at)
        and other.end_at >= one.end_at
        and other.high_f < one.low_f
        and sent > before
    )


def current_reports(reports: Iterable[ClimateReport]) -> list[ClimateReport]:
    """Those that nothing has corrected, in their order.

    A subject is a report, its day, whether it is final, and how far it says that it reaches. A
    later report with a lower maximum takes back the higher one of an hour that it includes.
    """
    kept: dict[tuple[str, date, bool, datetime | None], ClimateReport] = {}
    for one in reports:
        subject = (one.report, one.climate_day, one.is_final, one.as_of)
        if subject not in kept or one.version > kept[subject].version:
            kept[subject] = one
    return [
        one
        for one in kept.values()
        if not any(_takes_its_place(other, one) for other in kept.values())
    ]


def _takes_its_place(other: ClimateReport, one: ClimateReport) -> bool:
    """Whether ``other`` is the same text read better, or a later one that says less of no less.

    An archive's reading of a text does not say how far into the day that reaches.
    """
    if (other.report, other.climate_day) != (one.report, one.climate_day):
        return False
    if other.issued_at == one.issued_at and other.high_f == one.high_f:
        return one.as_of is None and other.as_of is not None
    if other.high_f is None or one.high_f is None or other.high_f >= one.high_f:
        return False
    return other.version > one.version and (other.is_final or _reaches_as_far(other, one))


def _reaches_as_far(other: ClimateReport, one: ClimateReport) -> bool:
    if one.is_final or other.reach_at is None or one.reach_at is None:
        return False
    return other.reach_at >= one.reach_at
