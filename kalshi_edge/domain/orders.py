"""The life of a trade: intent → approved → order → fill → position → settlement.

An order's states are a table that has an answer to whatever can be told of it.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.errors import InputError
from kalshi_edge.units import ONE, ZERO, plain


class Side(StrEnum):
    """Which side of the YES book an order joins, spelt as the exchange spells it."""

    BUY = "bid"
    SELL = "ask"


def opposite(side: Side) -> Side:
    """The other side of the book: what leaves a position that ``side`` entered."""
    return Side.SELL if side is Side.BUY else Side.BUY


class Strategy(StrEnum):
    """Who thought of the trade."""

    SINGLE = "single"
    BRACKET = "bracket"
    LADDER = "ladder"
    """All bins of a ladder as one bet, on either side."""
    LONGSHOT = "longshot"
    """NO of an open-ended bin that hardly anybody bids for."""
    MANUAL = "manual"


class TimeInForce(StrEnum):
    """How long an order waits, spelt as the exchange spells it."""

    GOOD_TILL_CANCELED = "good_till_canceled"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"
    FILL_OR_KILL = "fill_or_kill"


def derived_id(*parts: object) -> str:
    """An identifier that is the same whenever its parts are: a replay and a retry find it again.

    32 hexadecimal digits of SHA-256 over the parts' text.

    >>> derived_id("paper", "KXHIGHNY-26NOV22-B52.5", 1) == derived_id(
    ...     "paper", "KXHIGHNY-26NOV22-B52.5", 1)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Intent:
    """An order we mean to send; stored before it is sent.

    ``intent_id`` is also the client order id. ``trade_id`` names the trade it opens, or the one it
    closes. ``limit_price`` is in dollars per YES contract. ``cost_limit`` is the most that it may
    cost in dollars, fees included (nothing for an order that reduces a position).
    """

    intent_id: str
    trade_id: str
    strategy: Strategy
    ticker: str
    city: str
    climate_day: date
    side: Side
    count: Decimal
    limit_price: Decimal
    created_at: datetime
    bracket_id: str | None = None
    fair: float | None = None
    """Our probability when it was decided."""
    edge: float | None = None
    """The net edge the gate saw when it was decided, dollars per contract."""
    cost_limit: Decimal = ZERO
    reduces: bool = False
    by_hand: bool = False
    """A person sells: no strategy's result."""
    time_in_force: TimeInForce = TimeInForce.IMMEDIATE_OR_CANCEL
    post_only: bool = False
    expires_at: datetime | None = None
    adopted: bool = False
    """Whether it was placed elsewhere, and is only kept account of here."""

    def __post_init__(self) -> None:
        if self.count <= ZERO:
            raise InputError(f"{self.ticker}: an order for {self.count} contracts")
        if not ZERO < self.limit_price < ONE:
            raise InputError(f"{self.ticker}: an order at {self.limit_price} dollars")

    @property
    def unit_price(self) -> Decimal:
        """The limit as the price of what an entry buys: of YES, or of NO at 1 − it; dollars."""
        return self.limit_price if self.side is Side.BUY else ONE - self.limit_price

    def report(self, order_id: str, filled: Decimal, resting: Decimal) -> "OrderReport":
        """The exchange's report of this order: so many contracts have traded, so many rest."""
        outcome = f"{plain(filled)} of {plain(self.count)} filled"
        return OrderReport(
            order_id=order_id,
            intent_id=self.intent_id,
            ticker=self.ticker,
            side=self.side,
            price=self.limit_price,
            filled=filled,
            resting=resting,
            reason="" if resting > ZERO else outcome,
        )


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the exchange says of one order: that it exists, or existed. It is not a fill."""

    order_id: str
    intent_id: str
    """Ours, where we gave it one; the exchange's own id for an order placed elsewhere."""
    ticker: str
    side: Side
    price: Decimal
    """Dollars per YES contract."""
    filled: Decimal
    """Contracts that have traded; their fills come through the feed."""
    resting: Decimal
    """Contracts that wait in the book; none where the order is over."""
    reason: str = ""
    """Why it is over, where the exchange says so."""

    @property
    def rests(self) -> bool:
        """Whether it can still trade."""
        return self.resting > ZERO


class OrderState(StrEnum):
    """Where an order is."""

    NEW = "new"
    """Stored, not sent."""
    SENT = "sent"
    """On its way; no answer yet."""
    UNKNOWN = "unknown"
    """The answer was lost: it may exist. Blocks its market until resolved."""
    RESTING = "resting"
    PARTIAL = "partial"
    """Resting, and partly filled."""
    DONE = "done"


class OrderStep(StrEnum):
    """What can happen to an order."""

    SEND = "send"
    LOSE = "lose"
    """The reply did not come."""
    ACCEPT = "accept"
    FILL = "fill"
    FINISH = "finish"
    """Filled, cancelled, expired, refused or swept; the reason says which."""


