"""The live connection: a snapshot, then numbered updates; folding them gives the same state."""

from typing import Literal

from kalshi_edge.api.schemas.account import (
    Balance,
    EquityPoint,
    OpenPositions,
    OrderView,
    PnlToday,
    RiskStatus,
    TradeView,
)
from kalshi_edge.api.schemas.evidence import EvidenceSummary
from kalshi_edge.api.schemas.figures import Count, Instant, Price, Shape
from kalshi_edge.api.schemas.market import Forecasts, Scanner
from kalshi_edge.api.schemas.status import ActivityItem, Health


class Quote(Shape):
    """The best of one market's book."""

    bid: Price | None
    bid_count: Count
    ask: Price | None
    ask_count: Count
    book_at: Instant


class LiveState(Shape):
    """Everything that the live connection keeps up to date, by topic."""

    health: Health
    balance: Balance
    positions: OpenPositions
    pnl_today: PnlToday
    risk: RiskStatus
    orders: list[OrderView]
    """Live orders and those just over, the newest first."""
    trades: list[TradeView]
    """The last 50, the newest first."""
    scanner: Scanner
    forecasts: Forecasts
    evidence: EvidenceSummary
    """Of all cells together; single cells are at ``/api/evidence``."""
    prices: dict[str, Quote]
    """By ticker."""
    activity: list[ActivityItem]
    """The last 100, the newest last."""
    equity: list[EquityPoint]
    """The last 500, the newest last."""


class LiveChanges(Shape):
    """The topics that changed. What is null did not.

    Of most topics it is the whole new value. ``prices`` holds the markets that changed, to be put
    over the others. ``activity`` and ``equity`` hold what is to be added at the end; only the
    last 100 and 500 are kept.
    """

    health: Health | None = None
    balance: Balance | None = None
    positions: OpenPositions | None = None
    pnl_today: PnlToday | None = None
    risk: RiskStatus | None = None
    orders: list[OrderView] | None = None
    trades: list[TradeView] | None = None
    scanner: Scanner | None = None
    forecasts: Forecasts | None = None
    evidence: EvidenceSummary | None = None
    prices: dict[str, Quote] | None = None
    activity: list[ActivityItem] | None = None
    equity: list[EquityPoint] | None = None


class Snapshot(Shape):
    """The whole state after message ``n`` of ``stream``."""

    type: Literal["snapshot"] = "snapshot"
    stream: str
    """Names the process: numbers of another stream mean nothing in this one."""
    n: int
    state: LiveState


class Update(Shape):
    """Message ``n``: it follows ``n − 1``. Whoever has not got that one reconnects."""

    type: Literal["update"] = "update"
    n: int
    changes: LiveChanges


class Heartbeat(Shape):
    """Nothing happened since message ``n``."""

    type: Literal["heartbeat"] = "heartbeat"
    n: int
    at: Instant


class Resumed(Shape):
    """The connection goes on after message ``n``: the updates since then follow."""

    type: Literal["resumed"] = "resumed"
    stream: str
    n: int


LiveMessage = Snapshot | Resumed | Update | Heartbeat
