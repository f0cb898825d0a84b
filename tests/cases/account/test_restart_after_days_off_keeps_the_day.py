"""The trader was off for days, comes back, loses money, and is restarted on the same UTC day.

The day it came back on has begun once. A restart must not begin it again: no second record of the
days off, and the loss so far still counts against the day's limit.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import DayTurned, Halt, Resume
from kalshi_edge.domain.orders import Order, OrderState
from kalshi_edge.domain.records import DailyRecord
from kalshi_edge.engine import Engine
from kalshi_edge.runtime.resumption import resumed_engine
from tests.cases.account_stories import TICKER, of, setup, written
from tests.support.builders import book, fill, intent, ladder

LONG_AGO = datetime(2026, 11, 18, 23, tzinfo=UTC)
BACK = datetime(2026, 11, 21, 10, tzinfo=UTC)


def loss_today(engine: Engine) -> Decimal:
    account = engine.account
    return account.opening_balance - account.tracker.equity(engine.state.marks)


async def test_a_second_start_on_one_day_neither_forgets_its_loss_nor_turns_it_again() -> None:
    hour_on = BACK + timedelta(hours=1)
    async with SqliteStore(":memory:", "demo") as store:
        engine = await resumed_engine(setup(), store)
        await written(store, engine, Halt("a first day", LONG_AGO), Resume("over", LONG_AGO))

        engine = await resumed_engine(setup(), store)
        await written(store, engine, DayTurned(BACK))
        order = Order(intent(TICKER, count=90, price="0.50", created_at=BACK), OrderState.RESTING)
        await store.add_order(order)
        engine.account.orders[order.intent.intent_id] = order
        await written(
            store,
            engine,
            replace(ladder(), received_at=BACK),
            fill(order.intent, 90, "0.50", 0, valid_at=BACK, received_at=BACK),
            book(TICKER, [("0.01", 500)], [("0.05", 5)], hour_on),
            Halt("so that the book is written", hour_on),
            Resume("over", hour_on),
        )
        before = loss_today(engine)
        assert before > 44

        engine = await resumed_engine(setup(), store)
        verdicts = await written(store, engine, DayTurned(BACK + timedelta(hours=2)))
        assert loss_today(engine) == before
        assert not of(DailyRecord, verdicts)
