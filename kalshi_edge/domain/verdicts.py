"""What the engine answers: things to do, refusals with every rule's figure, things to know."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import (
    EmosForecast,
    EmosRecord,
    IssuedPosterior,
    Lead,
    PoolRecord,
    Vector,
)
from kalshi_edge.domain.events import Command
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    FirstDecision,
    SeenLadder,
    StageState,
)
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import Intent, Order, Side, Strategy
from kalshi_edge.domain.records import (
    Calibration,
    DailyRecord,
    SeriesTerms,
    Switch,
    Trade,
)


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's outcome: its name, the figure it looked at, the limit it holds against."""

    rule: str
    passed: bool
    figure: str
    limit: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a bin of an opportunity; prices are that side's, dollars per contract."""

    ticker: str
    bin: Bin
    fair: float
    """The probability that a contract of the side pays."""
    bid: Decimal | None
    ask: Decimal | None
    raw_edge: float | None
    """fair − ask."""
    net_edge: float | None
    """raw_edge − the gate's fee."""
    ev: float | None
    """fair − ask − the exchange's real fee, dollars per contract."""
    side: Side = Side.BUY
    """As an order's that opens a position: ``BUY`` is YES, ``SELL`` is NO."""


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A bin, a bracket or a ladder that was looked at, whether or not it is worth taking."""

    strategy: Strategy
    city: str
    climate_day: date
    legs: tuple[Leg, ...]
    """What would be bought; of a ladder every bin's YES, and the orders say what was chosen."""
    checks: tuple[Check, ...]

    def with_checks(self, checks: tuple[Check, ...]) -> "Opportunity":
        """The same with ``checks`` in the place of its own."""
        return Opportunity(self.strategy, self.city, self.climate_day, self.legs, checks)

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
class ModelView:
    """What one model says of a ladder, after all that was observed."""

    model: ForecastModel
    fair: Vector
    """Probabilities, lowest bin first."""
    mu_f: float | None = None
    sigma_f: float | None = None


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
    lead: Lead | None = None
    models: tuple[ModelView, ...] = ()
    """Every model's word, the traded one's among them; none before there were several."""
    mid: Vector = ()
    """What the quotes say, normalised; empty where they do not cohere."""
    incoherence: str = ""
    """Why they do not."""
    earned_weight: float | None = None
    """Of our forecast in the posterior, 0 to 1 and beyond; ``None`` without one."""
    market_sharpening: float | None = None
    """How far the market's own prices are sharpened in it."""
    emos: EmosForecast | None = None
    """What EMOS said before anything was observed, where that is other than before."""
    issued: IssuedPosterior | None = None
    """The first coherent ladder of its class, where it is this one."""


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
    movement_id: str = ""
    """The exchange's name for it; empty for what no list of its explains."""


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
    | EmosRecord
    | PoolRecord
    | CellBatch
    | SeenLadder
    | FirstDecision
    | CellState
    | StageState
)
