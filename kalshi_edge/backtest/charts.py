"""A backtest's charts as inline SVG: the same figures give the same bytes.

Colours become CSS variables of the page, so that a chart follows it onto the screen and to paper.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from itertools import accumulate
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kalshi_edge.backtest.claims import EdgeBucket
from kalshi_edge.backtest.money import Drawdown, EquityMark
from kalshi_edge.backtest.reliability import PitHistogram, ReliabilityMark
from kalshi_edge.backtest.wording import bucket_name, cents, dollars, percent
from kalshi_edge.domain.records import Trade
from kalshi_edge.units import ZERO

INK, DIM, GRID = "#d7dee8", "#8fa0b3", "#263241"
MODEL, MARKET, GAIN, LOSS, VIOLET = "#5cc8ff", "#f2b84b", "#4cc38a", "#ff7b72", "#c4a7f7"
VARIABLES = {
    INK: "ink", DIM: "dim", GRID: "grid", MODEL: "model", MARKET: "market",
    GAIN: "gain", LOSS: "loss", VIOLET: "violet",
}  # fmt: skip
"""The page's name of each colour."""

SIZE_IN = (5.4, 3.3)
"""Small enough for the text to stay readable at a telephone's width."""

STYLE: Mapping[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans Mono",
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.labelcolor": DIM,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "xtick.color": DIM,
    "ytick.color": DIM,
}

