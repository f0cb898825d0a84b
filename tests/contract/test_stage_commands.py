"""Stages from a console, against a trader that runs: over its control socket, else over its API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kalshi_edge.api.control_socket import control_folder
from kalshi_edge.cli.main import cli
from kalshi_edge.clock import ManualClock
from kalshi_edge.domain.events import SetStage
from tests.support.api_harness import EVE, KEY, ApiHarness, desk
from tests.support.evidence_days import evidence_days
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]


@asynccontextmanager
async def live_trader(control: Path | None = None) -> AsyncIterator[tuple[ApiHarness, Any]]:
    """A live trader after one settled day, and a live cell of its."""
    async with desk(mode="live", setup_mode="live", control=control) as at:
        assert isinstance(at.trader.clock, ManualClock)
        for event in evidence_days((54,), EVE):
            at.trader.clock.set(event.received_at)
            await at.tell(event)
        cells = (await at.http.get("/api/evidence")).json()["by_cell"]
        yield at, next(one for one in cells if one["is_live"] and one["ladders"])


async def said(at: ApiHarness, monkeypatch: pytest.MonkeyPatch, *command: str) -> Result:
    """What a command prints; the trader's loop goes on meanwhile."""
    monkeypatch.setenv("API_PORT", str(at.port))
    monkeypatch.setenv("API_SECRET_KEY", KEY)
    return await asyncio.to_thread(CliRunner().invoke, cli, ["evidence", *command])


def commands(at: ApiHarness) -> list[str]:
    return [type(one.command).__name__ for one in at.api.parts.context.read_model.audit]


async def test_a_promotion_is_refused_with_figures_forced_and_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_trader() as (at, cell):
        name = cell["cell_id"][:8]
        promote = ("promote", name, "--reason", "enough", "--yes")
        refused = await said(at, monkeypatch, *promote)
        assert refused.exit_code != 0
        assert "skill E 1.2 of 20, money E 1.0 of 320" in str(refused.exception)
        forced = await said(at, monkeypatch, *promote, "--override", "--by", "Ada Byron")
        assert forced.exit_code == 0, forced.output
        text = " ".join(forced.output.split())
        assert "NYC eve" in text
        assert "is at quarter, beyond its evidence, by Ada Byron at 127.0.0.1: enough" in text
        back = ("demote", name, "--to", "shadow", "--reason", "too far", "--yes")
        assert "is at shadow" in " ".join((await said(at, monkeypatch, *back)).output.split())
        again = await said(at, monkeypatch, *back)
        assert "shadow is not before shadow" in str(again.exception)
        assert commands(at) == ["SetStage"] * 3


async def test_the_owner_needs_no_key_at_the_control_socket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = tmp_path / "trader.db"
    monkeypatch.setenv("STORE_PATH", str(store))
    folder = control_folder(store)
    assert folder is not None
    async with live_trader(folder) as (at, cell):
        async with asyncio.timeout(PATIENCE_S):
            while not (folder / "socket").exists():  # noqa: ASYNC110 - a file rings no bell
                await asyncio.sleep(0.01)
        monkeypatch.setenv("API_PORT", "9")
        monkeypatch.setenv("API_SECRET_KEY", "")
        command = ["evidence", "promote", cell["cell_id"], "--reason", "x", "--yes", "--override"]
        done = await asyncio.to_thread(CliRunner().invoke, cli, command)
        assert done.exit_code == 0, done.output
        assert "no control socket" not in done.output
        assert "is at quarter" in " ".join(done.output.split())
        (recorded,) = at.api.parts.context.read_model.audit
        assert isinstance(recorded.command, SetStage)
        assert recorded.command.by == "console at the control socket"


async def test_what_is_not_confirmed_and_what_is_no_live_cell_is_no_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_trader() as (at, cell):
        cells = (await at.http.get("/api/evidence")).json()["by_cell"]
        paper = next(one["cell_id"] for one in cells if not one["is_live"])
        reason = ("--reason", "x")
        for words, sentence in (
            (("promote", cell["cell_id"], *reason), "confirm must be true in live mode"),
            (("promote", paper, *reason, "--yes"), "is a paper cell"),
            (("promote", "zz", *reason, "--yes"), "no cells of the trader begin with 'zz'"),
            (("demote", "", "--to", "paper", *reason), f"{len(cells)} cells of the trader"),
        ):
            result = await said(at, monkeypatch, *words)
            assert result.exit_code != 0
            assert sentence in str(result.exception)
        assert commands(at) == []
