"""What the engine is told (events) and what it answers (verdicts).

Facts from the world, the clock's strokes and people's commands are all events; each has a
``received_at``. A refusal is data: every rule with its figure and its limit, passed or not.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.market import Bin, Book, Ladder
from kalshi_edge.domain.orders import Fill, Intent, Order, OrderStep, Settlement, Strategy
from kalshi_edge.domain.records import (
    Calibration,
    Cause,
    DailyRecord,
    SeriesTerms,
    Switch,
    SwitchState,
    Trade,
)
from kalshi_edge.domain.statement import AccountStatement
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.units import ZERO

# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CycleDue:
    """Time to decide."""

    received_at: datetime
    missed: int = 0
    """Cycles that were due before this one and slept through."""


@dataclass(frozen=True, slots=True)
class DayTurned:
    """A UTC day is over: close its books."""

    received_at: datetime


@dataclass(frozen=True, slots=True)
class CalibrationDue:
    """Time to look what the climate days that ended last have taught."""

    received_at: datetime
    is_last: bool = False
    """Nobody asks again today."""


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """News of one of our orders, from the executor or the exchange."""

    intent_id: str
    step: OrderStep
    received_at: datetime
    order_id: str | None = None
    filled: Decimal = ZERO
    """Contracts that the exchange says have traded; their fills follow."""
    reason: str = ""
    count: Decimal | None = None
    """Contracts that it was sent for, where that is told."""
    is_error: bool = False
    """Whether it went otherwise than an order should: refused, not sent, or no answer."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process begins here, or takes over: what the store held of orders that were not over.

    Whatever an earlier process remembered and did not store is gone.
    """

    received_at: datetime
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class LookDue:
    """Time to look after orders whose fate is open, and after what the kill switch wants done."""

    received_at: datetime


@dataclass(frozen=True, slots=True)
class Halt:
    """Trading is held back, by a person or, with another ``cause``, by a part of the program."""

    reason: str
    received_at: datetime
    command_id: str = ""
    """Names the wish: the same again is the same wish, and obeyed once. Empty is never the same."""
    by: str = ""
    """Whose wish it is."""
    level: SwitchState = SwitchState.HALT
    cause: Cause = Cause.PERSON


@dataclass(frozen=True, slots=True)
class Resume:
    """A person lets trading go on; with a ``cause`` only what that cause holds back is lifted."""

    reason: str
    received_at: datetime
    command_id: str = ""
    by: str = ""
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Contracts of one trade to sell at ``limit_price`` dollars per YES contract or better."""

    trade_id: str
    count: Decimal
    limit_price: Decimal


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """A person wants a position sold at ``limit_price`` dollars or better."""

    trade_id: str
    count: Decimal
    limit_price: Decimal
    received_at: datetime
    others: tuple[Close, ...] = ()
    """The other legs of its bracket: a structure is closed together or not at all."""
    waits: bool = False
    """Whether what does not trade at once stays in the book."""
    reason: str = ""
    command_id: str = ""
    by: str = ""

    @property
    def parts(self) -> tuple[Close, ...]:
        """What is to be sold of each leg."""
        return (Close(self.trade_id, self.count, self.limit_price), *self.others)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A person wants an order taken out of the book, and with it the other legs of its bracket."""

    order: str
    """Our name for it, or the exchange's."""
    reason: str
    received_at: datetime
    command_id: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class AcknowledgeTerms:
    """A person accepts a series' changed rules: trading in it may go on."""

    series: str
    fingerprint: str
    received_at: datetime
    reason: str = ""
    command_id: str = ""
    by: str = ""


Command: TypeAlias = Halt | Resume | ClosePosition | CancelRequest | AcknowledgeTerms
Event: TypeAlias = (
    Forecast
    | Observation
    | ClimateReport
    | Ladder
    | Book
    | Settlement
    | Fill
    | OrderUpdate
    | AccountStatement
    | Started
    | CycleDue
    | LookDue
    | DayTurned
    | CalibrationDue
    | Command
)