_HEAD = re.compile(r'<svg [^>]*viewBox="([^"]*)"[^>]*>')
_FOR_A_PAGE = (
    (r"<defs>\s*<style.*?</style>\s*</defs>", ""),  # would style everything on the page
    (r"font-family: [^;]*; ", ""),
    (r"xlink:href", "href"),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its title and what it says in words, for those who can't see it."""

    title: str
    alt: str
    svg: Markup


def equity_chart(points: Sequence[EquityMark], fall: Drawdown) -> Chart | None:
    """Equity over days and, below, how far it is under its peak; ``None`` with fewer than two."""
    if len(points) < 2:
        return None
    days = _instants(point.day for point in points)
    first, last = points[0], points[-1]
    under = [-100 * float((p.peak - p.equity) / p.peak) for p in points]
    with _figure("equity") as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
        upper.plot(days, [float(p.peak) for p in points], color=DIM, linewidth=0.8, ls=":")
        upper.plot(days, [float(p.equity) for p in points], color=MODEL)
        upper.axhline(float(first.equity), color=DIM, linewidth=0.8, ls="--")
        upper.set_ylabel("dollars")
        lower.fill_between(days, under, color=LOSS, alpha=0.45, linewidth=0)
        lower.set_ylabel("% of peak")
        _date_axis(lower)
        alt = (
            f"Equity from {dollars(first.equity, signed=False)} on {first.day} to"
            f" {dollars(last.equity, signed=False)} on {last.day}; deepest fall"
            f" {dollars(fall.dollars, signed=False)}, {percent(fall.share, 1)} of the peak."
        )
        return _chart("equity", "Equity, and how far below its peak", alt, figure)


def cumulative_chart(trades: Iterable[Trade]) -> Chart | None:
    """Realised dollars added up over climate days, a line per strategy and city."""
    groups: dict[str, dict[date, Decimal]] = {}
    for trade in trades:
        if trade.pnl is not None:
            days = groups.setdefault(f"{trade.strategy} {trade.city}", {})
            days[trade.climate_day] = days.get(trade.climate_day, ZERO) + trade.pnl
    if not groups:
        return None
    ends = []
    with _figure("cumulative") as figure:
        axes = figure.subplots()
        colours = (MODEL, MARKET, VIOLET, GAIN, LOSS, DIM)
        for i, (name, days) in enumerate(sorted(groups.items())):
            dates = sorted(days)
            sums = list(accumulate(days[day] for day in dates))
            ends.append(f"{name} {dollars(sums[-1])}")
            axes.plot(
                _instants(dates),
                [float(value) for value in sums],
                drawstyle="steps-post",
                color=colours[i % len(colours)],
                ls=("-", "--", "-.", ":")[i // len(colours) % 4],
                marker="." if len(dates) == 1 else "",
                label=ends[-1],
            )
        axes.axhline(0, color=DIM, linewidth=0.8)
        axes.set_ylabel("dollars")
        axes.legend(loc="best")
        _date_axis(axes)
        alt = f"Realised P&L by strategy and city at the end: {'; '.join(ends)}."
        return _chart("cumulative", "Realised P&L by strategy and city", alt, figure)


def reliability_chart(
    model: Sequence[ReliabilityMark], market: Sequence[ReliabilityMark]
) -> Chart | None:
    """What probabilities said against what came; bars are where true probabilities would lie."""
    if not model:
        return None
    with _figure("reliability") as figure:
        axes = figure.subplots()
        axes.plot((0, 1), (0, 1), color=DIM, linewidth=0.8, ls="--")
        for name, points, colour, marker in (
            ("market", market, MARKET, "s"),
            ("model", model, MODEL, "o"),
        ):
            said = [point.row.forecast for point in points]
            axes.vlines(
                said,
                [point.band_low for point in points],
                [point.band_high for point in points],
                color=colour,
                alpha=0.35,
                linewidth=4,
            )
            came = [point.row.observed for point in points]
            axes.plot(said, came, color=colour, marker=marker, lw=0.8, markersize=4, label=name)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability said", ylabel="share that came")
        axes.legend(loc="upper left")
        outside = sum(not p.band_low <= p.row.observed <= p.band_high for p in model)
        alt = (
            f"Reliability of single-bin probabilities: {outside} of the model's {len(model)}"
            f" classes lie outside the band of true probabilities. The table has the figures."
        )
        return _chart("reliability", "Reliability: what was said, what came", alt, figure)


def pit_chart(pit: PitHistogram | None) -> Chart | None:
    """Where the highs fell in the model's distributions, with the band of a calibrated one."""
    if pit is None:
        return None
    classes = len(pit.shares)
    with _figure("pit") as figure:
        axes = figure.subplots()
        places = [(i + 0.5) / classes for i in range(classes)]
        axes.bar(places, pit.shares, width=0.92 / classes, color=MODEL, alpha=0.75)
        axes.axhline(1 / classes, color=INK, linewidth=0.8, ls="--")
        for bound in (pit.band_low, pit.band_high):
            axes.axhline(bound, color=INK, linewidth=0.8, ls=":")
        axes.set(xlim=(0, 1), xlabel="probability below what came", ylabel="share of days")
        shares = ", ".join(percent(share, 1) for share in pit.shares)
        alt = f"PIT histogram of {pit.count} city-days, tenths from low to high: {shares}."
        return _chart("pit", "PIT: where the highs fell in the distributions", alt, figure)


def claims_chart(name: str, title: str, buckets: Sequence[EdgeBucket]) -> Chart | None:
    """Claimed and realised cents per contract, by bucket of claimed net edge."""
    if not buckets:
        return None
    with _figure(name) as figure:
        axes = figure.subplots()
        places = range(len(buckets))
        axes.axhline(0, color=DIM, linewidth=0.8)
        for place, bucket in enumerate(buckets):
            came = bucket.came
            if came.low is not None and came.high is not None:
                axes.vlines(
                    place, 100 * came.low, 100 * came.high, color=MODEL, linewidth=3, alpha=0.5
                )
        axes.plot(
            places, [100 * b.ev for b in buckets], "D", mfc="none", color=MARKET, label="claimed"
        )
        axes.plot(places, [100 * b.came.mean for b in buckets], "o", color=MODEL, label="came")
        axes.set_xticks(places, [bucket_name(b) for b in buckets], rotation=35, ha="right")
        axes.set(xlabel="claimed net edge, ¢", ylabel="¢ per contract after fees")
        axes.legend(loc="upper left")
        alt = "; ".join(
            f"{bucket_name(b)}: claimed {cents(b.ev)}, came {cents(b.came.mean)}, n {b.claims}"
            for b in buckets
        )
        return _chart(name, title, f"Cents per contract by claimed net edge: {alt}.", figure)


def renamed(chart: Chart, prefix: str) -> Chart:
    """The same drawing with ``prefix`` before each of its ids, for a page with several of them."""
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}", str(chart.svg))
    svg = re.sub(r'labelledby="(\S+) (\S+)"', rf'labelledby="{prefix}\1 {prefix}\2"', svg)
    return Chart(chart.title, chart.alt, Markup(svg))  # noqa: S704 - our own drawing


@contextmanager
def _figure(name: str) -> Iterator[Figure]:
    """An empty figure in our style; ``name`` salts the ids, which are random otherwise."""
    settings: Any = {**STYLE, "svg.hashsalt": name}
    with rc_context(settings):
        yield Figure(SIZE_IN, layout="constrained")


def _instants(days: Iterable[date]) -> NDArray[np.datetime64]:
    return np.array(list(days), dtype="datetime64[D]")


def _date_axis(axes: Axes) -> None:
    # matplotlib's dates have no annotations.
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    )


def _chart(name: str, title: str, alt: str, figure: Figure) -> Chart:
    text = StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(text, format="svg", metadata=nothing)
    head, body = _HEAD.split(text.getvalue(), maxsplit=1)[1:]
    for pattern, replacement in _FOR_A_PAGE:
        body = re.sub(pattern, replacement, body)
    # Several drawings share one page: every id is made the drawing's own.
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
    opening = (
        f'<svg class="chart" viewBox="{head}" role="img"'
        f' aria-labelledby="{name}-title {name}-alt">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-alt">{escape(alt)}</desc>'
    )
    return Chart(title, alt, Markup(opening + body))  # noqa: S704 - our own drawing
