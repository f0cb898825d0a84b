"""``kalshi-edge switch``, ``halt``, ``resume``, ``drill``: a running trader's kill switch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kalshi_edge.choices import HaltLevel
from kalshi_edge.domain.records import Cause
from kalshi_edge.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

TIMEOUT_S = 30.0
DRILL = "drill"
"""The name of a drill's holds."""

Level = Annotated[HaltLevel, typer.Option(help="How far; each level includes the ones before it.")]
Reason = Annotated[str, typer.Option("--reason", help="Reason, kept in the journal.")]
Confirmed = Annotated[
    bool, typer.Option("--yes", help="Confirm; required in live mode, which trades real money.")
]


def switch() -> None:
    """Show the kill switch and what holds trading back."""
    with _trader() as api:
        _show(api.get("/api/risk/status").json()["switch"])


def halt(
    reason: Reason = "by hand", level: Level = HaltLevel.HALT, *, yes: Confirmed = False
) -> None:
    """Trigger the running trader's kill switch."""
    with _trader() as api:
        command = {"reason": reason, "level": level, "confirm": yes}
        _show(_outcome(api, "/api/risk/halt", command)["switch"])


def resume(reason: Reason = "by hand", *, yes: Confirmed = False) -> None:
    """Release the running trader's kill switch."""
    with _trader() as api:
        _show(_outcome(api, "/api/risk/resume", {"reason": reason, "confirm": yes})["switch"])


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
    with _trader() as api:
        for one in cause or list(Cause):
            command = {
                "reason": f"drill of {one}", "cause": one, "name": DRILL, "confirm": yes,
            }  # fmt: skip
            try:
                held = _outcome(api, "/api/risk/halt", {**command, "level": level})["switch"]
                seen = _hold(api.get("/api/risk/status").json()["switch"], one)
            finally:  # also where it is interrupted
                released = _outcome(api, "/api/risk/resume", command)["switch"]
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


@contextmanager
def _trader() -> "Iterator[httpx.Client]":
    """A client of the running trader that the settings name.

    Over its control socket where there is one, else over its API, which is said.
    """
    from kalshi_edge.config import load_settings

    settings = load_settings()
    import httpx

    from kalshi_edge.api.control_socket import NAME, control_address, control_folder

    folder = control_folder(settings.store_path)
    if folder is not None and folder.is_dir():
        try:
            with (
                control_address(folder) as address,
                httpx.HTTPTransport(uds=address) as transport,
                _client("http://localhost", {}, transport=transport) as client,
            ):
                if _is_reached(client, folder / NAME):
                    yield client
                    return
        except (httpx.TransportError, OSError) as error:
            raise StateError(f"the trader does not answer at {folder / NAME}: {error}") from error
    host = settings.api_host if settings.api_host not in ("::", "0.0.0.0") else "127.0.0.1"  # noqa: S104
    base = f"http://{f'[{host}]' if ':' in host else host}:{settings.api_port}"
    missing = "this kind of store has none" if folder is None else f"no trader at {folder / NAME}"
    typer.echo(f"no control socket ({missing}): over the API at {base}", err=True)
    try:
        with _client(base, {"X-API-Key": settings.api_secret_key.get_secret_value()}) as client:
            yield client
    except httpx.TransportError as error:
        raise StateError(f"no trader answers at {base} (API_HOST, API_PORT): {error}") from error


def _client(base: str, headers: dict[str, str], **more: Any) -> "httpx.Client":
    import httpx

    client = httpx.Client(
        base_url=base,
        headers={"X-Acting": "console", **headers},
        timeout=TIMEOUT_S,
        trust_env=False,  # a trader is never behind a web proxy
        **more,
    )
    client.event_hooks["response"] = [_raise_for_error]
    return client


def _is_reached(client: "httpx.Client", path: "Path") -> bool:
    """Whether a trader listens there; where its process is gone, none does.

    Raises ``StateError`` where this user may not ask.
    """
    import httpx

    try:
        client.get("/api/risk/status")
    except httpx.ConnectError as error:
        denied = "ermission denied" in str(error)
        if denied:
            raise StateError(f"{path} is another user's: run this as the trader's user") from error
        return False
    return True


def _raise_for_error(answer: "httpx.Response") -> None:
    if answer.is_error:
        answer.read()
        detail = answer.json().get("detail", answer.text) if answer.text else ""
        raise StateError(f"the trader answered {answer.status_code}: {detail}")


def _outcome(api: "httpx.Client", path: str, command: Mapping[str, object]) -> dict[str, Any]:
    """What a command led to; sent again under the same key while that is not known."""
    from uuid import uuid4

    key, text = {"Idempotency-Key": uuid4().hex}, ""
    for _ in range(3):
        outcome: dict[str, Any] = api.post(path, json=command, headers=key).json()
        text = outcome["text"]
        if outcome["is_refused"]:
            raise StateError(text)
        if outcome["is_settled"]:
            return outcome
    raise StateError(f"waiting for confirmation: {text}")


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
