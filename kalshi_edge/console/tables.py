"""What the commands print: Rich tables that read well at 80 and at 160 columns."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from kalshi_edge.data.history.archive import ArchivedOutcome
from kalshi_edge.data.history.coverage import CityCoverage
from kalshi_edge.data.history.import_archive import ImportReport
from kalshi_edge.data.history.parity import Parity
from kalshi_edge.data.history.tables import LeftOut
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.db.costs import Cost
from kalshi_edge.db.dynamo.tables import TableState
from kalshi_edge.domain.orders import Fill
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.models.calibration import uncalibrated
from kalshi_edge.models.temperature import daily_high
from kalshi_edge.runtime.audit import Stretch
from kalshi_edge.runtime.schedule import Job
from kalshi_edge.trading.fees import FeeParity
from kalshi_edge.units import ZERO

_CITY = {station.icao: station.city for station in STATIONS}
STYLE: Any = {
    "title_justify": "left",
    "title_style": "bold cyan",
    "header_style": "dim",
    "caption_justify": "left",
    "box": SIMPLE_HEAD,
    "padding": (0, 1, 0, 0),
}
_PERCENTS = (10, 25, 50, 75, 90)
_SHOWN_REASONS = 15


def forecast_table(title: str, forecasts: Iterable[Forecast]) -> Table:
    """A bulletin's forecasts, a row per station and climate day; temperatures in °F."""
    table = Table(title=title, **STYLE)
    table.add_column("station", style="bold", no_wrap=True)
    table.add_column("climate day", no_wrap=True)
    for name in ("lead", "μ", "σ", *(f"P{percent}" for percent in _PERCENTS), "mean", "sd"):
        table.add_column(name, justify="right", no_wrap=True)
    last = None
    for forecast in forecasts:
        if last not in {None, forecast.station}:
            table.add_section()
        table.add_row(*_forecast_row(forecast, is_first=forecast.station != last))
        last = forecast.station
    return table


def _forecast_row(forecast: Forecast, *, is_first: bool) -> Iterable[str]:
    high = daily_high(forecast, uncalibrated("", forecast))
    city = _CITY.get(forecast.station)
    name = f"{forecast.station} {city}" if city else forecast.station
    yield name if is_first else ""
    yield f"{forecast.climate_day:%a %Y-%m-%d}"
    yield f"{lead_h(forecast)}h"
    yield f"{high.mu_f:.1f}"
    yield f"{high.sigma_f:.2f}"
    for percent in _PERCENTS:
        yield _whole(forecast.percentile(percent))
    yield _whole(forecast.mean_f)
    yield _whole(forecast.sd_f)


def import_table(report: ImportReport) -> Table:
    """What an import took in by city and kind."""
    kinds = sorted({kind for _, kind in report.records})
    table = Table(title="imported", **STYLE)
    table.add_column("city", style="bold")
    for kind in kinds:
        table.add_column(kind, justify="right")
    for city in sorted({city for city, _ in report.records}):
        table.add_row(city, *(f"{report.records.get((city, kind), 0):,}" for kind in kinds))
    return table


def import_lines(report: ImportReport) -> Iterable[str]:
    """How much an import left out and why, a line per reason."""
    yield (
        f"an empty book: {len(report.unquoted):,} bins nobody quoted; no book:"
        f" {len(report.crossed):,} crossed quotes; {len(report.untraded):,} ladders cannot be"
        f" traded{_example(report.untraded)}"
    )
    if report.repeated or report.minima:
        yield f"{report.repeated:,} facts said again, {report.minima:,} forecasts of minima"
    yield from left_out_lines(report.left_out)


def left_out_lines(left_out: Iterable[LeftOut]) -> Iterable[str]:
    """What was left out, a line per reason with its first example; the most frequent first."""
    by_reason: dict[str, list[LeftOut]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one)
    ordered = sorted(by_reason.items(), key=lambda pair: -len(pair[1]))
    for reason, those in ordered[:_SHOWN_REASONS]:
        yield f"left out {len(those):,}: {reason}{_example(those)}"
    if len(ordered) > _SHOWN_REASONS:
        rest = sum(len(those) for _, those in ordered[_SHOWN_REASONS:])
        yield f"left out {rest:,} for {len(ordered) - _SHOWN_REASONS} other reasons"


def _example(those: Sequence[object]) -> str:
    return f" ({str(those[0])[:120]})" if those else ""


def coverage_table(cities: Iterable[CityCoverage]) -> Table:
    """What a history holds, a row per city."""
    table = Table(title="history", **STYLE)
    table.add_column("city", style="bold")
    table.add_column("days")
    for name in ("results", "ladders", "quotes"):
        table.add_column(name, justify="right")
    table.add_column("forecasts (days)")
    table.add_column("days without result", justify="right")
    for city in cities:
        table.add_row(
            city.city,
            f"{city.first_day} – {city.last_day}",
            f"{city.reports:,}",
            f"{city.ladders:,}",
            f"{city.books:,}",
            " ".join(f"{model} {days:,}" for model, days in city.forecasts),
            str(len(city.without_report)),
        )
    return table


def parity_table(parity: Parity) -> Table:
    """Every result that differs from ours, with its date."""
    table = Table(**STYLE)
    for column in ("climate day", "ticker", "bin", "high", "paid"):
        table.add_column(column, no_wrap=True)
    for outcome in parity.differing:
        table.add_row(*_outcome_row(outcome))
    return table


def parity_title(name: str, parity: Parity) -> str:
    """How settlement compares, in a line."""
    differing, undecided = len(parity.differing), len(parity.undecided)
    rows = parity.agreed + differing + undecided
    share = "nothing to compare" if parity.share is None else f"{parity.share:.3%}"
    title = f"{name}: {parity.agreed:,} of {rows:,} results agree, {differing} differ"
    return title + (f", {undecided} undecided ({share})" if undecided else f" ({share})")


