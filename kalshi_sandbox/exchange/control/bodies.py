"""What the sandbox's own interface understands: members, the clock, faults, incidents."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from kalshi_edge.domain.market import FeeRule, FeeType
from kalshi_sandbox.exchange.control.account_bodies import (
    FairSettlement,
    Interest,
    OddAnswers,
    OwnerChange,
    OwnerOrder,
    Paid,
    Returned,
    ScheduledFees,
    Waiver,
)
from kalshi_sandbox.exchange.control.controls import Body, Controls
from kalshi_sandbox.exchange.control.faults import FaultKind
from kalshi_sandbox.exchange.rest.auth import SCOPES
from kalshi_sandbox.exchange.venue.incidents import (
    change_fees,
    change_rules,
    change_ticks,
    maintain,
    settle_otherwise,
)
from kalshi_sandbox.exchange.venue.records import Source


class NewAccount(Body):
    """A member to be: their public key as PEM, and a balance in dollars."""

    public_key: str
    balance: Decimal = Field(default=Decimal(1000), ge=0, decimal_places=4)
    name: str = "member"
    tier: str = "basic"
    scopes: tuple[str, ...] = SCOPES


class ClockChange(Body):
    """World time: another speed, or a jump forward."""

    speed: float | None = Field(default=None, ge=0, le=1_000_000)
    advance_s: float | None = Field(default=None, ge=0)


class NewFault(Body):
    """Something that is to go wrong with requests or frames; see ``FaultKind``."""

    kind: FaultKind
    times: int | None = Field(default=1, ge=1)
    chance: float = Field(default=1.0, gt=0, le=1)
    method: str | None = None
    path: str = ""
    channel: str | None = None
    ticker: str | None = None
    status: int = 500
    delay_s: float = Field(default=0.0, ge=0)
    share: float = Field(default=0.0, ge=0, le=1)


class Maintenance(Body):
    """A pause of trading, or of the whole exchange, from now."""

    kind: Literal["maintenance"]
    duration_s: float = Field(gt=0)
    whole: bool = False

    def befall(self, on: Controls) -> None:
        """Happen now."""
        maintain(on.exchange, timedelta(seconds=self.duration_s), whole=self.whole)


class Halt(Body):
    """One market stops, or trades again with an empty book."""

    kind: Literal["halt", "reactivate"]
    ticker: str

    def befall(self, on: Controls) -> None:
        """Happen now."""
        market = on.exchange.venue.market(self.ticker)
        if self.kind == "halt":
            on.exchange.venue.halt(market)
        else:
            on.exchange.desk.reactivate(market)


class RuleChange(Body):
    """A series names another source or other rules."""

    kind: Literal["rules"]
    series: str
    source_name: str | None = None
    source_url: str = ""
    rules_secondary: str | None = None

    def befall(self, on: Controls) -> None:
        """Happen now."""
        source = None if self.source_name is None else Source(self.source_name, self.source_url)
        change_rules(on.exchange, self.series, source=source, rules_secondary=self.rules_secondary)


class FeeChange(Body):
    """An event gets fees of its own; without a type they are taken away."""

    kind: Literal["fees"]
    event: str
    fee_type: FeeType | None = None
    multiplier: Decimal = Decimal(1)

    def befall(self, on: Controls) -> None:
        """Happen now."""
        rule = None if self.fee_type is None else FeeRule(self.fee_type, self.multiplier)
        change_fees(on.exchange, self.event, rule)


class TickChange(Body):
    """A market's ticks change."""

    kind: Literal["ticks"]
    ticker: str
    structure: str

    def befall(self, on: Controls) -> None:
        """Happen now."""
        change_ticks(on.exchange, self.ticker, self.structure)


class OtherSettlement(Body):
    """A ladder settles on another figure, or (``null``) on none for a week."""

    kind: Literal["settlement"]
    event: str
    high_f: Decimal | None = None

    def befall(self, on: Controls) -> None:
        """Happen now, or when the ladder is due."""
        settle_otherwise(on.exchange, self.event, self.high_f)


class StreamLoss(Body):
    """All streams are cut, or go silent without being closed."""

    kind: Literal["stream_drop", "stream_freeze"]

    def befall(self, on: Controls) -> None:
        """Happen now."""
        if self.kind == "stream_drop":
            on.streams.drop_all()
        else:
            on.streams.freeze_all()


class Manner(Body):
    """How the exchange behaves from now on, in seconds (``null``: not at all).

    ``portfolio_lag``: reads trail the engine. ``clock_skew``: how far clients' clocks may be off.
    ``cancel_all_echo``: a cancel-all strikes again. ``flat_errors``: with any number of seconds
    error bodies are flat as specified, not wrapped as on the wire.
    """

    kind: Literal["portfolio_lag", "clock_skew", "cancel_all_echo", "flat_errors"]
    seconds: float | None = Field(default=None, ge=0)

    def befall(self, on: Controls) -> None:
        """Happen now."""
        length = None if self.seconds is None else timedelta(seconds=self.seconds)
        if self.kind == "portfolio_lag":
            on.exchange.views.lag = length or timedelta()
        elif self.kind == "clock_skew":
            on.exchange.keys.skew = length or timedelta()
        elif self.kind == "cancel_all_echo":
            on.exchange.cancel_all_echo = length
        else:
            on.exchange.flat_errors = length is not None


Incident: TypeAlias = Annotated[
    Maintenance
    | Halt
    | RuleChange
    | FeeChange
    | TickChange
    | OtherSettlement
    | StreamLoss
    | Manner
    | Paid
    | Returned
    | Interest
    | Waiver
    | ScheduledFees
    | FairSettlement
    | OddAnswers
    | OwnerOrder
    | OwnerChange,
    Field(discriminator="kind"),
]
