"""What the API answers of a desk with one trade: the fixtures of the dashboard's own tests.

``python -m tests.support.api_fixtures`` prints them; ``make openapi`` writes them beside the types.
"""

import asyncio
import json
import sys
from typing import Any

from kalshi_edge.clock import ManualClock
from kalshi_edge.domain.events import CycleDue
from tests.support.api_harness import EVE, TICKER, desk
from tests.support.builders import book
from tests.support.evidence_days import HIGHS, evidence_days

RESULT_EVENTS = 7
"""A day's report, and what each of its six markets pays."""
MINUTE_LATER = EVE.replace(minute=1)


async def evidence_fixtures() -> dict[str, Any]:
    """A week of evidence with a live cell, and the ladder of the eve after it."""
    async with desk(mode="live", setup_mode="live") as at:
        assert isinstance(at.trader.clock, ManualClock)
        for event in evidence_days((*HIGHS, 54), EVE)[:-RESULT_EVENTS]:
            at.trader.clock.set(event.received_at)
            await at.tell(event)
        return {
            name: (await at.http.get(path)).raise_for_status().json()
            for name, path in {
                "evidence": "/api/evidence",
                "coherent": "/api/markets/NYC",
            }.items()
        }


async def fixtures() -> dict[str, Any]:
    """By name: snapshots of an empty desk and of one that holds a trade, and single answers."""
    async with desk() as at:

        async def asked(path: str) -> Any:
            return (await at.http.get(path)).raise_for_status().json()

        async def live() -> Any:
            """The snapshot, once it is of now: it is made anew from time to time."""
            while True:
                found, health = await asked("/api/live"), await asked("/api/health")
                if found["state"]["health"] == health:
                    return found | {"stream": "fixture", "n": 1}
                await asyncio.sleep(0.05)

        empty = await live()
        trade = await at.buys()
        assert isinstance(at.trader.clock, ManualClock)
        at.trader.clock.set(MINUTE_LATER)
        await at.tell(
            book(TICKER, [("0.45", 5), ("0.40", 100)], [("0.47", 100)], MINUTE_LATER),
            CycleDue(MINUTE_LATER),
        )
        return {
            "empty": empty,
            "held": await live(),
            "markets": await asked("/api/markets/NYC"),
            "calibration": await asked("/api/calibration/NYC"),
            "sources": await asked("/api/sources"),
            "terms": await asked("/api/terms"),
            "preview": await asked(f"/api/positions/{trade.trade_id}/preview?limit_price=0.40"),
            **await evidence_fixtures(),
        }


def fixtures_text() -> str:
    """The fixtures as the dashboard keeps them."""
    return json.dumps(asyncio.run(fixtures()), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(fixtures_text())
