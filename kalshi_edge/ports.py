"""The outside world as the core sees it: four roles, on one page."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from kalshi_edge.domain.events import Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Intent, Order, OrderReport
from kalshi_edge.domain.records import Calibration, DailyRecord, Lease, SeriesTerms, Switch, Trade

T = TypeVar("T")


class Feed(Protocol):
    """Where events come from, in the order in which they were received."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events, one by one, until there are no more."""
        ...


class Exchange(Protocol):
    """Where orders go. Fills do not come back here but through the feed."""

    async def place(self, intent: Intent) -> OrderReport:
        """Send an order under ``intent.intent_id``.

        Raises ``OrderRejected`` (it does not exist), ``OutcomeUnknown`` (it may) or
        ``ExchangeDown`` (nothing was sent).
        """
        ...

    async def cancel(self, order: Order) -> Decimal:
        """Take an order out of the book and say how many contracts that took back.

        An order that is over already takes back nothing. Raises as ``place`` does.
        """
        ...

    async def resolve(self, intent: Intent, *, resend: bool) -> OrderReport:
        """What became of an order whose answer was lost, sent again where that is wanted.

        Raises ``OrderRejected`` where it is certain that it never arrived, and another
        ``ExchangeError`` while it is not.
        """
        ...


class Store(Protocol):
    """What must survive. Every call returns only when its records are safe.

    Once it has asked for the lease, it writes only while it holds the newest: every write raises
    ``Fenced`` otherwise, and nothing is written.
    """

    @property
    def mode(self) -> str | None:
        """Whose records these are."""
        ...

    async def append(self, entry: JournalEntry, *, order_follows: bool = False) -> None:
        """Add a journal line and, in the same transaction, every record among its verdicts.

        Where ``order_follows``, the caller does nothing before it has added an order: then line and
        order may become safe together. Raises ``StoreError`` where the number is not the next one
        or an order was never added.
        """
        ...

    async def journal(
        self,
        after_seq: int = 0,
        limit: int | None = None,
        *,
        kinds: Collection[type] | None = None,
        event_kinds: Collection[type] | None = None,
    ) -> Sequence[JournalEntry]:
        """The journal's lines after ``after_seq``, in order.

        With verdicts of ``kinds`` only; and with events of ``event_kinds`` only, beside each line's
        last, from which its verdicts follow.
        """
        ...

    async def last_seq(self) -> int:
        """The number of the journal's last line; 0 where there is none."""
        ...

    async def add_order(self, order: Order) -> bool:
        """Store an intent before it is sent; ``False`` where one of that id exists already."""
        ...

    async def orders(
        self, *, live_only: bool = False, also: Collection[str] = ()
    ) -> Sequence[Order]:
        """Orders, oldest first.

        With ``live_only`` those that may still trade, and those that ``also`` names by intent.
        """
        ...

    async def fill_ids(self) -> frozenset[str]:
        """The names of all fills in the journal, each to be counted once only."""
        ...

    async def trades(self, *, day: date | None = None, city: str | None = None) -> Sequence[Trade]:
        """Trades of a climate day, of a city, or both, oldest first."""
        ...

    async def calibrations(self, city: str | None = None) -> Sequence[Calibration]:
        """Calibration records, oldest first."""
        ...

    async def daily_records(self) -> Sequence[DailyRecord]:
        """All daily records, oldest first."""
        ...

    async def terms(self) -> Sequence[SeriesTerms]:
        """The rules of every series as last accepted or refused."""
        ...

    async def current(self, kind: type[T]) -> Sequence[T]:
        """The newest record of every subject, of one kind of which that is kept, by subject."""
        ...

    async def switch(self, at: datetime) -> Switch:
        """The kill switch as last stored; halted where it cannot be read."""
        ...

    async def lease(self) -> Lease:
        """The lease as it stands; nothing is asked for."""
        ...

    async def take_lease(
        self, holder: str, at: datetime, lasts: timedelta, *, abandoned: Lease | None = None
    ) -> Lease:
        """The lease as it stands after ``holder``, one process's own name, asked for it at ``at``.

        Ours where it was free, had run out, or was ours already, and where it still was the one
        that the asker has found ``abandoned``; another's where that one holds it.
        """
        ...

    async def drop_lease(self, holder: str) -> None:
        """Give the lease up, where ``holder`` holds it; this store then writes no more."""
        ...

    async def note(self, name: str, text: bytes) -> None:
        """Keep a fact about the store itself, such as the setup its journal was written under."""
        ...

    async def noted(self, name: str) -> str | None:
        """A fact noted before; ``None`` where there is none of that name."""
        ...

    async def notes(self) -> dict[str, str]:
        """Every fact noted, by name."""
        ...

    async def put_snapshot(self, name: str, body: bytes) -> None:
        """Keep ``body`` in the place of what was kept under ``name`` before.

        A snapshot only saves reading the journal: no copy of a store needs it.
        """
        ...

    async def snapshot(self, name: str) -> bytes | None:
        """The newest snapshot of that name; ``None`` where there is none, or not all of it."""
        ...

    async def close(self) -> None:
        """Let go of it; a closed store raises ``StoreError``."""
        ...


class Publisher(Protocol):
    """Who wants to see every journal line as it is written."""

    def publish(self, entry: JournalEntry) -> None:
        """Show ``entry``; must not block and must not raise."""
        ...
