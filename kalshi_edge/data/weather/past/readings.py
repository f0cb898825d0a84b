"""The archive's table of past METARs (CSV): ``station,valid,metar``, times in UTC."""

import csv
from datetime import UTC, datetime, timedelta

from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.nbm.block import shown
from kalshi_edge.data.weather.past.archive import ParsedTable
from kalshi_edge.domain.weather import Observation, Station
from kalshi_edge.errors import BulletinError

KNOWN_AFTER = timedelta(minutes=5)
"""From a report to our having it: the aviation server has it within a minute or two."""


def parse_readings(content: bytes, station: Station) -> ParsedTable:
    """The temperatures and maxima in a table of reports; a bad report costs only itself.

    Raises ``BulletinError`` where it is no such table, or another station's.
    """
    reader = csv.DictReader(content.decode("ascii", "replace").splitlines(), restval="")
    if not {"station", "valid", "metar"}.issubset(reader.fieldnames or ()):
        raise BulletinError(f"no table of reports: {shown(content)}")
    found: dict[Observation, None] = {}
    unread: list[tuple[datetime, str]] = []
    for row in reader:
        if row["station"] not in {station.icao, station.icao[1:]}:
            raise BulletinError(f"a row of {row['station'][:8]}", line=reader.line_num)
        try:
            at = datetime.fromisoformat(row["valid"]).replace(tzinfo=UTC)
        except ValueError as error:
            raise BulletinError(
                f"no instant: {row['valid'][:40]!r}", line=reader.line_num
            ) from error
        observations, faults = parse_metars(f"{row['metar']}=", received_at=at + KNOWN_AFTER)
        found |= dict.fromkeys(one for one in observations if one.station == station.icao)
        unread += [(at, f"METAR of {at:%F %H:%M} UTC: {fault}") for fault in faults]
    return ParsedTable(tuple(found), tuple(unread))
