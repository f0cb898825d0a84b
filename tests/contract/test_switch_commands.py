"""The kill switch from a console, against a trader that runs: thrown, seen, drilled, lifted."""

import asyncio

import pytest
from typer.testing import CliRunner, Result

from kalshi_edge.api.middleware import Policy
from kalshi_edge.api.rate_limits import Rates
from kalshi_edge.cli.main import cli
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.records import Cause
from kalshi_edge.token_bucket import Rate
from tests.support.api_harness import EVE, KEY, PLENTY, TICKER, ApiHarness, desk
from tests.support.builders import book

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]


async def said(at: ApiHarness, monkeypatch: pytest.MonkeyPatch, *command: str) -> Result:
    """What a command prints; the trader's loop goes on meanwhile."""
    monkeypatch.setenv("API_PORT", str(at.port))
    monkeypatch.setenv("API_SECRET_KEY", KEY)
    return await asyncio.to_thread(CliRunner().invoke, cli, list(command))


async def test_thrown_it_keeps_a_cycle_from_buying_until_it_is_lifted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk() as at:
        result = await said(at, monkeypatch, "halt", "--level", "cancel", "--reason", "storm")
        assert result.exit_code == 0, result.output
        assert "CANCEL" in result.output
        assert "by person" in result.output
        with pytest.raises(ValueError, match="not enough values"):
            await at.buys()
        assert "storm" in (await said(at, monkeypatch, "switch")).output
        assert "RUN" in (await said(at, monkeypatch, "resume", "--reason", "over")).output
        await at.tell(book(TICKER, [("0.23", 500)], [("0.25", 100)], EVE), CycleDue(EVE))
        await at.tell(book(TICKER, [("0.23", 500)], [("0.25", 100)], EVE))
        assert len(at.trader.engine.account.tracker.open_trades()) == 1


async def test_every_guards_hold_is_drilled_and_nothing_stays_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk() as at:
        result = await said(at, monkeypatch, "drill", "--level", "reduce")
        assert result.exit_code == 0, result.output
        assert result.output.count("✓") == 2 * len(Cause)
        assert not (await at.trader.store.switch(EVE)).is_halted(EVE)
        lines = await at.trader.store.journal(0, 200)
        drilled = {
            event.cause for line in lines for event in line.events if hasattr(event, "level")
        }
        assert drilled == set(Cause)


async def test_a_command_waits_where_the_trader_was_asked_too_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes = Rate(2, 1)  # a drill of one cause is two writes
    async with desk(Policy(KEY, (), Rates(PLENTY.reads, writes, PLENTY.failures))) as at:
        result = await said(at, monkeypatch, "drill", "--cause", "clock")
        assert result.exit_code == 0, result.output


async def test_where_no_trader_answers_it_says_where_it_looked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_PORT", "9")
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["halt"])
    assert result.exit_code != 0
    assert "127.0.0.1:9" in str(result.exception)
