"""A store's evidence, read while its trader writes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

from kalshi_edge.choices import ForecastModel
from kalshi_edge.db.codec import from_json
from kalshi_edge.db.lines import lines_of
from kalshi_edge.db.open_store import StoreSettings, open_store
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.evidence_cells import CellState
from kalshi_edge.engine import Setup
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence_figures import (
    CellFigures,
    EvidenceFigures,
    EvidencePoint,
    figures_of,
    point_of,
)
from kalshi_edge.learning.evidence_records import CellRecord, EvidenceRecords
from kalshi_edge.ports import Store


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """What a store says of its cells."""

    figures: EvidenceFigures
    traded: ForecastModel | None
    """Whose probabilities its trader trades; ``None`` where the store does not say."""
    seq: int
    """The journal's last line when it was read."""
    last_at: datetime | None
    """When that was written."""

    @property
    def rows(self) -> list[CellFigures]:
        """The cells worth a row: with evidence, or of the traded model."""
        cells = self.figures.cells
        return [one for one in cells if one.has_evidence or one.cell.model is self.traded]


@asynccontextmanager
async def evidence_store(settings: StoreSettings, path: Path | None) -> AsyncIterator[Store]:
    """The store at ``path``, else the settings' own, to look at; nothing is changed in it."""
    if path is None:
        async with open_store(settings, None) as store:
            yield store
        return
    async with SqliteStore(path, None) as sqlite:
        yield sqlite


async def stored_evidence(store: Store) -> StoredEvidence:
    """Every registered cell with its newest figures."""
    records = EvidenceRecords()
    seq = await store.last_seq()
    for kind in get_args(CellRecord):
        for record in await store.current(kind):
            records.keep(record)
    lines = await store.journal(seq - 1, 1, kinds=(), event_kinds=()) if seq else ()
    last_at = lines[0].received_at if lines else None
    return StoredEvidence(figures_of(records), await _traded(store), seq, last_at)


async def evidence_over_time(store: Store, one: CellFigures) -> tuple[EvidencePoint, ...]:
    """A cell's E-values after each ladder that was counted, from the whole journal."""
    points: list[EvidencePoint] = []
    async for line in lines_of(store, kinds=(CellState,), event_kinds=()):
        points += [
            point_of(one.gate, state, line.received_at)
            for state in line.verdicts
            if isinstance(state, CellState) and state.cell_id == one.cell.cell_id
        ]
    return tuple(points)


async def _traded(store: Store) -> ForecastModel | None:
    noted = await store.noted("setup")
    if noted is None:
        return None
    try:
        setup: Setup = from_json(noted, Setup)
    except InputError:
        return None  # another version's
    return setup.playbook.model
