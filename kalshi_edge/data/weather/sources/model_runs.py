"""Which run of a bulletin holds which climate day, and from when on it may be there.

A maximum stands at 00 UTC after its day, so a run holds a day if that instant is not too near and
not too far from it. NBP begins 17 hours out: from 12 UTC on, its first maximum is tomorrow's. The
12 UTC run of NBS, 12 hours out, is the bridge between NBP's last word on a day and the thermometer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile

from kalshi_edge.domain.weather import Station

FIRST_SEEN = timedelta(minutes=30)
"""The earliest that a run has appeared anywhere, on the model's own server."""
OVERDUE = timedelta(minutes=110)
"""95 of 100 runs are in the bucket within 108 minutes or sooner."""
CANDIDATES = 4
"""Runs looked for before a day goes without; the oldest is then 12 hours or more behind."""


@dataclass(frozen=True, slots=True)
class Product:
    """A bulletin: its name, its file's, the UTC hours of its runs and how far it looks."""

    name: str
    file: str
    hours: tuple[int, ...]
    nearest_h: int
    """Hours from the run to the first 00 UTC column that is wanted of it."""
    farthest_h: int

    def holds(self, run_at: datetime, climate_day: date) -> bool:
        """Whether the run of ``run_at`` has the maximum of ``climate_day``.

        >>> at_12z, today = datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 22)
        >>> NBP.holds(at_12z, today), NBS_BRIDGE.holds(at_12z, today)
        (False, True)
        """
        column_at = datetime.combine(climate_day, time(), tzinfo=UTC) + timedelta(days=1)
        lead = column_at - run_at
        return timedelta(hours=self.nearest_h) <= lead <= timedelta(hours=self.farthest_h)

    def runs(self, now: datetime) -> Iterator[datetime]:
        """The runs that may be there by ``now``, the newest first, without end."""
        at = (now - FIRST_SEEN).replace(minute=0, second=0, microsecond=0)
        while True:
            if at.hour in self.hours:
                yield at
            at -= timedelta(hours=1)

    def candidates(self, climate_day: date, now: datetime) -> tuple[datetime, ...]:
        """The newest runs that hold ``climate_day``, the newest first; there may be none.

        >>> [f"{at:%d %H}Z" for at in NBP.candidates(date(2026, 11, 22), _AFTERNOON)]
        ['22 07Z', '22 01Z', '22 00Z', '21 19Z']
        >>> [f"{at:%d %H}Z" for at in NBP.candidates(date(2026, 11, 23), _AFTERNOON)][:2]
        ['22 13Z', '22 12Z']
        """
        recent = takewhile(lambda run_at: now - run_at <= _LOOK_BACK, self.runs(now))
        return tuple(islice((at for at in recent if self.holds(at, climate_day)), CANDIDATES))


_LOOK_BACK = timedelta(hours=36)
_AFTERNOON = datetime(2026, 11, 22, 15, 20, tzinfo=UTC)

NBP = Product("NBP", "blend_nbptx", (0, 1, 7, 12, 13, 19), nearest_h=17, farthest_h=228)
NBS_BRIDGE = Product("NBS", "blend_nbstx", (12,), nearest_h=12, farthest_h=12)
NBS = Product("NBS", "blend_nbstx", tuple(range(24)), nearest_h=12, farthest_h=72)
"""Every hour's run, for history."""


def target_days(stations: Iterable[Station], now: datetime) -> tuple[date, ...]:
    """The climate days in progress anywhere, and the next of each: what is traded."""
    days = {station.climate_day(now) for station in stations}
    return tuple(sorted(days | {day + timedelta(days=1) for day in days}))
