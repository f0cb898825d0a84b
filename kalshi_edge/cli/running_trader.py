"""How a command reaches the running trader: its control socket first, else its API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from kalshi_edge.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from kalshi_edge.config import Settings

TIMEOUT_S = 30.0
MOST_WAITS = 10
"""For a trader that asks to be asked later: a drill sends more commands than its limit at once."""


class AskedTooOften(StateError):
    """The trader wants to be asked again after ``wait_s`` seconds."""

    def __init__(self, text: str, wait_s: float) -> None:
        super().__init__(text)
        self.wait_s = wait_s


@contextmanager
def running_trader(acting: str = "console") -> "Iterator[httpx.Client]":
    """A client of the running trader that the settings name, for ``acting``.

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
                _client("http://localhost", {"X-Acting": acting}, transport=transport) as client,
            ):
                if _is_reached(client, folder / NAME):
                    yield client
                    return
        except (httpx.TransportError, OSError) as error:
            raise StateError(f"the trader does not answer at {folder / NAME}: {error}") from error
    base = api_base(settings)
    missing = "this kind of store has none" if folder is None else f"no trader at {folder / NAME}"
    typer.echo(f"no control socket ({missing}): over the API at {base}", err=True)
    try:
        key = settings.api_secret_key.get_secret_value()
        with _client(base, {"X-Acting": acting, "X-API-Key": key}) as client:
            yield client
    except httpx.TransportError as error:
        raise StateError(f"no trader answers at {base} (API_HOST, API_PORT): {error}") from error


def api_base(settings: "Settings") -> str:
    """Where this machine reaches the API of the trader with these settings."""
    host = settings.api_host if settings.api_host not in ("::", "0.0.0.0") else "127.0.0.1"  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.api_port}"


def _client(base: str, headers: dict[str, str], **more: Any) -> "httpx.Client":
    import httpx

    client = httpx.Client(
        base_url=base,
        headers=headers,
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
        text = f"the trader answered {answer.status_code}: {detail}"
        if answer.status_code == 429:
            raise AskedTooOften(text, float(answer.headers.get("Retry-After", "1")))
        raise StateError(text)


def outcome_of(api: "httpx.Client", path: str, command: Mapping[str, object]) -> dict[str, Any]:
    """What a command led to; sent again under the same key while that is not known."""
    from uuid import uuid4

    key, text = {"Idempotency-Key": uuid4().hex}, ""
    for _ in range(3):
        outcome: dict[str, Any] = _posted(api, path, command, key).json()
        text = outcome["text"]
        if outcome["is_refused"]:
            raise StateError(text)
        if outcome["is_settled"]:
            return outcome
    raise StateError(f"waiting for confirmation: {text}")


def _posted(
    api: "httpx.Client", path: str, command: Mapping[str, object], headers: Mapping[str, str]
) -> "httpx.Response":
    """The answer to a command, sent again where the trader has been asked too often."""
    from time import sleep

    for _ in range(MOST_WAITS):
        try:
            return api.post(path, json=command, headers=dict(headers))
        except AskedTooOften as refused:
            sleep(refused.wait_s)
    return api.post(path, json=command, headers=dict(headers))
