"""How a backtest's tables look in a terminal."""

from decimal import Decimal

from rich.table import Table

from kalshi_edge.backtest.estimates import Estimate

HALF_WIDTH = 78
"""Of each table; two stand side by side where there is room for both."""

GAIN, LOSS, DIM = "green", "red", "bright_black"


def plain_table(title: str, *columns: tuple[str, bool]) -> Table:
    """A plain table; each column has a name and whether it holds figures."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold cyan",
        header_style="dim",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        width=HALF_WIDTH,
    )
    for name, is_figure in columns:
        table.add_column(name, justify="right" if is_figure else "left", no_wrap=True)
    return table


def tone(found: Estimate | None) -> str:
    """Green or red where the whole interval lies on one side of zero."""
    return {1: GAIN, -1: LOSS, 0: ""}[0 if found is None else found.sign]


def sign_style(value: Decimal | float) -> str:
    """Green above zero, red below."""
    return GAIN if value > 0 else LOSS if value < 0 else ""
