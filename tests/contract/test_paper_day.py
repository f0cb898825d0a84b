"""A day of paper trading against the sandbox's services, over sockets and at speed."""

import asyncio
import sys
from datetime import date

import httpx
import pytest

from kalshi_edge.config import load_settings
from kalshi_edge.operations.soak import SoakPlan, run_soak
from kalshi_edge.runtime.schedule import Job
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.realtime

LONG_S = 900
PARENT = """
import asyncio, os
from kalshi_edge.runtime.sandbox_process import running_sandbox

async def main():
    async with running_sandbox(("--speed", "60")) as sandbox:
        print(sandbox.base, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.timeout(LONG_S)
async def test_a_day_is_whole() -> None:
    """Every cycle and daily job done, settled, learned, and every account of the money the same."""
    settings = load_settings(trading_mode="paper")
    stretch = await run_soak(SoakPlan(days=0.97), settings, lambda _: None)
    assert stretch.faults == ()
    cycles, mornings = stretch.counts[Job.CYCLE], stretch.counts[Job.CALIBRATION]
    assert (cycles.due, cycles.missed, mornings.done) == (46, 0, 1)
    assert stretch.recount.days == (date(2027, 4, 12),)
    assert stretch.recount.fills > 0
    assert stretch.recount.settled > 0
    assert stretch.replayed >= cycles.done
    assert (stretch.recorded, stretch.recorded_otherwise) == (stretch.replayed, 0)


async def test_a_sandbox_ends_with_whoever_started_it_however_that_ends() -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    base = (await asyncio.wait_for(parent.stdout.readline(), PATIENCE_S)).decode().strip()
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{base}/control/state")).is_success
        parent.kill()
        await parent.wait()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    await http.get(f"{base}/control/state")
                except httpx.TransportError:
                    return
                await asyncio.sleep(0.1)
