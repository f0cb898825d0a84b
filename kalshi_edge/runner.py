"""The one trading loop: feed → engine → journal → executor → publisher.

Live, paper, backtest and replay differ only in what they pass in.
"""

import asyncio
from collections import deque
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Sequence,
)
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import (
    CalibrationDue,
    Command,
    CycleDue,
    DayTurned,
    Defect,
    Event,
    LookDue,
    OrderUpdate,
    Print,
    Started,
)
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Order
from kalshi_edge.domain.verdicts import (
    Adopted,
    Approved,
    CancelOrder,
    ResolveOrder,
    Verdict,
)
from kalshi_edge.engine import Engine
from kalshi_edge.errors import StoreError, sentence_of, traceback_of
from kalshi_edge.execution.executor import Executor
from kalshi_edge.portfolio.account import Account
from kalshi_edge.ports import Feed, Publisher, Store

READ_LINES = 10
"""At once."""

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

Wanted: TypeAlias = Approved | CancelOrder | ResolveOrder
"""A verdict that takes a request to the exchange."""
Urgent: TypeAlias = Callable[[], Iterable[Event]]
"""What cannot wait for all that is to be done."""
Restored: TypeAlias = Callable[[], Awaitable[Engine]]
"""The engine once more, as the store has it."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
CALM_AFTER = timedelta(minutes=10)
"""Without a defect: the next one's pause is the first again."""
MOST_OF_A_DEFECT = 4000
"""Characters kept of an event that raised."""


def as_it_came(*events: Event) -> Iterable[Event]:
    """What the loop is told where nobody records it."""
    return events


class Journal:
    """Numbers the lines; keeps events back until something follows from them.

    Of events with the same key only the newest is written: a market's book takes the place of the
    one before it.
    """

    def __init__(self, last_seq: int) -> None:
        self._seq = last_seq
        self._waiting: dict[object, Event] = {}

    def line(
        self, key: object, event: Event, verdicts: Sequence[Verdict], account: Account
    ) -> JournalEntry | None:
        """The next line, with what ``account`` has then; ``None`` while nothing has followed."""
        self._waiting.pop(key, None)
        self._waiting[key] = event
        if not verdicts:
            return None
        self._seq += 1
        events, self._waiting = tuple(self._waiting.values()), {}
        at, cash, paid_in = event.received_at, account.tracker.cash, account.paid_in
        return JournalEntry(self._seq, at, events, tuple(verdicts), cash, paid_in)

    def take_back(self, line: JournalEntry) -> None:
        """``line`` could not be written: its events wait again, and its number is the next."""
        self._seq = line.seq - 1
        self._waiting = {object(): event for event in line.events}

    def give_back(self, *, but: Event) -> tuple[Event, ...]:
        """The events that no line has yet, without ``but``; they are not kept here any more."""
        events = tuple(event for event in self._waiting.values() if event is not but)
        self._waiting = {}
        return events


async def run(
    feed: Feed,
    engine: Engine,
    executor: Executor,
    store: Store,
    publishers: Iterable[Publisher] = (),
    *,
    last_seq: int = 0,
    told: Callable[..., Iterable[Event]] = as_it_came,
    urgent: Urgent | None = None,
    restored: Restored | None = None,
) -> None:
    """Trade until the feed ends. A decision is in the journal before it is acted on.

    Every event passes through ``told`` before the engine sees it, in the order of its being heard.
    Between any two requests to the exchange it is asked what is ``urgent``: a person's halt waits
    for one request at most, and what it wants done comes before what was decided earlier. Left out,
    it is the feed's own ``urgent``, where the feed has one.

    Where there is ``restored``, the engine as the store has it, nothing that the engine raises ends
    the loop: the event is put into quarantine as a ``Defect``. Without it the error is the
    caller's.
    """
    heard = getattr(feed, "urgent", tuple) if urgent is None else urgent
    loop = _Loop(
        engine, executor, store, tuple(publishers), Journal(last_seq), told, heard, restored
    )
    async for event in feed:
        await loop.take(event)
        await loop.work()


