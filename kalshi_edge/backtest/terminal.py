"""What ``backtest`` prints: a summary that reads well at 80 and at 160 columns, or JSON."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kalshi_edge.backtest.claims import EdgeBucket
from kalshi_edge.backtest.estimates import Estimate
from kalshi_edge.backtest.summary import ResultRow, Summary
from kalshi_edge.backtest.verification import ScoreTable
from kalshi_edge.backtest.wording import (
    MADE_UP,
    NONE,
    bucket_name,
    cents,
    cents_interval,
    count,
    dollars,
    honest_sentence,
    interval,
    percent,
    signed,
)

HALF_WIDTH = 78
"""Of each table; two stand side by side where there is room for both."""

BAR_CELLS = 8
"""On either side of zero."""

GAIN, LOSS, DIM = "green", "red", "bright_black"


class _View:
    """A summary that lays itself out for the width it is given."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The sentence, the key figures, then the tables in one column or two."""
        s = self.summary
        yield Panel(
            Text(honest_sentence(s)),
            title=f"[bold]Backtest[/] {_question(s)}",
            title_align="left",
            border_style=_tone(s.total.per_contract) or "yellow",
            padding=(0, 1),
        )
        yield _key_figures(s)
        tables = (
            (_money_table(s.distinct_lines), _claims_table("bought: claimed and came", s.taken)),
            (_score_table(s.scores), _claims_table("everything priced", s.priced)),
        )
        if options.max_width >= 2 * HALF_WIDTH + 2:
            for pair in tables:
                grid = Table.grid(padding=(0, 2))
                grid.add_row(*pair)
                yield grid
        else:
            yield Group(*(table for column in zip(*tables, strict=True) for table in column))
        yield _refusals(s)


def backtest_panel(summary: Summary) -> RenderableType:
    """The whole summary, in one column of tables or, from 158 cells on, in two."""
    return _View(summary)


def as_json(summary: Summary) -> bytes:
    """The same figures as JSON: decimals as strings, dates as ISO 8601, shares as 0 to 1."""
    document = {"sentence": honest_sentence(summary), "summary": summary}
    return orjson.dumps(document, default=_plain, option=orjson.OPT_INDENT_2)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal | Path):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _question(s: Summary) -> str:
    question = s.question
    mark = f"[bold white on magenta] {MADE_UP} [/] " if question.is_synthetic else ""
    return f"{mark}{', '.join(question.cities)} · {question.first_day} – {question.last_day}"


def _tone(found: Estimate | None) -> str:
    return {1: GAIN, -1: LOSS, 0: ""}[0 if found is None else found.sign]


def _sign_style(value: Decimal | float) -> str:
    return GAIN if value > 0 else LOSS if value < 0 else ""


def _key_figures(s: Summary) -> RenderableType:
    total, done = s.total, s.total.performance
    found = total.per_contract
    fall = f"{dollars(s.drawdown.dollars, signed=False)} ({percent(s.drawdown.share)})"
    figures = (
        ("P&L", dollars(done.pnl), _sign_style(done.pnl)),
        ("fees", dollars(done.fees, signed=False), ""),
        ("won", f"{percent(total.win_rate)} of {count(total.positions)}", ""),
        ("drawdown", fall, ""),
        ("halts", str(s.halts), ""),
        ("effective days", f"{found.effective_days:.0f} of {found.days}" if found else "0", ""),
    )
    parts = (
        Text(no_wrap=True).append(f"{name} ", DIM).append(value, style)
        for name, value, style in figures
    )
    return Padding(Columns(parts, padding=(0, 3)), (0, 1, 1, 1))


def _table(title: str, *columns: tuple[str, bool]) -> Table:
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


def _money_table(lines: Sequence[ResultRow]) -> RenderableType:
    words = ("strategy", "city")
    figures = ("P&L", "pos.", "won", "contracts", "¢ each", "95 % interval", "days", "eff.")
    table = _table(
        "P&L per strategy and city", *((x, False) for x in words), *((x, True) for x in figures)
    )
    for line in lines:
        found = line.per_contract
        table.add_row(
            line.strategy or "all",
            line.city or "all",
            Text(dollars(line.performance.pnl), _sign_style(line.performance.pnl)),
            count(line.positions),
            percent(line.win_rate),
            count(line.performance.contracts),
            Text(cents(found.mean), _tone(found)) if found else NONE,
            cents_interval(found),
            count(found.days) if found else "0",
            f"{found.effective_days:.0f}" if found else "0",
        )
    return Padding(table, (0, 0, 1, 1))


def _score_table(tables: Sequence[ScoreTable]) -> RenderableType:
    words = ("ladders", "city", "score")
    figures = ("n", "model", "market", "climate", "model−market", "95 % interval")
    table = _table(
        "scores, lower is better", *((x, False) for x in words), *((x, True) for x in figures)
    )
    for one in tables:
        # City by city only the first score; the report has the others.
        for row in one.rows if one.city is None else one.rows[:1]:
            difference = row.model_less_market
            table.add_row(
                "tight" if one.tight_only else "all",
                one.city or "all",
                row.score,
                count(one.ladders),
                f"{row.model:.3f}",
                f"{row.market:.3f}",
                f"{row.climatology:.3f}",
                # Lower is better: a difference above zero is the model's loss.
                Text(signed(difference.mean, 3), {1: LOSS, -1: GAIN, 0: ""}[difference.sign]),
                interval(difference),
            )
    if not tables:
        table.add_row("none")
    return Padding(table, (0, 0, 1, 1))


def _claims_table(title: str, buckets: Sequence[EdgeBucket]) -> RenderableType:
    words = ("net edge, ¢",)
    figures = ("claims", "days", "claimed", "came", "95 % interval")
    table = _table(title, *((x, False) for x in words), *((x, True) for x in figures))
    table.add_column(f"[{DIM}]−[/] came, ◇ claimed [{DIM}]+[/]", justify="center", no_wrap=True)
    reach = max((max(abs(b.ev), abs(b.came.mean)) for b in buckets), default=1.0)
    for bucket in buckets:
        came = bucket.came
        table.add_row(
            bucket_name(bucket),
            count(bucket.claims),
            count(came.days),
            cents(bucket.ev),
            Text(cents(came.mean), _tone(came)),
            cents_interval(came),
            _bar(came.mean, bucket.ev, reach),
        )
    if not buckets:
        table.add_row("none")
    return Padding(table, (0, 0, 1, 1))


def _bar(came: float, claimed: float, reach: float) -> Text:
    """What came as a bar from zero, and where the claim would have put its end."""
    end, claim = (round(BAR_CELLS * value / reach) for value in (came, claimed))
    text = Text()
    for cell in range(-BAR_CELLS, BAR_CELLS + 1):
        if cell == claim:
            text.append("◇", "yellow")
        elif cell == 0:
            text.append("│", DIM)
        else:
            inside = min(end, 0) <= cell <= max(end, 0)
            text.append("█" if inside else " ", _sign_style(came))
    return text


def _refusals(s: Summary) -> RenderableType:
    text = Text("refused ", DIM)
    text.append(" · ".join(f"{rule} {count(n)}" for rule, n in s.refusals) or "nothing")
    for reason, n in s.skipped:
        text.append(f"\nleft out {count(n)} ladders: {reason}")
    if s.open_trades:
        text.append(f"\n{s.open_trades} trades are open: nothing says what they paid")
    return Padding(text, (0, 1))
