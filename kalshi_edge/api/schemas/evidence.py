"""Evidence for and against an edge, cell by cell, and how far live money may go."""

from kalshi_edge.api.schemas.figures import Instant, Shape
from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.learning.evidence_figures import CellStatus


class StageView(Shape):
    """How far live money may go in a cell, since when, and who said so."""

    stage: Stage
    since_at: Instant
    by: str
    """Empty where it dropped by itself."""
    reason: str
    is_override: bool
    """A person let it go beyond what was shown."""


class EvidenceSeries(Shape):
    """A cell's E-values after each of the last ladders that were counted; lists of one length."""

    at: list[Instant]
    ladders: list[int]
    decisions: list[int]
    skill_e: list[float]
    money_e: list[float]


class CellView(Shape):
    """A registered cell: what was counted, what it says, and what is still wanting."""

    cell_id: str
    city: str
    lead: Lead
    strategy: Strategy
    model: ForecastModel
    is_live: bool
    """Paper and live are cells of their own: what paper earned says nothing of fills."""
    is_traded: bool
    """Whether its model is the one that is traded now."""
    batch: int
    rule: str
    """Names one of ``rules``."""
    ladders: int
    """Settled ladders with a skill ratio."""
    decisions: int
    """Those with a decision: none risks nothing."""
    skill_e: float
    """E that the probabilities are better than the market's; 1 before the first ladder."""
    money_e: float
    """E that decisions earn more than they cost."""
    money_needed: float
    """The money E at which the cell opens, together with a skill E of ``skill_needed``."""
    status: CellStatus
    opened_at: Instant | None
    closed_at: Instant | None
    stage: StageView | None
    """Null of a paper cell: stages limit live money."""
    wanting: str
    """What is still wanting, in words."""
    series: EvidenceSeries


class BatchView(Shape):
    """Cells that were registered together, before any of them started."""

    number: int
    registered_at: Instant
    cells: int
    share: float
    """Of the one chance in all of a false opening, each cell's."""
    digest: str


class EvidenceSummary(Shape):
    """All cells together; whoever shows single cells asks again when ``seq`` has changed."""

    seq: int
    """The last journal line that said anything of a cell; 0 for none."""
    text: str
    """One sentence for a person."""
    cells: int
    open_cells: int
    pooled_skill_e: float
    """The mean over all registered cells; it opens nothing."""
    pooled_money_e: float


class EvidenceReport(EvidenceSummary):
    """Every registered cell."""

    at: Instant
    traded: ForecastModel | None
    """Whose probabilities are traded; null where no evidence is gathered, or it is not known."""
    skill_needed: float
    batches: list[BatchView]
    rules: dict[str, str]
    """Gates and limits as text, by a short digest."""
    by_cell: list[CellView]
    """In the order of registration."""
    problems: list[str]
    """Batches that are not what was registered, each with the reason: their cells do not count."""
