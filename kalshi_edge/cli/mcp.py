"""``kalshi-edge mcp``: the trader as tools for an assistant, reads and a halt."""

from typing import Annotated

import typer

from kalshi_edge.errors import InputError


def mcp(
    url: Annotated[
        str | None, typer.Option(help="The API's address. Default: API_HOST and API_PORT.")
    ] = None,
) -> None:
    """Serve a running trader over the Model Context Protocol, on standard input and output.

    It reads status, forecasts, ladders, positions, trades, performance, evidence and reasons, and
    it can halt. It cannot buy, sell, resume or set anything. It needs the extra `mcp`.
    """
    from kalshi_edge.config import load_settings

    settings = load_settings()
    import asyncio
    from importlib.metadata import version

    from kalshi_edge.cli.running_trader import api_base

    base = url or api_base(settings)
    if not base.startswith(("http://", "https://")):
        raise InputError(f"--url is {base!r}: must be like http://127.0.0.1:8000")
    try:
        from kalshi_edge.operations.mcp_server import serve
    except ModuleNotFoundError as error:
        if error.name not in {"mcp", "mcp_types"}:
            raise
        raise InputError("kalshi-edge mcp needs the extra `mcp` of kalshi-edge") from error
    asyncio.run(serve(base, settings.api_secret_key.get_secret_value(), version("kalshi-edge")))
