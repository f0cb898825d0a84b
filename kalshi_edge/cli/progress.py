"""Bars over days, on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

err = Console(stderr=True)


@contextmanager
def day_bar(days: int, what: str) -> Iterator[Callable[[date], None]]:
    """A bar over ``days`` steps on a terminal; it is told of every day that is done."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=days)
        yield lambda day: progress.update(task, advance=1, description=f"{what} {day}")
