"""A backtest as one HTML page that needs nothing else: no request, no script, no date of making."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from kalshi_edge import __version__
from kalshi_edge.backtest import wording
from kalshi_edge.backtest.charts import (
    Chart,
    claims_chart,
    cumulative_chart,
    equity_chart,
    pit_chart,
    reliability_chart,
    renamed,
)
from kalshi_edge.backtest.comparison import comparison
from kalshi_edge.backtest.forecaster_figures import NO_FIGURES, ForecasterFigures
from kalshi_edge.backtest.reliability import ReliabilityMark
from kalshi_edge.backtest.run import Record
from kalshi_edge.backtest.summary import Summary
from kalshi_edge.domain.records import Trade
from kalshi_edge.units import ZERO

CUT_NAMES: Mapping[str, str] = {
    "city": "city",
    "lead": "lead class",
    "spread": "spread of the quotes",
    "season": "season",
    "price": "price",
}
"""What bins are divided by, in words."""


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A trade as the list shows it."""

    trade: Trade
    bin: str
    high_f: int | None
    price: Decimal
    """Dollars per contract, without fees."""


@dataclass(frozen=True, slots=True)
class Month:
    """The trades of one month's climate days."""

    name: str
    rows: tuple[TradeRow, ...]
    pnl: Decimal
    """Of the closed ones, dollars."""


@dataclass(frozen=True, slots=True)
class Played:
    """A backtest that was played, and its figures."""

    record: Record
    summary: Summary


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page shows of one backtest."""

    prefix: str
    """Of its ids on the page; empty where it is alone."""
    summary: Summary
    sentence: str
    charts: Mapping[str, Chart | None]
    months: tuple[Month, ...]
    reliability: list[tuple[float, tuple[ReliabilityMark | None, ReliabilityMark | None]]]


def report_html(played: Sequence[Played], figures: ForecasterFigures = NO_FIGURES) -> str:
    """The page: figures, charts and trades of each backtest, and what the forecasters say."""
    is_alone = len(played) == 1
    summaries = [one.summary for one in played]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            backtests=[_shown(one, "" if is_alone else _prefix(one)) for one in played],
            comparison=() if is_alone else comparison(summaries),
            figures=figures,
            cut_names=CUT_NAMES,
            program=__version__,
        )
    )


def _prefix(one: Played) -> str:
    """Of the names of its charts, where several backtests share a page."""
    return f"{one.summary.question.label.replace(' ', '-')}-"


def _shown(one: Played, prefix: str) -> _Shown:
    record, summary = one.record, one.summary
    charts = _charts(record, summary)
    return _Shown(
        prefix=prefix,
        summary=summary,
        sentence=wording.honest_sentence(summary),
        charts={name: chart and renamed(chart, prefix) for name, chart in charts.items()},
        months=months(record),
        reliability=_paired(summary.model_reliability, summary.market_reliability),
    )


def months(record: Record) -> tuple[Month, ...]:
    """Every trade by month, oldest first."""
    bins = {leg.ticker: str(leg.bin) for one in record.opportunities for leg in one.legs}
    rows = [_row(trade, bins, record) for trade in sorted(record.trades.values(), key=_order)]
    found = ((name, tuple(group)) for name, group in groupby(rows, key=_month))
    return tuple(
        Month(name, group, sum((row.trade.pnl or ZERO for row in group), ZERO))
        for name, group in found
    )


def _row(trade: Trade, bins: Mapping[str, str], record: Record) -> TradeRow:
    return TradeRow(
        trade=trade,
        # The ticker's last part still says which bin it is.
        bin=bins.get(trade.ticker) or trade.ticker.rpartition("-")[2],
        high_f=record.highs.get((trade.city, trade.climate_day)),
        price=trade.paid / trade.count,
    )


def _order(trade: Trade) -> tuple[object, ...]:
    return trade.climate_day, trade.city, trade.opened_at, trade.ticker


def _month(row: TradeRow) -> str:
    return f"{row.trade.climate_day:%Y-%m}"


def _charts(record: Record, summary: Summary) -> Mapping[str, Chart | None]:
    return {
        "equity": equity_chart(summary.equity, summary.drawdown),
        "cumulative": cumulative_chart(record.trades.values()),
        "taken": claims_chart("taken", "What was bought: claimed and came", summary.taken),
        "priced": claims_chart("priced", "Everything priced: claimed and came", summary.priced),
        "reliability": reliability_chart(summary.model_reliability, summary.market_reliability),
        "pit": pit_chart(summary.pit),
    }


def _paired(
    model: Sequence[ReliabilityMark], market: Sequence[ReliabilityMark]
) -> list[tuple[float, tuple[ReliabilityMark | None, ReliabilityMark | None]]]:
    ours, theirs = ({point.row.low: point for point in points} for points in (model, market))
    return [(low, (ours.get(low), theirs.get(low))) for low in sorted(ours | theirs)]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("kalshi_edge.backtest"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = (
        "dollars", "cents", "percent", "count", "signed", "interval", "cents_interval", "hours",
        "bounds",
    )  # fmt: skip
    environment.filters |= {name: getattr(wording, name) for name in names}
    environment.filters["bucket"] = wording.bucket_name
    return environment
