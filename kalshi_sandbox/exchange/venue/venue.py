"""The exchange's state and what happens to markets: listed, opened, halted, closed, settled.

Deterministic: told the time, ids from the seed and a counter. Orders are the desk's business.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.domain.market import FeeRule, MarketStatus, PriceRange
from kalshi_edge.units import ONE, ZERO
from kalshi_sandbox.exchange.venue.accounts import Account, VenueOrder, VenueSettlement
from kalshi_sandbox.exchange.venue.errors import Refusal, not_found
from kalshi_sandbox.exchange.venue.events import (
    EventListed,
    FeesChanged,
    MarketChanged,
    PositionChanged,
    VenueChange,
)
from kalshi_sandbox.exchange.venue.ledger import Position
from kalshi_sandbox.exchange.venue.records import (
    FeeNotice,
    Trade,
    VenueEvent,
    VenueMarket,
    VenueSeries,
    derived_uuid,
)
from kalshi_sandbox.exchange.venue.timeline import Timeline

LIVE_WINDOW = timedelta(days=69)
"""How far back the live endpoints reach; measured, the target is three months."""
ORDER_WINDOW = timedelta(days=14)
"""How far back they reach for orders, since September 2026."""


class Archived(StrEnum):
    """What moves to the historical endpoints, each kind at a time of its own."""

    MARKETS = "markets"
    TRADES = "trades"
    ORDERS = "orders"
    POSITIONS = "positions"
    CANDLES = "candles"


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing trades: a pause of trading, or of the whole exchange (nothing works)."""

    is_whole_exchange: bool
    resumes_at: datetime