# --- verdicts ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's outcome: its name, the figure it looked at, the limit it holds against."""

    rule: str
    passed: bool
    figure: str
    limit: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One bin of an opportunity. ``fair`` is a probability; prices are dollars per contract."""

    ticker: str
    bin: Bin
    fair: float
    bid: Decimal | None
    ask: Decimal | None
    raw_edge: float | None
    """fair − ask."""
    net_edge: float | None
    """raw_edge − the gate's fee."""
    ev: float | None
    """fair − ask − the exchange's real fee, dollars per contract."""


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A single bin or a bracket that was looked at, whether or not it is worth taking."""

    strategy: Strategy
    city: str
    climate_day: date
    legs: tuple[Leg, ...]
    checks: tuple[Check, ...]

    @property
    def net_edge(self) -> float:
        """The legs' net edges together, dollars per contract of each; −∞ without an offer."""
        return sum(float("-inf") if leg.net_edge is None else leg.net_edge for leg in self.legs)

    @property
    def ev(self) -> float:
        """Expected dollars per contract of each leg after real fees; −∞ without an offer."""
        return sum(float("-inf") if leg.ev is None else leg.ev for leg in self.legs)


@dataclass(frozen=True, slots=True)
class Approved:
    """Orders that risk lets through; only ``trading/risk.py`` makes one. All legs or none."""

    intents: tuple[Intent, ...]
    opportunity: Opportunity | None
    """``None`` for an order that closes a position."""
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An opportunity not taken, or a command not obeyed, with every rule's outcome."""

    subject: Opportunity | Command
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Check, ...]:
        """The rules that said no."""
        return tuple(check for check in self.checks if not check.passed)


@dataclass(frozen=True, slots=True)
class CityView:
    """What a cycle saw of one ladder. Temperatures in °F; probabilities lowest bin first."""

    city: str
    climate_day: date
    event_ticker: str
    model: str
    run_at: datetime
    point_f: float
    mu_f: float
    """Calibrated."""
    sigma_f: float
    """Calibrated."""
    bias_f: float
    sigma_scale: float
    reference_f: float | None
    """The NWS forecast, where we have one."""
    bins: tuple[Bin, ...]
    fair: tuple[float, ...]
    market: tuple[float | None, ...]
    """Between bid and ask, dollars, a missing side at 0 or 1; ``None`` where both are missing."""
    observed_floor_f: int | None = None
    """The highest that was read of the day so far, whole °F; softly: a reading may be wrong."""


@dataclass(frozen=True, slots=True)
class CycleDone:
    """A cycle's summary: what it saw of every ladder, and how many it took and refused."""

    received_at: datetime
    cities: tuple[CityView, ...]
    skipped: tuple[str, ...]
    """Ladders left out, each with its reason."""
    approved: int
    refused: int
    cash: Decimal
    equity: Decimal
    missed: int = 0
    """Cycles that were due since the one before and slept through."""


@dataclass(frozen=True, slots=True)
class CalibrationDone:
    """How far the climate days that ended last have been learned from."""

    received_at: datetime
    known: tuple[str, ...]
    """Cities whose final report is here."""
    missing: tuple[str, ...]
    """Cities whose final report is not."""


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take an order out of the book."""

    intent_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResolveOrder:
    """Find out what became of an order whose answer was lost."""

    intent_id: str
    resend: bool
    """Whether it is still wanted, so that it may be sent again under its own name."""
    checks: tuple[Check, ...] = ()
    """What speaks for and against sending it again."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """An order that was placed elsewhere is ours to keep account of from now on."""

    order: Order


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Dollars that came into the account, or left it, otherwise than by trading."""

    amount: Decimal
    reason: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person should know."""

    name: str
    text: str


Verdict: TypeAlias = (
    Approved
    | Refused
    | CycleDone
    | CalibrationDone
    | CancelOrder
    | ResolveOrder
    | Adopted
    | CashFlow
    | Alarm
    | Order
    | Switch
    | Calibration
    | Trade
    | DailyRecord
    | SeriesTerms
)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One numbered line of the journal: what came in since the last, and what was answered.

    Books are coalesced, the newest per market: the engine only ever looks at the newest.
    """

    seq: int
    received_at: datetime
    events: tuple[Event, ...]
    verdicts: tuple[Verdict, ...]

    def moved_a_trade(self, event: Fill | Settlement) -> bool:
        """Whether ``event`` of this line changed what we hold; told again it does not.

        Verdicts follow from the last event; those before it changed nothing.
        """
        return event is self.events[-1] and any(
            isinstance(verdict, Trade) and verdict.ticker == event.ticker
            for verdict in self.verdicts
        )
