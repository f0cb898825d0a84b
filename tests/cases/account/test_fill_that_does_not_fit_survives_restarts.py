"""A fill that our books cannot place arrives through the real loop, and again after each restart.

The exchange gives the same fill whenever it is asked. A loop that ends on it ends at every start;
it must count the fill once and go on.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import ClosePosition, CycleDue, Event
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Intent, Order, OrderReport, Side, TimeInForce
from kalshi_edge.engine import Engine
from kalshi_edge.errors import StateError
from kalshi_edge.execution.executor import Executor
from kalshi_edge.runner import run, start
from kalshi_edge.runtime.resumption import resumed_engine
from kalshi_edge.trading.fees import taker_fee
from tests.cases.account_stories import EVE, TICKER, D, filled, later, offer, setup
from tests.support.builders import fill, intent

Step = Callable[[Engine], Event]


class Venue:
    """Takes every order: what may wait rests, anything else fills at once."""

    async def place(self, wanted: Intent) -> OrderReport:
        rests = wanted.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        count, none = wanted.count, D(0)
        traded = (none, count) if rests else (count, none)
        return wanted.report(f"id of {wanted.intent_id}", *traded)

    async def cancel(self, order: Order) -> Decimal:  # noqa: ARG002 - it has filled already
        return D(0)

    async def resolve(self, wanted: Intent, *, resend: bool) -> OrderReport:
        raise NotImplementedError


def own(engine: Engine, *, reduces: bool) -> Intent:
    """The entry of the story, or its sale."""
    ours = (o.intent for o in engine.account.orders.values() if not o.intent.adopted)
    return next(one for one in ours if one.reduces is reduces)


def entry_filled(engine: Engine) -> Event:
    entry = own(engine, reduces=False)
    fee = taker_fee(D("0.25"), entry.count, FeeRule(), EVE)
    return fill(entry, entry.count, "0.25", fee, valid_at=EVE, received_at=EVE)


def put_up_for_sale(engine: Engine) -> Event:
    entry = own(engine, reduces=False)
    return ClosePosition(
        entry.trade_id, entry.count, D("0.40"), later(60), waits=True, command_id="a sale"
    )


def sold_elsewhere(engine: Engine) -> Event:
    count = own(engine, reduces=False).count
    by_hand = intent(TICKER, Side.SELL, count, "0.23", name="by hand")
    return fill(by_hand, count, "0.23", "0.5", valid_at=later(120), received_at=later(120))


def sale_filled(engine: Engine) -> Event:
    sale = own(engine, reduces=True)
    return filled(sale, sale.count, fill_id="the one that does not fit")


async def life(store: SqliteStore, steps: Sequence[Step]) -> str:
    """One process from its start to the end of its feed; what it died of, if it did."""
    engine = await resumed_engine(setup(), store)

    async def feed() -> AsyncIterator[Event]:
        yield await start(store, EVE)
        for step in steps:
            yield step(engine)

    last_seq = await store.last_seq()
    try:
        await run(feed(), engine, Executor(Venue(), store), store, last_seq=last_seq)
    except StateError as error:
        return str(error)
    return ""


async def test_the_loop_counts_the_fill_and_goes_on_in_this_life_and_the_next() -> None:
    known = [lambda _, one=event: one for event in (*offer(), CycleDue(EVE))]
    story = [*known, entry_filled, put_up_for_sale, sold_elsewhere, sale_filled]
    async with SqliteStore(":memory:", "demo") as store:
        deaths = [await life(store, steps) for steps in (story, [sale_filled], [sale_filled])]
        assert deaths == ["", "", ""]
        assert "the one that does not fit" in await store.fill_ids()
