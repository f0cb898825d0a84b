"""A store that keeps nothing: for days that nobody will ask about once they are counted."""

from datetime import datetime
from typing import Any, cast

from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order
from kalshi_edge.domain.records import Switch, SwitchState
from kalshi_edge.ports import Store


class _Forgetful:
    """What the loop and the executor ask of a store, and no more."""

    async def append(self, entry: JournalEntry, *, order_follows: bool = False) -> None:
        """A line is forgotten."""

    async def add_order(self, order: Order) -> bool:
        """Every order is new: its name is derived from its decision, which is made once."""
        return order is not None

    async def switch(self, at: datetime) -> Switch:
        """Nobody has thrown it."""
        return Switch(SwitchState.RUN, "never thrown", at)


def forgetful_store() -> Store:
    """A store for one day in one process."""
    return cast(Store, cast(Any, _Forgetful()))
