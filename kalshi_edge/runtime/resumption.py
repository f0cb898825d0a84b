"""The engine that a store was written by, as it stood after the journal's last line.

A snapshot and the lines after it say the same as the journal alone, which is read where there is no
snapshot: both go through one fold. Facts are taken in again and nothing is decided again; what was
decided is among the verdicts and in the records beside the journal.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import get_args

from kalshi_edge.db.lines import lines_of
from kalshi_edge.db.snapshots import fingerprint, stored_snapshot
from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.beliefs import EmosRecord, PoolRecord
from kalshi_edge.domain.events import Command, Defect, Event, OrderUpdate
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    FirstDecision,
    SeenLadder,
    StageState,
)
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order
from kalshi_edge.domain.records import Calibration, DailyRecord, Switch
from kalshi_edge.domain.verdicts import Adopted, Approved, CashFlow, CycleDone, Verdict
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.learning.evidence_ledger import EvidenceLedger
from kalshi_edge.learning.evidence_records import CellRecord
from kalshi_edge.learning.forecasting import LearnedRecords
from kalshi_edge.portfolio.account import KEEP_DONE_ORDERS, Account
from kalshi_edge.ports import Store
from kalshi_edge.runner import defect_of, newest_first
from kalshi_edge.trading.kill_switch import KillSwitch
from kalshi_edge.trading.snapshot import EngineSnapshot
from kalshi_edge.trading.state import KEEP, WorldState
from kalshi_edge.units import ZERO

MEMORY = KEEP + timedelta(days=8)
"""How far back a journal is read: what is known of a climate day came a week before it at most."""

FACTS = tuple(kind for kind in get_args(Event) if kind not in {AccountStatement, OrderUpdate})
"""The events that may leave something behind: what followed from these is among the verdicts."""
RECORDS = (
    DailyRecord,
    Switch,
    CashFlow,
    Calibration,
    EmosRecord,
    PoolRecord,
    CycleDone,
    SeenLadder,
    FirstDecision,
    Approved,
    Adopted,
    Order,
)
"""The verdicts that do."""


async def resumed_engine(
    setup: Setup,
    store: Store,
    *,
    trusts_snapshot: bool = True,
    defects: list[Defect] | None = None,
) -> Engine:
    """The engine that ``store`` was written by, as it stood after the journal's last line.

    An event that makes it raise is left out and added to ``defects``, where that is given: a start
    must not die of what its predecessor survived.

    The past is read line by line and not held: ten days of it are many times the engine itself.
    """
    last = await store.last_seq()
    if not last:
        return setup.fresh_engine()
    [end] = await store.journal(last - 1, kinds=(), event_kinds=())
    [first] = await store.journal(limit=1, kinds=(), event_kinds=())
    snapshot = await engine_snapshot(setup, store, last) if trusts_snapshot else None
    fold = _Fold(setup, first.received_at, defects)
    if snapshot is None:
        for record in await store.calibrations():
            fold.state.learned(record)
        emos, pools = await store.current(EmosRecord), await store.current(PoolRecord)
        records: LearnedRecords = (*emos, *pools)
        for learned in records:
            fold.state.forecasting.learned(learned)
        after = await _before(store, end.received_at - MEMORY, end.seq)
    else:
        fold.restore(snapshot)
        after = snapshot.seq
    async for line in lines_of(store, after, kinds=RECORDS, event_kinds=FACTS):
        fold.take(line)
    return await fold.engine(store, first, end)


async def engine_snapshot(setup: Setup, store: Store, last: int) -> EngineSnapshot | None:
    """The stored snapshot of a line up to ``last``; ``None`` where the journal has to be read."""
    found = await stored_snapshot(store, "engine", EngineSnapshot, fingerprint(setup))
    return None if found is None or found.seq > last else found


class _Fold:
    """What the journal's lines say, one after the other."""

    def __init__(
        self, setup: Setup, began_at: datetime, defects: list[Defect] | None = None
    ) -> None:
        self.setup = setup
        self.defects = defects
        self.state = WorldState(setup.stations, setup.models)
        self.halts = 0
        """Of the newest UTC day."""
        self.deposits_today = ZERO
        self.counts_from_at: datetime | None = began_at
        self.movements: tuple[str, ...] = ()
        self.flows: list[CashFlow] = []
        self.evidence = EvidenceLedger()
        self.obeyed: dict[str, datetime] = {}
        self.orders: dict[str, None] = {}
        """Named since the day turned."""
        self.older_orders: dict[str, None] = {}
        self.turned_at: datetime | None = None

    def restore(self, snapshot: EngineSnapshot) -> None:
        """Begin with ``snapshot``."""
        self.state.restore(snapshot.state)
        self.evidence.restore(snapshot.evidence)
        self.halts, self.deposits_today = snapshot.halts, snapshot.deposits_today
        self.counts_from_at, self.movements = snapshot.counts_from_at, snapshot.movements
        self.obeyed = dict(snapshot.obeyed)
        self.orders = dict.fromkeys(snapshot.orders)

    def take(self, line: JournalEntry) -> None:
        """Go on by one line."""
        for event in line.events:
            self._recall(event)
            if isinstance(event, Command) and event.command_id:
                self.obeyed.setdefault(event.command_id, event.received_at)
        for verdict in line.verdicts:
            self._record(verdict, line.received_at)

    def _recall(self, event: Event) -> None:
        try:
            self.state.recall(event)
        except Exception as error:
            if self.defects is None:
                raise
            self.defects.append(defect_of(event, error, event.received_at))

    def _record(self, verdict: Verdict, at: datetime) -> None:
        match verdict:
            case DailyRecord():
                self.halts, self.deposits_today, self.turned_at = 0, ZERO, at
                self.older_orders |= self.orders
                self.orders = {}
            case Switch():
                # A switch that was lifted in part, with holds of before, is no new halt.
                self.halts += any(hold.since_at == at for hold in verdict.holds)
            case CashFlow():
                self.flows.append(verdict)
                self.deposits_today += verdict.amount
            case Calibration():
                self.state.learned(verdict)
            case EmosRecord() | PoolRecord() | CycleDone() | SeenLadder() | FirstDecision():
                self._recall_models(verdict)
            case Approved() | Adopted() | Order():
                self.orders |= dict.fromkeys(_named(verdict))
            case _:
                pass

    def _recall_models(self, verdict: Verdict) -> None:
        match verdict:
            case EmosRecord() | PoolRecord():
                self.state.forecasting.learned(verdict)
            case CycleDone():
                for view in verdict.cities:
                    self.state.forecasting.recall(view)
            case SeenLadder():
                self.evidence.saw(verdict)
            case FirstDecision():
                self.evidence.decided(verdict)
            case _:
                pass

    async def engine(self, store: Store, first: JournalEntry, end: JournalEntry) -> Engine:
        """What came of it, with the records that ``store`` has as of the last line."""
        self.state.terms = {record.series: record for record in await store.terms()}
        days = await store.daily_records()
        account = Account(
            self.setup.mode,
            self.setup.starting_balance,
            trades=await store.trades(),
            orders=await self._orders(store),
            seen_fills=await store.fill_ids(),
            last_day=days[-1] if days else None,
            since=first.received_at.date(),
            deposits=sum((day.deposits for day in days), ZERO),
            deposits_today=self.deposits_today,
            cash=end.cash,
            paid_in=end.paid_in,
            began_at=self.counts_from_at,
            movements=self.movements,
            flows=self.flows,
        )
        kill_switch = KillSwitch(await store.switch(end.received_at), self.halts)
        engine = Engine(self.state, account, self.setup.playbook, self.setup.breakers, kill_switch)
        batches, states = await store.current(CellBatch), await store.current(CellState)
        cells: list[CellRecord] = [*batches, *states, *(await store.current(StageState))]
        for record in cells:
            self.evidence.keep(record)
        self.evidence.forget_counted()
        engine.evidence = self.evidence
        engine.obeyed(self.obeyed.items())
        engine.forget(end.received_at)
        return engine

    async def _orders(self, store: Store) -> Iterator[Order]:
        """Those that the account still follows: as it does, by when it last forgot any."""
        found = await store.orders(live_only=True, also=[*self.older_orders, *self.orders])
        at = self.turned_at
        return (
            order
            for order in found
            if order.is_live
            or order.intent.intent_id in self.orders
            or at is None
            or order.intent.created_at > at - KEEP_DONE_ORDERS
        )


def _named(verdict: Approved | Adopted | Order) -> Iterator[str]:
    match verdict:
        case Approved():
            yield from (intent.intent_id for intent in verdict.intents)
        case Adopted():
            yield verdict.order.intent.intent_id
        case Order():
            yield verdict.intent.intent_id


async def _before(store: Store, at: datetime, last: int) -> int:
    """The number after which the journal's lines are of ``at`` or later, found by halving."""
    low, high = 0, last - 1
    while low < high:
        middle = (low + high) // 2
        [line] = await store.journal(middle, 1, kinds=(), event_kinds=())
        low, high = (middle + 1, high) if line.received_at < at else (low, middle)
    return low


async def complete_until(store: Store) -> datetime | None:
    """Up to when our books have all that the exchange did: as of its last statement in the journal.

    What was told with a statement is in the journal before it. The time of a line says nothing: an
    earlier life may have written it and died before it heard the exchange. Without a statement it
    is the first line's time; ``None`` where there is no line.
    """
    oldest = None
    async for oldest in newest_first(store, kinds=(), event_kinds=(AccountStatement,)):
        for event in reversed(oldest.events):
            if isinstance(event, AccountStatement):
                return event.as_of
    return None if oldest is None else oldest.received_at
