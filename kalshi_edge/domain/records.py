"""What the store keeps beside orders and the journal."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.domain.lesson import Lesson
from kalshi_edge.domain.orders import Side, Strategy
from kalshi_edge.units import ZERO


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far a model's word about one city is off, learned from days already settled.

    The calibrated distribution is Normal(point + bias_f, (σ × sigma_scale)²).
    """

    city: str
    model: str
    version: str
    """The model version it was learned on; it says nothing about another."""
    bias_f: float = 0.0
    """Actual − forecast, °F, shrunk towards 0."""
    sigma_scale: float = 1.0
    """Root mean square of error ÷ σ, shrunk towards 1."""
    days: int = 0
    """Settled days it rests on."""
    as_of: date | None = None
    """The last climate day it has seen."""
    error_f: float | None = None
    """That day's actual − forecast, °F, before calibration."""
    sigma_f: float | None = None
    """That day's σ, °F, before calibration."""
    received_at: datetime | None = None
    lessons: tuple[Lesson, ...] = field(default=(), compare=False)
    """The last days it has learned, in order: as far back as one can be unlearned.

    Not compared, so that a journal from before they were kept replays the same.
    """


@dataclass(frozen=True, slots=True)
class MarkOut:
    """Where the middle of a market's quotes was, some time after a quote of ours was taken."""

    fill_id: str
    intent_id: str
    ticker: str
    city: str
    side: Side
    price: Decimal
    """Dollars per YES contract, as ``mid``."""
    count: Decimal
    minutes: int
    """After the fill."""
    mid: Decimal
    received_at: datetime

    @property
    def per_contract(self) -> Decimal:
        """Dollars that the middle had moved for us since, below 0 against us."""
        return self.mid - self.price if self.side is Side.BUY else self.price - self.mid


@dataclass(frozen=True, slots=True)
class Trade:
    """One position from entry to exit, per market; the legs of a bracket share ``bracket_id``.

    ``count`` is what was bought; ``open_count`` what is still held. Dollars throughout.
    """

    trade_id: str
    mode: str
    strategy: Strategy
    ticker: str
    city: str
    climate_day: date
    opened_at: datetime
    side: Side = Side.BUY
    """``BUY`` holds YES; ``SELL`` holds NO, and its money is counted in NO prices."""
    bracket_id: str | None = None
    fair: float | None = None
    edge: float | None = None
    """The net edge the gate saw at entry: what was claimed."""
    count: Decimal = ZERO
    open_count: Decimal = ZERO
    paid: Decimal = ZERO
    """For all contracts bought, without fees."""
    received: Decimal = ZERO
    """From sales and settlement, without fees."""
    fees: Decimal = ZERO
    closed_at: datetime | None = None
    """When we learnt that the last of it was gone."""
    settled_value: Decimal | None = None
    """What a contract paid at settlement, where it was held that long."""
    by_hand: bool = False
    """A person sold some of it: its money counts, but it says nothing about its strategy."""
    imagined_gain: Decimal = ZERO
    """What its instant fills on paper would have brought beyond what the book paid; in no other
    figure."""

    @property
    def is_open(self) -> bool:
        """Whether any of it is still held."""
        return self.open_count != ZERO

    @property
    def pnl(self) -> Decimal | None:
        """Realised dollars, fees included; ``None`` while any of it is still held."""
        return None if self.is_open else self.received - self.paid - self.fees


@dataclass(frozen=True, slots=True)
class DailyRecord:
    """One UTC day of the account, in dollars. Marks are what the book would pay."""

    day: date
    mode: str
    opening_balance: Decimal
    closing_balance: Decimal
    """Cash and positions at what they would fetch."""
    realised: Decimal
    fees: Decimal
    wins: int
    losses: int
    halts: int
    """How often the kill switch went off."""
    deposits: Decimal = ZERO
    """What came in, less what left, otherwise than by trading: no part of any profit."""


