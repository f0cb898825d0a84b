"""What a history holds, city by city, and which days it lacks."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from kalshi_edge.data.history.records import cities_in, read_city
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport, Forecast


@dataclass(frozen=True, slots=True)
class CityCoverage:
    """Climate days of one city: how many have what, and where the gaps are."""

    city: str
    first_day: date
    last_day: date
    """Forecasts reach further than anything else."""
    reports: int
    """Days with a final climate report."""
    forecasts: tuple[tuple[str, int], ...]
    """Days per model."""
    ladders: int
    """Days with a ladder that can be traded."""
    books: int
    settlements: int
    without_report: tuple[date, ...]
    """Days between the first and the last that have no final report."""
    without_ladder: tuple[date, ...]
    """Days between the first and the last ladder that have none."""


def coverage(folder: Path) -> tuple[CityCoverage, ...]:
    """What the history in ``folder`` holds, one entry per city that has any climate day."""
    found = (_city_coverage(folder, city) for city in cities_in(folder))
    return tuple(city for city in found if city is not None)


def _city_coverage(folder: Path, city: str) -> CityCoverage | None:
    forecasts: set[tuple[str, date]] = set()
    reports: set[date] = set()
    ladders: set[date] = set()
    others: Counter[type] = Counter()
    for record in read_city(folder, city):
        match record:
            case Forecast():
                forecasts.add((record.model, record.climate_day))
            case ClimateReport(is_final=True):
                reports.add(record.climate_day)
            case Ladder():
                ladders.add(record.climate_day)
            case _:
                others[type(record)] += 1
    days = reports | ladders | {day for _, day in forecasts}
    if not days:
        return None
    return CityCoverage(
        city=city,
        first_day=min(days),
        last_day=max(days),
        reports=len(reports),
        forecasts=tuple(sorted(Counter(model for model, _ in forecasts).items())),
        ladders=len(ladders),
        books=others[Book],
        settlements=others[Settlement],
        without_report=_gaps(days, reports),
        without_ladder=_gaps(ladders, ladders),
    )


def _gaps(span: set[date], present: set[date]) -> tuple[date, ...]:
    """The days from the first to the last of ``span`` that are not ``present``."""
    if not span:
        return ()
    first, last = min(span), max(span)
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return tuple(day for day in days if day not in present)
