"""``kalshi-edge switch``, ``halt``, ``resume``, ``drill``: a running trader's kill switch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from kalshi_edge.api.schemas.commands import HaltLevel
from kalshi_edge.config import Settings, load_settings
from kalshi_edge.domain.records import Cause
from kalshi_edge.errors import StateError

PATIENCE_S = 30.0

out = Console()

Level = Annotated[HaltLevel, typer.Option(help="How far; each does what those before it do.")]
Why = Annotated[str, typer.Option("--reason", help="For the audit.")]
Meant = Annotated[bool, typer.Option("--yes", help="Needed in live mode: real money follows.")]


def switch() -> None:
    """Show the kill switch and everything that holds trading back."""
    with _api(load_settings()) as api:
        _show(api.get("/api/risk/status").json()["switch"])


def halt(reason: Why = "by hand", level: Level = HaltLevel.HALT, *, yes: Meant = False) -> None:
    """Throw the kill switch of the running trader."""
    with _api(load_settings()) as api:
        command = {"reason": reason, "level": level, "confirm": yes}
        _show(_asked(api, "/api/risk/halt", command)["switch"])


def resume(reason: Why = "by hand", *, yes: Meant = False) -> None:
    """Let the running trader go on, whatever held it back."""
    with _api(load_settings()) as api:
        _show(_asked(api, "/api/risk/resume", {"reason": reason, "confirm": yes})["switch"])


def drill(
    cause: Annotated[
        list[Cause] | None, typer.Option(help="Whose hold, several times; default: everyone's.")
    ] = None,
    level: Level = HaltLevel.HALT,
    *,
    yes: Meant = False,
) -> None:
    """Throw the running trader's kill switch as each guard would, see that it holds, lift it again.

    While it is thrown nothing new is bought. Levels beyond halt do what they say: cancel takes
    entries out of the book, flatten sells.
    """
    failed = []
    table = Table(title=f"drill · {level}", box=SIMPLE_HEAD, title_justify="left")
    for name in ("cause", "held", "lifted"):
        table.add_column(name)
    with _api(load_settings()) as api:
        for one in cause or list(Cause):
            command = {"reason": f"drill of {one}", "cause": one, "confirm": yes}
            held = _asked(api, "/api/risk/halt", {**command, "level": level})["switch"]
            seen = _hold(api.get("/api/risk/status").json()["switch"], one)
            lifted = _asked(api, "/api/risk/resume", command)["switch"]
            good = held["is_halted"] and seen is not None, _hold(lifted, one) is None
            if not all(good):
                failed.append(one)
            table.add_row(one, *("[green]✓[/]" if fine else "[red]✗[/]" for fine in good))
    out.print(table)
    if failed:
        raise StateError(f"the kill switch did not obey: {', '.join(failed)}")
    out.print("[green]obeyed[/] and lifted; the journal has every throw")


@contextmanager
def _api(settings: Settings) -> Iterator[httpx.Client]:
    host = settings.api_host if settings.api_host not in ("::", "0.0.0.0") else "127.0.0.1"  # noqa: S104
    base = f"http://{f'[{host}]' if ':' in host else host}:{settings.api_port}"
    headers = {"X-API-Key": settings.api_secret_key.get_secret_value(), "X-Acting": "console"}
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=PATIENCE_S) as client:
            client.event_hooks["response"] = [_must_be_well]
            yield client
    except httpx.TransportError as error:
        raise StateError(f"no trader answers at {base} (API_HOST, API_PORT): {error}") from error


def _must_be_well(answer: httpx.Response) -> None:
    if answer.is_error:
        answer.read()
        detail = answer.json().get("detail", answer.text) if answer.text else ""
        raise StateError(f"the trader answered {answer.status_code}: {detail}")


def _asked(api: httpx.Client, path: str, command: Mapping[str, object]) -> dict[str, Any]:
    """What became of a wish; asked again under the same key where not all is known yet."""
    key, text = {"Idempotency-Key": uuid4().hex}, ""
    for _ in range(3):
        outcome: dict[str, Any] = api.post(path, json=command, headers=key).json()
        text = outcome["text"]
        if outcome["is_refused"]:
            raise StateError(text)
        if outcome["is_settled"]:
            return outcome
    raise StateError(f"not known yet: {text}")


def _hold(state: Mapping[str, Any], cause: Cause) -> dict[str, Any] | None:
    return next((one for one in state["holds"] if one["cause"] == cause), None)


def _show(state: Mapping[str, Any]) -> None:
    colour = "red" if state["is_halted"] else "green"
    out.print(f"kill switch [bold {colour}]{state['state'].upper()}[/]", highlight=False)
    for one in state["holds"]:
        until = f", until {one['until_at']}" if one["until_at"] else ""
        out.print(
            f"  {one['state']} by {one['cause']} since {one['since_at']}{until}: {one['reason']}"
        )
