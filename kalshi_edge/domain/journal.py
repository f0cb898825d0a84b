"""The journal's line: what came in since the one before it, and what was answered."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.events import Event
from kalshi_edge.domain.orders import Fill, Settlement
from kalshi_edge.domain.records import (
    Trade,
)
from kalshi_edge.domain.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One numbered line of the journal: what came in since the last, and what was answered.

    Books are coalesced, the newest per market: the engine only ever looks at the newest.
    """

    seq: int
    received_at: datetime
    events: tuple[Event, ...]
    verdicts: tuple[Verdict, ...]
    cash: Decimal | None = None
    """Dollars that we have after it; a restart goes on from here, whatever became of old trades."""
    paid_in: Decimal | None = None
    """Dollars that trading did not earn: what it began with, and deposits since."""

    def moved_a_trade(self, event: Fill | Settlement) -> bool:
        """Whether ``event`` of this line changed what we hold; told again it does not.

        Verdicts follow from the last event; those before it changed nothing.
        """
        return event is self.events[-1] and any(
            isinstance(verdict, Trade) and verdict.ticker == event.ticker
            for verdict in self.verdicts
        )
