"""From approved to sent: stored first, asked of the switch each time, sent at most once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import Halt, OrderUpdate
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Intent, Order, OrderReport, OrderState, OrderStep, Side
from kalshi_edge.domain.records import Switch, SwitchState
from kalshi_edge.domain.verdicts import Approved, CancelOrder
from kalshi_edge.errors import (
    EdgeError,
    ExchangeDown,
    OrderObjection,
    OrderRejected,
    OutcomeUnknown,
    StoreError,
)
from kalshi_edge.execution.executor import Executor
from tests.support.builders import NOW, intent

D = Decimal
LOW, HIGH = intent("LOW", count=7, bracket_id="b"), intent("HIGH", count=7, bracket_id="b")
SALE = intent(side=Side.SELL, reduces=True, name="sale")


@dataclass
class Counter:
    """An exchange that gives prepared answers and looks at the store while it is asked."""

    store: SqliteStore
    answers: dict[str, OrderReport | EdgeError | Decimal] = field(default_factory=dict)
    sent: list[Intent] = field(default_factory=list)
    stored: list[OrderState] = field(default_factory=list)

    async def place(self, order: Intent) -> OrderReport:
        self.sent.append(order)
        known = {o.intent.intent_id: o.state for o in await self.store.orders()}
        self.stored.append(known[order.intent_id])
        answer = self.answers.get(order.ticker, order.report("x", order.count, D(0)))
        if isinstance(answer, EdgeError):
            raise answer
        assert isinstance(answer, OrderReport)
        return answer

    async def cancel(self, order: Order) -> Decimal:
        answer = self.answers.get(order.intent.ticker, order.intent.count)
        if isinstance(answer, EdgeError):
            raise answer
        assert isinstance(answer, Decimal)
        return answer


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    held = SqliteStore(":memory:", "paper")
    yield held
    await held.close()


async def halt(store: SqliteStore, until_at: datetime | None = None) -> None:
    switch = Switch(SwitchState.HALT, "by hand", NOW, until_at)
    await store.append(JournalEntry(1, NOW, (Halt("by hand", NOW),), (switch,)))


async def placed(exchange: Counter, *intents: Intent, at: datetime = NOW) -> list[OrderUpdate]:
    executor = Executor(exchange, exchange.store)
    return [update async for update in executor.place(Approved(intents, None, ()), at)]


def told(updates: list[OrderUpdate]) -> list[tuple[str, Decimal, str]]:
    return [(update.step.value, update.filled, update.reason) for update in updates]


async def test_an_intent_is_stored_as_sent_before_it_is_sent(store: SqliteStore) -> None:
    exchange = Counter(store)
    updates = await placed(exchange, LOW)
    assert exchange.stored == [OrderState.SENT]
    assert told(updates) == [("send", D(0), ""), ("finish", D(7), "7 of 7 filled")]
    assert updates[1].order_id == "x"


async def test_the_same_intent_is_never_sent_twice(store: SqliteStore) -> None:
    exchange = Counter(store)
    await placed(exchange, LOW)
    assert await placed(exchange, LOW) == []
    assert await placed(exchange, replace(LOW, count=D(3))) == []
    assert exchange.sent == [LOW]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (LOW.report("x", D(0), D(0)), ("finish", D(0), "0 of 7 filled")),
        (LOW.report("x", D(3), D(0)), ("finish", D(3), "3 of 7 filled")),
        (LOW.report("x", D(0), D(7)), ("accept", D(0), "")),
        (LOW.report("x", D(3), D(4)), ("accept", D(3), "")),
        (OrderRejected("too poor"), ("finish", D(0), "too poor")),
        (OrderObjection("between ticks"), ("finish", D(0), "between ticks")),
        (ExchangeDown("paused"), ("finish", D(0), "not sent: paused")),
        (OutcomeUnknown("timed out"), ("lose", D(0), "timed out")),
    ],
)
async def test_every_answer_is_told_for_what_it_is(
    store: SqliteStore, answer: OrderReport | EdgeError, expected: tuple[str, Decimal, str]
) -> None:
    updates = await placed(Counter(store, {"LOW": answer}), LOW)
    assert told(updates) == [("send", D(0), ""), expected]
    assert (updates[1].order_id is not None) is isinstance(answer, OrderReport)
    went_wrong = not isinstance(answer, OrderReport | OrderObjection)
    assert updates[1].is_error is went_wrong, "our own no is no error of an order"


# --- the switch -----------------------------------------------------------------------------------


async def test_a_switch_thrown_meanwhile_stops_an_approved_order(store: SqliteStore) -> None:
    exchange = Counter(store)
    await halt(store)
    assert told(await placed(exchange, LOW, HIGH)) == [
        ("finish", D(0), "kill switch"),
        ("finish", D(0), "not sent: the leg before it did not trade"),
    ]
    assert exchange.sent == []
    assert [order.state for order in await store.orders()] == [OrderState.NEW] * 2


async def test_the_switch_is_read_before_each_leg(store: SqliteStore) -> None:
    class Thrown(Counter):
        async def place(self, order: Intent) -> OrderReport:
            await halt(self.store)
            return await super().place(order)

    exchange = Thrown(store)
    updates = await placed(exchange, LOW, HIGH)
    assert [order.ticker for order in exchange.sent] == ["LOW"]
    assert told(updates)[-1] == ("finish", D(0), "kill switch")


async def test_a_switch_never_stops_an_order_that_reduces_risk(store: SqliteStore) -> None:
    exchange = Counter(store)
    await halt(store)
    await placed(exchange, SALE)
    assert exchange.sent == [SALE]


async def test_a_halt_until_midnight_is_over_at_midnight(store: SqliteStore) -> None:
    exchange = Counter(store)
    midnight = NOW + timedelta(hours=8)
    await halt(store, midnight)
    await placed(exchange, LOW, at=midnight - timedelta(seconds=1))
    assert exchange.sent == []
    await placed(exchange, HIGH, at=midnight)
    assert exchange.sent == [HIGH]


async def test_a_switch_that_cannot_be_read_halts(store: SqliteStore) -> None:
    exchange = Counter(store)
    store._db.execute("INSERT INTO switch VALUES (1, x'7B')")
    updates = await placed(exchange, LOW)
    assert (exchange.sent, updates[-1].reason) == ([], "kill switch")
    store._db.execute("DROP TABLE switch")
    await placed(exchange, HIGH)
    assert exchange.sent == []


async def test_what_cannot_be_stored_is_not_sent(store: SqliteStore) -> None:
    exchange = Counter(store)
    store._db.execute("DROP TABLE orders")
    with pytest.raises(StoreError):
        await placed(exchange, LOW)
    assert exchange.sent == []


# --- brackets -------------------------------------------------------------------------------------


async def test_both_legs_are_sent_one_after_the_other(store: SqliteStore) -> None:
    exchange = Counter(store)
    await placed(exchange, LOW, HIGH)
    assert exchange.sent == [LOW, HIGH]


async def test_the_second_leg_is_for_no_more_than_the_first_got(store: SqliteStore) -> None:
    exchange = Counter(store, {"LOW": LOW.report("x", D("4.5"), D(0))})
    updates = await placed(exchange, LOW, HIGH)
    assert [order.count for order in exchange.sent] == [D(7), D("4.5")]
    assert told(updates)[-1] == ("finish", D("4.5"), "4.50 of 4.50 filled")


@pytest.mark.parametrize(
    "answer",
    [
        LOW.report("x", D(0), D(0)),
        OrderRejected("too poor"),
        ExchangeDown("paused"),
        OutcomeUnknown("timed out"),
    ],
)
async def test_without_the_first_leg_the_second_is_not_sent(
    store: SqliteStore, answer: OrderReport | EdgeError
) -> None:
    exchange = Counter(store, {"LOW": answer})
    updates = await placed(exchange, LOW, HIGH)
    assert [order.ticker for order in exchange.sent] == ["LOW"]
    assert updates[-1].intent_id == HIGH.intent_id
    assert told(updates)[-1] == ("finish", D(0), "not sent: the leg before it did not trade")


# --- cancelling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (D(7), [("finish", D(0), "too old")]),
        (D("2.5"), [("finish", D("4.5"), "too old")]),  # the rest has traded: it is owed to us
        (D(0), []),
        (ExchangeDown("paused"), [("accept", D(0), "not cancelled: paused")]),
        (OutcomeUnknown("timed out"), [("accept", D(0), "not cancelled: timed out")]),
        (OrderRejected("closed"), [("accept", D(0), "not cancelled: closed")]),
    ],
)
async def test_a_cancel_finishes_an_order_only_where_that_is_certain(
    store: SqliteStore, answer: Decimal | EdgeError, expected: list[tuple[str, Decimal, str]]
) -> None:
    order = Order(LOW).step(OrderStep.SEND).step(OrderStep.ACCEPT)
    executor = Executor(Counter(store, {"LOW": answer}), store)
    assert (
        told(await executor.cancel(CancelOrder(LOW.intent_id, "too old"), order, NOW)) == expected
    )
