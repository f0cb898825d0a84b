"""What the API remembers of the journal, so that no request ever reads the store.

Filled from the store once, then kept up by every line as it is written. Every part is bounded. A
snapshot beside the journal keeps it for the next start; without one the journal is read, which may
take a while, and lines that are written meanwhile are shown at once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar, get_args

from kalshi_edge.api.activity import activity_of
from kalshi_edge.api.schemas.account import EquityPoint, SwitchMark
from kalshi_edge.api.schemas.status import ActivityItem
from kalshi_edge.db.lines import lines_of
from kalshi_edge.db.snapshots import stored_snapshot
from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import Command, Event, OrderUpdate
from kalshi_edge.domain.evidence_cells import CellState
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Fill
from kalshi_edge.domain.records import Calibration, DailyRecord, MarkOut, Switch
from kalshi_edge.domain.verdicts import Approved, CityView, CycleDone, Opportunity, Refused, Verdict
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.learning.evidence_figures import KEPT_POINTS, EvidencePoint, point_of
from kalshi_edge.learning.evidence_records import CellRecord, EvidenceRecords
from kalshi_edge.ports import Store

K = TypeVar("K")
V = TypeVar("V")

READ_MODEL = "read_model"
"""The name of its snapshot."""
READ_BACK_LINES = 5000
WORTH_KEEPING = tuple(kind for kind in get_args(Verdict) if kind is not Refused)
"""The verdicts that a line of the past is read with: refusals are nine tenths of all."""
BULKY = {Book, Ladder, Forecast, Observation, AccountStatement, OrderUpdate}
FACTS = tuple(kind for kind in get_args(Event) if kind not in BULKY)
"""The events likewise: people are shown nothing of the others."""


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


@dataclass(frozen=True, slots=True)
class ReadModelSnapshot:
    """What a read model held after the journal's line ``seq``, but for what the store has whole."""

    seq: int
    judged: Judged | None
    equity: tuple[EquityPoint, ...]
    marks: tuple[SwitchMark, ...]
    activity: tuple[ActivityItem, ...]
    recorded: tuple[RecordedCommand, ...]
    audit: tuple[RecordedCommand, ...]
    fills: tuple[tuple[str, tuple[Fill, ...]], ...]
    views: tuple[CityView, ...]
    reports: tuple[ClimateReport, ...]
    evidence_seq: int
    series: tuple[tuple[str, tuple[EvidencePoint, ...]], ...]
    mark_outs: tuple[MarkOut, ...] = ()