_S, _T = OrderState, OrderStep
ORDER_STEPS: dict[tuple[OrderState, OrderStep], OrderState] = {
    (_S.NEW, _T.SEND): _S.SENT,
    (_S.NEW, _T.FINISH): _S.DONE,
    # The exchange's word on an order that we only meant to send: it was sent.
    (_S.NEW, _T.LOSE): _S.UNKNOWN,
    (_S.NEW, _T.ACCEPT): _S.RESTING,
    (_S.NEW, _T.FILL): _S.PARTIAL,
    (_S.SENT, _T.SEND): _S.SENT,
    (_S.SENT, _T.ACCEPT): _S.RESTING,
    (_S.SENT, _T.LOSE): _S.UNKNOWN,
    # A fill may overtake the reply to the order that earned it.
    (_S.SENT, _T.FILL): _S.PARTIAL,
    (_S.SENT, _T.FINISH): _S.DONE,
    (_S.UNKNOWN, _T.SEND): _S.SENT,
    (_S.UNKNOWN, _T.LOSE): _S.UNKNOWN,
    (_S.UNKNOWN, _T.ACCEPT): _S.RESTING,
    (_S.UNKNOWN, _T.FILL): _S.PARTIAL,
    (_S.UNKNOWN, _T.FINISH): _S.DONE,
    # Resting is only what was heard last: a reply to a cancel may be lost too.
    (_S.RESTING, _T.SEND): _S.RESTING,
    (_S.RESTING, _T.LOSE): _S.RESTING,
    (_S.RESTING, _T.ACCEPT): _S.RESTING,
    (_S.RESTING, _T.FILL): _S.PARTIAL,
    (_S.RESTING, _T.FINISH): _S.DONE,
    (_S.PARTIAL, _T.SEND): _S.PARTIAL,
    (_S.PARTIAL, _T.LOSE): _S.PARTIAL,
    (_S.PARTIAL, _T.ACCEPT): _S.PARTIAL,
    (_S.PARTIAL, _T.FILL): _S.PARTIAL,
    (_S.PARTIAL, _T.FINISH): _S.DONE,
    # The exchange may tell us of the end before it tells us of the last fill.
    (_S.DONE, _T.FILL): _S.DONE,
    # Reports and fills come by different channels: "resting" may be told after the end. Only a
    # statement from after it, with which all else agrees, brings an order back (``reopened``).
    (_S.DONE, _T.SEND): _S.DONE,
    (_S.DONE, _T.LOSE): _S.DONE,
    (_S.DONE, _T.ACCEPT): _S.DONE,
    (_S.DONE, _T.FINISH): _S.DONE,
}
"""Whatever is told of an order, in whatever order: every state has every step."""


@dataclass(frozen=True, slots=True)
class Order:
    """An intent and how far it has come."""

    intent: Intent
    state: OrderState = OrderState.NEW
    order_id: str | None = None
    """The exchange's name for it, once known."""
    filled: Decimal = ZERO
    """Contracts whose fills we hold: the truth."""
    reported: Decimal = ZERO
    """Contracts that the exchange says have traded; their fills may still be on the way."""
    reason: str = ""
    """Why it is done."""

    def step(
        self,
        step: OrderStep,
        *,
        order_id: str | None = None,
        reported: Decimal = ZERO,
        reason: str = "",
        is_correction: bool = False,
    ) -> "Order":
        """The order after ``step``.

        Reports may overtake each other, so the highest count holds, unless it is a correction.
        """
        return replace(
            self,
            state=ORDER_STEPS[self.state, step],
            order_id=order_id or self.order_id,
            reported=reported if is_correction else max(reported, self.reported),
            reason=reason or self.reason,
        )

    def fill(self, count: Decimal) -> "Order":
        """The order after ``count`` more contracts have traded; done when nothing is left.

        More than was ordered has traded where the order was enlarged elsewhere: it then is for as
        much.
        """
        filled = self.filled + count
        order = replace(self.resized(max(filled, self.intent.count)), filled=filled)
        order = order.step(OrderStep.FILL)
        if filled == order.intent.count and order.state is not OrderState.DONE:
            return order.step(OrderStep.FINISH, reason="filled")
        return order

    def resized(self, count: Decimal) -> "Order":
        """The order for ``count`` contracts; what it may cost changes in proportion."""
        intent = self.intent
        if count == intent.count or count <= ZERO:
            return self
        cost = intent.cost_limit * count / intent.count
        return replace(self, intent=replace(intent, count=count, cost_limit=cost))

    def limited(self, count: Decimal) -> "Order":
        """The order for ``count`` contracts where that is less."""
        return self.resized(min(count, self.intent.count))

    def reopened(self) -> "Order":
        """An order that is in the book after all."""
        if self.state is not OrderState.DONE:
            return self
        return replace(self, state=OrderState.PARTIAL if self.filled else OrderState.RESTING)

    @property
    def pending(self) -> Decimal:
        """Contracts that may still arrive as fills: what can trade, and what was only reported."""
        reported = max(self.reported - self.filled, ZERO)
        return reported if self.state is OrderState.DONE else self.intent.count - self.filled

    @property
    def is_live(self) -> bool:
        """Whether it can still trade, or owes us a fill, as far as we know."""
        return self.state is not OrderState.DONE or self.pending > ZERO


@dataclass(frozen=True, slots=True)
class Fill:
    """Contracts that changed hands for one of our orders."""

    fill_id: str
    intent_id: str
    ticker: str
    side: Side
    count: Decimal
    price: Decimal
    """Dollars per YES contract."""
    fee: Decimal
    """Dollars for the whole fill, as charged."""
    is_taker: bool
    valid_at: datetime
    received_at: datetime
    imagined_gain: Decimal = ZERO
    """Dollars that the price asked for would have brought beyond ``price``, for the whole fill.

    Only of an instant fill on paper; it is money nowhere.
    """

    def __post_init__(self) -> None:
        if self.count <= ZERO or not ZERO < self.price < ONE:
            raise InputError(f"{self.ticker}: a fill of {self.count} at {self.price}")


@dataclass(frozen=True, slots=True)
class Settlement:
    """The exchange's final word on one market: what a YES contract pays.

    ``value`` is 1 or 0 dollars, or between where the exchange settled at a fair price.
    ``high_f`` is the figure it used, where it says so.
    """

    ticker: str
    value: Decimal
    high_f: Decimal | None
    valid_at: datetime
    received_at: datetime

    def __post_init__(self) -> None:
        if not ZERO <= self.value <= ONE:
            raise InputError(f"{self.ticker}: settled at {self.value} dollars")
