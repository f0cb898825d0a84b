"""Where a history comes from: made up on the spot, or brought in from an archive's tables."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from kalshi_edge.data.history import import_archive as tables
from kalshi_edge.errors import HistoryError
from kalshi_edge.runtime.sandbox_process import write_past

T = TypeVar("T")

EXAMPLE_DAYS = 40
EXAMPLE_REPORTS = 400
"""Days of climate reports before those: enough for a climatology."""
EXAMPLE_LAST_DAY = date(2027, 4, 11)

_kept: list[TemporaryDirectory[str]] = []
"""The example's folder goes with the process."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``, in a thread of its own: a notebook has a running loop already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def synthetic_past(
    folder: Path | str,
    cities: Sequence[str] = ("NYC",),
    *,
    days: int = 365,
    until: date,
    reports: int = 0,
    seed: int = 1,
) -> Path:
    """A SYNTHETIC past of ``days`` climate days in ``folder``, the same for a seed; the folder.

    ``reports`` days before those have climate reports only, for the climatology. Takes seconds a
    year and city. Raises ``HistoryError`` for a folder of real history, and for cities that are
    none. What it shows is no evidence of profit.
    """
    folder = Path(folder)
    options = {
        "--seed": seed,
        "--days": days,
        "--reports": reports,
        "--until": until,
        "--city": ",".join(cities),
    }
    run(write_past(folder, [f"{part}" for option in options.items() for part in option]))
    return folder


@cache
def example() -> Path:
    """Forty days of New York in a SYNTHETIC world, to try the functions on.

    They are made once, in a few seconds, and are gone with the process.

    >>> example().is_dir()
    True
    """
    parent = TemporaryDirectory(prefix="kalshi-edge-lab-")
    _kept.append(parent)
    # The name says what it is wherever it is shown.
    folder = Path(parent.name, "SYNTHETIC-1")
    return synthetic_past(
        folder, days=EXAMPLE_DAYS, until=EXAMPLE_LAST_DAY, reports=EXAMPLE_REPORTS
    )


def import_archive(archive: Path | str, folder: Path | str) -> Path:
    """A history in ``folder`` from the CSV tables of ``archive``; the folder.

    The tables are those of docs/reference/history.md. Raises ``HistoryError`` where there are none.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_dir():
        raise HistoryError(f"no folder {archive}")
    tables.import_archive(archive, folder)
    return folder
