"""The weather offices: every source asked once as a trader asks it, and its answers looked at."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from kalshi_edge.config import Settings
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.domain.events import Event
from kalshi_edge.operations.check_results import CheckResult
from kalshi_edge.operations.contact import weather_answers as assumed
from kalshi_edge.operations.contact.capture import Exchanged
from kalshi_edge.operations.contact.deviations import result_of
from kalshi_edge.runtime.bootstrap import weather_feeds
from kalshi_edge.runtime.environment import Environment
from kalshi_edge.runtime.trader import Poll

ANSWERS_WITHIN_S = 60.0


async def weather_results(
    settings: Settings, environment: Environment, kept: Sequence[Exchanged]
) -> AsyncIterator[CheckResult]:
    """One result per source, then what their answers have in common, office by office."""
    begun = len(kept)
    async with PoliteClient(
        environment.clock,
        environment.user_agent,
        addresses=environment.addresses,
        transport=environment.transport.weather,
    ) as client:
        feeds = weather_feeds(client, settings, environment.clock, None)
        for poll in (*feeds.others, feeds.reports):  # one after another: politely
            events = await _asked(poll)
            if (status := poll.status) is not None:
                found = list(assumed.source_deviations(status, len(events)))
                newest = "" if status.cycle is None else f", newest {status.cycle:%d %H:%M}Z"
                yield result_of(status.name, found, f"{len(events)} facts{newest}")
    addresses = environment.addresses
    answers = kept[begun:]
    bucket = [one for one in answers if one.url.startswith(f"{addresses.bucket}/")]
    office = [one for one in answers if one.url.startswith(f"{addresses.nws}/")]
    found = list(assumed.bulletin_deviations(bucket))
    yield result_of("bulletin files", found, f"{len(bucket)} answers in parts")
    yield result_of(
        "weather service", list(assumed.office_deviations(office)), f"{len(office)} answers"
    )
    yield result_of("offices", list(assumed.refused_deviations(answers)), "none refused us")


async def _asked(poll: Poll) -> Sequence[Event]:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            return await poll.ask()
    except TimeoutError:
        return ()
