"""What the exchange keeps of its markets: series, events, markets, trades."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.domain.market import Bin, FeeRule, MarketStatus, PriceRange
from kalshi_edge.domain.orders import Side, derived_id
from kalshi_edge.domain.weather import Station
from kalshi_edge.execution.matching import OrderBook
from kalshi_edge.units import CENT, ONE, ZERO
from kalshi_sandbox.exchange.venue.candles import Candles

LINEAR_CENT = (PriceRange(ZERO, ONE, CENT),)


def derived_uuid(*parts: object) -> str:
    """An identifier of the shape of a UUID, the same whenever its parts are.

    >>> derived_uuid("order", 1)
    '0a1dcbac-8892-387d-2c32-e8e3cd04a837'
    """
    text = derived_id(*parts)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@dataclass(frozen=True, slots=True)
class Source:
    """Who states the figure that settles."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class FeeNotice:
    """An announced change of a series' fees."""

    change_id: str
    rule: FeeRule
    effective_at: datetime


@dataclass(slots=True, eq=False)
class VenueSeries:
    """The daily highs of one station, and what all their markets share."""

    station: Station
    city: str
    source: Source
    rules_secondary: str
    notice: str
    """Identifies the banner that tells of rule changes."""
    updated_at: datetime
    fee_rule: FeeRule = field(default_factory=FeeRule)
    fee_notices: list[FeeNotice] = field(default_factory=list)

    @property
    def ticker(self) -> str:
        """``KXHIGHNY``."""
        return self.station.series


@dataclass(slots=True, eq=False)
class VenueEvent:
    """All markets of one station and climate day."""

    seq: int
    ticker: str
    series: VenueSeries
    day: date
    created_at: datetime
    updated_at: datetime
    open_at: datetime
    close_at: datetime
    fee_override: FeeRule | None = None
    markets: tuple["VenueMarket", ...] = ()

    @property
    def fee_rule(self) -> FeeRule:
        """What its markets charge."""
        return self.fee_override or self.series.fee_rule


@dataclass(slots=True, eq=False)
class VenueMarket:
    """One contract: its bin, its book and all that has become of it."""

    seq: int
    ticker: str
    event: VenueEvent
    bin: Bin
    created_at: datetime
    updated_at: datetime
    status: MarketStatus = MarketStatus.INITIALIZED
    price_structure: str = "linear_cent"
    price_ranges: tuple[PriceRange, ...] = LINEAR_CENT
    result: str = ""
    value: Decimal | None = None
    """What a YES contract pays, dollars, once determined."""
    expiration_value: str = ""
    determined_at: datetime | None = None
    settled_at: datetime | None = None
    book: OrderBook = field(default_factory=OrderBook)
    depth: dict[Side, dict[Decimal, Decimal]] = field(
        default_factory=lambda: {side: {} for side in Side}
    )
    """Contracts by side and price: what the book shows."""
    clock: int = 0
    """The exchange's clock at the last change of the book."""
    last_price: Decimal = ZERO
    last_count: Decimal = ZERO
    volume: Decimal = ZERO
    turnover: Decimal = ZERO
    """Dollars: Σ price × count."""
    open_interest: Decimal = ZERO
    candles: Candles = field(default_factory=Candles)
    trades: list["Trade"] = field(default_factory=list)
    fee_waived_until: datetime | None = None
    market_id: str = ""

    def __post_init__(self) -> None:
        self.market_id = derived_uuid("market", self.ticker)

    @property
    def bid(self) -> Decimal | None:
        """The best price somebody pays for YES."""
        return max(self.depth[Side.BUY], default=None)

    @property
    def ask(self) -> Decimal | None:
        """The best price somebody sells YES at."""
        return min(self.depth[Side.SELL], default=None)

    def is_waived(self, at: datetime) -> bool:
        """Whether trading costs no fee at ``at``."""
        return self.fee_waived_until is not None and at < self.fee_waived_until

    def meets(self, side: Side, price: Decimal) -> bool:
        """Whether an order on ``side`` at ``price`` would trade at once."""
        if side is Side.BUY:
            return self.ask is not None and price >= self.ask
        return self.bid is not None and price <= self.bid

    def is_on_grid(self, price: Decimal) -> bool:
        """Whether an order may stand at ``price``."""
        return ZERO < price < ONE and any(
            r.start <= price <= r.end and (price - r.start) % r.step == ZERO
            for r in self.price_ranges
        )


@dataclass(frozen=True, slots=True)
class Trade:
    """Contracts that changed hands, as everybody sees it."""

    seq: int
    trade_id: str
    market: VenueMarket
    price: Decimal
    count: Decimal
    taker_side: Side
    at: datetime
