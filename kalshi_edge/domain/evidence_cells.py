"""Evidence for and against a strategy, cell by cell: what is registered, counted and reached."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import Lead, Vector
from kalshi_edge.domain.orders import Side, Strategy, derived_id
from kalshi_edge.units import ONE, ZERO

LEAST_SAID = 1e-4
"""Probabilities are counted as at least so much: one surprise must not end all evidence."""


class Stage(StrEnum):
    """How much a strategy may do with money, the least first."""

    PAPER = "paper"
    """Decides on live data; nothing is written as an order."""
    SHADOW = "shadow"
    """Orders are written and not sent."""
    ONE_CONTRACT = "one_contract"
    """At most one contract a ladder."""
    QUARTER = "quarter"
    """A quarter of the size that sizing gives."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class EvidenceCell:
    """What evidence is counted of: a city, a lead class, a strategy and the model that trades it.

    Paper and live are cells of their own: what paper earned says nothing of fills.
    """

    city: str
    lead: Lead
    strategy: Strategy
    model: ForecastModel
    is_live: bool
    rule: str
    """The rule's settings as text: with another rule it is another cell."""
    cell_id: str = field(init=False, repr=False, compare=False)
    """A digest of all of it."""

    def __post_init__(self) -> None:
        kind = "live" if self.is_live else "paper"
        parts = self.city, self.lead, self.strategy, self.model, kind, self.rule
        object.__setattr__(self, "cell_id", derived_id(*parts))


@dataclass(frozen=True, slots=True)
class CellBatch:
    """Cells registered together, before any of them starts; each batch spends half of what is left.

    ``digest`` is of everything else: what was registered cannot be changed unseen.
    """

    number: int
    """0 for the first."""
    cells: tuple[EvidenceCell, ...]
    registered_at: datetime
    digest: str = ""

    @property
    def share(self) -> float:
        """How much of the one chance in all that a false opening has belongs to each cell.

        >>> from datetime import UTC
        >>> cell = EvidenceCell("NYC", Lead.NIGHT, Strategy.SINGLE, ForecastModel.SEED, False, "")
        >>> CellBatch(0, (cell,) * 20, datetime(2026, 11, 1, tzinfo=UTC)).share
        0.025
        """
        return 0.5 ** (self.number + 1) / len(self.cells)

    @property
    def own_digest(self) -> str:
        """The digest that it must have."""
        ids = (cell.cell_id for cell in self.cells)
        return derived_id(self.number, self.registered_at.isoformat(), *ids)


@dataclass(frozen=True, slots=True)
class LadderEvidence:
    """What one settled ladder says of a cell. Dollars."""

    cell_id: str
    event_ticker: str
    climate_day: date
    decided_at: datetime
    """When the first coherent snapshot of the class was judged, or the first decision made."""
    informed_at: datetime
    """The last receipt of anything that it rested on."""
    settled_at: datetime
    ratio: float | None = None
    """p(won) ÷ m(won) at the first coherent snapshot; ``None`` where no snapshot was coherent."""
    asked: Decimal | None = None
    """The money that the first decision asked to risk, cost and fees of all legs; ``None`` where
    there was no decision."""
    at_most: Decimal | None = None
    """U: the decision's contracts × $1 less their cost, over all legs."""
    result: Decimal | None = None
    """What came of it: fills, closings, settlement and fees."""


@dataclass(frozen=True, slots=True)
class SeenLadder:
    """The first coherent ladder of a class: what every model said of it, beside the market."""

    event_ticker: str
    city: str
    climate_day: date
    lead: Lead
    seen_at: datetime
    informed_at: datetime
    """The last receipt of any quote or forecast that it rested on."""
    mid: Vector
    said: tuple[tuple[ForecastModel, Vector], ...]
    """Probabilities by model, lowest bin first."""

    def ratio(self, model: ForecastModel, won: int) -> float | None:
        """p(won) ÷ m(won), p at least 0.0001; ``None`` of a model that said nothing."""
        said = dict(self.said).get(model)
        return None if said is None else max(said[won], LEAST_SAID) / self.mid[won]


@dataclass(frozen=True, slots=True)
class DecidedLeg:
    """One leg of a decision: what was to be bought, dollars."""

    ticker: str
    count: Decimal
    cost: Decimal
    """At most, fees included, for all contracts."""
    side: Side = Side.BUY
    """``BUY`` is YES, ``SELL`` is NO."""

    def paid(self, value: Decimal) -> Decimal:
        """Dollars that the contracts pay where one of YES pays ``value``."""
        return self.count * (value if self.side is Side.BUY else ONE - value)


@dataclass(frozen=True, slots=True)
class FirstDecision:
    """A cell's first decision on a ladder: the one that counts. Its risk is fixed from then on."""

    cell_id: str
    event_ticker: str
    climate_day: date
    decided_at: datetime
    legs: tuple[DecidedLeg, ...]
    trades: tuple[str, ...] = ()
    """What became of it in the account; empty where it was written and not sent."""

    @property
    def asked(self) -> Decimal:
        """Dollars that it asks to risk."""
        return sum((leg.cost for leg in self.legs), ZERO)

    @property
    def at_most(self) -> Decimal:
        """Dollars that it may gain: contracts × $1 less their cost."""
        return sum((leg.count for leg in self.legs), ZERO) - self.asked


@dataclass(frozen=True, slots=True)
class CellState:
    """The evidence of a cell so far. Logarithms of products, of even and of odd climate days."""

    cell_id: str
    log_skill: Vector = (0.0, 0.0)
    log_money: tuple[Vector, Vector] = ((0.0,) * 4, (0.0,) * 4)
    """One per bet size."""
    ladders: int = 0
    """With a skill ratio."""
    decisions: int = 0
    opened_at: datetime | None = None
    closing: Vector = (1.0,) * 3
    """Wealth of bets, since the opening, that the edge is gone; one per bet size."""
    closings: int = 0
    """How often that wealth was reached at which the cell closes, or drops a stage further."""
    closed_at: datetime | None = None
    """When it was last."""
    counted: tuple[date, ...] = ()
    """The last climate days that were counted: each counts once."""

    @property
    def is_open(self) -> bool:
        """Whether the edge was shown and has not been lost since; once closed it stays so."""
        return self.opened_at is not None and self.closings == 0


@dataclass(frozen=True, slots=True)
class StageState:
    """How far a strategy may go in a cell, since when, and who said so."""

    cell_id: str
    """The live cell's."""
    stage: Stage
    since_at: datetime
    by: str = ""
    """Empty where it dropped by itself."""
    reason: str = ""
    is_override: bool = False
    """A person let it go beyond what was shown."""
    ladders: int = 0
    """Of the cell, settled before it came here."""
