"""What the engine is told (events) and what it answers (verdicts).

Facts from the world, the clock's strokes and people's commands are all events; each has a
``received_at``. A refusal is data: every rule with its figure and its limit, passed or not.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Fill, Order, OrderReport, OrderStep, Settlement, Side
from kalshi_edge.domain.records import (
    Cause,
    SwitchState,
)
from kalshi_edge.domain.trading_hours import TradingHours
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
    is_correction: bool = False
    """Whether ``filled`` takes the place of what was reported before, even where it is less."""


def order_update(report: OrderReport, received_at: datetime) -> OrderUpdate:
    """What the exchange's report of an order means for that order."""
    return OrderUpdate(
        intent_id=report.intent_id,
        step=OrderStep.ACCEPT if report.rests else OrderStep.FINISH,
        received_at=received_at,
        order_id=report.order_id,
        filled=report.filled,
        reason="" if report.rests else report.reason,
    )


@dataclass(frozen=True, slots=True)
class Print:
    """Contracts changed hands in a market, whoever's: what the tape prints."""

    ticker: str
    price: Decimal
    """Dollars per YES contract."""
    count: Decimal
    taker_side: Side
    """Which side of the YES book the order joined that was not waiting."""
    valid_at: datetime
    received_at: datetime


class CashKind(StrEnum):
    """Why cash came or went without a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    """From or to another subaccount, shard or instance of the exchange."""


@dataclass(frozen=True, slots=True)
class CashMovement:
    """Cash that came to our account or left it without a trade, final at the exchange."""

    movement_id: str
    """Told again under the same id it is the same movement."""
    cash_kind: CashKind
    amount: Decimal
    """Dollars as the exchange lists them; below 0 where they left."""
    fee: Decimal
    """Dollars that the exchange charged for it; whether ``amount`` has them in it is not said."""
    valid_at: datetime
    """When it became final."""
    received_at: datetime
    status: str = ""
    """The exchange's word for it, such as ``applied``."""
    method: str = ""
    """How it was paid, such as ``ach``."""
    reverses: str = ""
    """The movement that it undoes, such as a deposit that the bank took back: of one that was
    never counted there is nothing to undo."""

    @property
    def net(self) -> Decimal:
        """Dollars where the fee is taken from the balance besides ``amount``."""
        return self.amount - self.fee


@dataclass(frozen=True, slots=True)
class Started:
    """A process begins here, or takes over: what the store held of orders that were not over.

    Whatever an earlier process remembered and did not store is gone.
    """

    received_at: datetime
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Defect:
    """An event, or a request to the exchange, that made this program raise what it never should.

    The event is left out from now on: what it had changed is undone, and it is kept here.
    """

    received_at: datetime
    what: str
    """The event or the verdict, as Python writes it."""
    error: str
    """One line."""
    traceback: str


@dataclass(frozen=True, slots=True)
class PartFailed:
    """A part of the process beside the loop raised what it never should; it is begun again.

    Told once for as long as the part goes on failing.
    """

    received_at: datetime
    part: str
    """A source, a job, a publisher …"""
    error: str
    """One line."""
    traceback: str = ""


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
    name: str = ""
    """Of the hold, where its cause may have several."""


@dataclass(frozen=True, slots=True)
class Resume:
    """A person lets trading go on; with a ``cause`` only what that cause holds back is lifted."""

    reason: str
    received_at: datetime
    command_id: str = ""
    by: str = ""
    cause: Cause | None = None
    name: str | None = None
    """Only the hold of this name is lifted; ``None`` lifts all of the cause."""

    def lifts(self, cause: Cause, name: str = "") -> bool:
        """Whether it lifts the hold of ``cause`` so named; a breaker's own hold has no name."""
        return self.cause in {None, cause} and self.name in {None, name}


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


@dataclass(frozen=True, slots=True)
class SetStage:
    """A person lets a strategy go one stage further in a cell, or takes it back.

    With ``is_override`` further than the evidence allows; it then needs a reason and stays marked.
    """

    cell_id: str
    stage: Stage
    received_at: datetime
    is_override: bool = False
    reason: str = ""
    command_id: str = ""
    by: str = ""


Command: TypeAlias = Halt | Resume | ClosePosition | CancelRequest | AcknowledgeTerms | SetStage
Event: TypeAlias = (
    Forecast
    | Observation
    | ClimateReport
    | Ladder
    | Book
    | Print
    | Settlement
    | Fill
    | OrderUpdate
    | AccountStatement
    | CashMovement
    | TradingHours
    | Started
    | Defect
    | PartFailed
    | CycleDue
    | LookDue
    | DayTurned
    | CalibrationDue
    | Command
)

# --- verdicts ---------------------------------------------------------------------------------
