"""A defect of our own: the event that raises is put away, and everything else goes on.

The engine is made to raise after it has taken an event in, so that it is half changed.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import (
    CycleDue,
    Defect,
    Event,
    Halt,
    LookDue,
    Resume,
    Started,
)
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Intent, Order, OrderReport, OrderState
from kalshi_edge.domain.records import Cause, SwitchState
from kalshi_edge.domain.verdicts import Alarm, Approved, Verdict
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.engine import Engine
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import replay, run
from kalshi_edge.runtime.resumption import resumed_engine
from tests.cases.account_stories import AROUND_54, EVE, OTHER, D, later, of, offer, setup
from tests.simulation.virtual_loop import VirtualLoop
from tests.support.builders import book, forecast
from tests.support.trader_harness import CITIES, SETUP, Scene, told

POISON = forecast(AROUND_54, mean_f=61.25, received_at=later(60), run_at=later(60))
DAYS = [
    Scene(30, CITIES, 54.0, 12, 500, crash=False, command="", settles=False),
    Scene(700, CITIES, 55.4, 16, 20, crash=False, command="", settles=True),
    Scene(700, CITIES, 52.5, 20, 50, crash=False, command="", settles=True),
]


class Faulty(Engine):
    """Raises after it has taken in one of ``raises_on``."""

    raises_on: Sequence[Event] = ()

    def handle(self, event: Event) -> tuple[Verdict, ...]:
        verdicts = super().handle(event)
        if any(event is one or event == one for one in self.raises_on):
            raise ZeroDivisionError("a figure that nobody thought of")
        return verdicts


def faulty(engine: Engine, *raises_on: Event) -> Faulty:
    found = Faulty(engine.state, engine.account, engine.playbook, engine.breakers)
    found.raises_on = raises_on
    return found


async def traded(
    store: SqliteStore, events: Sequence[Event], *raises_on: Event, to: Any = None
) -> Faulty:
    exchange = SimulatedExchange(D(1000)) if to is None else to

    async def feed() -> AsyncIterator[Event]:
        for event in events:
            yield event

    async def restored() -> Engine:
        return await resumed_engine(setup("NYC"), store)

    engine = faulty(await restored(), *raises_on)
    news = exchange.watch(feed()) if to is None else feed()
    seq = await store.last_seq()
    await run(news, engine, Executor(exchange, store), store, last_seq=seq, restored=restored)
    return engine


def in_virtual_time(story: Any) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)


def defects(lines: Sequence[JournalEntry]) -> list[Defect]:
    return [event for line in lines for event in line.events if isinstance(event, Defect)]


def test_an_event_that_raises_is_stored_with_its_traceback_and_only_risk_ends() -> None:
    async def story() -> None:
        async with SqliteStore(":memory:", "demo") as store:
            before = (Started(EVE), *offer(), CycleDue(EVE))
            engine = await traded(store, (*before, POISON, *offer(at=later(90))), POISON)
            assert engine.kill_switch.level(later(90)) is SwitchState.REDUCE
            (defect,) = defects(await store.journal())
            assert "61.25" in defect.what
            assert "Traceback" in defect.traceback
            assert "ZeroDivisionError" in defect.error
            position = engine.account.tracker.open_trades()
            assert position  # what was bought before is still known
            found = of(Approved, engine.handle(CycleDue(later(95))))
            assert found == []
            assert POISON not in engine.state._forecasts.values()

    in_virtual_time(story())


def test_the_same_fact_told_again_is_left_out_and_a_restart_does_not_die_on_it() -> None:
    async def story() -> None:
        async with SqliteStore(":memory:", "demo") as store:
            again = replace(POISON, received_at=later(70))
            events = (Started(EVE), *offer(), POISON, again, again)
            await traded(store, events, POISON, again)
            assert len(defects(await store.journal())) == 1
            engine = await traded(store, (again, LookDue(later(200))), again)
            assert len(defects(await store.journal())) == 2
            assert engine.kill_switch.switch_at(later(200)).hold(Cause.DEFECT, later(200))

    in_virtual_time(story())


def test_a_person_resumes_after_a_defect() -> None:
    async def story() -> None:
        async with SqliteStore(":memory:", "demo") as store:
            events = (Started(EVE), *offer(), POISON, Resume("looked at it", later(80)))
            engine = await traded(store, (*events, CycleDue(later(85))), POISON)
            assert not engine.kill_switch.is_halted(later(85))
            lines = await store.journal()
            assert any(isinstance(v, Approved) for line in lines for v in line.verdicts)

    in_virtual_time(story())


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_whichever_event_raises_the_rest_is_as_if_it_had_never_come(data: st.DataObject) -> None:
    events = list(told(DAYS))
    facts = [n for n, one in enumerate(events) if isinstance(one, Forecast)]
    number = data.draw(st.sampled_from(facts))

    async def journal(poisoned: bool) -> tuple[Engine, list[JournalEntry]]:
        exchange = SimulatedExchange(SETUP.starting_balance)
        async with SqliteStore(":memory:", SETUP.mode) as store:

            async def feed() -> AsyncIterator[Event]:
                for n, event in enumerate(events):
                    if n != number or poisoned:
                        yield event
                    if n == number:
                        yield Resume("looked at it", event.received_at)

            async def restored() -> Engine:
                return await resumed_engine(SETUP, store)

            raises_on = [events[number]] if poisoned else []
            engine = faulty(SETUP.fresh_engine(), *raises_on)
            executor = Executor(exchange, store)
            await run(exchange.watch(feed()), engine, executor, store, restored=restored)
            lines = list(await store.journal())
            assert set(replay(lines, SETUP.fresh_engine())) <= {None}
            return engine, lines

    with_it, lines = in_virtual_time(journal(poisoned=True))
    without, _ = in_virtual_time(journal(poisoned=False))
    assert len(defects(lines)) == 1
    assert with_it.account.tracker.cash == without.account.tracker.cash
    assert with_it.account.tracker.trades == without.account.tracker.trades
    assert with_it.state._forecasts == without.state._forecasts
    assert with_it.state.learning.calibrations == without.state.learning.calibrations


class Breaking:
    """An exchange whose client has a defect: the order arrives and the answer makes it raise."""

    def __init__(self) -> None:
        self.sent: list[Intent] = []
        self.looked_up: list[str] = []

    async def place(self, intent: Intent) -> OrderReport:
        self.sent.append(intent)
        raise KeyError("order")

    async def cancel(self, order: Order) -> Any:
        raise AssertionError(order)

    async def resolve(self, intent: Intent, *, resend: bool) -> OrderReport:
        assert not resend  # only what reduces is wanted now
        self.looked_up.append(intent.intent_id)
        return intent.report("x", intent.count, D(0))


def test_a_request_that_raises_leaves_an_order_of_unknown_fate_which_is_looked_up() -> None:
    async def story() -> None:
        venue = Breaking()
        async with SqliteStore(":memory:", "demo") as store:
            events = (Started(EVE), *offer(), CycleDue(EVE), LookDue(later(10)))
            engine = await traded(store, events, to=venue)
            assert venue.looked_up == [venue.sent[0].intent_id]
            (order,) = engine.account.orders.values()
            assert order.state is OrderState.DONE
            alarms = [
                v.name
                for line in await store.journal()
                for v in line.verdicts
                if isinstance(v, Alarm)
            ]
            assert alarms == ["defect"]
            assert engine.kill_switch.level(later(10)) is SwitchState.REDUCE

    in_virtual_time(story())


def test_pauses_grow_while_everything_raises_and_the_trader_is_still_told() -> None:
    async def story() -> float:
        async with SqliteStore(":memory:", "demo") as store:
            books = [offer(at=later(n))[2] for n in range(1, 8)]
            await traded(store, (Started(EVE), *offer(), *books), *books)
            assert len(defects(await store.journal())) == len(books)
            return asyncio.get_running_loop().time()

    assert in_virtual_time(story()) >= timedelta(seconds=1 + 2 + 4 + 8 + 16 + 32 + 60).seconds


@pytest.mark.parametrize("level", [SwitchState.HALT, SwitchState.FLATTEN])
async def test_a_halt_between_the_legs_of_a_bracket_stops_the_second(level: SwitchState) -> None:
    halts = [Halt("stop", later(1), level=level)]

    class Venue(Breaking):
        async def place(self, intent: Intent) -> OrderReport:
            self.sent.append(intent)
            return intent.report(intent.intent_id, intent.count, D(0))

    venue, engine = Venue(), setup("NYC").fresh_engine()
    other = book(OTHER, [("0.13", 500)], [("0.15", 100)], EVE)
    async with SqliteStore(":memory:", "demo") as store:

        async def feed() -> AsyncIterator[Event]:
            for event in (Started(EVE), *offer(), other, CycleDue(EVE)):
                yield event

        def urgent() -> Sequence[Event]:
            return [halts.pop()] if venue.sent and halts else []

        await run(feed(), engine, Executor(venue, store), store, urgent=urgent)
    assert len(venue.sent) == 1
    rest = [order for order in engine.account.orders.values() if order.intent != venue.sent[0]]
    assert venue.sent[0].bracket_id in {order.intent.bracket_id for order in rest}
    assert {order.reason for order in rest} == {"kill switch"}
