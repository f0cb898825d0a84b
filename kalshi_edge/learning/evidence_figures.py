"""Evidence as people are shown it: each cell's figures, what is still wanting, and a summary.

One place computes what the command line, the API and the dashboard show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kalshi_edge.domain.evidence_cells import CellBatch, CellState, EvidenceCell, Stage, StageState
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence import (
    CellGate,
    entry_lacks,
    opening_lacks,
    shown_of,
)
from kalshi_edge.learning.evidence_records import EvidenceRecords
from kalshi_edge.models.e_values import plain_e

KEPT_POINTS = 200


class CellStatus(StrEnum):
    """Whether an edge has been shown in a cell."""

    GATHERING = "gathering"
    """Not yet."""
    OPEN = "open"
    """It was shown and is not lost."""
    CLOSED = "closed"
    """It was shown and is gone."""


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """A cell's E-values once one more ladder was counted."""

    at: datetime
    ladders: int
    decisions: int
    skill: float
    money: float


@dataclass(frozen=True, slots=True)
class CellFigures:
    """A registered cell with all that is shown of it."""

    gate: CellGate
    state: CellState
    stage: StageState | None
    """``None`` of a paper cell: stages limit live money."""

    @property
    def cell(self) -> EvidenceCell:
        """What the evidence is of."""
        return self.gate.cell

    @property
    def skill(self) -> float:
        """E that the probabilities are better than the market's."""
        return self.gate.skill(self.state)

    @property
    def money(self) -> float:
        """E that decisions earn more than they cost."""
        return self.gate.money(self.state)

    @property
    def has_evidence(self) -> bool:
        """Whether any ladder was counted."""
        return self.state.ladders > 0

    @property
    def status(self) -> CellStatus:
        """Whether an edge has been shown."""
        if self.state.is_open:
            return CellStatus.OPEN
        return CellStatus.CLOSED if self.state.closings else CellStatus.GATHERING

    @property
    def wanting(self) -> str:
        """What is still wanting, in words: for the next stage, of a paper cell to open."""
        if self.stage is None:
            return self._wanting_to_open()
        further = list(Stage)[list(Stage).index(self.stage.stage) + 1 :]
        if not further:
            return "nothing: it trades at full size"
        lacks = entry_lacks(further[0], shown_of(self.gate, self.state, self.stage))
        stage = further[0].replace("_", " ")
        return f"for {stage}: {lacks}" if lacks else f"for {stage}: a person's promotion"

    def _wanting_to_open(self) -> str:
        match self.status:
            case CellStatus.OPEN:
                return "nothing: the cell is open"
            case CellStatus.CLOSED:
                return "the edge that was shown is gone; a changed rule begins a new cell"
            case CellStatus.GATHERING:
                lacks = opening_lacks(self.skill, self.money, self.gate.money_needed)
                return lacks or "skill and money together at the next settled ladder"


@dataclass(frozen=True, slots=True)
class EvidenceFigures:
    """Every registered cell, and all of them together."""

    batches: Sequence[CellBatch]
    cells: Sequence[CellFigures]
    problems: Sequence[str]
    """Batches that are not what was registered: their cells count for nothing."""

    @property
    def open_cells(self) -> int:
        """How many cells are open."""
        return sum(one.status is CellStatus.OPEN for one in self.cells)

    @property
    def pooled_skill(self) -> float:
        """The mean skill E over all registered cells; 1 without any. It opens nothing."""
        return sum(one.skill for one in self.cells) / len(self.cells) if self.cells else 1.0

    @property
    def pooled_money(self) -> float:
        """The mean money E likewise."""
        return sum(one.money for one in self.cells) / len(self.cells) if self.cells else 1.0

    @property
    def since_at(self) -> datetime | None:
        """When the first cells were registered."""
        return min((one.registered_at for one in self.batches), default=None)

    @property
    def text(self) -> str:
        """The whole in one sentence, for a person."""
        since_at = self.since_at
        if since_at is None:
            return "No cell is registered yet: evidence begins with a trader's first cycle."
        cells, batches = len(self.cells), len(self.batches)
        return (
            f"{cells:,} {'cell is' if cells == 1 else 'cells are'} registered in"
            f" {batches} {'batch' if batches == 1 else 'batches'} since {since_at:%Y-%m-%d},"
            f" {self.open_cells} of them open; E-values may be looked at"
            " every day; pooled E, the mean over all registered cells, which opens nothing: skill"
            f" {plain_e(self.pooled_skill)}, money {plain_e(self.pooled_money)}."
        )

    def of(self, prefix: str) -> CellFigures:
        """The cell whose id begins with ``prefix``; raises ``InputError`` where not one does."""
        found = [one for one in self.cells if one.cell.cell_id.startswith(prefix)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"{len(found)} cells begin with {prefix!r}: give more of its id")
        raise InputError(f"no cell begins with {prefix!r}")


def point_of(gate: CellGate, state: CellState, at: datetime) -> EvidencePoint:
    """``state`` as a point of its cell's series."""
    skill, money = gate.skill(state), gate.money(state)
    return EvidencePoint(at, state.ladders, state.decisions, skill, money)


def figures_of(records: EvidenceRecords) -> EvidenceFigures:
    """All that is shown: cells in the order of their registration."""
    gates = sorted(records.gates.values(), key=lambda gate: gate.batch.number)
    return EvidenceFigures(
        batches=[records.batches[number] for number in sorted(records.batches)],
        cells=[
            CellFigures(
                gate,
                records.state_of(gate),
                records.stage_of(gate) if gate.cell.is_live else None,
            )
            for gate in gates
        ],
        problems=[records.problems[number] for number in sorted(records.problems)],
    )
