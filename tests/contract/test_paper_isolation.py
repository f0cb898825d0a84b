"""A paper trader in a process of its own, with a key in its settings: it signs nothing."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from kalshi_edge.config import load_settings
from kalshi_edge.data.kalshi.transport import PRODUCTION
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.sandbox_process import running_sandbox
from tests.support.patience import PATIENCE_S
from tests.support.served import new_pem

pytestmark = pytest.mark.realtime

PAPER = """
import asyncio, gc, json, sys
from dataclasses import replace
import httpx
from kalshi_edge.config import load_settings
from kalshi_edge.db.open_store import open_store
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.bootstrap import open_trader

asked = []

class Watched(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request):
        asked.append([request.method, request.url.host, sorted(request.headers)])
        return await super().handle_async_request(request)

async def main():
    settings = load_settings()
    around = await environment_of(settings)
    transport = replace(around.transport, exchange=Watched(), weather=Watched())
    around = replace(around, transport=transport)
    async with (
        open_store(settings, around.store_mode) as store,
        open_trader(settings, around, store, ()) as trader,
    ):
        running = asyncio.create_task(trader.run())
        while not trader.engine.account.tracker.trades and not running.done():
            await asyncio.sleep(0.1)
        kinds = sorted({type(one).__qualname__ for one in gc.get_objects()})
        sent = [order.order_id for order in trader.engine.account.orders.values()]
        running.cancel()
    print(json.dumps({"asked": asked, "kinds": kinds, "orders": len(sent)}))

asyncio.run(main())
"""
KEY = {"KALSHI_KEY_ID": "an-id", "KALSHI_PRIVATE_KEY_PEM": new_pem()}
SIGNERS = {"ApiKey", "AccountClient", "KalshiExchange", "KalshiStream"}


async def test_a_paper_trader_buys_without_anything_that_could_sign(tmp_path: Path) -> None:
    async with running_sandbox(("--seed", "1", "--speed", "600")) as sandbox:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PAPER),
            env={
                "PATH": os.environ["PATH"],
                "TRADING_MODE": "paper",
                "SANDBOX_URL": sandbox.base,
                "STORE_PATH": str(tmp_path / "paper.db"),
                **KEY,
            },
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    found = json.loads(said.splitlines()[-1])  # a slow machine is warned about before
    assert found["orders"] > 0
    assert "Trader" in found["kinds"]
    assert SIGNERS.isdisjoint(found["kinds"])
    assert len(found["asked"]) > 20
    assert {method for method, _, _ in found["asked"]} == {"GET"}
    assert {host for _, host, _ in found["asked"]} == {"127.0.0.1"}
    headers = {header for _, _, names in found["asked"] for header in names}
    assert not [header for header in headers if header.startswith("kalshi-access")]


async def test_in_the_world_paper_has_no_key_either(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    environment = await environment_of(load_settings(trading_mode="paper", contact="me@trader.org"))
    assert environment.host == PRODUCTION
    assert environment.key is None
