"""Evidence on the terminal: a row per cell, and one cell over time."""

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from kalshi_edge.console.tables import STYLE
from kalshi_edge.domain.evidence_cells import StageState
from kalshi_edge.learning.evidence import SKILL_OPENS
from kalshi_edge.learning.evidence_figures import CellFigures, CellStatus, EvidencePoint
from kalshi_edge.models.e_values import plain_e

_COLOURS = {CellStatus.OPEN: "green", CellStatus.CLOSED: "red", CellStatus.GATHERING: "dim"}
WIDE = 150
"""Columns that the table needs."""
_RIGHT = ("ladders", "decisions", "skill E", "money E", "opens at")


def evidence_table(cells: Iterable[CellFigures]) -> Table:
    """A row per cell."""
    table = Table(**STYLE)
    for name in ("cell", "city", "lead", "strategy", "model", "kind"):
        table.add_column(name, no_wrap=True)
    for name in _RIGHT:
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("gate", "stage"):
        table.add_column(name, no_wrap=True)
    table.add_column("wanting")
    for one in cells:
        table.add_row(*_row(one))
    return table


def evidence_lines(cells: Iterable[CellFigures]) -> Iterator[str]:
    """Two lines per cell, for a terminal that is too narrow for the table."""
    for one in cells:
        cell, stage = one.cell, "" if one.stage is None else f", stage {_stage(one.stage)}"
        kind = "live" if cell.is_live else "paper"
        yield (
            f"[bold]{cell.cell_id[:8]}[/] {cell.city} {cell.lead} {cell.strategy} {cell.model},"
            f" {kind}: {one.state.ladders:,} ladders, {one.state.decisions:,} decisions"
        )
        yield (
            f"  skill E {plain_e(one.skill)}, money E {plain_e(one.money)} (opens at"
            f" {one.gate.money_needed:,.0f}); [{_COLOURS[one.status]}]{_gate(one)}[/]{stage};"
            f" wanting: {one.wanting}"
        )


def _row(one: CellFigures) -> Iterator[str]:
    cell, state = one.cell, one.state
    yield from (cell.cell_id[:8], cell.city, cell.lead, cell.strategy, cell.model)
    yield "live" if cell.is_live else "paper"
    yield from (f"{state.ladders:,}", f"{state.decisions:,}")
    yield from (plain_e(one.skill), plain_e(one.money), f"{one.gate.money_needed:,.0f}")
    yield f"[{_COLOURS[one.status]}]{_gate(one)}[/]"
    yield "–" if one.stage is None else _stage(one.stage)
    yield one.wanting


def _stage(state: StageState) -> str:
    return state.stage.replace("_", " ")


def _gate(one: CellFigures) -> str:
    return "open" if one.status is CellStatus.OPEN else "closed"


def cell_lines(one: CellFigures) -> Iterator[str]:
    """All of one cell, a line each."""
    cell, state, batch = one.cell, one.state, one.gate.batch
    kind = "live" if cell.is_live else "paper"
    yield f"{cell.city} {cell.lead} {cell.strategy} {cell.model}, {kind}: cell {cell.cell_id}"
    yield (
        f"batch {batch.number}, registered {batch.registered_at:%Y-%m-%d %H:%M}Z with"
        f" {len(batch.cells)} cells, share {batch.share:.3g}, digest {batch.digest}"
    )
    yield f"rule: {cell.rule}"
    yield (
        f"skill E {plain_e(one.skill)} (opens at {SKILL_OPENS:g}), money E {plain_e(one.money)}"
        f" (opens at {one.gate.money_needed:,.0f}); {state.ladders:,} ladders,"
        f" {state.decisions:,} decisions"
    )
    opened = "" if state.opened_at is None else f", opened {state.opened_at:%Y-%m-%d}"
    closed = "" if state.closed_at is None else f", closed {state.closed_at:%Y-%m-%d}"
    yield f"gate {_gate(one)}{opened}{closed}; wanting: {one.wanting}"
    if one.stage is not None:
        stage = one.stage
        beyond = ", beyond its evidence" if stage.is_override else ""
        yield (
            f"stage {_stage(stage)}{beyond} since {stage.since_at:%Y-%m-%d} by"
            f" {stage.by or 'itself'}{f': {stage.reason}' if stage.reason else ''}"
        )


def series_table(points: Sequence[EvidencePoint]) -> Table:
    """A cell's E-values, a row per counted ladder."""
    table = Table(**STYLE)
    table.add_column("counted", no_wrap=True)
    for name in ("ladders", "decisions", "skill E", "money E"):
        table.add_column(name, justify="right", no_wrap=True)
    for point in points:
        table.add_row(
            f"{point.at:%Y-%m-%d %H:%M}Z",
            f"{point.ladders:,}",
            f"{point.decisions:,}",
            plain_e(point.skill),
            plain_e(point.money),
        )
    return table
