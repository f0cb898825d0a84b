"""The exchange's whole word on our account, asked for again and again: fills, payouts, then books.

What a statement rests on is told before it, so that our own books have it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account_client import AccountClient
from kalshi_edge.domain.account_statement import AccountStatement, Holding
from kalshi_edge.domain.events import Event
from kalshi_edge.errors import ExchangeDown, InputError, RequestRefused

OVERLAP = timedelta(minutes=5)
"""Answers trail the matching, and clocks differ."""
ORDER_LIFE = timedelta(days=2)
"""Our markets trade for less than that, so no older order rests."""


@dataclass
class StatementSource:
    """Asks for everything about the account; fills and payouts are told once each."""

    account: AccountClient
    clock: Clock
    known_until: datetime
    """Up to when an earlier life knew its fills."""
    problem: str = ""
    """Why there was no answer the last time; empty where there was one."""
    last_success_at: datetime | None = None
    _told: set[str] = field(default_factory=set)

    async def ask(self) -> Sequence[Event]:
        """What is new, and the books as they stand; nothing where the exchange does not answer."""
        try:
            events = await self._asked()
        except (ExchangeDown, RequestRefused, InputError) as error:
            self.problem = str(error)
            return ()
        self.problem, self.last_success_at = "", self.clock.now()
        return events

    async def _asked(self) -> list[Event]:
        now = self.clock.now()
        # First up to when the answers are complete: all that follows is as new, or newer.
        as_of = await self.account.data_as_of()
        cash = await self.account.balance()
        positions = await self.account.positions()
        orders = await self.account.orders(now - ORDER_LIFE)
        payouts = await self.account.payouts(self.known_until - OVERLAP)
        fills = await self.account.fills(self.known_until - OVERLAP)
        news: dict[str, Event] = {fill.fill_id: fill for fill in fills}
        news |= {f"paid {one.settlement.ticker}": one.settlement for one in payouts}
        fresh = [event for name, event in news.items() if name not in self._told]
        self._told = set(news)
        self.known_until = max(self.known_until, as_of)
        statement = AccountStatement(
            as_of=as_of,
            received_at=self.clock.now(),
            cash=cash,
            holdings=tuple(Holding(p.ticker, p.count, p.exposure) for p in positions if p.count),
            orders=orders.found,
            since_at=now - ORDER_LIFE,
        )
        return [*fresh, statement]
