"""Planted bugs between a decision and the exchange."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import OrderUpdate, Started
from kalshi_edge.domain.orders import Intent, Order, OrderState, OrderStep, derived_id
from kalshi_edge.domain.records import Switch, SwitchState
from kalshi_edge.domain.verdicts import Approved, CancelOrder, Verdict
from kalshi_edge.errors import ExchangeError
from kalshi_edge.execution import executor
from kalshi_edge.execution.executor import Executor
from kalshi_edge.portfolio.account import Account
from kalshi_edge.runtime.lease import LeaseHolder
from kalshi_edge.trading import supervisor
from kalshi_edge.trading.core import Core
from tests.simulation.planted.bug import PlantedBug, Reached, replaced

Patches = tuple[AbstractContextManager[Any], ...]


def _retry_under_a_new_id(reached: Reached) -> Patches:
    answer = Executor._answer

    async def answer_or_again(self: Executor, intent: Intent, at: datetime) -> OrderUpdate:
        update = await answer(self, intent, at)
        if update.step is not OrderStep.LOSE:
            return update
        reached()
        again = replace(intent, intent_id=derived_id(intent.intent_id, "again"))
        return replace(await answer(self, again, at), intent_id=intent.intent_id)

    return (replaced(Executor, "_answer", answer_or_again),)


def _store_after_send(reached: Reached) -> Patches:
    async def place(
        self: Executor, intent: Intent, count: Decimal, at: datetime
    ) -> list[OrderUpdate]:
        if count <= 0 or await self._refusal(intent, at):
            return []
        reached()
        answer = await self._answer(replace(intent, count=count), at)
        await self._store.add_order(Order(intent).limited(count).step(OrderStep.SEND))
        return [OrderUpdate(intent.intent_id, OrderStep.SEND, at, count=count), answer]

    return (replaced(Executor, "_place", place),)


def _second_leg_regardless(reached: Reached) -> Patches:
    async def place(self: Executor, approved: Approved, at: datetime) -> AsyncIterator[OrderUpdate]:
        left = len(approved.intents)
        for intent in approved.intents:
            left -= 1
            told = await self._place(intent, intent.count, at)
            if left and not executor._got(intent.count, told):
                reached()
            for update in told:
                yield update

    return (replaced(Executor, "place", place),)


def _exit_in_the_group(reached: Reached) -> Patches:
    async def group_of(self: KalshiExchange, intent: Intent) -> str:
        if intent.reduces:
            reached()
        return "" if self._group is None else await self._group.joined()

    return (replaced(KalshiExchange, "_group_of", group_of),)


def _refused_cancel_is_done(reached: Reached) -> Patches:
    async def cancel(
        self: Executor, cancel: CancelOrder, order: Order, at: datetime
    ) -> list[OrderUpdate]:
        try:
            await self._exchange.cancel(order)
        except ExchangeError:
            reached()
        return [OrderUpdate(cancel.intent_id, OrderStep.FINISH, at, reason=cancel.reason)]

    return (replaced(Executor, "cancel", cancel),)


def _ignore_the_switch(reached: Reached) -> Patches:
    halted = Switch.is_halted

    def is_halted(self: Switch, at: datetime) -> bool:
        if halted(self, at):
            reached()
        return False

    return (replaced(Switch, "is_halted", is_halted),)


def _switch_not_stored(reached: Reached) -> Patches:
    put = SqliteStore._put_record

    def put_record(self: SqliteStore, record: object) -> None:
        if not isinstance(record, Switch):
            put(self, record)
        elif record.state is not SwitchState.RUN:
            reached()

    return (replaced(SqliteStore, "_put_record", put_record),)


def _resting_forgotten(reached: Reached) -> Patches:
    """Twice: every start hears of the store's live orders once more."""
    init, started = Account.__init__, supervisor.started
    rests = {OrderState.RESTING, OrderState.PARTIAL}

    def others(orders: Iterable[Order]) -> list[Order]:
        known = list(orders)
        kept = [order for order in known if order.state not in rests]
        if len(kept) < len(known):
            reached()
        return kept

    def begin(self: Account, *args: Any, **named: Any) -> None:
        init(self, *args, **{**named, "orders": others(named.get("orders", ()))})

    def started_anew(core: Core, event: Started) -> tuple[Verdict, ...]:
        return started(core, replace(event, orders=tuple(others(event.orders))))

    return (
        replaced(Account, "__init__", begin),
        replaced(supervisor, "started", started_anew),
    )


def _lease_ignored(reached: Reached) -> Patches:
    """With what fences writes in the store switched off: it ends the process that has no lease."""
    take = LeaseHolder._asked

    async def begin(self: LeaseHolder, _told: object = None) -> None:
        if await take(self) != self.holder:
            reached()

    async def renew(self: LeaseHolder) -> None:
        await take(self)

    take_lease = SqliteStore.take_lease

    async def unfenced(self: SqliteStore, *args: Any, **named: Any) -> Any:
        lease = await take_lease(self, *args, **named)
        self._token = None
        return lease

    return (
        replaced(LeaseHolder, "begin", begin),
        replaced(LeaseHolder, "renew", renew),
        replaced(LeaseHolder, "objection", lambda _: ""),
        replaced(SqliteStore, "take_lease", unfenced),
    )


ORDER_PATH_BUGS = {
    "retry under a new id": PlantedBug(
        "a lost answer is looked up under the same name", _retry_under_a_new_id
    ),
    "store after send": PlantedBug("the intent is stored first", _store_after_send),
    "second leg regardless": PlantedBug(
        "a bracket's second order goes out only if the first got something", _second_leg_regardless
    ),
    "exit in the order group": PlantedBug(
        "what only reduces goes out whatever the group says", _exit_in_the_group
    ),
    "refused cancel is done": PlantedBug(
        "an order whose cancel was refused still rests", _refused_cancel_is_done
    ),
    "ignore the switch": PlantedBug("the switch is read before each send", _ignore_the_switch),
    "switch not stored": PlantedBug("a hold survives a restart", _switch_not_stored),
    "resting order forgotten": PlantedBug(
        "a restart knows the orders that rest", _resting_forgotten
    ),
    "lease ignored": PlantedBug("only one process trades with a store", _lease_ignored),
}
