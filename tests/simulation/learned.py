"""What earlier days have taught a trader of a scenario: that our forecast has earned its weight.

In a fresh trader the posterior is the market's own price, and it buys nothing.
"""

from dataclasses import replace

from kalshi_edge.choices import ForecastModel
from kalshi_edge.config import Settings
from kalshi_edge.domain.beliefs import Lead, PoolRecord
from kalshi_edge.domain.events import LookDue
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.models.pool import FRESH, fresh_pool
from tests.simulation.scenario import Scenario

MARKET_AND_OWN = (0.3, 0.9)
"""Exponents of the pool: our forecast weighs three times as much as the price."""
NEARLY_ALL_POOL = ((0.01, 0.01, 0.98),)


def learned_pools(settings: Settings) -> tuple[PoolRecord, ...]:
    """A record for each city and lead class; none where the posterior is not traded."""
    if settings.model is not ForecastModel.POSTERIOR:
        return ()
    taught = replace(
        FRESH, pool=replace(FRESH.pool, theta=MARKET_AND_OWN), weights=NEARLY_ALL_POOL, ladders=300
    )
    return tuple(
        replace(fresh_pool(city, lead), base=taught) for city in settings.cities for lead in Lead
    )


def first_line(scenario: Scenario, settings: Settings) -> JournalEntry | None:
    """The journal's first line, where something was learned before."""
    records = learned_pools(settings)
    at = scenario.start_at
    return JournalEntry(1, at, (LookDue(at),), records) if records else None
