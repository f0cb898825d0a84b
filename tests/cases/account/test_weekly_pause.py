"""The exchange pauses on Thursdays from 03:00 to 05:00 in New York, and a cycle falls into it.

No entry is decided then: orders would only be refused, and five refusals hold trading back for
another hour after the pause.
"""

from datetime import UTC, datetime

from kalshi_edge.domain.events import CycleDue, Started
from kalshi_edge.domain.verdicts import Approved
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from tests.cases.account_stories import of, offer, setup

CITIES = ("NYC", "MIA", "CHI", "PHX", "LA")
THURSDAY = datetime(2026, 11, 26, 8, tzinfo=UTC)
"""Three in the morning in New York."""


def test_no_entry_is_decided_in_the_weekly_pause() -> None:
    engine = setup(*CITIES, breakers=CircuitBreakers(max_reconcile_age=None)).fresh_engine()
    engine.handle(Started(THURSDAY))
    for city in CITIES:
        for event in offer(city, THURSDAY, day=THURSDAY.date()):
            engine.handle(event)
    approved = of(Approved, engine.handle(CycleDue(THURSDAY)))
    assert [entry.ticker for one in approved for entry in one.intents] == []
