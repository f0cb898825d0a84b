"""``kalshi-edge switch``, ``halt``, ``resume``, ``drill``: a running trader's kill switch."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from kalshi_edge.choices import HaltLevel
from kalshi_edge.cli.running_trader import outcome_of, running_trader
from kalshi_edge.domain.records import Cause
from kalshi_edge.errors import StateError

DRILL = "drill"
"""The name of a drill's holds."""

Level = Annotated[HaltLevel, typer.Option(help="How far; each level includes the ones before it.")]
Reason = Annotated[str, typer.Option("--reason", help="Reason, kept in the journal.")]
Confirmed = Annotated[
    bool, typer.Option("--yes", help="Confirm; required in live mode, which trades real money.")
]


def switch() -> None:
    """Show the kill switch and what holds trading back."""
    with running_trader() as api:
        _show(api.get("/api/risk/status").json()["switch"])


def halt(
    reason: Reason = "by hand", level: Level = HaltLevel.HALT, *, yes: Confirmed = False
) -> None:
    """Trigger the running trader's kill switch."""
    with running_trader() as api:
        command = {"reason": reason, "level": level, "confirm": yes}
        _show(outcome_of(api, "/api/risk/halt", command)["switch"])


def resume(reason: Reason = "by hand", *, yes: Confirmed = False) -> None:
    """Release the running trader's kill switch."""
    with running_trader() as api:
        _show(outcome_of(api, "/api/risk/resume", {"reason": reason, "confirm": yes})["switch"])


def drill(
    cause: Annotated[
        list[Cause] | None, typer.Option(help="Cause to test; repeatable. Default: all.")
    ] = None,
    level: Level = HaltLevel.HALT,
    *,
    yes: Confirmed = False,
) -> None:
    """Test the running trader's kill switch.

    For each cause it is triggered, checked and released again. Nothing new is bought meanwhile, and
    whatever held trading back before still does afterwards.
    Levels beyond halt have their effect: cancel takes resting entries out of the book, flatten
    sells open positions.
    """
    results: list[tuple[Cause, bool, bool]] = []
    with running_trader() as api:
        for one in cause or list(Cause):
            command = {
                "reason": f"drill of {one}", "cause": one, "name": DRILL, "confirm": yes,
            }  # fmt: skip
            try:
                held = outcome_of(api, "/api/risk/halt", {**command, "level": level})["switch"]
                seen = _hold(api.get("/api/risk/status").json()["switch"], one)
            finally:  # also where it is interrupted
                released = outcome_of(api, "/api/risk/resume", command)["switch"]
            is_held = held["is_halted"] and seen is not None
            results.append((one, is_held, _hold(released, one) is None))
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from kalshi_edge.cli.output import out

    table = Table(title=f"kill switch drill · {level}", box=SIMPLE_HEAD, title_justify="left")
    for name in ("cause", "held", "released"):
        table.add_column(name)
    for one, *checks in results:
        table.add_row(one, *("[green]✓[/]" if fine else "[red]✗[/]" for fine in checks))
    failed = [one for one, *checks in results if not all(checks)]
    out.print(table)
    if failed:
        raise StateError(f"the kill switch did not work for {', '.join(failed)}")
    out.print("[green]PASS[/] every hold was set and released; the journal has them all")


def _hold(state: Mapping[str, Any], cause: Cause) -> dict[str, Any] | None:
    """A drill's own hold, never one in earnest."""
    holds = (one for one in state["holds"] if one["cause"] == cause and one["name"] == DRILL)
    return next(holds, None)


def _show(state: Mapping[str, Any]) -> None:
    from kalshi_edge.cli.output import out

    colour = "red" if state["is_halted"] else "green"
    out.print(f"kill switch [bold {colour}]{state['state'].upper()}[/]", highlight=False)
    for one in state["holds"]:
        until = f", until {one['until_at']}" if one["until_at"] else ""
        cause = f"{one['name']} of {one['cause']}" if one["name"] == DRILL else one["cause"]
        out.print(f"  {one['state']} by {cause} since {one['since_at']}{until}: {one['reason']}")