@dataclass(frozen=True, slots=True)
class SeriesTerms:
    """The rules of a series as first seen or as a person last accepted them."""

    series: str
    fingerprint: str
    source: str
    accepted: bool
    """Without acceptance nothing new is bought in the series."""
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may trade with a store, and until when: of two processes only one does."""

    holder: str
    """Empty where nobody holds it."""
    token: int
    """Goes up by one with every new holder; who has an older one writes no more."""
    expires_at: datetime

    def after(
        self, holder: str, at: datetime, lasts: timedelta, *, abandoned: "Lease | None" = None
    ) -> "Lease":
        """The lease once ``holder`` has asked for it at instant ``at``.

        Prolonged for who holds it, and another than before even where a clock stands still: who
        waits must see it change. A new holder's where it is free, has run out, or still is the one
        that the asker has found ``abandoned``; otherwise as it is.
        """
        expires_at = at + lasts
        if self.holder == holder:
            if expires_at == self.expires_at:
                expires_at += timedelta(microseconds=1)
            return Lease(holder, self.token, expires_at)
        if self.holder and at < self.expires_at and self != abandoned:
            return self
        return Lease(holder, self.token + 1, expires_at)

    def dropped(self) -> "Lease":
        """The lease once its holder has given it up; the token is not used again."""
        return Lease("", self.token, self.expires_at)


class SwitchState(StrEnum):
    """The levels of the kill switch, the mildest first; each does what those before it do."""

    RUN = "run"
    HALT = "halt"
    """No new risk; orders that rest stay, and orders that reduce risk go on."""
    CANCEL = "cancel"
    """Our own resting entries are taken out of the book too."""
    REDUCE = "reduce"
    """Nothing may add to risk: orders placed by hand elsewhere are taken out too."""
    FLATTEN = "flatten"
    """What is held is sold, as far as the book pays for it."""

    @property
    def severity(self) -> int:
        """0 for ``RUN``, one more for every level.

        >>> [level.severity for level in SwitchState]
        [0, 1, 2, 3, 4]
        """
        return list(SwitchState).index(self)


class Cause(StrEnum):
    """Who or what holds trading back."""

    PERSON = "person"
    DRILL = "drill"
    DAY_LOSS = "day_loss"
    RECONCILE = "reconcile"
    """Our books and the exchange's differ."""
    STALE_DATA = "stale_data"
    ERROR_RATE = "error_rate"
    TERMS = "terms"
    """A series' rules changed and nobody has accepted them yet."""
    FEE_DIFFERENCE = "fee_difference"
    """The exchange charged another fee than we compute."""
    LEASE = "lease"
    """Another process may be trading, or the store cannot say that none is."""
    ORDER_GROUP = "order_group"
    """The exchange refuses the orders of our group: too many contracts traded in 15 seconds."""
    CLOCK = "clock"
    """This machine's clock and the exchange's differ."""
    DEFECT = "defect"
    """The program raised what it never should: only what reduces goes on."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason to hold trading back: how far, why, since when, and when it ends by itself."""

    cause: Cause
    state: SwitchState
    reason: str
    since_at: datetime
    until_at: datetime | None = None
    """The next UTC midnight after a day loss; ``None`` holds until it is lifted."""
    name: str = ""
    """Tells it from others of its cause; without one it is the only one."""

    @property
    def identity(self) -> tuple[Cause, str]:
        """What no other hold has: of two with the same, the later stands in the place of both."""
        return self.cause, self.name

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at instant ``at``."""
        return self.until_at is None or at < self.until_at


@dataclass(frozen=True, slots=True)
class Switch:
    """The kill switch: the strongest hold on trading, and the others that hold beside it.

    Every hold has an identity of its own, so that lifting one leaves the others.
    """

    state: SwitchState
    reason: str
    since_at: datetime
    until_at: datetime | None = None
    """When the strongest ends by itself; ``None`` holds until it is lifted."""
    cause: Cause = Cause.PERSON
    others: tuple[Hold, ...] = ()
    name: str = ""
    """The strongest hold's."""

    @property
    def holds(self) -> tuple[Hold, ...]:
        """Every hold, whether or not it is over."""
        if self.state is SwitchState.RUN:
            return self.others
        first = Hold(self.cause, self.state, self.reason, self.since_at, self.until_at, self.name)
        return (first, *self.others)

    def in_force(self, at: datetime) -> tuple[Hold, ...]:
        """Every hold that is not over at instant ``at``."""
        return tuple(hold for hold in self.holds if hold.holds(at))

    def level(self, at: datetime) -> SwitchState:
        """The strongest level in force at instant ``at``."""
        levels = (hold.state for hold in self.in_force(at))
        return max(levels, key=lambda level: level.severity, default=SwitchState.RUN)

    def is_halted(self, at: datetime) -> bool:
        """Whether new risk is refused at instant ``at``."""
        return self.level(at) is not SwitchState.RUN

    def hold(self, cause: Cause, at: datetime, *, name: str = "") -> Hold | None:
        """The hold of ``cause`` so named at ``at``, if any; a drill's is not a breaker's."""
        found = (hold for hold in self.in_force(at) if hold.identity == (cause, name))
        return next(found, None)

    def with_hold(self, hold: Hold) -> "Switch":
        """The switch with ``hold``.

        One of the same identity gives way, but no level is lowered and none ends earlier.
        """
        at = hold.since_at
        same = [one for one in self.in_force(at) if one.identity == hold.identity]
        state = max((hold.state, *(one.state for one in same)), key=lambda level: level.severity)
        ends = [hold.until_at, *(one.until_at for one in same)]
        until_at = None if None in ends else max(end for end in ends if end is not None)
        others = (one for one in self.in_force(at) if one.identity != hold.identity)
        return _switch((replace(hold, state=state, until_at=until_at), *others), hold.reason, at)

    def without(
        self, causes: Collection[Cause], reason: str, at: datetime, *, name: str | None = None
    ) -> "Switch":
        """The switch once the holds of ``causes`` are lifted; with ``name`` only those so named.

        Those that are over are forgotten.
        """
        left = tuple(
            hold
            for hold in self.in_force(at)
            if hold.cause not in causes or name not in {None, hold.name}
        )
        return _switch(left, reason, at)


def _switch(holds: tuple[Hold, ...], reason: str, at: datetime) -> Switch:
    if not holds:
        return Switch(SwitchState.RUN, reason, at)
    first = max(holds, key=lambda hold: hold.state.severity)
    return Switch(
        state=first.state,
        reason=first.reason,
        since_at=first.since_at,
        until_at=first.until_at,
        cause=first.cause,
        others=tuple(hold for hold in holds if hold is not first),
        name=first.name,
    )
