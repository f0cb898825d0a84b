"""The MCP server as a client meets it: over standard input and output, on a running trader."""

import ast
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server.mcpserver.exceptions import ToolError

from kalshi_edge.domain.records import SwitchState
from kalshi_edge.operations.mcp_server import TraderReader
from tests.support.api_harness import EVE, KEY, TICKER, ApiHarness, desk

ROOT = Path(__file__).resolve().parents[2]
READS = {
    "status", "forecasts", "ladders", "positions", "trades", "performance", "calibration",
    "evidence", "why", "activity",
}  # fmt: skip

pytestmark = pytest.mark.realtime


@asynccontextmanager
async def connected(port: int, folder: Path, key: str = KEY) -> AsyncIterator[Client]:
    """A client of `kalshi-edge mcp` in a process of its own, on the API at ``port``."""
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "kalshi_edge", "mcp"],
        env={"PYTHONPATH": str(ROOT), "API_PORT": str(port), "API_SECRET_KEY": key},
        cwd=folder,
    )
    with (folder / "said.txt").open("w") as said:
        async with Client(stdio_client(parameters, errlog=said)) as client:
            yield client


async def told(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def refused(client: Client, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return " ".join(getattr(part, "text", "") for part in result.content)


async def level(at: ApiHarness) -> SwitchState:
    return (await at.trader.store.switch(EVE)).level(EVE)


async def test_it_offers_reads_and_a_halt_and_nothing_else(tmp_path: Path) -> None:
    async with desk() as at, connected(at.port, tmp_path) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {*READS, "halt"}
        for name in READS:
            assert tools[name].annotations.read_only_hint, name
        assert not tools["halt"].annotations.read_only_hint
        assert tools["halt"].input_schema["properties"]["level"]["enum"] == ["halt", "cancel"]
        assert all(tool.description for tool in tools.values())


async def test_what_it_tells_is_the_traders_and_says_synthetic(tmp_path: Path) -> None:
    async with desk() as at, connected(at.port, tmp_path) as client:
        trade = await at.buys()
        answers = {
            name: await told(client, name, **({"city": "NYC"} if "city" in required else {}))
            for name, required in {
                tool.name: tool.input_schema.get("required", ())
                for tool in (await client.list_tools()).tools
                if tool.name != "halt"
            }.items()
        }
        assert {answer["world"] for answer in answers.values()} == {"SYNTHETIC paper"}
        (position,) = answers["positions"]["positions"]["positions"]
        assert position["trade_id"] == trade.trade_id
        assert answers["performance"]["balance"] == (await at.http.get("/api/balance")).json()
        assert answers["status"]["health"]["cycles"] == 1
        bought = await told(client, "why", ticker=TICKER)
        assert [one["is_approved"] for one in bought["opportunities"]][:1] == [True]
        others = (await told(client, "why", limit=3))["opportunities"]
        assert len(others) <= 3
        assert all(one["failed"] for one in others if not one["is_approved"])
        assert await told(client, "forecasts", city="MIA") | {"at": None} == {
            "world": "SYNTHETIC paper", "at": None, "cities": [],
        }  # fmt: skip


async def test_it_halts_under_its_own_name_and_cannot_resume(tmp_path: Path) -> None:
    async with desk() as at, connected(at.port, tmp_path) as client:
        outcome = (await told(client, "halt", reason="looks odd"))["outcome"]
        assert outcome["is_settled"]
        assert await level(at) is SwitchState.HALT
        audit = (await at.http.get("/api/audit")).json()["items"]
        assert ("mcp at 127.0.0.1", "looks odd") in {(one["by"], one["reason"]) for one in audit}
        with pytest.raises(ValueError, match="not enough values"):
            await at.buys()
        for tool in ("resume", "sell", "buy"):
            assert "nknown" in await refused(client, tool)
        assert "halt" in await refused(client, "halt", reason="sell it all", level="flatten")
        assert await level(at) is SwitchState.HALT


async def test_each_wrong_word_is_one_clear_error(tmp_path: Path) -> None:
    async with desk() as at, connected(at.port, tmp_path) as client:
        assert "'../RISK'" in await refused(client, "ladders", city="../risk")
        for tool in ("ladders", "calibration", "forecasts", "trades", "why"):
            assert "'ATLANTIS'" in await refused(client, tool, city="Atlantis")
        assert "404" in await refused(client, "ladders", city="DEN")  # not traded here
        assert "query.date: " in await refused(client, "trades", climate_day="yesterday")
        assert "query.limit: " in await refused(client, "activity", limit=0)
    async with desk() as at, connected(at.port, tmp_path, "another-key-altogether") as client:
        assert "401" in await refused(client, "status")


async def test_without_a_trader_it_says_where_it_looked(tmp_path: Path) -> None:
    async with connected(9, tmp_path) as client:
        assert "no trader answers at http://127.0.0.1:9" in await refused(client, "status")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/risk/resume"),
        ("POST", "/api/positions/one/sell"),
        ("DELETE", "/api/orders/one"),
        ("POST", "/api/terms/KXHIGHNY/acknowledge"),
        ("POST", "/api/evidence/one/stage"),
        ("POST", "/api/risk/halt/../resume"),
        ("PUT", "/api/risk/halt"),
    ],
)
async def test_its_client_lets_nothing_else_out(method: str, path: str) -> None:
    trader = TraderReader("http://127.0.0.1:9", KEY)
    try:
        with pytest.raises(ToolError, match="is not for this server"):
            await trader._asked(method, path)
    finally:
        await trader.aclose()


def test_no_other_client_is_in_its_module() -> None:
    tree = ast.parse((ROOT / "kalshi_edge/operations/mcp_server.py").read_text())
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert calls.count("httpx.AsyncClient") == 1
    assert not {name for name in calls if name.startswith("httpx.")} - {"httpx.AsyncClient"}
