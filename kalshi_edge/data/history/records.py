"""Events on disk: ``<folder>/<CITY>/<YYYY-MM>.jsonl``, one per line, in the order of receipt.

The month is that of ``received_at`` in UTC. Nothing is received before it is true, no final report
before its day is over, and no line is out of order: whatever breaks this is refused by name.
"""

import heapq
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from kalshi_edge.data.weather.stations import by_icao, by_report, by_series
from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.domain.events import Event
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation, Station
from kalshi_edge.errors import HistoryError, InputError

Record: TypeAlias = Forecast | Observation | ClimateReport | Ladder | Book | Settlement
"""The events that history keeps: facts from outside, never our own orders or commands."""

KINDS = (Forecast, Observation, ClimateReport, Ladder, Book, Settlement)
"""In the order in which records of one instant are told: a ladder before its books."""

Key: TypeAlias = tuple[datetime, int, str]
"""Receipt, place of the kind, subject: two records with the same key are the same record."""


def station_of_record(record: Record) -> Station:
    """The station a record is about; ``InputError`` where the table does not know it."""
    match record:
        case Forecast() | Observation():
            return by_icao(record.station)
        case ClimateReport():
            return by_report(record.report)
        case Ladder():
            return record.station
        case Book() | Settlement():
            return by_series(record.ticker.split("-", 1)[0])


def key_of(record: Record) -> Key:
    """Where a record stands in its file, and what it is the same record as."""
    return record.received_at, KINDS.index(type(record)), _subject(record)


def _subject(record: Record) -> str:
    match record:
        case Forecast():
            return f"{record.station} {record.climate_day} {record.model} {record.run_at}"
        case Observation():
            return f"{record.station} {record.basis} {record.start_at} {record.end_at}"
        case ClimateReport():
            reach = "final" if record.is_final else f"as of {record.as_of}" if record.as_of else ""
            return f"{record.report} {record.climate_day} {reach}".rstrip()
        case Ladder():
            return record.event_ticker
        case Book() | Settlement():
            return record.ticker


def _name(key: Key) -> str:
    received_at, kind, subject = key
    return f"{KINDS[kind].__name__} {subject} of {received_at:%Y-%m-%d %H:%M:%S}Z"


def check_times(record: Record) -> None:
    """Raise ``HistoryError`` where a record would let somebody see the future."""
    if record.received_at < record.valid_at:
        raise HistoryError(f"received {record.received_at}, before it was true {record.valid_at}")
    if isinstance(record, ClimateReport) and record.is_final:
        end_at = by_report(record.report).day_end(record.climate_day)
        if record.received_at < end_at:
            raise HistoryError(
                f"final report of {record.climate_day} received {record.received_at}, "
                f"before that day ended {end_at}"
            )


def month_of(record: Record) -> tuple[int, int]:
    """Year and month of receipt, UTC."""
    at = record.received_at.astimezone(UTC)
    return at.year, at.month


def path_of(record: Record) -> Path:
    """The file a record belongs into, below the history's folder."""
    return _path(station_of_record(record).city, *month_of(record))


@lru_cache(maxsize=1024)
def _path(city: str, year: int, month: int) -> Path:
    return Path(city, f"{year:04d}-{month:02d}.jsonl")


def read_file(path: Path) -> Iterator[tuple[Key, Record]]:
    """The records of one file with their keys.

    Raises ``HistoryError`` naming the file and the line where a line is not a record, belongs into
    another file, breaks the rules of time, or does not come after the one before it.
    """
    last: Key | None = None
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                record: Event = from_json(line, Event)
                if not isinstance(record, Record):
                    raise HistoryError(f"history keeps no {type(record).__name__}")
                if isinstance(record, Ladder):
                    # What we know of a station may have been refined since this was written.
                    record = replace(record, station=by_icao(record.station.icao))
                key = key_of(record)
                check_times(record)
                if path.parts[-2:] != path_of(record).parts:
                    raise HistoryError(f"{_name(key)} belongs into {path_of(record)}")
                if last is not None and key <= last:
                    raise HistoryError(f"{_name(key)} does not come after {_name(last)}")
            except InputError as error:
                raise HistoryError(f"{path}, line {number}: {error}") from error
            last = key
            yield key, record


def read_events(
    folder: Path, cities: Iterable[str], from_day: date, until_day: date
) -> Iterator[Record]:
    """All records received on ``from_day`` … ``until_day`` (UTC, both included), in order.

    Cities are merged by receipt; a replay that is told no more than this cannot look ahead. Raises
    ``HistoryError`` for a city without history and for a malformed line, naming it.
    """
    streams = [_read_city(folder / city, from_day, until_day) for city in cities]
    return (record for _, record in heapq.merge(*streams, key=lambda pair: pair[0]))


def cities_in(folder: Path) -> tuple[str, ...]:
    """The cities that have history in ``folder``, by name."""
    return tuple(sorted({path.parent.name for path in folder.glob("*/*.jsonl")}))


def read_city(folder: Path, city: str) -> Iterator[Record]:
    """Everything that is known of one city, in the order of receipt."""
    return read_events(folder, [city], date.min, date.max)


def _read_city(folder: Path, from_day: date, until_day: date) -> Iterator[tuple[Key, Record]]:
    if not folder.is_dir():
        raise HistoryError(f"no history in {folder}: import or record some first")
    for path in sorted(folder.glob("*.jsonl")):
        if f"{from_day:%Y-%m}" <= path.stem <= f"{until_day:%Y-%m}":
            for key, record in read_file(path):
                if from_day <= key[0].date() <= until_day:
                    yield key, record


def merge_events(folder: Path, records: Iterable[Record]) -> None:
    """Add records to the history in ``folder``, in any order; each file changes at once or not.

    A record with the key of one that is there replaces it, so that adding the same records again
    changes nothing; of a report and its correction the correction stays, whichever comes last.
    Raises ``HistoryError`` where a record breaks the rules of time.
    """
    additions: dict[tuple[str, tuple[int, int]], dict[Key, Record]] = defaultdict(dict)
    for record in records:
        key = key_of(record)
        try:
            check_times(record)
        except HistoryError as error:
            raise HistoryError(f"{_name(key)}: {error}") from error
        _put(additions[station_of_record(record).city, month_of(record)], key, record)
    for (city, month), added in additions.items():
        path = folder / _path(city, *month)
        merged = added
        if path.exists():
            merged = dict(read_file(path))
            for key, record in added.items():
                _put(merged, key, record)
        lines = (to_json(merged[key], Event) for key in sorted(merged))
        write_atomically(path, b"".join(line + b"\n" for line in lines))


def _put(records: dict[Key, Record], key: Key, record: Record) -> None:
    """Put a record in, unless a newer version on the same subject is there."""
    there = records.get(key)
    if (
        isinstance(record, Observation | ClimateReport)
        and isinstance(there, Observation | ClimateReport)
        and there.version > record.version
    ):
        return
    records[key] = record


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``; whoever reads sees the old or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
