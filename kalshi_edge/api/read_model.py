"""What the API remembers of the journal, so that no request ever reads the store.

Filled from the store once, then kept up by every line as it is written. Every part is bounded.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from kalshi_edge.api.activity import activity_of
from kalshi_edge.api.schemas.account import EquityPoint, SwitchMark
from kalshi_edge.api.schemas.status import ActivityItem
from kalshi_edge.db.copy_store import lines_of
from kalshi_edge.domain.events import Command
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill
from kalshi_edge.domain.records import Calibration, DailyRecord, Switch
from kalshi_edge.domain.verdicts import Approved, CityView, CycleDone, Opportunity, Refused, Verdict
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.ports import Store

K = TypeVar("K")
V = TypeVar("V")

READ_BACK_LINES = 5000


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """A person's wish as the journal has it, and what was answered to it."""

    seq: int
    command: Command
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the last cycle said of every ladder and every opportunity."""

    seq: int
    done: CycleDone
    verdicts: tuple[Approved | Refused, ...]


class ReadModel:
    """The recent journal by what is asked of it; a ``Publisher``."""

    def __init__(self) -> None:
        self.seq = 0
        self.cycles = 0
        """Published since the start; those of the store are not counted."""
        self.judged: Judged | None = None
        self.equity: deque[EquityPoint] = deque(maxlen=5000)
        self.marks: deque[SwitchMark] = deque(maxlen=500)
        self.activity: deque[ActivityItem] = deque(maxlen=500)
        self.recorded: dict[str, RecordedCommand] = {}
        self.audit: deque[RecordedCommand] = deque(maxlen=500)
        self.fills: dict[str, tuple[Fill, ...]] = {}
        """By the order that they filled."""
        self.days: dict[date, DailyRecord] = {}
        self.calibrations: deque[Calibration] = deque(maxlen=20_000)
        self.views: dict[tuple[str, date], CityView] = {}
        """Of each city and climate day, the last that a cycle saw before the day was over."""
        self.reports: dict[tuple[str, date], ClimateReport] = {}
        """The first final one by report and climate day."""
        self.listeners: list[Callable[[JournalEntry], None]] = []

    async def read(self, store: Store) -> None:
        """Take in what ``store`` holds; asked once, before anybody looks."""
        self.days = {record.day: record for record in await store.daily_records()}
        self.calibrations.extend(map(_shown, await store.calibrations()))
        after = max(await store.last_seq() - READ_BACK_LINES, 0)
        async for line in lines_of(store, after):
            self._take(line)

    def publish(self, entry: JournalEntry) -> None:
        """Take in one line, and tell whoever listens."""
        self.cycles += sum(isinstance(verdict, CycleDone) for verdict in entry.verdicts)
        self.recall(entry)
        for listener in self.listeners:
            listener(entry)

    def recall(self, entry: JournalEntry) -> None:
        """Take in one line of an earlier life: no cycle of this one, and no news."""
        for verdict in entry.verdicts:
            if isinstance(verdict, DailyRecord):
                self.days[verdict.day] = verdict
            elif isinstance(verdict, Calibration):
                self.calibrations.append(_shown(verdict))
        self._take(entry)

    def _take(self, entry: JournalEntry) -> None:
        self.seq = entry.seq
        self.activity.extend(activity_of(entry))
        for event in entry.events:
            if isinstance(event, Command):
                # A line's verdicts follow from its last event; from those before it nothing did.
                verdicts = entry.verdicts if event is entry.events[-1] else ()
                self._hear(RecordedCommand(entry.seq, event, verdicts))
            elif isinstance(event, Fill) and entry.moved_a_trade(event):
                name = event.intent_id
                _keep(self.fills, name, (*self.fills.get(name, ()), event), replace=True)
            elif isinstance(event, ClimateReport) and event.is_final and event.high_f is not None:
                _keep(self.reports, (event.report, event.climate_day), event)
        for verdict in entry.verdicts:
            if isinstance(verdict, CycleDone):
                self._cycle(entry, verdict)
            elif isinstance(verdict, Switch):
                self.marks.append(
                    SwitchMark(at=verdict.since_at, state=verdict.state, reason=verdict.reason)
                )

    def _cycle(self, entry: JournalEntry, done: CycleDone) -> None:
        looked_at = tuple(
            verdict
            for verdict in entry.verdicts
            if (isinstance(verdict, Approved) and verdict.opportunity is not None)
            or (isinstance(verdict, Refused) and isinstance(verdict.subject, Opportunity))
        )
        self.judged = Judged(entry.seq, done, looked_at)
        self.equity.append(EquityPoint(at=done.received_at, equity=done.equity, cash=done.cash))
        for view in done.cities:
            _keep(self.views, (view.city, view.climate_day), view, replace=True)

    def _hear(self, recorded: RecordedCommand) -> None:
        self.audit.append(recorded)
        if recorded.command.command_id:
            _keep(self.recorded, recorded.command.command_id, recorded)


def _keep(kept: dict[K, V], key: K, value: V, *, replace: bool = False) -> None:
    """Keep ``value``, and no more than the newest thousands."""
    if key in kept and not replace:
        return
    kept[key] = value
    while len(kept) > 5000:
        del kept[next(iter(kept))]


def _shown(record: Calibration) -> Calibration:
    """A record without its lessons, which nobody is shown: thousands are held here."""
    return replace(record, lessons=())
