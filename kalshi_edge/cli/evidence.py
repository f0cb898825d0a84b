"""``kalshi-edge evidence``: what speaks for an edge, and how far live money may go."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalshi_edge.cli.running_trader import outcome_of, running_trader
from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.errors import InputError

if TYPE_CHECKING:
    from kalshi_edge.learning.evidence_figures import CellFigures, EvidencePoint
    from kalshi_edge.operations.evidence import StoredEvidence

evidence = typer.Typer(invoke_without_command=True)

CellId = Annotated[str, typer.Argument(help="The cell's id; the first 8 characters are enough.")]
Reason = Annotated[str, typer.Option("--reason", help="Reason, kept in the journal.")]
By = Annotated[str, typer.Option("--by", help="Who signs it, kept in the journal.")]
Confirmed = Annotated[
    bool, typer.Option("--yes", help="Confirm; required in live mode, which trades real money.")
]


@evidence.callback()
def show(
    context: typer.Context,
    store: Annotated[
        Path | None, typer.Option(help="A SQLite store. Default: that of the settings.")
    ] = None,
    cell: Annotated[
        str | None, typer.Option(help="Show one cell whole: its id or its first 8 characters.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Show the evidence for and against an edge, cell by cell.

    Read from the store, also while its trader runs. An E-value of 20 means: without an edge at most
    one history in twenty ever gets so far, however often one looks.
    """
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.cli.output import SYNTHETIC, out
    from kalshi_edge.operations.evidence import evidence_over_time, evidence_store, stored_evidence

    async def read() -> "tuple[StoredEvidence, CellFigures | None, tuple[EvidencePoint, ...]]":
        async with evidence_store(settings, store) as opened:
            found = await stored_evidence(opened)
            one = None if cell is None else found.figures.of(cell)
            points = () if one is None else await evidence_over_time(opened, one)
            return found, one, points

    found, one, points = asyncio.run(read())
    if as_json:
        typer.echo(_json(found, one, points))
        return
    from kalshi_edge.console.evidence_tables import (
        WIDE,
        cell_lines,
        evidence_lines,
        evidence_table,
        series_table,
    )

    label = SYNTHETIC if settings.sandbox_url else ""
    if one is not None:
        for number, line in enumerate(cell_lines(one)):
            out.print((label if number == 0 else "") + line, highlight=False)
        out.print(series_table(points) if points else "No ladder was counted yet.")
        return
    out.print(label + found.figures.text, highlight=False)
    for problem in found.figures.problems:
        out.print(f"[red]✗[/] {problem}", highlight=False)
    if found.rows and out.width >= WIDE:
        out.print(evidence_table(found.rows))
    else:
        for line in evidence_lines(found.rows):
            out.print(line, highlight=False)
    if found.figures.problems:
        raise typer.Exit(1)


@evidence.command()
def promote(
    cell: CellId,
    reason: Reason,
    by: By = "console",
    *,
    override: Annotated[
        bool, typer.Option("--override", help="Beyond what its evidence allows; it stays marked.")
    ] = False,
    yes: Confirmed = False,
) -> None:
    """Let live money go one stage further in a cell of the running trader."""
    with running_trader(by) as api:
        known = _live_cell(api.get("/api/evidence", params={"points": 0}).json(), cell)
        stages = list(Stage)
        place = stages.index(Stage(known["stage"]["stage"])) + 1
        if place == len(stages):
            raise InputError(f"there is no stage after {stages[-1]}")
        request = {"stage": stages[place], "is_override": override, "reason": reason}
        _send(api, known, {**request, "confirm": yes})


@evidence.command()
def demote(
    cell: CellId,
    to: Annotated[Stage, typer.Option("--to", help="Stage to take it back to.")],
    reason: Reason,
    by: By = "console",
    *,
    yes: Confirmed = False,
) -> None:
    """Take a cell of the running trader back to an earlier stage."""
    with running_trader(by) as api:
        known = _live_cell(api.get("/api/evidence", params={"points": 0}).json(), cell)
        before = Stage(known["stage"]["stage"])
        if list(Stage).index(to) >= list(Stage).index(before):
            raise InputError(f"{to} is not before {before}, where the cell is")
        _send(api, known, {"stage": to, "reason": reason, "confirm": yes})


def _live_cell(found: dict[str, Any], prefix: str) -> dict[str, Any]:
    cells = [one for one in found["by_cell"] if one["cell_id"].startswith(prefix)]
    if len(cells) != 1:
        raise InputError(f"{len(cells) or 'no'} cells of the trader begin with {prefix!r}")
    [cell] = cells
    if cell["stage"] is None:
        raise InputError(f"cell {prefix} is a paper cell: stages limit live money")
    return dict(cell)


def _send(api: Any, cell: dict[str, Any], request: dict[str, Any]) -> None:
    from kalshi_edge.cli.output import out

    outcome = outcome_of(api, f"/api/evidence/{cell['cell_id']}/stage", request)
    name = f"{cell['city']} {cell['lead']} {cell['strategy']} {cell['model']}"
    out.print(f"{name}: {outcome['text']}", highlight=False, markup=False)


def _json(
    found: "StoredEvidence", one: "CellFigures | None", points: "tuple[EvidencePoint, ...]"
) -> str:
    """In the API's own shape; of one cell where one was asked for, else of those with a row."""
    from kalshi_edge.api.views.evidence import evidence as evidence_view
    from kalshi_edge.clock import SystemClock

    series = {} if one is None else {one.cell.cell_id: points}
    view = evidence_view(
        found.figures,
        series,
        seq=found.seq,
        at=found.last_at or SystemClock().now(),
        traded=found.traded,
        points=len(points),
    )
    chosen = found.rows if one is None else [one]
    ids = {row.cell.cell_id for row in chosen}
    cells = [row for row in view.by_cell if row.cell_id in ids]
    return view.model_copy(update={"by_cell": cells}).model_dump_json(indent=1)