class Venue(Timeline):
    """Everything the exchange knows, at the instant it has been told."""

    def __init__(self, start_at: datetime, seed: int = 0) -> None:
        super().__init__(start_at)
        self.seed = seed
        self.series: dict[str, VenueSeries] = {}
        self.events: dict[str, VenueEvent] = {}
        self.markets: dict[str, VenueMarket] = {}
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, VenueOrder] = {}
        """Orders in the books, by order id."""
        self.trades: list[Trade] = []
        self.fees = ZERO
        """Dollars of fees taken in, ever."""
        self.pauses: list[Pause] = []
        """In force now; they may overlap."""
        self.live_window = LIVE_WINDOW
        self.windows = {Archived.ORDERS: ORDER_WINDOW}
        self._listeners: list[Callable[[VenueChange], None]] = []
        self._numbers = 0

    # --- numbers, news, accounts ----------------------------------------------------------------

    def next_number(self) -> int:
        """A number never given before."""
        self._numbers += 1
        return self._numbers

    def new_id(self, kind: str, number: int) -> str:
        """The identifier of the ``number``-th thing, the same in every run of one seed."""
        return derived_uuid(self.seed, kind, number)

    def listen(self, listener: Callable[[VenueChange], None]) -> None:
        """Have all news told to ``listener``."""
        self._listeners.append(listener)

    def tell(self, news: VenueChange) -> None:
        """Tell every listener, at once."""
        for listener in self._listeners:
            listener(news)

    def open_account(
        self, name: str, balance: Decimal, *, is_house: bool = False, tier: str = "basic"
    ) -> Account:
        """A new member with ``balance`` dollars."""
        user_id = self.new_id("user", self.next_number())
        account = Account(user_id, name, balance, balance, self.now, is_house=is_house, tier=tier)
        self.accounts[user_id] = account
        return account

    def market(self, ticker: str) -> VenueMarket:
        """The market of that ticker; ``Refusal`` 404 where there is none."""
        market = self.markets.get(ticker)
        if market is None:
            raise not_found(f"market {ticker} not found")
        return market

    @property
    def paused(self) -> Pause | None:
        """The gravest pause in force: of the whole exchange before trading, the longest first."""
        return max(self.pauses, key=_gravity, default=None)

    # --- the life of a market -------------------------------------------------------------------

    def list_event(self, event: VenueEvent) -> None:
        """Announce a ladder; its markets do not trade yet."""
        self.events[event.ticker] = event
        self.tell(EventListed(event))
        for market in event.markets:
            self.markets[market.ticker] = market
            self.tell(MarketChanged(market, "created"))

    def open_markets(self, markets: Iterable[VenueMarket]) -> None:
        """Let new markets trade; the exchange sends no word of it."""
        for market in markets:
            self._set_status(market, MarketStatus.ACTIVE)

    def close_markets(self, markets: Iterable[VenueMarket]) -> None:
        """Take no more orders or cancels; what rests is swept out shortly after."""
        for market in markets:
            self._set_status(market, MarketStatus.CLOSED)

    def halt(self, market: VenueMarket) -> None:
        """Stop one active market from trading."""
        if market.status is not MarketStatus.ACTIVE:
            raise Refusal(409, "market_inactive", f"{market.ticker} is {market.status}")
        self._set_status(market, MarketStatus.INACTIVE)
        self.tell(MarketChanged(market, "deactivated"))

    def reactivate(self, market: VenueMarket) -> None:
        """Let a halted market trade again; its resting orders are the desk's to cancel."""
        if market.status is not MarketStatus.INACTIVE:
            raise Refusal(409, "market_active", f"{market.ticker} is {market.status}")
        self._set_status(market, MarketStatus.ACTIVE)
        self.tell(MarketChanged(market, "activated"))

    def determine(self, market: VenueMarket, value: Decimal, expiration_value: str) -> None:
        """State what a YES contract will pay; not final before it is settled."""
        market.value = value
        market.result = {ONE: "yes", ZERO: "no"}.get(value, "scalar")
        market.expiration_value = expiration_value
        market.determined_at = self.now
        self._set_status(market, MarketStatus.DETERMINED)
        self.tell(MarketChanged(market, "determined"))

    def dispute(self, market: VenueMarket) -> None:
        """Question what was determined."""
        self._set_status(market, MarketStatus.DISPUTED)

    def amend_result(self, market: VenueMarket, value: Decimal, expiration_value: str) -> None:
        """Determine otherwise."""
        self.determine(market, value, expiration_value)
        self._set_status(market, MarketStatus.AMENDED)

    def settle(self, market: VenueMarket) -> None:
        """Pay every holder what the market was determined at, and be done with it."""
        assert market.value is not None  # only a determined market is settled
        market.settled_at = self.now
        self._set_status(market, MarketStatus.FINALIZED)
        for account in self.accounts.values():
            self._pay_out(account, market, market.value)
        self.tell(MarketChanged(market, "settled"))

    def _pay_out(self, account: Account, market: VenueMarket, value: Decimal) -> None:
        position = account.positions.get(market.ticker)
        if position is None or position.is_settled:
            return
        count, cost = position.count, position.cost
        payout = position.pay_out(value)
        position.updated_at = self.now
        account.cash += payout
        if account.is_house:
            del account.positions[market.ticker]
        elif count != ZERO:
            self._record(account, position, count, cost, payout)

    def _record(
        self,
        account: Account,
        position: Position,
        count: Decimal,
        cost: Decimal,
        payout: Decimal,
    ) -> None:
        settlement = VenueSettlement(
            seq=self.next_number(),
            market=position.market,
            yes_count=max(count, ZERO),
            no_count=max(-count, ZERO),
            cost=cost,
            payout=payout,
            fees=position.fees,
            at=self.now,
        )
        account.settlements.append(settlement)
        self.tell(PositionChanged(account, position))

    def _set_status(self, market: VenueMarket, status: MarketStatus) -> None:
        market.status = status
        market.updated_at = self.now

    # --- rules that change ----------------------------------------------------------------------

    def set_event_fees(self, event: VenueEvent, rule: FeeRule | None) -> None:
        """Give an event fees of its own, or take them away; orders from now on pay them."""
        event.fee_override = rule
        event.updated_at = self.now
        self.tell(FeesChanged(event))

    def announce_fees(self, series: VenueSeries, rule: FeeRule, at: datetime) -> FeeNotice:
        """Announce what a series charges from ``at`` on; orders from then on pay it."""
        notice = FeeNotice(self.new_id("fee change", self.next_number()), rule, at)
        series.fee_notices.append(notice)

        def take_effect() -> None:
            series.fee_rule, series.updated_at = rule, self.now

        self.schedule(at, take_effect)
        return notice

    def set_price_ranges(
        self, market: VenueMarket, structure: str, ranges: tuple[PriceRange, ...]
    ) -> None:
        """Change a market's ticks while it trades."""
        market.price_structure, market.price_ranges = structure, ranges
        market.updated_at = self.now
        self.tell(MarketChanged(market, "price_level_structure_updated"))

    def cutoff(self, kind: Archived = Archived.MARKETS) -> datetime:
        """What ended before this is found under the historical endpoints only.

        Each kind has a cut-off of its own; ``live_window`` is the longest of all.
        """
        window = min(self.live_window, self.windows.get(kind, self.live_window))
        return (self.now - window).replace(hour=0, minute=0, second=0, microsecond=0)


def _gravity(pause: Pause) -> tuple[bool, datetime]:
    return pause.is_whole_exchange, pause.resumes_at
