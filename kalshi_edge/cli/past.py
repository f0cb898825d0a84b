"""The days that a backtest plays: there already, fetched now, or a sandbox's SYNTHETIC past."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from kalshi_edge.choices import PLAYED_SOURCES
from kalshi_edge.cli.output import err, progress_bar
from kalshi_edge.clock import SystemClock
from kalshi_edge.config import Settings
from kalshi_edge.data.history.backfill import FetchedDay, days_between
from kalshi_edge.data.history.days import last_settled_day, missing_days, reported_days
from kalshi_edge.data.history.origin import is_synthetic
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import NoNetwork
from kalshi_edge.operations.backtest import newest_day
from kalshi_edge.operations.history import check_network, fetch_history, now
from kalshi_edge.runtime.sandbox_process import write_past

LEARNED_DAYS = 60
"""Days before the first that a SYNTHETIC past has as well: the calibration learns from them."""
REPORTED_DAYS = 3 * 366
"""Days before those with climate reports: the climatology that forecasts are held against."""


@dataclass(frozen=True, slots=True)
class RequestedDays:
    """Which days of which cities; ``until`` is ``None`` for the newest that there are."""

    cities: tuple[str, ...]
    days: int
    until: date | None = None

    def days_to(self, last_day: date) -> tuple[date, ...]:
        """The climate days, the last of them ``last_day``."""
        return days_between(last_day - timedelta(days=self.days - 1), last_day)


@contextmanager
def synthetic_days(wanted: RequestedDays, seed: int) -> Iterator[tuple[Path, date]]:
    """A history made up on the spot, and the last day to play; gone with the block."""
    last_day = wanted.until or last_settled_day(SystemClock().now())
    with TemporaryDirectory(prefix="kalshi-edge-past-") as parent:
        # The name says what it is wherever it is shown.
        folder = Path(parent) / f"SYNTHETIC-{seed}"
        options = {
            "--seed": seed,
            "--days": wanted.days + LEARNED_DAYS,
            "--reports": REPORTED_DAYS,
            "--until": last_day,
            "--city": ",".join(wanted.cities),
        }
        plan = [f"{part}" for option in options.items() for part in option]
        with err.status("making up a SYNTHETIC past …"):
            asyncio.run(write_past(folder, plan))
        yield folder, last_day


def real_days(settings: Settings, wanted: RequestedDays, *, offline: bool) -> tuple[Path, date]:
    """The history of the settings, with what it lacks fetched, and the last day to play.

    With ``offline``, and where the history is made up, it stays as it is. Raises ``NoNetwork``
    with the way out where days are missing and nobody answers.
    """
    history = settings.history_dir
    if offline or (is_synthetic(history) and not settings.sandbox_url):
        return history, wanted.until or newest_day(history, wanted.cities)
    last_day = wanted.until or last_settled_day(asyncio.run(now(settings)))
    days = wanted.days_to(last_day)
    missing = {
        station_of(city): lacking
        for city in wanted.cities
        if (lacking := missing_days(history, city, days))
    }
    if missing:
        _fetch(settings, wanted, days, missing)
    return history, last_day


def _fetch(
    settings: Settings,
    wanted: RequestedDays,
    days: Sequence[date],
    missing: dict[Station, tuple[date, ...]],
) -> None:
    count = sum(len(lacking) for lacking in missing.values())
    try:
        asyncio.run(check_network(settings))
    except NoNetwork as error:
        raise NoNetwork(
            f"{error}, and {count} of {len(days) * len(wanted.cities)} days from {days[0]} to"
            f" {days[-1]} are not in {settings.history_dir}: {_way_out(settings, wanted)}"
        ) from error
    fetched: list[FetchedDay] = []
    with progress_bar("fetching", count) as advance:

        def note(one: FetchedDay) -> None:
            fetched.append(one)
            advance(len(fetched), None, f"{one.station.city} {one.day}")

        for station, lacking in missing.items():
            asyncio.run(fetch_history(settings, [station], lacking, note, PLAYED_SOURCES))
    incomplete = [one for one in fetched if one.wanting]
    if incomplete:
        first = f"{incomplete[0].station.city} {incomplete[0].day}: {incomplete[0].wanting[0]}"
        err.print(
            f"[yellow]missing[/] something of {len(incomplete)} days, such as {first}",
            highlight=False,
        )


def _way_out(settings: Settings, wanted: RequestedDays) -> str:
    played = "--synthetic plays a sandbox's past (SYNTHETIC)"
    has_some = all(reported_days(settings.history_dir, city) for city in wanted.cities)
    return f"{played}, --offline what is there" if has_some else played
