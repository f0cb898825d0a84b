"""People's wishes: put into the one loop as commands, and answered from the journal.

A wish has a name, its idempotency key: the same wish again is put in once and answered alike.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from kalshi_edge.api.problems import Refusal
from kalshi_edge.api.read_model import ReadModel, RecordedCommand
from kalshi_edge.domain.events import Command
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order, OrderState
from kalshi_edge.domain.verdicts import Approved, CancelOrder
from kalshi_edge.runtime.trader import Trader
from kalshi_edge.units import ZERO

RECORDED_WITHIN_S = 5.0
DONE_WITHIN_S = 5.0
MOST_WAITING = 100

NOT_CANCELLED = "not cancelled"
"""How an order's reason begins where the exchange did not take it out of the book."""


class CommandQueue:
    """Puts wishes into the trader's inbox and waits, not for ever, for what becomes of them."""

    def __init__(self, trader: Trader, read_model: ReadModel) -> None:
        self._trader = trader
        self._read_model = read_model
        self._waiting: dict[str, Command] = {}
        self._bell = asyncio.Event()
        read_model.listeners.append(self._ring)

    def known(self, command_id: str) -> Command | None:
        """The wish of this name, if it was put in before."""
        recorded = self._read_model.recorded.get(command_id)
        return self._waiting.get(command_id) if recorded is None else recorded.command

    async def put(self, command: Command) -> RecordedCommand | None:
        """What the journal says of ``command``; ``None`` while it says nothing yet.

        Raises ``Refusal`` where its name was given to another wish, or too many are waiting.
        """
        name, before = command.command_id, self.known(command.command_id)
        if before is None:
            if len(self._waiting) >= MOST_WAITING:
                raise Refusal(503, f"{MOST_WAITING} commands are waiting for the loop already")
            self._waiting[name] = command
            self._trader.inbox.put(command)
        elif not _is_same(before, command):
            raise Refusal(409, f"Idempotency-Key {name} was used for another command")
        await self._until(lambda: name in self._read_model.recorded, RECORDED_WITHIN_S)
        return self._read_model.recorded.get(name)

    async def orders(self, recorded: RecordedCommand) -> tuple[list[Order], bool]:
        """The orders that ``heard`` was about, and whether all is known of them.

        Waits until each is in the book or over, with all its fills told.
        """
        names = [name for verdict in recorded.verdicts for name in _orders_of(verdict)]
        is_cancel = any(isinstance(verdict, CancelOrder) for verdict in recorded.verdicts)

        def orders() -> list[Order]:
            known = self._trader.engine.account.orders
            return [known[name] for name in names if name in known]

        is_done = _is_out if is_cancel else self._is_placed
        settled = await self._until(
            lambda: len(orders()) == len(names) and all(map(is_done, orders())), DONE_WITHIN_S
        )
        return orders(), settled

    def _is_placed(self, order: Order) -> bool:
        """Whether an order is in the book or over, and all its fills can be shown."""
        rests = order.state in {OrderState.RESTING, OrderState.PARTIAL}
        is_placed = rests or order.state is OrderState.DONE
        fills = self._read_model.fills.get(order.intent.intent_id, ())
        shown = sum((fill.count for fill in fills), ZERO)
        return is_placed and order.reported <= order.filled <= shown

    def _ring(self, _entry: JournalEntry) -> None:
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()
        self._waiting = {
            k: c for k, c in self._waiting.items() if k not in self._read_model.recorded
        }

    async def _until(self, is_so: Callable[[], bool], within_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not is_so():
                    await self._bell.wait()
        return is_so()


def _is_same(one: Command, other: Command) -> bool:
    """Whether two wishes want the same, whoever wanted it and when."""
    return replace(one, received_at=other.received_at, by=other.by) == other


def _orders_of(verdict: object) -> list[str]:
    if isinstance(verdict, Approved):
        return [intent.intent_id for intent in verdict.intents]
    return [verdict.intent_id] if isinstance(verdict, CancelOrder) else []


def _is_out(order: Order) -> bool:
    over = order.state is OrderState.DONE and order.reported <= order.filled
    return over or order.reason.startswith(NOT_CANCELLED)
