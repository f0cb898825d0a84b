"""What the quoter remembers since its process started; none of it is stored.

``Started`` clears it, in a running process and in a replay alike: until the next cycle nothing is
quoted then, and what rests is taken out.
"""

from dataclasses import dataclass, field
from datetime import datetime

from kalshi_edge.domain.beliefs import Vector
from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.orders import Side
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.quoting.rules import WriteBudget


@dataclass(frozen=True, slots=True)
class Belief:
    """A ladder as the last cycle saw it: what its quotes rest on until something is news."""

    outlook: Outlook
    fair: Vector
    """Lowest bin first."""
    floor_f: int | None
    """The highest that had been read of the day, °F."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A quote that a cycle decided, wherever its price is now."""

    event_ticker: str
    place: int
    """Of its bin in the ladder."""
    side: Side
    stage: Stage
    trade_id: str = ""
    """Of the trade that it opens, whichever of its orders is taken: named after the first."""
    last_id: str = ""
    """Its newest order; empty before there is one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A quote of ours that books of its market may show."""

    name: str
    from_at: datetime
    """When it was sent: a book that was received by then does not show it."""
    until_at: datetime | None = None
    """When it was called back, or was over: a book that came later shows it no more."""


@dataclass(slots=True)
class QuoteMemory:
    """Beliefs by ladder, wanted quotes by market, and what may be written."""

    beliefs: dict[str, Belief] = field(default_factory=dict)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    """By market, the order of ours that rests there or is on its way, as far as we know."""
    shown: dict[str, Shown] = field(default_factory=dict)
    """By market, our newest quote in it."""
    read_at: dict[str, datetime] = field(default_factory=dict)
    """By station (ICAO), the end of its newest reading."""
    heard_at: datetime | None = None
    """When the newest order book was received."""
    budget: WriteBudget = field(default_factory=WriteBudget)
    is_blind: bool = False
    """Whether news came since the last cycle that its beliefs did not survive."""
