"""The ledger of evidence: what is kept of cells, whatever was done to their records."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.evidence_cells import EvidenceCell
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence import CellGate, gates_of_batch, register
from kalshi_edge.learning.evidence_ledger import EvidenceLedger

AT = datetime(2026, 11, 22, tzinfo=UTC)


def cell(city: str = "NYC") -> EvidenceCell:
    return EvidenceCell(city, Lead.NIGHT, Strategy.SINGLE, ForecastModel.EMOS, False, "a rule")


def test_a_batch_is_looked_at_as_a_whole_and_once() -> None:
    batch = register((), [cell("NYC"), cell("LA")], AT)
    gates = gates_of_batch(batch)
    assert [gate.cell for gate in gates.values()] == list(batch.cells)
    assert gates == {one.cell_id: CellGate(one, batch) for one in batch.cells}
    with pytest.raises(InputError, match="is not what was registered"):
        gates_of_batch(replace(batch, cells=(cell("NYC"), cell("CHI"))))
    with pytest.raises(InputError, match="was not registered"):
        CellGate(cell("CHI"), batch)


def test_a_batch_that_was_changed_ends_no_start_and_its_cells_begin_anew() -> None:
    batch = register((), [cell("NYC"), cell("LA")], AT)
    ledger = EvidenceLedger()
    ledger.keep(replace(batch, cells=(cell("NYC"), cell("CHI"))))
    assert (ledger.gates, list(ledger.problems)) == ({}, [0])
    [anew] = ledger.register([[cell("NYC"), cell("LA")]], AT)
    assert anew.number == 1
    assert [gate.cell for gate in ledger.gates_of("LA", Lead.NIGHT)] == [cell("LA")]
    assert ledger.register([[cell("NYC"), cell("LA")]], AT) == []
