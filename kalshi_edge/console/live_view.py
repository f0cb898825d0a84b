"""The terminal's view of a running trader.

It reads the journal's lines as they are written and computes nothing that the core computed.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kalshi_edge.data.source_status import FINE
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.records import DailyRecord, MarkOut, Switch, SwitchState, Trade
from kalshi_edge.domain.sentences import Sentence, sentences
from kalshi_edge.domain.verdicts import (
    Approved,
    CityView,
    CycleDone,
    Opportunity,
    Refused,
    Verdict,
)
from kalshi_edge.portfolio.mark_out_figures import mark_out_figures, mark_out_text
from kalshi_edge.runtime.cycle_log import why_no_ladder
from kalshi_edge.runtime.schedule import Job
from kalshi_edge.runtime.trader import Trader
from kalshi_edge.units import plain

ACTIVITY_LINES = 12
STYLES = {
    "order": "bold green",
    "fill": "cyan",
    "settled": "magenta",
    "switch": "bold red",
    "day": "blue",
    "alarm": "bold yellow",
    "reports": "yellow",
    "note": "bold",
}
OPEN_LINES = 10


class Dashboard:
    """What the terminal shows: a ``Publisher`` whose ``render`` is the newest state."""

    def __init__(self, mode: str, *, is_synthetic: bool) -> None:
        self.mode = mode
        self.is_synthetic = is_synthetic
        self.cycles = 0
        self._seq = 0
        self._at: datetime | None = None
        self._cycle: CycleDone | None = None
        self._best: dict[str, Opportunity] = {}
        self._trades: dict[str, Trade] = {}
        self._mark_outs: deque[MarkOut] = deque(maxlen=5000)
        self._days: list[DailyRecord] = []
        self._switch: Switch | None = None
        self._activity: deque[Text] = deque(maxlen=ACTIVITY_LINES)
        self._trader: Trader | None = None
        self.door = ""
        """Where the web dashboard is, if anywhere."""

    def follow(self, trader: Trader) -> None:
        """Show the sources and the timetable of ``trader`` as well."""
        self._trader = trader

    def publish(self, entry: JournalEntry) -> None:
        """Take in one line of the journal."""
        self._seq, self._at = entry.seq, entry.received_at
        for one in sentences(entry):
            self._say(entry.received_at, one)
        for verdict in entry.verdicts:
            self._take(verdict)

    def note(self, text: str) -> None:
        """Show a line that is not in the journal."""
        if self._at is not None:
            self._say(self._at, Sentence("note", text))

    def render(self) -> RenderableType:
        """The whole screen."""
        beside = () if self._trader is None else (_sources(self._trader),)
        above = (self._header(), self._forecasts())
        return Group(*above, *self._why_none(), self._positions(), *beside, self._activity_panel())

    def _take(self, verdict: Verdict) -> None:
        match verdict:
            case CycleDone():
                self.cycles += 1
                self._cycle = verdict
            case Approved(opportunity=Opportunity() as found):
                self._best.setdefault(_ladder_name(found), found)
            case Refused(subject=Opportunity() as found):
                best = self._best.get(_ladder_name(found))
                if best is None or found.net_edge > best.net_edge:
                    self._best[_ladder_name(found)] = found
            case Trade():
                self._trades[verdict.trade_id] = verdict
            case MarkOut():
                self._mark_outs.append(verdict)
            case DailyRecord():
                self._days.append(verdict)
            case Switch():
                self._switch = verdict
            case _:
                pass

    def _say(self, at: datetime, one: Sentence) -> None:
        line = Text(f"{at:%m-%d %H:%M} ", style="dim")
        where = one.ticker or one.city
        text = f"{where} {one.text}" if where else one.text
        line.append(f"{one.topic:<8}", style=_style(one)).append(text)
        self._activity.append(line)

    def _header(self) -> Panel:
        line = Text()
        line.append(f" {self.mode.upper()} ", style="bold black on yellow")
        if self.is_synthetic:
            line.append(" ").append(" SYNTHETIC ", style="bold white on magenta")
        state = SwitchState.RUN if self._switch is None else self._switch.state
        halted = state is not SwitchState.RUN
        line.append("  kill switch ").append(
            state.upper() if halted else "run", style="bold red" if halted else "green"
        )
        if self._cycle is not None:
            line.append(f"  cash ${self._cycle.cash:.2f}")
            line.append(f"  equity ${self._cycle.equity:.2f}", style="bold")
        at = "–" if self._at is None else f"{self._at:%Y-%m-%d %H:%M}Z"
        line.append(f"  {at}  cycle {self.cycles}  line {self._seq}", style="dim")
        closed = [t.pnl for t in self._trades.values() if t.pnl is not None]
        wins = sum(1 for pnl in closed if pnl > 0)
        line.append(f"\n closed {len(closed)} trades, {wins} won, ")
        line.append(_signed(sum(closed, Decimal(0))), style=_colour(sum(closed, Decimal(0))))
        if self._mark_outs:
            figures = mark_out_figures(self._mark_outs)
            line.append(f"\n mark-out of what was posted: {'; '.join(map(mark_out_text, figures))}")
        if self.door:
            line.append("\n dashboard ").append(self.door, style="bold cyan")
        return Panel(line, title="Kalshi Edge Trader", border_style="dim")

    def _forecasts(self) -> Table:
        table = _table("forecasts", "city", "climate day", "model", "μ °F", "σ °F", "best edge")
        for view in () if self._cycle is None else self._cycle.cities:
            best = self._best.get(f"{view.city} {view.climate_day}")
            table.add_row(*_forecast_cells(view), _edge_text(best))
        return table

    def _why_none(self) -> Iterator[Text]:
        if self._cycle is None:
            return
        sources = () if self._trader is None else self._trader.sources
        if why := why_no_ladder(self._cycle, sources):
            yield Text(f" 0 ladders: {why}", style="bold yellow")

    def _positions(self) -> Table:
        table = _table("open positions", "ticker", "strategy", "contracts", "paid", "fair at entry")
        held = [trade for trade in self._trades.values() if trade.is_open]
        for trade in held[-OPEN_LINES:]:
            fair = "–" if trade.fair is None else f"{trade.fair:.2f}"
            paid = f"${trade.paid / trade.count:.4f}"
            held_count = plain(trade.open_count)
            table.add_row(trade.ticker, trade.strategy.value, held_count, paid, fair)
        return table

    def _activity_panel(self) -> Panel:
        lines = list(self._activity) or [Text("waiting for the first cycle", style="dim")]
        return Panel(Text("\n").join(lines), title="activity", border_style="dim")


def _sources(trader: Trader) -> Panel:
    """Every source with its outcome and the age of its last success; what was missed."""
    line = Text()
    for status in trader.sources:
        is_fine = not status.is_stale and status.outcome in FINE
        age = "never" if status.age is None else _age(status.age)
        line.append(f"{status.name} ", style="dim")
        line.append(f"{status.outcome.value} {age}  ", style="green" if is_fine else "bold red")
    for job, count in trader.timetable.counts.items():
        if job is not Job.HEARTBEAT:
            style = "bold red" if count.missed else "dim"
            line.append(f"{job.value} {count.done} done {count.missed} missed  ", style=style)
    return Panel(line, title="sources and schedule", border_style="dim")


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="dim", expand=True)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 2 else "right", no_wrap=True)
    return table


def _forecast_cells(view: CityView) -> Iterable[str]:
    yield view.city
    yield f"{view.climate_day:%a %m-%d}"
    yield f"{view.model} {view.run_at:%dT%HZ}"
    yield f"{view.mu_f:.1f}"
    yield f"{view.sigma_f:.2f}"


def _ladder_name(found: Opportunity) -> str:
    return f"{found.city} {found.climate_day}"


def _edge_text(best: Opportunity | None) -> Text:
    if best is None or best.net_edge == float("-inf"):
        return Text("–", style="dim")
    bins = " + ".join(str(leg.bin) for leg in best.legs)
    return Text(f"{bins} {best.net_edge:+.3f}", style=_colour(Decimal(repr(best.net_edge))))


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'}${abs(amount):.2f}"


def _colour(amount: Decimal) -> str:
    return "green" if amount > 0 else "red" if amount < 0 else "dim"


def _style(one: Sentence) -> str:
    return (
        _colour(one.amount) if one.topic == "closed" and one.amount else STYLES.get(one.topic, "")
    )
