"""One loop: what was traded live, replayed, gives the same journal byte for byte.

The live run takes its events from an asyncio queue filled by others with pauses; a replay is told
only what came from outside, as the journal has it, and an exchange of the same kind does the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.clock import ManualClock
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.lines import READ_LINES
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import CycleDue, DayTurned, Event, OrderUpdate, Started
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, OrderState
from kalshi_edge.domain.records import Calibration, DailyRecord, Switch, Trade
from kalshi_edge.domain.verdicts import Alarm, Approved, Verdict
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import replay, run
from kalshi_edge.runtime.event_queue import EventQueue
from kalshi_edge.runtime.resumption import MEMORY, complete_until, resumed_engine
from kalshi_edge.trading.playbook import Limits
from tests.support.builders import book, ladder
from tests.support.trader_harness import (
    CITIES,
    SETUP,
    START,
    DrawnExchange,
    Fate,
    Scene,
    TraderHarness,
    fates,
    scripts,
    told,
)

D = Decimal


def written(lines: Iterable[JournalEntry]) -> list[bytes]:
    return [to_json(line) for line in lines]


async def traded(
    feed: AsyncIterator[Event] | EventQueue, *, is_journal: bool = False
) -> list[JournalEntry]:
    """The journal of trading through ``feed`` on the simulated exchange."""
    exchange = SimulatedExchange(SETUP.starting_balance, books_lack_trades=is_journal)
    async with SqliteStore(":memory:", SETUP.mode) as store:
        await run(exchange.watch(feed), SETUP.fresh_engine(), Executor(exchange, store), store)
        return list(await store.journal())


async def live(events: Sequence[Event]) -> list[JournalEntry]:
    """Trade as live: sources of their own put events into the inbox as their time comes."""
    inbox, clock = EventQueue(), ManualClock(START)

    async def source() -> None:
        for number, event in enumerate(events):
            if number % 5 == 0:
                await asyncio.sleep(0)
            clock.set(event.received_at)
            inbox.put(event)
        inbox.close()

    async with asyncio.TaskGroup() as group:
        group.create_task(source())
        trading = group.create_task(traded(inbox))
    return trading.result()


async def replayed(lines: Iterable[JournalEntry]) -> list[JournalEntry]:
    """Trade on what the journal says came from outside."""

    async def outside() -> AsyncIterator[Event]:
        for line in lines:
            for event in line.events:
                if not isinstance(event, Fill | OrderUpdate):
                    yield event

    return await traded(outside(), is_journal=True)


def verdicts(lines: Iterable[JournalEntry], kind: type[Verdict]) -> list[Verdict]:
    return [v for line in lines for v in line.verdicts if isinstance(v, kind)]


DAYS = [
    Scene(30, CITIES, 54.0, 12, 500, crash=False, command="", settles=False),
    Scene(30, CITIES, 54.0, 16, 20, crash=False, command="close", settles=False),
    Scene(700, ("NYC", "LA"), 54.0, 16, 20, crash=True, command="", settles=False),
    Scene(700, CITIES, 55.4, 16, 20, crash=False, command="halt", settles=True),
    Scene(30, CITIES, 54.0, 20, 50, crash=False, command="resume", settles=False),
    Scene(700, CITIES, 52.5, 20, 50, crash=False, command="", settles=True),
    Scene(700, CITIES, 52.5, 20, 50, crash=True, command="", settles=True),
]


async def test_a_live_run_and_its_replay_write_the_same_journal_byte_for_byte() -> None:
    first = await live(told(DAYS))
    # it was a run in which everything happens
    for kind in (Approved, Trade, Calibration, DailyRecord, Switch):
        assert verdicts(first, kind)
    again = await replayed(first)
    assert written(again) == written(first)


@settings(max_examples=40)
@given(scripts)
def test_any_run_on_the_simulated_exchange_is_replayed_verdict_by_verdict(
    script: list[Scene],
) -> None:
    lines = asyncio.run(live(told(script)))
    differences = list(replay(lines, SETUP.fresh_engine()))
    assert differences == [None] * len(lines)


@given(scripts, st.lists(fates, max_size=40))
def test_any_journal_is_replayed_verdict_by_verdict_whatever_became_of_the_orders(
    script: list[Scene], drawn: list[Fate]
) -> None:
    desk = TraderHarness(DrawnExchange(drawn))
    asyncio.run(desk.play(told(script)))
    lines = asyncio.run(_journal(desk.store))
    assert list(replay(lines, SETUP.fresh_engine())) == [None] * len(lines)


@given(scripts, st.lists(fates, max_size=40), st.lists(st.integers(0, 300), max_size=3))
def test_a_trader_restarted_anywhere_goes_on_as_if_it_had_never_stopped(
    script: list[Scene], drawn: list[Fate], stops: list[int]
) -> None:
    events = told(script)
    whole, broken = TraderHarness(DrawnExchange(drawn)), TraderHarness(DrawnExchange(drawn))
    asyncio.run(whole.play(events))

    async def in_parts() -> None:
        cuts = [0, *sorted(min(stop, len(events)) for stop in stops), len(events)]
        for start, end in pairwise(cuts):
            await broken.play(events[start:end])

    asyncio.run(in_parts())
    assert written(asyncio.run(_journal(broken.store))) == written(
        asyncio.run(_journal(whole.store))
    )


async def _journal(store: SqliteStore) -> list[JournalEntry]:
    return list(await store.journal())


# --- deaths in mid-sentence -----------------------------------------------------------------------


class Died(BaseException):
    """The process ended here: nothing catches that."""


class MortalExchange(DrawnExchange):
    """An exchange in whose presence the process dies, before or after the order arrived."""

    def __init__(self, *, arrives: bool) -> None:
        super().__init__([])
        self.arrives = arrives

    async def place(self, intent):  # type: ignore[no-untyped-def]
        if self.arrives:
            await super().place(intent)
        raise Died


@pytest.mark.parametrize("arrives", [True, False])
async def test_an_order_in_flight_when_the_process_died_blocks_its_market(arrives: bool) -> None:
    desk, first = TraderHarness(MortalExchange(arrives=arrives)), told(DAYS[:1])
    with pytest.raises(Died):
        await desk.play(first)
    (order,) = await desk.store.orders()
    assert order.state is OrderState.SENT
    after = TraderHarness(DrawnExchange([]), store=desk.store)
    await after.play(told(DAYS[:2])[len(first) :])
    assert after.exchange.sent
    assert order.intent.ticker not in {intent.ticker for intent in after.exchange.sent}
    engine = await resumed_engine(SETUP, desk.store)
    assert engine.account.orders[order.intent.intent_id].is_live


async def test_a_fill_told_again_after_a_restart_counts_once() -> None:
    desk = TraderHarness(DrawnExchange([]))
    await desk.play(told(DAYS[:1]))
    lines = await desk.store.journal()
    fills = [event for line in lines for event in line.events if isinstance(event, Fill)]
    assert fills
    before = (await resumed_engine(SETUP, desk.store)).account.tracker
    await desk.play(fills)
    after = (await resumed_engine(SETUP, desk.store)).account.tracker
    assert (after.cash, after.trades) == (before.cash, before.trades)
    assert await desk.store.last_seq() == len(lines)


async def test_after_a_restart_the_same_is_known_and_no_more() -> None:
    desk, days = TraderHarness(DrawnExchange([])), DAYS * 4
    await desk.play([*told(days), CycleDue(told(days)[-1].received_at)])
    assert desk.engine is not None
    assert len(await desk.store.daily_records()) > 5
    again = await resumed_engine(SETUP, desk.store)
    assert vars(again.state) == vars(desk.engine.state)
    assert vars(again.account.tracker) == vars(desk.engine.account.tracker)
    live = {name: o for name, o in desk.engine.account.orders.items() if o.is_live}
    assert live == {name: o for name, o in again.account.orders.items() if o.is_live}


@pytest.mark.parametrize("days", [1, 2, 11, 12, 13, 40, 97])
async def test_a_restart_reads_what_it_needs_and_holds_little_of_it(days: int) -> None:
    read: list[list[int]] = []

    class Watched(SqliteStore):
        async def journal(self, *args: Any, **named: Any) -> Sequence[JournalEntry]:
            lines = await super().journal(*args, **named)
            read.append([line.seq for line in lines])
            return lines

    async with Watched(":memory:", SETUP.mode) as store:
        for seq in range(1, 8 * days + 1):
            at = START + timedelta(hours=3 * seq)
            await store.append(JournalEntry(seq, at, (DayTurned(at),), (Alarm("a", "b"),)))
        await resumed_engine(SETUP, store)

    needed = range(max(8 * days - 8 * MEMORY.days, 1), 8 * days + 1)
    assert {seq for lines in read for seq in lines} >= set(needed)
    assert sum(map(len, read)) < len(needed) + 20
    assert max(map(len, read)) <= READ_LINES


@pytest.mark.parametrize("lines_since", [0, 1, 60, 130])
async def test_the_exchange_is_asked_from_its_last_statement_on_whatever_was_written_since(
    lines_since: int,
) -> None:
    told_at, as_of = START + timedelta(hours=1), START + timedelta(minutes=59)
    statement = AccountStatement(as_of, told_at, D(1000), (), ())
    async with SqliteStore(":memory:", SETUP.mode) as store:
        assert await complete_until(store) is None
        await store.append(JournalEntry(1, START, (DayTurned(START),), (Alarm("a", "b"),)))
        assert await complete_until(store) == START
        events = (statement, CycleDue(told_at))
        await store.append(JournalEntry(2, told_at, events, (Alarm("a", "b"),)))
        for seq in range(3, 3 + lines_since):
            # A process that started the next day, wrote that it did, and died at once.
            at = told_at + timedelta(days=1, minutes=seq)
            await store.append(JournalEntry(seq, at, (Started(at, ()),), (Alarm("a", "b"),)))
        assert await complete_until(store) == as_of


async def test_a_day_counts_its_halts_over_a_restart() -> None:
    desk, quiet = TraderHarness(DrawnExchange([])), replace(DAYS[3], minutes=30, settles=False)
    for number in range(1, 4):
        await desk.play(told([quiet] * number)[len(told([quiet] * (number - 1))) :])
    await desk.play([DayTurned(START + timedelta(days=1))])
    (record,) = await desk.store.daily_records()
    assert record.halts == 3


async def test_a_halt_by_hand_survives_restarts_and_midnights() -> None:
    desk = TraderHarness(DrawnExchange([]))
    quiet = Scene(30, CITIES, 54.0, 0, 0, crash=False, command="halt", settles=False)
    script = [quiet] + [replace(DAYS[0], minutes=700)] * 4
    for number in range(1, 6):
        await desk.play(told(script[:number])[len(told(script[: number - 1])) :])
    assert len(await desk.store.daily_records()) == 2
    assert desk.exchange.sent == []
    await desk.play(told([*script, replace(DAYS[4], minutes=700)])[len(told(script)) :])
    await desk.play(told([*script, DAYS[4], DAYS[0]])[len(told([*script, DAYS[4]])) :])
    assert desk.exchange.sent


# --- what a journal keeps -------------------------------------------------------------------------


async def test_of_books_between_two_lines_only_the_newest_of_each_market_is_written() -> None:
    scene = told(DAYS[:1])
    (*before, cycle) = scene
    assert isinstance(cycle, CycleDue)
    books = [event for event in before if isinstance(event, Book)]
    desk = TraderHarness(DrawnExchange([]))
    await desk.play([*before, *books, *books, cycle])
    (*_, last) = [line for line in await desk.store.journal() if cycle in line.events]
    kept = [event for event in last.events if isinstance(event, Book)]
    assert len(kept) == len(books)
    assert len({book.ticker for book in kept}) == len(kept)


async def test_a_loss_that_never_was_is_not_seen_in_a_replay() -> None:
    limits = replace(Limits(), day_loss_share=D("0.01"), mark_loss_share=None)
    setup = replace(SETUP, playbook=replace(SETUP.playbook, limits=limits))
    desk, at = TraderHarness(DrawnExchange([]), setup=setup), START + timedelta(minutes=31)
    await desk.play(told([replace(DAYS[0], cities=("NYC",))]))
    low, high = (intent.ticker for intent in desk.exchange.sent)

    def worth(ticker: str, bid: str) -> Book:
        return book(ticker, [(bid, 500)], [("0.90", 1)], at)

    # the gain of one leg comes before the loss of the other; the journal keeps the newest of each
    books = [worth(low, "0.40"), worth(high, "0.05"), worth(low, "0.39")]
    await desk.play([*books, CycleDue(at)])
    lines = await _journal(desk.store)
    assert lines[-1].events == (*books[1:], CycleDue(at))
    assert verdicts(lines, Switch) == []
    assert list(replay(lines, setup.fresh_engine())) == [None] * len(lines)
    # told one by one as if each were of its moment, they would look like a loss
    naive = await resumed_engine(setup, desk.store)
    naive.state.book(worth(low, "0.16"))
    assert naive.handle(worth(high, "0.05")) != ()


async def test_the_turn_of_a_day_is_replayed_with_the_books_of_the_day_before() -> None:
    desk = TraderHarness(DrawnExchange([]))
    await desk.play(told([replace(DAYS[0], cities=("NYC",))]))
    ticker, midnight = desk.exchange.sent[0].ticker, START.replace(hour=0) + timedelta(days=1)
    before = book(ticker, [("0.40", 500)], [("0.50", 1)], midnight - timedelta(minutes=1))
    after = book(ticker, [("0.20", 500)], [("0.50", 1)], midnight + timedelta(minutes=1))
    await desk.play([before, after])
    lines = await _journal(desk.store)
    assert lines[-1].events == (before, after)
    assert list(replay(lines, SETUP.fresh_engine())) == [None] * len(lines)


async def test_a_book_after_the_close_does_not_drive_the_last_one_before_from_the_journal() -> None:
    desk = TraderHarness(DrawnExchange([]))
    await desk.play(told([replace(DAYS[0], cities=("NYC",))]))
    ticker = desk.exchange.sent[0].ticker
    close_at = ladder("NYC", (START + timedelta(days=1)).date()).markets[0].close_at
    last = book(ticker, [("0.40", 500)], [("0.50", 1)], close_at - timedelta(minutes=1))
    gone = book(ticker, [], [], close_at + timedelta(minutes=1))
    midnight = DayTurned(close_at - timedelta(hours=5))
    await desk.play([midnight, last, gone, CycleDue(close_at + timedelta(minutes=2))])
    lines = await _journal(desk.store)
    assert list(replay(lines, SETUP.fresh_engine())) == [None] * len(lines)
    assert (await resumed_engine(SETUP, desk.store)).state.books[ticker] == last
