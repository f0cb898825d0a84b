"""Which climate days a history has, and which of those that are asked for it lacks."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

from kalshi_edge.db.codec import from_json
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.errors import HistoryError

SETTLED_WITHIN = timedelta(hours=14)
"""After midnight UTC that follows a climate day: by 8 AM in New York every market is paid."""
_MARK = b'"kind":"ClimateReport"'


def last_settled_day(at: datetime) -> date:
    """The newest climate day of which every city's markets are settled at ``at``.

    >>> from datetime import UTC
    >>> [str(last_settled_day(datetime(2026, 11, 22, hour, tzinfo=UTC))) for hour in (13, 14)]
    ['2026-11-20', '2026-11-21']
    """
    return (at - SETTLED_WITHIN).date() - timedelta(days=1)


def reported_days(folder: Path, city: str) -> frozenset[date]:
    """The days of a city whose final high the history in ``folder`` has.

    Only the reports are read: this is asked before every backtest. Raises ``HistoryError`` for a
    line that is none.
    """
    return frozenset(
        report.climate_day
        for path in sorted((folder / city).glob("*.jsonl"))
        for report in _reports(path)
        if report.is_final and report.high_f is not None
    )


def missing_days(folder: Path, city: str, days: Iterable[date]) -> tuple[date, ...]:
    """Those of ``days`` whose final high is not in the history in ``folder``."""
    known = reported_days(folder, city)
    return tuple(day for day in days if day not in known)


def _reports(path: Path) -> Iterable[ClimateReport]:
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if _MARK in line:
            record: Event = from_json(line, Event)
            if not isinstance(record, ClimateReport):
                raise HistoryError(f"{path}, line {number}: no climate report")
            yield record
