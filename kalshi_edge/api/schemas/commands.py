"""What people may ask for, and what is answered: what happened, not what is hoped."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from kalshi_edge.api.schemas.account import OrderView, SwitchView, TradeView
from kalshi_edge.api.schemas.evidence import StageView
from kalshi_edge.api.schemas.figures import Count, Dollars, GivenCount, GivenPrice, Price, Shape
from kalshi_edge.api.schemas.market import Gate
from kalshi_edge.api.schemas.status import TermsView
from kalshi_edge.choices import HaltLevel
from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.records import Cause

Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")]
Confirm = Annotated[
    bool, Field(strict=True, description="Must be true in live mode: real money follows.")
]
HoldName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,32}$")]
TradeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class CommandRequest(Shape):
    """Why, and whether it is meant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "storm ahead"}]})

    reason: Reason
    confirm: Confirm = False


class HaltRequest(CommandRequest):
    """Hold trading back, how far, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "storm ahead", "level": "halt"}]}
    )

    level: HaltLevel = HaltLevel.HALT
    cause: Cause = Cause.PERSON
    name: HoldName = ""
    """Tells the hold from others of its cause. A drill names its holds: lifted by that name, they
    leave what was held back in earnest."""


class ResumeRequest(CommandRequest):
    """Let trading go on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the storm is over"}]})

    cause: Cause | None = None
    """Only what this cause holds back; everything where left out."""
    name: HoldName | None = None
    """Only the holds of this name, of the cause or of any; all where left out."""


class OtherLeg(Shape):
    """Another leg of the bracket that is closed with it."""

    trade_id: TradeName
    limit_price: GivenPrice
    count: GivenCount | None = None


class SellRequest(Shape):
    """A limit sell. A bracket is closed together: name every other open leg with its price."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"limit_price": "0.41", "reason": "enough"}]}
    )

    limit_price: GivenPrice
    """Dollars per YES contract: the least to sell at, or the most to buy NO back at."""
    count: GivenCount | None = None
    """All that is held where left out."""
    other_legs: Annotated[tuple[OtherLeg, ...], Field(max_length=4)] = ()
    waits: Annotated[bool, Field(strict=True)] = True
    """Whether what does not trade at once stays in the book."""
    reason: Reason = "sold by hand"
    confirm: Confirm = False


class AcknowledgeRequest(Shape):
    """Accept a series' rules as they stand; the fingerprint says which were read."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"fingerprint": "9f2c", "reason": "source renamed"}]}
    )

    fingerprint: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    reason: Reason
    confirm: Confirm = False


class StageRequest(CommandRequest):
    """Let live money go one stage further in a cell, or take it back to any stage before."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"stage": "quarter", "reason": "the cell is open"}]}
    )

    stage: Stage
    is_override: Annotated[bool, Field(strict=True)] = False
    """Further than the evidence allows; it stays marked."""


class CommandOutcome(Shape):
    """What a command led to."""

    command_id: str
    """The idempotency key: asked again, it answers the same and does nothing."""
    is_settled: bool
    """False: not all is known yet. Look again with the same key, or at the orders."""
    is_refused: bool
    seq: int | None
    """The journal line that decided it."""
    text: str
    """One sentence for a person."""
    gates: tuple[Gate, ...] = ()
    """Where refused: every rule's outcome."""


class SwitchOutcome(CommandOutcome):
    """The kill switch after the command."""

    switch: SwitchView


class CancelOutcome(CommandOutcome):
    """An order cancelled: out of the book at once, resolved at P&L 0 where nothing had filled."""

    orders: list[OrderView]
    filled: Count
    """Contracts that had filled already: bought, they stay a position; sold, they are gone."""
    positions: list[TradeView]
    """The position that they belong to, where there is one."""


class SaleFill(Shape):
    """Contracts that a sale sold, and at what."""

    ticker: str
    count: Count
    price: Price
    """Dollars per YES contract that somebody paid."""
    fee: Dollars
    is_taker: bool
    imagined_gain: Dollars
    """What the limit would have brought beyond it, where it was an instant fill on paper."""


class SaleOutcome(CommandOutcome):
    """A limit sell: its orders, what they sold and at what, and the trades they close."""

    orders: list[OrderView]
    sold: Count
    waiting: Count
    """Contracts that stay in the book at the limit."""
    fills: list[SaleFill]
    """What ``sold`` is made of, in the order of trading."""
    imagined_gain: Dollars
    """Of all fills; in no balance, limit or statistic."""
    trades: list[TradeView]


class TermsOutcome(CommandOutcome):
    """A series' rules after the command."""

    terms: TermsView | None


class StageOutcome(CommandOutcome):
    """How far live money may go in a cell after the command."""

    stage: StageView | None
    """Null of a paper cell."""


class Ticket(Shape):
    """A pass for one live connection, soon."""

    ticket: str
    expires_in_s: float
    path: str
    subprotocols: list[str]
    """Give these to the WebSocket: the ticket is one of them, never part of an address."""
