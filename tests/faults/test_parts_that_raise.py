"""Parts of a running paper trader raise what nobody expected, in virtual time: it goes on."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.data.weather.sources.observations import ObservationSource
from kalshi_edge.domain.verdicts import Alarm, CycleDone
from kalshi_edge.runtime import trader as trader_module
from tests.faults.test_trader_sources import (
    WELL,
    TraderHarness,
    Watcher,
    trader_harness,
    virtually,
)


async def journal_has(at: TraderHarness, kind: type[Any]) -> list[Any]:
    lines = await at.trader.store.journal()
    return [verdict for line in lines for verdict in line.verdicts if isinstance(verdict, kind)]


@pytest.mark.parametrize(
    ("where", "method", "status"),
    [
        (ObservationSource, "__call__", "observations"),
        (MarketSource, "refresh", "cycle job"),
        (Watcher, "publish", "Watcher"),
        (trader_module, "needs_attention", "supervision"),
    ],
)
def test_it_is_shown_told_once_and_begun_again(
    where: Any, method: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with trader_harness(tmp_path) as at:
            await at.until("markets", lambda now: now.outcome in WELL, timedelta(hours=1))
            with monkeypatch.context() as broken:

                def raises(*_: Any) -> Any:
                    raise LookupError("an inside out page")

                broken.setattr(where, method, raises)
                await asyncio.sleep(2 * 3600)
                shown = at.status(status)
                assert shown.outcome is PollOutcome.FAILED
                assert "an inside out page" in shown.error
            alarms = await journal_has(at, Alarm)
            assert [one.text for one in alarms if one.name == "part_failed"] == [
                f"{status}: LookupError: an inside out page"
            ]
            cycles = len(await journal_has(at, CycleDone))
            await asyncio.sleep(3600)
            assert len(await journal_has(at, CycleDone)) > cycles
            assert status not in {
                one.name for one in at.trader.sources if one.outcome is PollOutcome.FAILED
            }

    virtually(story())
