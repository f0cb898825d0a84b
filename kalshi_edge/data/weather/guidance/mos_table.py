"""The archive's table of past guidance (CSV): one row for each run and forecast hour.

``runtime,ftime,model,tmp,…,n_x,…,station``: times in UTC, temperatures in whole °F, empty where
there is none. ``n_x`` at 00 UTC is MOS's maximum of the day before. LAMP has only ``tmp``, and its
runs at half past are filed under the full hour before.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kalshi_edge.data.weather.guidance.hourly import day_maxima
from kalshi_edge.data.weather.guidance.lamp import LAMP
from kalshi_edge.data.weather.guidance.mos import GFS_MOS, NAM_MOS
from kalshi_edge.data.weather.nbm.block import shown
from kalshi_edge.data.weather.wmo import plausible_f
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import BulletinError

_HALF_PAST = timedelta(minutes=30)
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GuidanceTable:
    """A model as the archive files it: its name there, and how long after a run it was known."""

    model: str
    filed_as: str
    known_after: timedelta
    """From the run to the time at which it had surely been received; late rather than early."""


GFS_MOS_TABLE = GuidanceTable(GFS_MOS, "GFS", timedelta(hours=5))
NAM_MOS_TABLE = GuidanceTable(NAM_MOS, "NAM", timedelta(hours=4))
LAMP_TABLE = GuidanceTable(LAMP, "LAV", timedelta(minutes=30))


def parse_mos_table(content: bytes, table: GuidanceTable, station: Station) -> tuple[Forecast, ...]:
    """The forecasts of all runs in a table; none where it has only its heading.

    Raises ``BulletinError`` naming the line where anything is not as it should be: another
    station's or model's row, a time that is none, a figure that is no temperature.
    """
    text = content.decode("ascii", "replace")
    reader = csv.DictReader(text.splitlines(), restval="")
    needed = {"station", "model", "runtime", "ftime", "tmp" if table.model == LAMP else "n_x"}
    if not needed.issubset(reader.fieldnames or ()):
        raise BulletinError(f"no table of {table.filed_as}: {shown(content)}")
    runs: dict[datetime, list[Row]] = defaultdict(list)
    for row in reader:
        line = reader.line_num
        if (row["station"], row["model"]) != (station.icao, table.filed_as):
            raise BulletinError(f"a row of {row['model']} {row['station']}", line=line)
        runs[_instant(row["runtime"], line)].append(row)
    read = _of_hours if table.model == LAMP else _of_maxima
    return tuple(
        forecast
        for run_at, rows in sorted(runs.items())
        for forecast in read(table, station, run_at, rows)
    )


def _of_maxima(
    table: GuidanceTable, station: Station, run_at: datetime, rows: list[Row]
) -> Iterator[Forecast]:
    for row in rows:
        at, figure = _instant(row["ftime"]), _figure(row["n_x"])
        if figure is not None and at.hour == 0:
            yield Forecast(
                station=station.icao,
                climate_day=at.date() - timedelta(days=1),
                model=table.model,
                version="",
                run_at=run_at,
                received_at=run_at + table.known_after,
                mean_f=figure,
            )


def _of_hours(
    table: GuidanceTable, station: Station, filed_at: datetime, rows: list[Row]
) -> Iterator[Forecast]:
    hours_f = {_instant(row["ftime"]): _figure(row["tmp"]) for row in rows}
    there = {at: value for at, value in hours_f.items() if value is not None}
    run_at = filed_at + _HALF_PAST
    for day, value in day_maxima(station, there).items():
        yield Forecast(
            station=station.icao,
            climate_day=day,
            model=table.model,
            version="",
            run_at=run_at,
            received_at=run_at + table.known_after,
            mean_f=value,
        )


def _instant(text: str, line: int | None = None) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BulletinError(f"no instant: {text[:40]!r}", line=line) from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _figure(text: str) -> float | None:
    if text in {"", "M", "999"}:
        return None
    try:
        value = float(text)
        whole = int(value)
    except (ValueError, OverflowError) as error:
        raise BulletinError(f"no temperature: {text[:40]!r}") from error
    if value != whole:
        raise BulletinError(f"{text[:40]} °F is not a whole degree")
    return float(plausible_f(whole))
