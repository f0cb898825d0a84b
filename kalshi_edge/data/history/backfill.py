"""Past days into the history, one after the other; what is there already is not asked for again.

A day's records are put into the history before the day is noted as fetched, each file at once or
not at all: wherever it is interrupted, going on gives what an uninterrupted fetch would have. What
was fetched is noted source by source: one more source asks for nothing that is there.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import orjson

from kalshi_edge.data.history.origin import claim
from kalshi_edge.data.history.records import Record, merge_events, write_atomically
from kalshi_edge.data.kalshi.settled_markets import PastMarkets
from kalshi_edge.data.weather.past.archive import PastFacts, PastSource
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import HistoryError

MARKETS = "MARKETS"
"""The exchange, in the note of what was fetched."""
_FILE = "fetched.json"
_AT_FIRST = frozenset({MARKETS, "NBP", "CLI"})
"""What a day had that was noted by its date alone."""


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

    weather: Sequence[PastSource]
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
    wanted = {MARKETS, *(source.name for source in archives.weather)}
    for station in stations:
        known = _fetched(folder, station)
        for day in days:
            before = known.get(day, frozenset())
            missing = wanted - before
            if not missing:
                told(FetchedDay(station, day, was_known=True))
                continue
            found, whole = await _fetch_day(folder, archives, station, day, missing)
            if whole:
                known[day] = before | whole
                _note(folder, station, known)
            told(found)


async def _fetch_day(
    folder: Path, archives: Archives, station: Station, day: date, missing: set[str]
) -> tuple[FetchedDay, frozenset[str]]:
    """What a day brought, and the sources that nothing more can come of."""
    records: list[Record] = []
    wanting: list[str] = []
    whole: set[str] = set()
    if MARKETS in missing:
        past = await archives.markets.day(station, day)
        if not past.is_over:
            return FetchedDay(station, day, wanting=(past.wanting,), is_whole=False), frozenset()
        ladders = () if past.ladder is None else (past.ladder,)
        records += [*ladders, *past.books, *past.settlements]
        whole.add(MARKETS)  # a ladder that could not be traded never will be
        wanting += [past.wanting] if past.wanting else []
    sources = [source for source in archives.weather if source.name in missing]
    for source, facts in zip(sources, await _asked(sources, station, day), strict=True):
        records += facts.facts
        wanting += facts.wanting
        if not facts.wanting or facts.is_final:
            whole.add(source.name)
    merge_events(folder, records)
    is_whole = whole == missing
    return FetchedDay(station, day, len(records), tuple(wanting), is_whole=is_whole), frozenset(
        whole
    )


async def _asked(sources: Sequence[PastSource], station: Station, day: date) -> Sequence[PastFacts]:
    """All sources' word on a day, side by side; the first of their errors once all are done."""
    questions = (source.day(station, day) for source in sources)
    answers = await asyncio.gather(*questions, return_exceptions=True)
    found: list[PastFacts] = []
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        found.append(answer)
    return found


def _fetched(folder: Path, station: Station) -> dict[date, frozenset[str]]:
    path = folder / station.city / _FILE
    if not path.exists():
        return {}
    try:
        noted = orjson.loads(path.read_bytes())
        if isinstance(noted, list):
            return {date.fromisoformat(day): _AT_FIRST for day in noted}
        return {date.fromisoformat(day): frozenset(map(str, names)) for day, names in noted.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise HistoryError(f"{path} does not say which days were fetched") from error


def _note(folder: Path, station: Station, days: Mapping[date, Iterable[str]]) -> None:
    noted = {day.isoformat(): sorted(days[day]) for day in sorted(days)}
    lines = orjson.dumps(noted, option=orjson.OPT_INDENT_2)
    write_atomically(folder / station.city / _FILE, lines + b"\n")
