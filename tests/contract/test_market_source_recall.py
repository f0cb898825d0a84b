"""Markets that closed while nobody was here are asked for their results all the same."""

from datetime import timedelta

import pytest

from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.source_status import PollOutcome
from tests.support.kalshi_sandbox import NYC, member

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]


async def test_a_ladder_of_an_earlier_life_and_a_holding_without_one_are_settled() -> None:
    async with member() as we:
        ladder = we.ladder
        held, *_ = [market.ticker for market in ladder.markets]
        we.sandbox.clock.step(timedelta(days=2))
        for recalled, owed in (([ladder], []), ([], [held])):
            markets = MarketSource(we.public, (NYC,), we.sandbox.clock)
            assert await markets.results() == []
            markets.recall(recalled, owed, set())
            tickers = {settlement.ticker for settlement in await markets.results()}
            assert held in tickers
            assert await markets.results() == []


async def test_a_market_source_says_how_it_is() -> None:
    async with member() as we:
        markets = MarketSource(we.public, (NYC,), we.sandbox.clock)
        assert markets.status.outcome is PollOutcome.NOT_ASKED
        assert markets.status.is_stale
        await markets.refresh()
        assert (markets.status.outcome, markets.status.is_stale) == (PollOutcome.UNCHANGED, False)
        we.sandbox.clock.step(timedelta(minutes=36))
        assert markets.status.is_stale
        assert len(await markets.fresh_books()) == len(markets.open_tickers)
