"""DynamoDB deletes trades once they are as old as the audit is kept; paper's cash is their sum.

The balance must not forget what the deleted ones brought: it is the same before and after.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from kalshi_edge.config import Settings
from kalshi_edge.db.dynamo.items import TTL, record_writes
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order, OrderState, Settlement
from kalshi_edge.domain.records import Trade
from kalshi_edge.runtime.resumption import resumed_engine
from tests.cases.account_stories import EVE, TICKER, D, later, offer, setup, written
from tests.support.builders import fill, intent

KEEP = Settings(keep_audit_days=400).dynamo_keep
PAID_AT = later(3600)


class ExpiringStore(SqliteStore):
    """Gives a trade up once DynamoDB would have deleted it."""

    now = EVE

    async def trades(self, *, day: date | None = None, city: str | None = None) -> Sequence[Trade]:
        every = await super().trades(day=day, city=city)
        return [trade for trade in every if not is_deleted(trade, self.now)]


def is_deleted(trade: Trade, now: datetime) -> bool:
    line = JournalEntry(1, PAID_AT, (), (trade,))
    expiries = [write.values.get(TTL) for write in record_writes(line, "paper", KEEP)]
    return any(one is not None and int(one["N"]) < now.timestamp() for one in expiries)


async def test_a_restart_after_trades_were_deleted_has_the_same_cash() -> None:
    async with ExpiringStore(":memory:", "paper") as store:
        engine = await resumed_engine(setup(mode="paper"), store)
        order = Order(intent(TICKER, count=100, price="0.25", created_at=EVE), OrderState.RESTING)
        await store.add_order(order)
        engine.account.orders[order.intent.intent_id] = order
        await written(
            store,
            engine,
            *offer(),
            fill(order.intent, 100, "0.25", "1.32", valid_at=EVE, received_at=EVE),
            Settlement(TICKER, D(1), None, PAID_AT, PAID_AT),
        )
        cash = engine.account.tracker.cash
        assert cash == D("1073.68")
        store.now = PAID_AT + timedelta(days=401)
        again = await resumed_engine(setup(mode="paper"), store)
    assert again.account.tracker.cash == cash
