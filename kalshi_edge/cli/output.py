"""Where commands print: standard output, standard error, and what they share to do so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

out = Console()
err = Console(stderr=True)

SYNTHETIC = "[bold white on magenta] SYNTHETIC [/] "
"""Precedes whatever was made in a sandbox."""

Advance = Callable[[int, int | None, str], None]
"""How many are done, of how many (``None``: unchanged), and what is at work."""


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Iterator[Advance]:
    """A bar on standard error, where that is a terminal, until the block ends."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=total)

        def advance(done: int, of: int | None, description: str) -> None:
            progress.update(task, completed=done, total=of or total, description=description)

        yield advance
