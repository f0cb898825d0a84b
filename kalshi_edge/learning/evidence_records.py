"""The newest record of every cell: what is registered, how far it has come, how far it may go."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.evidence_cells import CellBatch, CellState, StageState
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence import CellGate, first_stage, gates_of_batch

CellRecord: TypeAlias = CellBatch | CellState | StageState


@dataclass
class EvidenceRecords:
    """Of each the newest, in whatever order and however often they are given."""

    batches: dict[int, CellBatch] = field(default_factory=dict)
    """By number."""
    states: dict[str, CellState] = field(default_factory=dict)
    stages: dict[str, StageState] = field(default_factory=dict)
    gates: dict[str, CellGate] = field(default_factory=dict)
    """By cell; of one that was registered twice the first."""
    problems: dict[int, str] = field(default_factory=dict)
    """By batch, why it is not counted."""
    _by_place: dict[tuple[str, Lead], dict[str, CellGate]] = field(default_factory=dict, repr=False)
    """By city and lead class, by cell."""

    def keep(self, record: CellRecord) -> None:
        """Take in what was registered or has become of a cell."""
        match record:
            case CellBatch():
                self._keep_batch(record)
            case CellState():
                self.states[record.cell_id] = record
            case StageState():
                self.stages[record.cell_id] = record

    def gates_of(self, city: str, lead: Lead) -> Collection[CellGate]:
        """The gates of a city's cells in a lead class."""
        return self._by_place.get((city, lead), {}).values()

    def state_of(self, gate: CellGate) -> CellState:
        """How far a cell has come."""
        return self.states.get(gate.cell.cell_id) or gate.fresh

    def stage_of(self, gate: CellGate) -> StageState:
        """How far live money may go in a cell: what was said last, or as it begins."""
        cell_id = gate.cell.cell_id
        return self.stages.get(cell_id) or first_stage(cell_id, gate.batch.registered_at)

    def _keep_batch(self, batch: CellBatch) -> None:
        if batch.number in self.batches:
            return
        self.batches[batch.number] = batch
        try:
            gates = gates_of_batch(batch)
        except InputError as error:
            self.problems[batch.number] = str(error)
            return
        for cell_id, gate in gates.items():
            known = self.gates.get(cell_id)
            if known is None or batch.number < known.batch.number:
                self.gates[cell_id] = gate
                place = gate.cell.city, gate.cell.lead
                self._by_place.setdefault(place, {})[cell_id] = gate