def parity_lines(parity: Parity) -> Iterable[str]:
    """What could not be compared, a line per reason with its first example."""
    for reason, those in parity.undecided_by_reason().items():
        yield f"undecided {len(those):,}: {reason} ({those[0].ticker})"
    if parity.unsettled:
        yield f"{parity.unsettled:,} more rows have no recorded result"
    yield from left_out_lines(parity.left_out)


def _outcome_row(outcome: ArchivedOutcome) -> Iterable[str]:
    yield str(outcome.climate_day)
    yield outcome.ticker
    yield "no direction" if outcome.bin is None else str(outcome.bin)
    yield "none" if outcome.high_f is None else f"{outcome.high_f} °F"
    yield f"${outcome.paid}"


def fee_table(name: str, fills: Sequence[Fill], parity: FeeParity) -> Table:
    """How our fees compare with those charged; every order that differs is named."""
    taken = {fill.intent_id for fill in fills if fill.is_taker}
    made = {fill.intent_id for fill in fills} - taken
    wrong = {difference.intent_id for difference in parity.differences}
    table = Table(title=f"{name}: {len(fills):,} fills", **STYLE)
    for column in ("orders", "compared", "equal to the cent", "charged in total"):
        table.add_column(column, justify="left" if column == "orders" else "right")
    for label, orders in (("takers", taken), ("makers only", made)):
        charged = sum((fill.fee for fill in fills if fill.intent_id in orders), ZERO)
        table.add_row(label, f"{len(orders):,}", f"{len(orders - wrong):,}", f"${charged}")
    for difference in parity.differences:
        table.add_row(
            difference.intent_id, f"${difference.charged}", f"${difference.computed}", "differs"
        )
    return table


def lead_h(forecast: Forecast) -> int:
    """Hours from the run to 00 UTC after the climate day, where the maximum stands."""
    days = forecast.climate_day.toordinal() + 1 - forecast.run_at.toordinal()
    return days * 24 - forecast.run_at.hour


def _whole(figure_f: float | None) -> str:
    return "–" if figure_f is None else f"{figure_f:.0f}"


def soak_table(stretch: Stretch) -> Table:
    """The result of a soak test, SYNTHETIC."""
    found, counts = stretch.recount, stretch.counts
    table = Table(title="SYNTHETIC · soak test, paper trading", show_header=False, min_width=76)
    for job in (Job.CYCLE, Job.CALIBRATION, Job.DAY):
        count = counts[job]
        more = f", {count.hurried} more after new bulletins" if count.hurried else ""
        table.add_row(
            f"{job.value} jobs", f"{count.due} due, {count.done} done, {count.missed} missed{more}"
        )
    table.add_row("cycles in the journal", str(found.cycles))
    for city in stretch.cities:
        days = found.calibrated.get(city, 0)
        table.add_row(f"calibrated, {city}", f"{days} of {found.mornings} climate days")
    table.add_row("daily records", f"{len(found.days)} of {len(found.days_due)} UTC days")
    table.add_row("fills · markets settled", f"{found.fills} · {found.settled}")
    table.add_row("cash: our ledger", f"${stretch.cash}")
    table.add_row("cash: simulated exchange", f"${stretch.simulated_cash}")
    table.add_row("cash: recounted from the journal", f"${found.cash}")
    table.add_row("journal replayed", f"{stretch.replayed} lines, {stretch.differences} differ")
    table.add_row(
        "recording replayed",
        f"{stretch.recorded} lines, {stretch.recorded_otherwise} differ",
    )
    first, last = stretch.memory_mb[0], stretch.memory_mb[-1]
    table.add_row("memory on the first and last day", f"{first:.0f} MB and {last:.0f} MB")
    lived = found.ended_at - found.began_at
    table.add_row(
        "duration", f"{lived.total_seconds() / 86400:.1f} world days in {stretch.real_s:.0f} s"
    )
    return table


def cost_grid(found: Cost) -> Table:
    """What a month would cost."""
    days = found.span.total_seconds() / 86400
    grid = Table(
        "a month of 30 days",
        *("requests", "read units", "write units", "cents"),
        title=f"Counted from {found.lines:,} journal lines of {days:.1f} days",
        caption=(
            f"SQLite: {found.sqlite_bytes * found.month / 1e6:.1f} MB a month,"
            f" {found.sqlite_seconds * found.month:.1f} s of writing.\n"
            "Prices: on demand, us-east-1, November 2026; free tiers left out."
        ),
    )
    for name, units in found.parts.items():
        grid.add_row(
            name,
            f"{units.requests:,}",
            f"{units.read_units:,.0f}",
            f"{units.write_units:,.0f}",
            f"{units.dollars * 100:.2f}",
        )
    megabytes = found.stored_bytes * found.month / 1e6
    grid.add_row(f"storage of {megabytes:.1f} MB", "", "", "", f"{found.storage_dollars * 100:.2f}")
    grid.add_row("[bold]total", "", "", "", f"[bold]{found.dollars * 100:.2f}")
    return grid


def tables_grid(states: Sequence[TableState]) -> Table:
    """The state of the DynamoDB tables."""
    grid = Table("table", "status", "items", "bytes", "expiry", "backups", "indexes")
    for state in states:
        grid.add_row(
            state.name,
            state.status or "[yellow]missing[/]",
            f"{state.items:,}",
            f"{state.size_bytes:,}",
            "on" if state.expires else "off",
            {True: "on", False: "off", None: "not known here"}[state.backed_up],
            ", ".join(state.indexes) or "none",
        )
    return grid
