"""Every weather source, asked once as a trader asks it, and what came of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from kalshi_edge.config import Settings
from kalshi_edge.data.source_status import FINE, PollOutcome, SourceStatus
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.operations.check_results import CheckResult, Grade
from kalshi_edge.runtime.bootstrap import layouts_path, weather_feeds
from kalshi_edge.runtime.environment import Environment
from kalshi_edge.runtime.trader import Poll

ANSWERS_WITHIN_S = 45.0
"""A source that is retried at all its origins takes about 20 s to give up."""
ADVICE = "Is this machine on the network? A source that fails is asked again by itself."
NOTHING_TO_TRADE = "Without forecasts nothing is traded. Is this machine on the network?"


async def source_checks(settings: Settings, environment: Environment) -> AsyncIterator[CheckResult]:
    """Ask every weather source at once; one result each, in the order of the trader's own list."""
    layouts = layouts_path(settings.store_path)
    known = layouts if layouts is not None and layouts.exists() else None  # a look writes nothing
    async with PoliteClient(
        environment.clock,
        environment.user_agent,
        addresses=environment.addresses,
        transport=environment.transport.weather,
    ) as client:
        feeds = weather_feeds(client, settings, environment.clock, known)
        polls: Sequence[Poll] = (*feeds.others, feeds.reports)
        asking = [asyncio.create_task(poll.ask()) for poll in polls]
        await asyncio.wait(asking, timeout=ANSWERS_WITHIN_S)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    for poll in polls:
        if (status := poll.status) is not None:
            yield result_of(status, is_traded=status.name == settings.forecast_models[0])


def result_of(status: SourceStatus, *, is_traded: bool) -> CheckResult:
    """How a source did that was asked once; only the one that is traded stops anything."""
    size = f"{status.last_bytes / 1e6:.2f} MB"
    newest = "" if status.cycle is None else f", newest of {status.cycle:%Y-%m-%d %H:%M}Z"
    if status.outcome is PollOutcome.NOT_ASKED:
        figure = f"did not answer within {ANSWERS_WITHIN_S:.0f} s"
    else:
        figure = f"{status.outcome}{newest}, {size}"
        if status.outcome in FINE:
            return CheckResult(status.name, Grade.PASS, figure)
    if status.error:
        figure += f": {_cause(status.error)}"
    if is_traded and status.outcome is not PollOutcome.LATE and status.cycle is None:
        return CheckResult(status.name, Grade.FAIL, figure, NOTHING_TO_TRADE)
    return CheckResult(status.name, Grade.WARN, figure, ADVICE)


def _cause(error: str) -> str:
    """The first thing that went wrong, without how long its office is left alone for it.

    >>> _cause("a.gov is left alone until 17:42:56 UTC after 5 failures: a.gov is away; b.gov too")
    'a.gov is away'
    """
    first = error.split("; ", 1)[0]
    return first.split(" failures: ", 1)[-1]