class ReadModel:
    """The recent journal by what is asked of it; a ``Publisher``."""

    def __init__(self) -> None:
        self.seq = 0
        self.cycles = 0
        """Published since the start; those of the store are not counted."""
        self.judged: Judged | None = None
        self.equity: deque[EquityPoint] = deque(maxlen=5000)
        self.marks: deque[SwitchMark] = deque(maxlen=500)
        self.mark_outs: deque[MarkOut] = deque(maxlen=5000)
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
        self.evidence = EvidenceRecords()
        self.evidence_seq = 0
        """The last line that said anything of a cell."""
        self.series: dict[str, tuple[EvidencePoint, ...]] = {}
        """By cell, its E-values after each of the last ladders that were counted."""
        self.listeners: list[Callable[[JournalEntry], None]] = []
        self._meanwhile: list[JournalEntry] | None = None
        """Lines that were published since the store began to be read, while it is."""

    async def read(self, store: Store) -> None:
        """Take in what ``store`` holds; asked once. What is published meanwhile shows at once."""
        past, self._meanwhile = ReadModel(), []
        try:
            await past._read(store)
            for line in self._meanwhile:
                if line.seq > past.seq:
                    past.recall(line)
        finally:
            self._meanwhile = None
        for name in _SHOWN:
            setattr(self, name, getattr(past, name))

    async def _read(self, store: Store) -> None:
        last = await store.last_seq()
        self.days = {record.day: record for record in await store.daily_records()}
        self.calibrations.extend(map(_shown, await store.calibrations()))
        for kind in get_args(CellRecord):
            for record in await store.current(kind):
                self.evidence.keep(record)
        snapshot = await stored_snapshot(store, READ_MODEL, ReadModelSnapshot)
        if snapshot is None or snapshot.seq > last:
            self.seq = max(last - READ_BACK_LINES, 0)
        else:
            self._restore(snapshot)
        judged_seq = 0
        async for narrow in lines_of(store, self.seq, kinds=WORTH_KEEPING, event_kinds=FACTS):
            if narrow.seq > last:
                break  # it was published, too
            # What was answered to a person is shown in full.
            is_asked = isinstance(narrow.events[-1], Command)
            line = (await store.journal(narrow.seq - 1, 1))[0] if is_asked else narrow
            self._take(line)
            if any(isinstance(verdict, CycleDone) for verdict in line.verdicts):
                judged_seq = line.seq
        if judged_seq:
            [line] = await store.journal(judged_seq - 1, 1)
            self.judged = _judged(line)

    def snapshot(self, seq: int) -> ReadModelSnapshot | None:
        """All of it as of the journal's line ``seq``; ``None`` while the store is being read."""
        if self._meanwhile is not None:
            return None
        return ReadModelSnapshot(
            seq=seq,
            judged=self.judged,
            equity=tuple(self.equity),
            marks=tuple(self.marks),
            activity=tuple(self.activity),
            recorded=tuple(self.recorded.values()),
            audit=tuple(self.audit),
            fills=tuple(self.fills.items()),
            views=tuple(self.views.values()),
            reports=tuple(self.reports.values()),
            evidence_seq=self.evidence_seq,
            series=tuple(self.series.items()),
            mark_outs=tuple(self.mark_outs),
        )

    def _restore(self, snapshot: ReadModelSnapshot) -> None:
        self.seq, self.judged = snapshot.seq, snapshot.judged
        self.equity.extend(snapshot.equity)
        self.marks.extend(snapshot.marks)
        self.mark_outs.extend(snapshot.mark_outs)
        self.activity.extend(snapshot.activity)
        self.recorded = {one.command.command_id: one for one in snapshot.recorded}
        self.audit.extend(snapshot.audit)
        self.fills = dict(snapshot.fills)
        self.views = {(view.city, view.climate_day): view for view in snapshot.views}
        self.reports = {(one.report, one.climate_day): one for one in snapshot.reports}
        self.evidence_seq, self.series = snapshot.evidence_seq, dict(snapshot.series)

    def publish(self, entry: JournalEntry) -> None:
        """Take in one line, and tell whoever listens."""
        self.cycles += sum(isinstance(verdict, CycleDone) for verdict in entry.verdicts)
        self.recall(entry)
        if self._meanwhile is not None:
            self._meanwhile.append(entry)
        failed: list[Exception] = []
        for listener in self.listeners:
            try:
                listener(entry)
            except Exception as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def recall(self, entry: JournalEntry) -> None:
        """Take in one line of an earlier life: no cycle of this one, and no news."""
        for verdict in entry.verdicts:
            if isinstance(verdict, DailyRecord):
                self.days[verdict.day] = verdict
            elif isinstance(verdict, Calibration):
                self.calibrations.append(_shown(verdict))
            elif isinstance(verdict, CellRecord):
                self.evidence.keep(verdict)
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
            elif isinstance(verdict, CellRecord):
                self._cell(entry, verdict)
            elif isinstance(verdict, MarkOut):
                self.mark_outs.append(verdict)
            elif isinstance(verdict, Switch):
                self.marks.append(
                    SwitchMark(at=verdict.since_at, state=verdict.state, reason=verdict.reason)
                )

    def _cycle(self, entry: JournalEntry, done: CycleDone) -> None:
        self.judged = _judged(entry)
        self.equity.append(EquityPoint(at=done.received_at, equity=done.equity, cash=done.cash))
        for view in done.cities:
            _keep(self.views, (view.city, view.climate_day), view, replace=True)

    def _cell(self, entry: JournalEntry, record: CellRecord) -> None:
        self.evidence_seq = entry.seq
        if not isinstance(record, CellState):
            return
        gate = self.evidence.gates.get(record.cell_id)
        if gate is not None:
            point = point_of(gate, record, entry.received_at)
            before = self.series.get(record.cell_id, ())
            self.series[record.cell_id] = (*before, point)[-KEPT_POINTS:]

    def _hear(self, recorded: RecordedCommand) -> None:
        self.audit.append(recorded)
        if recorded.command.command_id:
            _keep(self.recorded, recorded.command.command_id, recorded)


_SHOWN = (
    *(
        "seq",
        "judged",
        "equity",
        "marks",
        "mark_outs",
        "activity",
        "recorded",
        "audit",
        "fills",
        "days",
    ),
    *("calibrations", "views", "reports", "evidence", "evidence_seq", "series"),
)


def _judged(entry: JournalEntry) -> Judged:
    """What a line's last cycle said."""
    *_, done = (verdict for verdict in entry.verdicts if isinstance(verdict, CycleDone))
    looked_at = tuple(
        verdict
        for verdict in entry.verdicts
        if (isinstance(verdict, Approved) and verdict.opportunity is not None)
        or (isinstance(verdict, Refused) and isinstance(verdict.subject, Opportunity))
    )
    return Judged(entry.seq, done, looked_at)


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
