"""The exchange's whole word on our account, asked for again and again: what is new, then the books.

What a statement rests on is told before it, so that our own books have it too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.cash_source import CashSource
from kalshi_edge.data.kalshi.reading import Unreadable
from kalshi_edge.data.kalshi.stream_session import Oddities
from kalshi_edge.data.source_status import SHOWN_ERRORS, PollOutcome, SourceStatus
from kalshi_edge.domain.account_statement import AccountStatement, Holding
from kalshi_edge.domain.events import Event
from kalshi_edge.errors import ExchangeDown, InputError, RequestRefused

OVERLAP = timedelta(minutes=5)
"""Answers trail the matching, and clocks differ."""
ORDER_LIFE = timedelta(days=2)
"""Our markets trade for less than that, so what rested when our books last agreed is no older."""
STALE_AFTER = timedelta(minutes=5)
"""A statement is asked for every 30 seconds."""


@dataclass
class StatementSource:
    """Asks for everything about the account; fills, payouts and movements are told once each."""

    account: AccountClient
    clock: Clock
    known_until: datetime
    """Up to when its fills are known: by an earlier life, and since then by agreement."""
    problem: str = ""
    """Why there was no answer the last time; empty where there was one."""
    stale_after: timedelta = STALE_AFTER
    last_success_at: datetime | None = None
    oddities: Oddities = field(default_factory=Oddities)
    """Rows that could not be read."""
    unreadable: tuple[str, ...] = ()
    """Those of the last answer."""
    _told: set[str] = field(default_factory=set)
    _asked_at: datetime | None = None

    def __post_init__(self) -> None:
        self.cash = CashSource(self.account, self.clock, self.known_until - OVERLAP)

    @property
    def status(self) -> SourceStatus:
        """How it is now: whether it answers, and what of it could not be read."""
        now, success_at = self.clock.now(), self.last_success_at
        problems = [*filter(None, (self.problem,)), *self.unreadable, *self.cash.problems]
        outcome = PollOutcome.DOWN if self.problem else PollOutcome.UNCHANGED
        if self.unreadable and not self.problem:
            outcome = PollOutcome.TRUNCATED
        return SourceStatus(
            name="account",
            outcome=PollOutcome.NOT_ASKED if self._asked_at is None else outcome,
            asked_at=self._asked_at,
            succeeded_at=success_at,
            age=None if success_at is None else now - success_at,
            is_stale=success_at is None or now - success_at > self.stale_after,
            cycle=success_at,
            error="; ".join(problems[:SHOWN_ERRORS]),
            error_at=self._asked_at if problems else None,
            bytes_moved=0,
            last_bytes=0,
        )

    def agreed(self, as_of: datetime) -> None:
        """Our books agreed with the exchange's ``as_of`` an instant of its: all before is known.

        Until they do everything since they last did is asked for again: a row may come late.
        """
        self.known_until = max(self.known_until, as_of)

    async def ask(self) -> Sequence[Event]:
        """What is new, and the books as they stand; nothing where the exchange does not answer."""
        self._asked_at = self.clock.now()
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
        # Not from now on: what ended while nobody ran must be told as well.
        since_at = min(now, self.known_until) - ORDER_LIFE
        orders = await self.account.orders(since_at)
        payouts = await self.account.payouts(self.known_until - OVERLAP)
        fills = await self.account.fills(self.known_until - OVERLAP)
        movements = await self.cash.ask(cash, as_of)
        news: dict[str, Event] = {fill.fill_id: fill for fill in fills}
        news |= {f"paid {one.settlement.ticker}": one.settlement for one in payouts}
        fresh = [event for name, event in news.items() if name not in self._told]
        self._told = set(news)
        lists = (
            ("position", positions.refused),
            ("order", orders.refused),
            ("payout", payouts.refused),
            ("fill", fills.refused),
            ("", self.cash.refused),
        )
        self.unreadable = self._noted(lists)
        statement = AccountStatement(
            as_of=as_of,
            received_at=self.clock.now(),
            cash=cash,
            holdings=tuple(Holding(p.ticker, p.count, p.exposure) for p in positions if p.count),
            orders=orders.found,
            since_at=since_at,
            unreadable=self.unreadable,
            clock_lead=self.account.clock_lead,
        )
        return [*movements, *fresh, statement]

    def _noted(self, lists: Iterable[tuple[str, Iterable[Unreadable]]]) -> tuple[str, ...]:
        """Every row that could not be read, as kind, name and reason; a new one is noted."""
        found = tuple(f"{kind} {one}".strip() for kind, refused in lists for one in refused)
        for sentence in found:
            if sentence not in self.unreadable:
                self.oddities.note(self.clock.now(), "unreadable row", sentence)
        return found
