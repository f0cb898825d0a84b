"""Evidence as shapes, from figures that the core computed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kalshi_edge.api.schemas.evidence import (
    BatchView,
    CellView,
    EvidenceReport,
    EvidenceSeries,
    EvidenceSummary,
    StageView,
)
from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.evidence_cells import StageState
from kalshi_edge.domain.orders import derived_id
from kalshi_edge.learning.evidence import SKILL_OPENS
from kalshi_edge.learning.evidence_figures import CellFigures, EvidenceFigures, EvidencePoint

SHORT = 8
"""Characters of a rule's digest."""
Series = Mapping[str, Sequence[EvidencePoint]]


def evidence_summary(figures: EvidenceFigures, seq: int) -> EvidenceSummary:
    """All cells together."""
    return EvidenceSummary(
        seq=seq,
        text=figures.text,
        cells=len(figures.cells),
        open_cells=figures.open_cells,
        pooled_skill_e=figures.pooled_skill,
        pooled_money_e=figures.pooled_money,
    )


def evidence(
    figures: EvidenceFigures,
    series: Series,
    *,
    seq: int,
    at: datetime,
    traded: ForecastModel | None,
    points: int,
) -> EvidenceReport:
    """Every cell, each with its last ``points`` E-values."""
    summary = evidence_summary(figures, seq)
    return EvidenceReport(
        **dict(summary),
        at=at,
        traded=traded,
        skill_needed=SKILL_OPENS,
        batches=[
            BatchView(
                number=one.number,
                registered_at=one.registered_at,
                cells=len(one.cells),
                share=one.share,
                digest=one.digest,
            )
            for one in figures.batches
        ],
        rules={_short(one.cell.rule): one.cell.rule for one in figures.cells},
        by_cell=[
            _cell(one, _last(series.get(one.cell.cell_id, ()), points), traded)
            for one in figures.cells
        ],
        problems=list(figures.problems),
    )


def stage_view(state: StageState) -> StageView:
    """How far live money may go in a cell."""
    return StageView(
        stage=state.stage,
        since_at=state.since_at,
        by=state.by,
        reason=state.reason,
        is_override=state.is_override,
    )


def _cell(
    one: CellFigures, points: Sequence[EvidencePoint], traded: ForecastModel | None
) -> CellView:
    cell, state = one.cell, one.state
    return CellView(
        cell_id=cell.cell_id,
        city=cell.city,
        lead=cell.lead,
        strategy=cell.strategy,
        model=cell.model,
        is_live=cell.is_live,
        is_traded=cell.model is traded,
        batch=one.gate.batch.number,
        rule=_short(cell.rule),
        ladders=state.ladders,
        decisions=state.decisions,
        skill_e=one.skill,
        money_e=one.money,
        money_needed=one.gate.money_needed,
        status=one.status,
        opened_at=state.opened_at,
        closed_at=state.closed_at,
        stage=None if one.stage is None else stage_view(one.stage),
        wanting=one.wanting,
        series=EvidenceSeries(
            at=[point.at for point in points],
            ladders=[point.ladders for point in points],
            decisions=[point.decisions for point in points],
            skill_e=[point.skill for point in points],
            money_e=[point.money for point in points],
        ),
    )


def _last(points: Sequence[EvidencePoint], count: int) -> Sequence[EvidencePoint]:
    return points[max(len(points) - count, 0) :]


def _short(rule: str) -> str:
    return derived_id(rule)[:SHORT]
