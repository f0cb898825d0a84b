"""A trader that trades in a SYNTHETIC world, with its API on a free port."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from websockets.asyncio.client import connect

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.api.server import create_app
from kalshi_edge.config import load_settings
from kalshi_edge.operations.demo import demo_trader
from kalshi_edge.runtime.sandbox_process import running_sandbox
from kalshi_edge.runtime.trader import Trader
from tests.support.api_harness import KEYED, served
from tests.support.patience import PATIENCE_S

PLAN = ("--seed", "1", "--speed", "900", "--start", "2027-04-12T14:20")
LISTEN_S = 12


@asynccontextmanager
async def demo_api(plan: tuple[str, ...] = PLAN) -> AsyncIterator[tuple[Trader, int]]:
    """A demo trader that trades, and the port of its API."""
    settings, read_model = load_settings(trading_mode="demo", store="sqlite"), ReadModel()
    with TemporaryDirectory() as folder:
        async with (
            running_sandbox(plan) as sandbox,
            demo_trader(settings, sandbox, Path(folder) / "demo.db", (read_model,)) as trader,
        ):
            context = ApiContext(trader, read_model, "demo", is_synthetic=True, has_key=True)
            async with served(context, KEYED) as (_, port):
                trading = asyncio.create_task(trader.run())
                try:
                    await until_traded(trader, trading)
                    yield trader, port
                finally:
                    trading.cancel()
                    await asyncio.gather(trading, return_exceptions=True)


async def until_traded(trader: Trader, trading: asyncio.Task[None]) -> None:
    """Wait until something is held and something is over."""
    async with asyncio.timeout(PATIENCE_S):
        tracker = trader.engine.account.tracker
        while not tracker.open_trades() or len(tracker.trades) < 2:
            if trading.done():
                await trading
            await asyncio.sleep(0.25)


def paths_of(trader: Trader) -> list[str]:
    """Every path that is read, with the names of what this trader has."""
    trade = trader.engine.account.tracker.open_trades()[0]
    asked = [
        path.replace("{trade_id}", trade.trade_id)
        for path, methods in create_app().openapi()["paths"].items()
        if "get" in methods and "{city}" not in path
    ]
    cities = [station.city for station in trader.engine.state.stations]
    asked += [f"/api/{what}/{city}" for what in ("markets", "calibration") for city in cities]
    return [f"{path}?limit_price=0.10" if path.endswith("preview") else path for path in asked]


async def listened(http: httpx.AsyncClient, port: int) -> list[Any]:
    """The live connection's messages for a while."""
    ticket = (await http.post("/api/ws-ticket")).json()
    url = f"ws://127.0.0.1:{port}{ticket['path']}"
    messages: list[Any] = []
    async with connect(url, subprotocols=ticket["subprotocols"], max_size=None) as line:
        try:
            async with asyncio.timeout(LISTEN_S):
                async for text in line:
                    messages.append(json.loads(text))  # noqa: PERF401 - what came before the end
        except TimeoutError:
            pass
    return messages
