"""The kill switch is drilled while a person and a guard hold trading back in earnest.

The drill throws and lifts each cause's hold; those that were real before it are still there after.
"""

import asyncio

import pytest
from typer.testing import CliRunner

from kalshi_edge.cli.main import cli
from kalshi_edge.domain.events import Halt
from kalshi_edge.domain.records import Cause
from tests.support.api_harness import EVE, KEY, desk

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]


async def test_what_was_held_back_before_a_drill_is_held_back_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk() as at:
        monkeypatch.setenv("API_PORT", str(at.port))
        monkeypatch.setenv("API_SECRET_KEY", KEY)
        for command in (["halt", "--level", "cancel", "--reason", "a tornado"], ["drill"]):
            if command == ["drill"]:
                await at.tell(Halt("an odd fee", EVE, cause=Cause.FEE_DIFFERENCE))
            result = await asyncio.to_thread(CliRunner().invoke, cli, command)
            if result.exit_code:
                pytest.fail(result.output)
        switch = await at.trader.store.switch(EVE)
    assert switch.is_halted(EVE)
    assert {(hold.cause, hold.reason) for hold in switch.holds} >= {
        (Cause.PERSON, "a tornado"),
        (Cause.FEE_DIFFERENCE, "an odd fee"),
    }
