"""Bins, markets, ladders and their books.

A price is in dollars per YES contract, everywhere; a book's asks are the NO bids turned over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ContractError, InputError
from kalshi_edge.units import ONE, ZERO


@dataclass(frozen=True, slots=True, order=True)
class Bin:
    """An interval of whole °F, both ends included; ``None`` leaves an end open.

    >>> Bin(73, 74).contains(74), Bin(None, 72).contains(73), str(Bin(81, None))
    (True, False, '≥81°')
    >>> str(Bin(73, 74)), str(Bin(-5, -4)), str(Bin(-1, 0)), str(Bin(None, -6))
    ('73–74°', '−5 to −4°', '−1 to 0°', '≤−6°')
    """

    lower: int | None
    upper: int | None

    def __post_init__(self) -> None:
        if self.lower is None and self.upper is None:
            raise ContractError("a bin open at both ends says nothing")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ContractError(f"a bin from {self.lower} to {self.upper} °F is empty")

    def contains(self, high_f: int) -> bool:
        """Whether a day's maximum of ``high_f`` whole °F falls into this bin."""
        return (self.lower is None or high_f >= self.lower) and (
            self.upper is None or high_f <= self.upper
        )

    @property
    def edges_f(self) -> tuple[float, float]:
        """The half-degree edges of the unrounded temperature: 73–74 is 72.5 to 74.5 °F.

        >>> Bin(73, 74).edges_f
        (72.5, 74.5)
        """
        return (
            float("-inf") if self.lower is None else self.lower - 0.5,
            float("inf") if self.upper is None else self.upper + 0.5,
        )

    @property
    def is_bounded(self) -> bool:
        """Whether both ends are closed."""
        return self.lower is not None and self.upper is not None

    def __str__(self) -> str:
        low, high = (str(end).replace("-", "−") for end in (self.lower, self.upper))
        if self.lower is None:
            return f"≤{high}°"
        if self.upper is None:
            return f"≥{low}°"
        between = " to " if self.lower < 0 else "–"  # a dash beside a minus cannot be read
        return f"{low}{between}{high}°" if self.lower != self.upper else f"{low}°"


class MarketStatus(StrEnum):
    """A market's status as payloads spell it; anything else is ``UNKNOWN`` and not traded."""

    INITIALIZED = "initialized"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"
    DETERMINED = "determined"
    DISPUTED = "disputed"
    AMENDED = "amended"
    FINALIZED = "finalized"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PriceRange:
    """A stretch of prices and the tick that rules in it."""

    start: Decimal
    end: Decimal
    step: Decimal


class FeeType(StrEnum):
    """How a series charges; anything we do not know is ``UNKNOWN`` and not traded."""

    QUADRATIC = "quadratic"
    QUADRATIC_WITH_MAKER_FEES = "quadratic_with_maker_fees"
    QUADRATIC_WITH_COMBO_MAKER_FEES = "quadratic_with_combo_maker_fees"
    FLAT = "flat"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What a series charges: its formula's name and the multiplier on it."""

    fee_type: FeeType = FeeType.QUADRATIC
    multiplier: Decimal = ONE


@dataclass(frozen=True, slots=True)
class FeeChange:
    """A change of what is charged, announced before it takes effect."""

    effective_at: datetime
    rule: FeeRule
    """What is charged from then on."""
    before: FeeRule | None = None
    """What was charged until then, where we have seen it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a market says decides it, and a fingerprint that changes when that changes.

    The fingerprint leaves out the day and the strikes, so that it is the same for all markets of
    a series until the exchange changes the rules.
    """

    source: str
    rules_primary: str
    rules_secondary: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Market:
    """One Kalshi contract: a bin with a ticker and the rules of trading it."""

    ticker: str
    bin: Bin
    status: MarketStatus
    open_at: datetime | None
    close_at: datetime
    price_ranges: tuple[PriceRange, ...]
    terms: Terms
    exchange_index: int = 0
    fee_waived_until: datetime | None = None
    """Until when trading it costs no fee, as told; ``None`` where that was never so.

    It is a gift that nothing is decided on: since when it holds is not told.
    """

    def is_on_grid(self, price: Decimal) -> bool:
        """Whether an order at ``price`` is allowed."""
        return (
            any(
                r.start <= price <= r.end and (price - r.start) % r.step == 0
                for r in self.price_ranges
            )
            and ZERO < price < ONE
        )


