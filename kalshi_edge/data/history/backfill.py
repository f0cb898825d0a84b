"""Past days into the history, one after the other; what is there already is not asked for again.

A day's records are put into the history before the day is noted as fetched, each file at once or
not at all: wherever it is interrupted, going on gives what an uninterrupted fetch would have.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import orjson

from kalshi_edge.data.history.origin import claim
from kalshi_edge.data.history.records import Record, merge_events, write_atomically
from kalshi_edge.data.kalshi.settled_markets import PastMarkets
from kalshi_edge.data.weather.sources.archive import PastWeather, runs_before_end
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import HistoryError

_FILE = "fetched.json"


@dataclass(frozen=True, slots=True)
class FetchedDay:
    """What a day brought, and what it left to be desired."""

    station: Station
    day: date
    records: int = 0
    wanting: tuple[str, ...] = ()
    was_known: bool = False
    """Whether it had been fetched before: nothing was asked."""
    is_whole: bool = True
    """Whether nothing more can come of it; otherwise it is asked for again next time."""


@dataclass(frozen=True, slots=True)
class Archives:
    """Where past days are asked for."""

    weather: PastWeather
    markets: PastMarkets
    is_synthetic: bool


def days_between(first: date, last: date) -> tuple[date, ...]:
    """Both ends included; ``HistoryError`` where there are none."""
    if first > last:
        raise HistoryError(f"nothing between {first} and {last}")
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


async def fetch(
    folder: Path,
    archives: Archives,
    stations: Iterable[Station],
    days: Sequence[date],
    told: Callable[[FetchedDay], None],
) -> None:
    """Bring ``days`` of ``stations`` into the history in ``folder``; each is told when it is there.

    Raises ``SourceError`` or ``ExchangeError`` where a place does not answer; what came before it
    stays.
    """
    claim(folder, synthetic=archives.is_synthetic)
    for station in stations:
        known = _fetched(folder, station)
        for day in days:
            if day in known:
                told(FetchedDay(station, day, was_known=True))
                continue
            found = await _fetch_day(folder, archives, station, day)
            if found.is_whole:
                known.add(day)
                _note(folder, station, known)
            told(found)


async def _fetch_day(folder: Path, archives: Archives, station: Station, day: date) -> FetchedDay:
    past = await archives.markets.day(station, day)
    if not past.is_over:
        return FetchedDay(station, day, wanting=(past.wanting,), is_whole=False)
    ladders = () if past.ladder is None else (past.ladder,)
    records: list[Record] = [*ladders, *past.books, *past.settlements]
    wanting: list[str] = []
    for run_at in runs_before_end(day):
        forecasts = await archives.weather.forecasts(station, run_at)
        records += forecasts
        if not forecasts:
            wanting.append(f"no NBP of {run_at:%F %H} UTC")
    report = await archives.weather.report(station, day)
    if report is None or report.high_f is None:
        wanting.append(f"no final climate report of {day} with a high")
        wanting += archives.weather.unread[:1]
    else:
        records.append(report)
    merge_events(folder, records)
    # What the weather's archives lack may come late; a ladder that could not be traded never will.
    is_whole = not wanting
    if past.wanting:
        wanting.append(past.wanting)
    return FetchedDay(station, day, len(records), tuple(wanting), is_whole=is_whole)


def _fetched(folder: Path, station: Station) -> set[date]:
    path = folder / station.city / _FILE
    if not path.exists():
        return set()
    try:
        return {date.fromisoformat(day) for day in orjson.loads(path.read_bytes())}
    except (ValueError, TypeError) as error:
        raise HistoryError(f"{path} does not say which days were fetched") from error


def _note(folder: Path, station: Station, days: Iterable[date]) -> None:
    lines = orjson.dumps([day.isoformat() for day in sorted(days)], option=orjson.OPT_INDENT_2)
    write_atomically(folder / station.city / _FILE, lines + b"\n")
