"""What ``backtest`` prints: a summary that reads well at 80 and at 160 columns, or JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
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
from kalshi_edge.backtest.forecaster_figures import NO_FIGURES, ForecasterFigures
from kalshi_edge.backtest.forecaster_tables import comparison_table, forecaster_tables
from kalshi_edge.backtest.money import ResultRow
from kalshi_edge.backtest.rich_tables import (
    DIM,
    GAIN,
    HALF_WIDTH,
    LOSS,
    plain_table,
    sign_style,
    tone,
)
from kalshi_edge.backtest.summary import Summary
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
    hours,
    interval,
    percent,
    signed,
)

BAR_CELLS = 8
"""On either side of zero."""


@dataclass(frozen=True)
class _InPairs:
    """Tables in two columns where there is room for both, else one below the other."""

    left: Sequence[RenderableType]
    right: Sequence[RenderableType]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Pair by pair either way."""
        for pair in zip_longest(self.left, self.right, fillvalue=""):
            if options.max_width < 2 * HALF_WIDTH + 2:
                yield from (one for one in pair if one)
            else:
                grid = Table.grid(padding=(0, 2))
                grid.add_row(*pair)
                yield grid


def backtest_panel(
    summaries: Sequence[Summary], figures: ForecasterFigures = NO_FIGURES
) -> RenderableType:
    """One backtest in all its tables, or several side by side; then the forecasters' figures.

    Tables stand in one column or, from 158 cells on, in two.
    """
    parts: list[RenderableType] = [_sentences(summaries)]
    if len(summaries) == 1:
        parts += _one(summaries[0])
    else:
        parts.append(comparison_table(summaries))
    tables = forecaster_tables(figures)
    return Group(*parts, _InPairs(tables[::2], tables[1::2]))


def as_json(summaries: Sequence[Summary], figures: ForecasterFigures = NO_FIGURES) -> bytes:
    """The same figures as JSON: decimals as strings, dates as ISO 8601, shares as 0 to 1.

    One backtest stands at the top, several in ``backtests``; what they share stands beside them.
    """
    told = [{"sentence": honest_sentence(one), "summary": one} for one in summaries]
    document: dict[str, Any] = dict(told[0]) if len(told) == 1 else {"backtests": told}
    for shared in ("forecast", "posterior", "posterior_tight", "conditional"):
        document[shared] = getattr(figures, shared)
    return orjson.dumps(document, default=_plain, option=orjson.OPT_INDENT_2)


def _sentences(summaries: Sequence[Summary]) -> RenderableType:
    """What each backtest allows to be said, and what its decisions rested on."""
    text = Text()
    for i, s in enumerate(summaries):
        text.append("\n\n" if i else "").append(honest_sentence(s))
        for row in s.decisions[1:]:
            ages = f"forecasts {hours(row.forecast_age_h)}, quotes {hours(row.quotes_age_h)} old"
            line = f"\n{row.city} · {s.question.label} on {row.model}"
            text.append(f"{line} · {ages} (median) · n {count(row.city_days)} city-days", DIM)
    tones = {tone(s.total.per_contract) for s in summaries}
    return Panel(
        text,
        title=f"[bold]Backtest[/] {_question(summaries[0])}",
        title_align="left",
        border_style=(tones.pop() if len(tones) == 1 else "") or "yellow",
        padding=(0, 1),
    )


def _one(s: Summary) -> list[RenderableType]:
    left = _money_table(s.distinct_lines), _score_table(s.scores)
    right = (
        _claims_table("bought: claimed and came", s.taken),
        _claims_table("everything priced", s.priced),
    )
    return [_key_figures(s), _InPairs(left, right), _refusals(s)]


def _plain(value: Any) -> str:
    if isinstance(value, Decimal | Path):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _question(s: Summary) -> str:
    question = s.question
    mark = f"[bold white on magenta] {MADE_UP} [/] " if question.is_synthetic else ""
    return f"{mark}{', '.join(question.cities)} · {question.first_day} – {question.last_day}"


def _key_figures(s: Summary) -> RenderableType:
    total, done = s.total, s.total.performance
    found = total.per_contract
    fall = f"{dollars(s.drawdown.dollars, signed=False)} ({percent(s.drawdown.share)})"
    figures = (
        ("P&L", dollars(done.pnl), sign_style(done.pnl)),
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


def _money_table(lines: Sequence[ResultRow]) -> RenderableType:
    words = ("strategy", "city")
    figures = ("P&L", "pos.", "won", "contracts", "¢ each", "95 % interval", "days", "eff.")
    table = plain_table(
        "P&L per strategy and city", *((x, False) for x in words), *((x, True) for x in figures)
    )
    for line in lines:
        found = line.per_contract
        table.add_row(
            line.strategy or "all",
            line.city or "all",
            Text(dollars(line.performance.pnl), sign_style(line.performance.pnl)),
            count(line.positions),
            percent(line.win_rate),
            count(line.performance.contracts),
            Text(cents(found.mean), tone(found)) if found else NONE,
            cents_interval(found),
            count(found.days) if found else "0",
            f"{found.effective_days:.0f}" if found else "0",
        )
    return Padding(table, (0, 0, 1, 1))


def _score_table(tables: Sequence[ScoreTable]) -> RenderableType:
    words = ("ladders", "city", "score")
    figures = ("n", "model", "market", "climate", "−market", "95 % interval")
    table = plain_table(
        "scores, lower is better", *((x, False) for x in words), *((x, True) for x in figures)
    )
    for one in tables:
        # City by city only the Brier score, summed and per bin; the report has the others.
        for row in one.rows if one.city is None else (one.per_ladder, one.per_bin):
            difference = row.model_less_market
            table.add_row(
                "tight" if one.tight_only else "all",
                one.city or "all",
                row.score.replace(" per ", "/"),
                count(one.ladders),
                f"{row.model:.4f}",
                f"{row.market:.4f}",
                f"{row.climatology:.4f}",
                # Lower is better: a difference above zero is the model's loss.
                Text(signed(difference.mean, 4), {1: LOSS, -1: GAIN, 0: ""}[difference.sign]),
                interval(difference, 4),
            )
    if not tables:
        table.add_row("none")
    return Padding(table, (0, 0, 1, 1))


def _claims_table(title: str, buckets: Sequence[EdgeBucket]) -> RenderableType:
    words = ("net edge, ¢",)
    figures = ("claims", "days", "claimed", "came", "95 % interval")
    table = plain_table(title, *((x, False) for x in words), *((x, True) for x in figures))
    table.add_column(f"[{DIM}]−[/] came, ◇ claimed [{DIM}]+[/]", justify="center", no_wrap=True)
    reach = max((max(abs(b.ev), abs(b.came.mean)) for b in buckets), default=1.0)
    for bucket in buckets:
        came = bucket.came
        table.add_row(
            bucket_name(bucket),
            count(bucket.claims),
            count(came.days),
            cents(bucket.ev),
            Text(cents(came.mean), tone(came)),
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
            text.append("█" if inside else " ", sign_style(came))
    return text


def _refusals(s: Summary) -> RenderableType:
    text = Text("refused ", DIM)
    text.append(" · ".join(f"{rule} {count(n)}" for rule, n in s.refusals) or "nothing")
    for reason, n in s.skipped:
        text.append(f"\nleft out {count(n)} ladders: {reason}")
    if s.open_trades:
        text.append(f"\n{s.open_trades} trades are open: nothing says what they paid")
    return Padding(text, (0, 1))
