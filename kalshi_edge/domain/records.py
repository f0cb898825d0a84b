"""What the store keeps beside orders and the journal."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

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

    def after(self, holder: str, at: datetime, lasts: timedelta) -> "Lease":
        """The lease once ``holder`` has asked for it at instant ``at``.

        Prolonged for who holds it; a new holder's where it is free or has run out; otherwise as it
        is.
        """
        if self.holder == holder:
            return Lease(holder, self.token, at + lasts)
        if self.holder and at < self.expires_at:
            return self
        return Lease(holder, self.token + 1, at + lasts)

    def dropped(self) -> "Lease":
        """The lease once its holder has given it up; the token is not used again."""
        return Lease("", self.token, self.expires_at)


class SwitchState(StrEnum):
    """Whether new risk may be taken."""

    RUN = "run"
    HALT = "halt"
    """No new risk; orders that reduce risk go on."""


@dataclass(frozen=True, slots=True)
class Switch:
    """The kill switch: its state, since when, why, and when it resets by itself."""

    state: SwitchState
    reason: str
    since_at: datetime
    until_at: datetime | None = None
    """The next UTC midnight after a day loss; ``None`` holds until somebody resumes."""

    def is_halted(self, at: datetime) -> bool:
        """Whether it holds at instant ``at``."""
        return self.state is SwitchState.HALT and (self.until_at is None or at < self.until_at)