@dataclass(slots=True)
class _Loop:
    """Events answered and written down, and what the answers want done, one request at a time.

    Theory of the quarantine. An event that makes the engine raise may have changed half of it, so
    the engine is read from the store again, as a restart would; events that were heard and nothing
    had followed from are told to it again. The event itself is not: it is written down as a
    ``Defect``, with its traceback, and left out when it comes again. What was decided and not sent
    is over, what was on its way has an unknown fate, exactly as after a restart. So a defect costs
    one fact, never the trader; after it only what reduces goes on until a person has looked.
    """

    engine: Engine
    executor: Executor
    store: Store
    publishers: Sequence[Publisher]
    journal: Journal
    told: Callable[..., Iterable[Event]]
    urgent: Urgent
    restored: Restored | None = None
    to_do: deque[Wanted] = field(default_factory=deque)
    now: datetime = BEFORE_ALL
    """When the newest event was received: the time of what is done next."""
    lives: int = 0
    """How often the engine was read from the store again."""
    quarantine: set[str] = field(default_factory=set)
    raised_at: datetime = BEFORE_ALL
    pause_s: float = FIRST_PAUSE_S
    """Between an event that raised and the next one."""

    async def take(self, *events: Event, first: bool = False) -> None:
        """Answer events; what follows is done ``first``, or after all that was wanted before."""
        for event in self.told(*events):
            await self._kept(event, first=first)

    async def work(self) -> None:
        """Do what is wanted, and answer at once what comes of it."""
        while self.to_do:
            wanted, life = self.to_do.popleft(), self.lives
            try:
                async for update in self._done(wanted):
                    await self.take(update)
                    for event in self.urgent():
                        await self.take(event, first=True)
                    if self.lives != life:
                        break  # the rest of it was decided by an engine that is no more
            except StoreError:
                raise
            except Exception as error:
                if self.restored is None:
                    raise
                await self.take(defect_of(wanted, error, self.now))

    async def _kept(self, event: Event, *, first: bool = False) -> None:
        """Answer ``event``; one that makes the engine raise goes into quarantine."""
        if self.quarantine and _identity(event) in self.quarantine:
            return
        try:
            await self._answer(event, first=first)
        except StoreError:
            raise
        except Exception as error:
            if self.restored is None:
                raise
            await self._put_away(event, defect_of(event, error, event.received_at), self.restored)

    async def _put_away(self, event: Event, defect: Defect, restored: Restored) -> None:
        if identity := _identity(event):
            self.quarantine.add(identity)
        is_calm = event.received_at - self.raised_at > CALM_AFTER
        self.pause_s = FIRST_PAUSE_S if is_calm else min(2 * self.pause_s, LONGEST_PAUSE_S)
        self.raised_at = event.received_at
        await asyncio.sleep(self.pause_s)
        again = self.journal.give_back(but=event)
        self.engine.become(await restored())
        self.to_do.clear()
        self.lives += 1
        for one in again:
            await self._kept(one)
        await self.take(await start(self.store, event.received_at), defect)

    async def _answer(self, event: Event, *, first: bool) -> None:
        self.now = event.received_at
        verdicts = self.engine.handle(event)
        key = _journal_key(event, self.engine)
        line = self.journal.line(key, event, verdicts, self.engine.account)
        if line is None:
            return
        for verdict in verdicts:
            if isinstance(verdict, Adopted):
                await self.store.add_order(verdict.order)
        wanted = [one for one in verdicts if isinstance(one, Wanted)]
        is_next = bool(wanted) and (first or not self.to_do)
        try:
            # What is next stores its order before anything else: the line need not be safe sooner.
            await self.store.append(line, order_follows=is_next and isinstance(wanted[0], Approved))
        except Exception:
            self.journal.take_back(line)
            raise
        for publisher in self.publishers:
            publisher.publish(line)
        if first:
            self.to_do.extendleft(reversed(wanted))
        else:
            self.to_do.extend(wanted)

    async def _done(self, wanted: Wanted) -> AsyncIterator[OrderUpdate]:
        match wanted:
            case Approved():
                async for update in self.executor.place(wanted, self.now):
                    yield update
            case CancelOrder():
                order = self.engine.account.orders[wanted.intent_id]
                for update in await self.executor.cancel(wanted, order, self.now):
                    yield update
            case ResolveOrder():
                order = self.engine.account.orders[wanted.intent_id]
                for update in await self.executor.resolve(wanted, order, self.now):
                    yield update


