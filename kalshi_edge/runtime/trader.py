"""A running trader: sources and the clock's strokes fill the inbox, the one loop empties it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.order_group import OrderGroup
from kalshi_edge.data.kalshi.account.statement_source import StatementSource
from kalshi_edge.data.kalshi.market_source import MarketSource, trimmed
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.data.kalshi.stream_check import CrossCheck
from kalshi_edge.data.recording.recorder import Recorder
from kalshi_edge.data.source_status import SourceStatus
from kalshi_edge.domain.events import (
    CalibrationDue,
    CycleDue,
    DayTurned,
    Defect,
    Event,
    LookDue,
)
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import OrderState
from kalshi_edge.domain.records import Cause
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.engine import Engine
from kalshi_edge.errors import Fenced, ProgramError, StoreError, cause_of
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.ports import Feed, Publisher, Store
from kalshi_edge.runner import Restored, as_it_came, run, start
from kalshi_edge.runtime.event_queue import EventQueue
from kalshi_edge.runtime.kept import Failures, KeptPublisher, kept
from kalshi_edge.runtime.lease import LeaseHolder
from kalshi_edge.runtime.own_holds import (
    LOOK_EVERY_S,
    OwnHold,
    follow_group,
    mind_the_clock,
    mind_the_lease,
)
from kalshi_edge.runtime.schedule import LOOK_AGAIN_S, Job, Tick, Timetable
from kalshi_edge.trading.supervisor import needs_attention

RECONCILED_EVERY_S = 30.0
FIRST_AGREEMENT_WITHIN_S = 20.0
"""The first cycle waits for it so long; without it, it buys nothing."""
WITHDRAWN_WITHIN_S = 15.0
"""What rests is taken out of the book within so long, where the store has failed."""
RESULTS_EVERY = timedelta(minutes=15)
REPORTS_AGAIN = timedelta(minutes=15)
REPORTS_UNTIL = timedelta(hours=7)
"""After 09:00 UTC: by noon in the east a report that is not out is not coming."""


Part: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Poll:
    """A question asked again and again, never twice at once: what it answers are events."""

    source: Callable[[], Awaitable[Sequence[Event]]]
    every: timedelta
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self) -> Sequence[Event]:
        """What is new."""
        async with self._turn:
            return await self.source()

    @property
    def status(self) -> SourceStatus | None:
        """How the source is; ``None`` where it does not say."""
        return getattr(self.source, "status", None)


@dataclass(frozen=True, slots=True)
class ExchangeLink:
    """The signed line to an exchange: its account, its stream and what the stream tells."""

    account: AccountClient
    stream: KalshiStream
    news: Feed
    statements: StatementSource
    """The exchange's books, to hold ours against."""
    group: OrderGroup
    """What all entries belong to."""
    crosscheck: CrossCheck = field(default_factory=CrossCheck)


