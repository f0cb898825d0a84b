"""Cash that came or went without a trade, asked for where the balance moved and now and then."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.cash_wire import (
    CASH_LISTS,
    CashList,
    final_movement,
    is_before,
)
from kalshi_edge.data.kalshi.fields import Payload
from kalshi_edge.data.kalshi.reading import Unreadable, read_rows
from kalshi_edge.domain.events import CashMovement
from kalshi_edge.errors import ExchangeDown, RequestRefused

ASKED_EVERY = timedelta(minutes=10)
"""How often the lists are asked for while the balance stands still."""


@dataclass
class CashSource:
    """Tells each final movement from ``since_at`` on, once."""

    account: AccountClient
    clock: Clock
    since_at: datetime
    problems: tuple[str, ...] = ()
    """Lists that we did not get, one sentence each."""
    refused: tuple[Unreadable, ...] = ()
    """Rows that could not be read, of those that may matter."""
    _told: set[str] = field(default_factory=set)
    _asked_at: datetime | None = None
    _cash: Decimal | None = None

    async def ask(self, cash: Decimal, until_at: datetime) -> list[CashMovement]:
        """What is new and final by ``until_at``, the earliest first; ``cash`` is the balance then.

        A list that is not to be had costs only itself: the others are told.
        """
        now = self.clock.now()
        is_due = self._asked_at is None or now - self._asked_at >= ASKED_EVERY
        if not is_due and cash == self._cash:
            return []
        found: list[CashMovement] = []
        problems: list[str] = []
        refused: list[Unreadable] = []
        for each in CASH_LISTS:
            try:
                rows = await self.account.movements(each)
            except (ExchangeDown, RequestRefused) as error:
                problems.append(f"{each.route}: {error}")
                continue
            reading = read_rows(rows, partial(self._read, of=each), each.identity)
            found += [one for one in reading if one is not None]
            refused += [replace(one, name=f"{each.kind} {one.name}") for one in reading.refused]
        self.problems, self.refused = tuple(problems), tuple(refused)
        fresh = [one for one in found if one.movement_id not in self._told]
        told = sorted((o for o in fresh if o.valid_at <= until_at), key=lambda o: o.valid_at)
        self._told |= {one.movement_id for one in told}
        if len(told) == len(fresh) and not problems:
            self._asked_at, self._cash = now, cash
        return told

    def _read(self, row: Payload, *, of: CashList) -> CashMovement | None:
        """The movement of a row, if it is final and of our time."""
        if is_before(row, self.since_at):
            return None
        return final_movement(row, of, self.clock.now())