def defect_of(what: Event | Wanted, error: Exception, at: datetime) -> Defect:
    """What is kept of an event or a request that made the program raise ``error``."""
    return Defect(
        received_at=at,
        what=repr(what)[:MOST_OF_A_DEFECT],
        error=sentence_of(error),
        traceback=traceback_of(error),
    )


def _identity(event: Event) -> str:
    """What an event has in common with the same fact told again; empty where it is none."""
    if isinstance(event, CycleDue | LookDue | DayTurned | CalibrationDue | Defect):
        return ""
    return repr(replace(event, received_at=BEFORE_ALL))


def _journal_key(event: Event, engine: Engine) -> object:
    """What an event that nothing followed from has in common with those that it makes superfluous.

    Theory. The journal keeps what a replay needs, not all that came: of events with one key that
    came between two lines only the last is written, at the place of the last. That is sound where
    the engine ends in the same state without the earlier ones. It only ever looks at the newest
    book of a market, and at the newest that is a mark; so a book's key is its market, its UTC day
    (the turn of the day looks at the marks of the day before) and whether it is the mark. A
    statement with which our books agree replaces the one before it, unless something was doubted
    in between. The supervisor's timer leaves nothing behind. Any other event, and a book that the
    engine did not take, has a key of its own and is always written. Where a quote of ours rests,
    every book and every print is written: on paper its place in the queue follows from them. Of
    other prints one is enough.
    """
    match event:
        case Book() | Print() if event.ticker in engine.quotes.live:
            return object()
        case Print():
            return Print
        case Book() if engine.state.books.get(event.ticker) is event:
            is_mark = engine.state.marks.get(event.ticker) is event
            return event.ticker, event.received_at.date(), is_mark
        case AccountStatement() if engine.watch.clean_as_of == event.as_of:
            return AccountStatement, engine.watch.doubts
        case LookDue():
            return LookDue
        case _:
            return object()


async def start(store: Store, at: datetime) -> Started:
    """What a process that takes over begins with, once all that was approved is in the store.

    Between a journal's line and an order's record an earlier process may have ended. Orders were
    still to be stored only since the loop last took news: after it come what was heard of orders
    and people's commands.
    """
    async for line in newest_first(store, kinds=(Approved,), event_kinds=()):
        for verdict in line.verdicts:
            if isinstance(verdict, Approved):
                for intent in verdict.intents:
                    await store.add_order(Order(intent))
        if not isinstance(line.events[-1], OrderUpdate | Command):
            break
    return Started(at, tuple(await store.orders(live_only=True)))


async def newest_first(
    store: Store, *, kinds: Collection[type], event_kinds: Collection[type]
) -> AsyncIterator[JournalEntry]:
    """The journal's lines from the last one back, of ``kinds`` only, as ``Store.journal``."""
    before = await store.last_seq()
    while before:
        after = max(before - READ_LINES, 0)
        lines = await store.journal(after, before - after, kinds=kinds, event_kinds=event_kinds)
        for line in reversed(lines):
            yield line
        await asyncio.sleep(0)
        before = after


@dataclass(frozen=True, slots=True)
class Difference:
    """A journal line whose verdicts come out otherwise today."""

    seq: int
    recorded: tuple[Verdict, ...]
    replayed: tuple[Verdict, ...]


def replay(entries: Iterable[JournalEntry], engine: Engine) -> Iterator[Difference | None]:
    """What ``engine`` answers to a journal's events, line by line: ``None`` where it is the same.

    Nothing is sent: the fills and the news of orders are among the events.
    """
    for entry in entries:
        *before, last = entry.events
        carried = [verdict for event in before for verdict in engine.absorb(event)]
        answers = (*carried, *engine.handle(last))
        same = answers == entry.verdicts
        yield None if same else Difference(entry.seq, entry.verdicts, answers)