@dataclass(frozen=True, slots=True)
class Trader:
    """What a running trader is made of; ``run`` trades until it is cancelled.

    Orders go over the line where there is one, and to the simulated exchange otherwise.
    """

    engine: Engine
    executor: Executor
    store: Store
    clock: Clock
    markets: MarketSource
    reports: Poll
    """Climate reports."""
    polls: Sequence[Poll]
    """All other weather; books, where no stream tells them."""
    publishers: Sequence[Publisher]
    timetable: Timetable
    lease_holder: LeaseHolder
    """Whether it is this process that trades."""
    inbox: EventQueue = field(default_factory=EventQueue)
    """Where sources, strokes and people's commands wait for the one loop."""
    agreed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the exchange's books and ours agreed."""
    line: ExchangeLink | None = None
    simulated: SimulatedExchange | None = None
    recorder: Recorder | None = None
    restored: Restored | None = None
    """How the loop gets its engine back after a defect; without it a defect ends the trader."""
    defects: Sequence[Defect] = ()
    """What the start had to leave out."""
    failures: Failures = field(init=False)
    """Which parts fail."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "failures", Failures(self.clock, self.inbox.put))

    @property
    def sources(self) -> Sequence[SourceStatus]:
        """How every source is."""
        statuses = (poll.status for poll in (self.reports, *self.polls))
        streams = (
            () if self.line is None else (self.line.stream.status, self.line.statements.status)
        )
        told = (status for status in statuses if status is not None)
        return self.failures.shown((self.markets.status, *streams, *told))

    async def run(self) -> None:
        """Trade until cancelled, or until the store says that nothing may go on.

        A part beside the loop that raises is begun again. Raises ``Fenced`` where another process
        trades. Where it ends otherwise, our entries are taken out of the book first, as far as the
        exchange can be reached: ``StoreError`` or ``ProgramError`` says what became of them.
        """
        try:
            await self._run()
        except Exception as error:
            cause = cause_of(error)
            if isinstance(cause, Fenced):
                raise cause from error
            left = "" if self.line is None else await self._withdrawn()
            if isinstance(cause, StoreError):
                raise StoreError(f"trading ended, the store failed: {cause}{left}") from error
            raise ProgramError(f"trading ended: {cause!r}{left}") from error

    async def _withdrawn(self) -> str:
        """Nobody looks after what rests any more: take our entries out, and say how that went."""
        entries = [
            order
            for order in self.engine.account.orders.values()
            if order.is_live
            and order.state is not OrderState.NEW
            and not order.intent.reduces
            and not order.intent.adopted
        ]
        if not entries:
            return ""
        out = await self.executor.withdrawn(entries, WITHDRAWN_WITHIN_S)
        rest = len(entries) - out
        some = f"; {out} of {len(entries)} resting entries were cancelled"
        return f"{some}, {rest} may still rest at the exchange" if rest else some

    async def _run(self) -> None:
        inbox, last_seq = self.inbox, await self.store.last_seq()
        since_at = await self._last_at(last_seq)
        inbox.put(await start(self.store, self.clock.now()), *self.defects)
        async with asyncio.TaskGroup() as group:
            for part, work in self._parts(since_at):
                group.create_task(kept(part, work, self.failures.note))
            await run(
                inbox if self.simulated is None else self.simulated.watch(inbox),
                self.engine,
                self.executor,
                self.store,
                [KeptPublisher(one, self.failures) for one in self.publishers],
                last_seq=last_seq,
                told=as_it_came if self.recorder is None else self.recorder.told,
                urgent=inbox.urgent,
                restored=self.restored,
            )

    def _parts(self, since_at: datetime | None) -> Iterator[tuple[str, Part]]:
        """What goes on beside the loop, by name."""
        lease_hold = self._own_hold(Cause.LEASE)
        yield "lease", partial(mind_the_lease, self.lease_holder, lease_hold)
        yield "supervision", self._look
        for poll in (self.reports, *self.polls, Poll(self.markets.results, RESULTS_EVERY)):
            name = "results" if poll.status is None else poll.status.name
            yield name, partial(self._ask, poll)
        for job in Job:
            yield f"{job} job", partial(self._keep, job, since_at)
        if self.line is not None:
            line, hold = self.line, self._own_hold(Cause.ORDER_GROUP)
            yield line.stream.status.name, partial(self._listen, line.news)
            yield line.statements.status.name, partial(self._reconcile, line.statements)
            yield "order group", partial(follow_group, line.group, hold)

    async def _last_at(self, last_seq: int) -> datetime | None:
        """When an earlier life wrote its last line: what was due since then was missed."""
        lines = await self.store.journal(last_seq - 1, kinds=(), event_kinds=()) if last_seq else ()
        return lines[-1].received_at if lines else None

    async def _ask(self, poll: Poll) -> None:
        while True:
            events = await poll.ask()
            self.inbox.put(*events)
            if any(self._is_decisive(event) for event in events):
                self.timetable.hurry(Job.CYCLE)
            await self._sleep_until(self.clock.now() + poll.every)

    def _is_decisive(self, event: Event) -> bool:
        """Whether a cycle now would see another distribution than the one before."""
        return isinstance(event, Forecast) and event.model in self.engine.state.traded_models

    # --- what is done by the clock ------------------------------------------------------------

    async def _keep(self, job: Job, since_at: datetime | None) -> None:
        if job is Job.CYCLE:
            self.timetable.hurry(job)  # the first look, whatever the time
        async for tick in self.timetable.ticks(job, since_at):
            # One that raises is tried again: what is due meanwhile counts as missed.
            await kept(f"{job} job", partial(self._do, job, tick), self.failures.note)

    async def _do(self, job: Job, tick: Tick) -> None:
        match job:
            case Job.CYCLE:
                await self._cycle(tick)
            case Job.DAY:
                self.inbox.put(DayTurned(self.clock.now()))
            case Job.CALIBRATION:
                await self._calibrate(tick)
            case Job.HEARTBEAT:
                await self.inbox.handled()

    async def _look(self) -> None:
        """Have lost answers, and what the kill switch wants done, looked after."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = self.clock.now()
            switch = self.engine.kill_switch.switch_at(now)
            if self.line is not None:
                lead = self.line.account.clock_lead
                await mind_the_clock(self._own_hold(Cause.CLOCK), lead)
            if needs_attention(self.engine) or switch.is_halted(now):
                self.inbox.put(LookDue(now))
                await self.inbox.handled()
            if self.engine.quotes.is_blind:
                self.timetable.hurry(Job.CYCLE)  # nothing is quoted until it has seen the news

    def _own_hold(self, cause: Cause) -> OwnHold:
        return OwnHold(cause, self.engine, self.inbox, self.clock)

    async def _reconcile(self, statements: StatementSource) -> None:
        """Hold the exchange's books against ours, soon again where they differ or never agreed.

        Once a difference holds trading back there is no hurry: it may stand until a person comes.
        """
        while True:
            self.inbox.put(*await statements.ask())
            await self.inbox.handled()
            watch = self.engine.watch
            if watch.clean_as_of is not None:
                statements.agreed(watch.clean_as_of)
                self.agreed.set()
            now = self.clock.now()
            held = self.engine.kill_switch.switch_at(now).hold(Cause.RECONCILE, now)
            is_doubtful = watch.clean_at is None or bool(watch.suspects)
            hurries = is_doubtful and held is None
            await asyncio.sleep(LOOK_EVERY_S if hurries else RECONCILED_EVERY_S)

    async def _cycle(self, tick: Tick) -> None:
        """Look at the markets afresh, then decide; the first time once the books agreed."""
        if self.line is not None and not self.agreed.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_AGREEMENT_WITHIN_S):
                    await self.agreed.wait()
        answers = await self.markets.refresh()
        self.inbox.put(*answers)
        if self.line is not None:
            self._compare(self.line, [one for one in answers if isinstance(one, Book)])
            await self.line.stream.watch(self.markets.open_tickers)
        self.inbox.put(CycleDue(self.clock.now(), tick.missed))
        await self.inbox.handled()

    def _compare(self, line: ExchangeLink, answers: Sequence[Book]) -> None:
        """Have the stream begin anew where it leaves something out."""
        untold = line.crosscheck.untold(self.engine.state.books, answers)
        if untold:
            line.stream.renew(f"no word of changes in {', '.join(sorted(untold))}")

    async def _calibrate(self, tick: Tick) -> None:
        """Ask for the final reports until all are here; they teach as they come."""
        until_at = tick.at + REPORTS_UNTIL
        while True:
            self.inbox.put(*await self.reports.ask())
            now = self.clock.now()
            self.inbox.put(CalibrationDue(now, is_last=now >= until_at))
            await self.inbox.handled()
            if now >= until_at or not self.engine.state.awaited(now):
                return
            await self._sleep_until(now + REPORTS_AGAIN)

    async def _sleep_until(self, at: datetime) -> None:
        """Wait for ``at``; a clock that is set back meanwhile makes nothing wait longer."""
        seen_at = self.clock.now()
        while (now := self.clock.now()) < at:
            at -= max(seen_at - now, timedelta())
            seen_at = now
            await asyncio.sleep(min(self.clock.delay_s(at), LOOK_AGAIN_S))

    async def _listen(self, news: Feed) -> None:
        async for event in news:
            self.inbox.put(trimmed(event) if isinstance(event, Book) else event)