@dataclass(frozen=True, slots=True)
class Ladder:
    """All bins of one station and climate day, lowest first; together they tile the integers.

    Raises ``ContractError`` where they do not: such a ladder is not traded.
    """

    event_ticker: str
    series: str
    station: Station
    climate_day: date
    markets: tuple[Market, ...]
    fee_rule: FeeRule
    """What is charged now; see ``fee_rule_at`` for another instant."""
    received_at: datetime
    fee_changes: tuple[FeeChange, ...] = ()
    """Announced changes, the earliest first; those that took effect of late are still listed."""

    def __post_init__(self) -> None:
        if not self.markets:
            raise ContractError(f"{self.event_ticker}: a ladder without markets")
        if self.markets[0].bin.lower is not None:
            raise ContractError(f"{self.event_ticker}: nothing below {self.markets[0].bin}")
        if self.markets[-1].bin.upper is not None:
            raise ContractError(f"{self.event_ticker}: nothing above {self.markets[-1].bin}")
        for below, above in pairwise(self.markets):
            top, bottom = below.bin.upper, above.bin.lower
            if top is None or bottom is None or top + 1 != bottom:
                raise ContractError(
                    f"{self.event_ticker}: {below.bin} and {above.bin} leave a gap or overlap"
                )

    @property
    def valid_at(self) -> datetime:
        """When the exchange said so."""
        return self.received_at

    @property
    def closes_at(self) -> datetime:
        """When the first of its markets closes."""
        return min(market.close_at for market in self.markets)

    def fee_rule_at(self, at: datetime) -> FeeRule:
        """What is charged at ``at``, as far as it is known, where it is not waived."""
        rule = self.fee_rule
        for change in self.fee_changes:
            if self.received_at < change.effective_at <= at:
                rule = change.rule
        for change in reversed(self.fee_changes):
            if at < change.effective_at <= self.received_at and change.before is not None:
                rule = change.before
        return rule

    def winner(self, high_f: int) -> Market:
        """The one market that pays for a maximum of ``high_f`` whole °F."""
        return next(market for market in self.markets if market.bin.contains(high_f))


@dataclass(frozen=True, slots=True)
class Level:
    """``count`` contracts wanted or offered at ``price``."""

    price: Decimal
    count: Decimal


@dataclass(frozen=True, slots=True)
class Sweep:
    """What walking a book for a wanted count finds: how much, for how much, how deep."""

    count: Decimal
    cost: Decimal
    """Dollars: the sum of price × count over the levels touched."""
    worst_price: Decimal | None

    @property
    def vwap(self) -> Decimal | None:
        """Dollars per contract on average; ``None`` where nothing was found."""
        return self.cost / self.count if self.count else None


def _sweep(levels: Iterable[Level], count: Decimal) -> Sweep:
    taken = cost = ZERO
    worst: Decimal | None = None
    for level in levels:
        if taken >= count:
            break
        step = min(level.count, count - taken)
        taken += step
        cost += step * level.price
        worst = level.price
    return Sweep(taken, cost, worst)


@dataclass(frozen=True, slots=True)
class Book:
    """One market's resting orders, both sides best first, in dollars per YES contract.

    An empty side is an empty tuple: no price, not a price of zero. A crossed book is refused.
    """

    ticker: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    valid_at: datetime
    received_at: datetime

    def __post_init__(self) -> None:
        for side, sign in ((self.bids, -1), (self.asks, 1)):
            for level in side:
                if not ZERO < level.price < ONE or level.count <= ZERO:
                    raise InputError(f"{self.ticker}: no order can rest at {level}")
            for better, worse in pairwise(side):
                if sign * (worse.price - better.price) <= 0:
                    raise InputError(
                        f"{self.ticker}: {better.price} and {worse.price} not in order"
                    )
        if self.bids and self.asks and self.bids[0].price >= self.asks[0].price:
            raise InputError(
                f"{self.ticker}: bid {self.bids[0].price} meets ask {self.asks[0].price}"
            )

    @property
    def bid(self) -> Decimal | None:
        """The best price somebody pays, if anybody does."""
        return self.bids[0].price if self.bids else None

    @property
    def ask(self) -> Decimal | None:
        """The best price somebody sells at, if anybody does."""
        return self.asks[0].price if self.asks else None

    def buy(self, count: Decimal, limit: Decimal = ONE) -> Sweep:
        """What buying up to ``count`` contracts at ``limit`` or lower meets, asks from the best.

        >>> from datetime import UTC
        >>> now = datetime(2026, 11, 22, tzinfo=UTC)
        >>> asks = (Level(Decimal("0.40"), Decimal(5)), Level(Decimal("0.45"), Decimal(5)))
        >>> book = Book("KXHIGHNY-26NOV22-B52.5", (), asks, now, now)
        >>> book.buy(Decimal(8)).cost, book.buy(Decimal(8), limit=Decimal("0.42")).count
        (Decimal('3.35'), Decimal('5'))
        """
        return _sweep((level for level in self.asks if level.price <= limit), count)

    def sell(self, count: Decimal, limit: Decimal = ZERO) -> Sweep:
        """What selling up to ``count`` contracts at ``limit`` or higher meets, from the top."""
        return _sweep((level for level in self.bids if level.price >= limit), count)
