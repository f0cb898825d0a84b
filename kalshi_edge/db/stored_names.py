"""The names under which records are stored, apart from the names that their classes have in code.

A name here is never changed once a store was written with it: code may be renamed freely, and old
journals stay readable. A new class gets a line of its own.
"""

from collections.abc import Mapping
from typing import Any

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.beliefs import EmosRecord, PoolRecord
from kalshi_edge.domain.events import (
    AcknowledgeTerms,
    CalibrationDue,
    CancelRequest,
    CashMovement,
    ClosePosition,
    CycleDue,
    DayTurned,
    Defect,
    Halt,
    LookDue,
    OrderUpdate,
    PartFailed,
    Print,
    Resume,
    SetStage,
    Started,
)
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    FirstDecision,
    SeenLadder,
    StageState,
)
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Fill, Order, Settlement
from kalshi_edge.domain.records import Calibration, DailyRecord, SeriesTerms, Switch, Trade
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.domain.verdicts import (
    Adopted,
    Alarm,
    Approved,
    CalibrationDone,
    CancelOrder,
    CashFlow,
    CycleDone,
    Opportunity,
    Refused,
    ResolveOrder,
)
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.engine import Setup
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.playbook import Limits, Playbook

STORED_KINDS: Mapping[type, str] = {
    # facts
    Forecast: "Forecast",
    Observation: "Observation",
    ClimateReport: "ClimateReport",
    Ladder: "Ladder",
    Book: "Book",
    Settlement: "Settlement",
    Fill: "Fill",
    OrderUpdate: "OrderUpdate",
    AccountStatement: "AccountStatement",
    CashMovement: "CashMovement",
    TradingHours: "TradingHours",
    # the process and its clock
    Started: "Started",
    Defect: "Defect",
    PartFailed: "PartFailed",
    CycleDue: "CycleDue",
    LookDue: "LookDue",
    Print: "Print",
    DayTurned: "DayTurned",
    CalibrationDue: "CalibrationDue",
    # commands
    Halt: "Halt",
    Resume: "Resume",
    ClosePosition: "ClosePosition",
    CancelRequest: "CancelRequest",
    AcknowledgeTerms: "AcknowledgeTerms",
    SetStage: "SetStage",
    # verdicts
    Opportunity: "Opportunity",
    Approved: "Approved",
    Refused: "Refused",
    CycleDone: "CycleDone",
    CalibrationDone: "CalibrationDone",
    CancelOrder: "CancelOrder",
    ResolveOrder: "ResolveOrder",
    Adopted: "Adopted",
    CashFlow: "CashFlow",
    Alarm: "Alarm",
    Order: "Order",
    Switch: "Switch",
    Calibration: "Calibration",
    Trade: "Trade",
    DailyRecord: "DailyRecord",
    SeriesTerms: "SeriesTerms",
    EmosRecord: "EmosRecord",
    PoolRecord: "PoolRecord",
    CellBatch: "CellBatch",
    SeenLadder: "SeenLadder",
    FirstDecision: "FirstDecision",
    CellState: "CellState",
    StageState: "StageState",
}
"""The ``kind`` of every value that is stored as one of several."""

STORED_FIELDS: Mapping[type, Mapping[str, str]] = {Setup: {"breakers": "guards"}}
"""By class, the stored names of those fields that are called otherwise in code."""

MEANT_BEFORE: Mapping[type, Mapping[str, Any]] = {
    Gates: {"missing_bid_is_wide": False},
    Limits: {"mark_loss_share": None, "burst_contracts": None, "order_dollars": None},
    Playbook: {"gates": {}, "limits": {}, "model": None},
}
"""Fields that came later than their class: what a record from before, without them, means.

As stored; a class stands after those that it holds. Any other field that a record leaves out is at
its default; these are always written, and so is what holds them.
"""


def stored_kind(kind: type) -> str:
    """The stored name of class ``kind``; raises ``KeyError`` for one that has none.

    >>> stored_kind(CycleDue)
    'CycleDue'
    """
    return STORED_KINDS[kind]
