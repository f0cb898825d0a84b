"""First contact: every source asked once, politely, and each answer held against the code.

It reads only; with ``orders`` an order is placed, read and taken back as well, in the demo
environment alone. The answers are kept, so that the same comparison can be made of them again.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kalshi_edge import __version__
from kalshi_edge.choices import TradingMode
from kalshi_edge.clock import WorldClock
from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.signed_rest import SignedRest
from kalshi_edge.data.kalshi.transport import Host, Rest, open_http
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.errors import SettingError
from kalshi_edge.operations.check_results import CheckResult
from kalshi_edge.operations.contact.account_contact import account_results, order_results
from kalshi_edge.operations.contact.capture import (
    About,
    CapturingTransport,
    Exchanged,
    ReplayingTransport,
)
from kalshi_edge.operations.contact.exchange_contact import SeenMarkets, exchange_results
from kalshi_edge.operations.contact.weather_contact import weather_results
from kalshi_edge.runtime.environment import Environment, Transport, environment_of
from kalshi_edge.token_bucket import TokenBucket


@dataclass(slots=True)
class Contact:
    """One contact: where it is made, and what was answered so far."""

    settings: Settings
    environment: Environment
    kept: list[Exchanged] = field(default_factory=list)

    @property
    def about(self) -> About:
        """What its answers are of."""
        environment = self.environment
        return About(
            program=__version__,
            mode=environment.mode,
            captured_at=environment.clock.now(),
            cities=self.settings.cities,
            rest_url=environment.host.rest_url,
            stream_url=environment.host.stream_url,
            addresses=asdict(environment.addresses),
            has_key=environment.key is not None,
            is_synthetic=environment.is_synthetic,
        )


async def new_contact(settings: Settings, *, orders: bool = False) -> Contact:
    """A contact with the real sources of ``settings``, or of their sandbox.

    The account is asked where there is a key that may be used. Raises ``SettingError`` where an
    order is wanted anywhere else than in the demo environment.
    """
    if orders and settings.trading_mode is not TradingMode.DEMO:
        raise SettingError(
            f"TRADING_MODE is '{settings.trading_mode}': orders are tried in demo only"
        )
    signs = orders or (
        settings.trading_mode is not TradingMode.PAPER
        and bool(settings.kalshi_key_id or settings.sandbox_url)
        and (settings.trading_mode is not TradingMode.LIVE or settings.live_confirm == "yes")
    )
    environment = await environment_of(settings, asks_weather=False, signs=signs)
    return watched(Contact(settings, environment))


def watched(contact: Contact) -> Contact:
    """``contact``, whose every answer is kept from now on."""
    ways = contact.environment.transport
    seen = replace(
        ways,
        exchange=CapturingTransport(ways.exchange or httpx.AsyncHTTPTransport(), contact.kept),
        weather=CapturingTransport(ways.weather or httpx.AsyncHTTPTransport(), contact.kept),
    )
    contact.environment = replace(contact.environment, transport=seen)
    return contact


def replayed_contact(settings: Settings, about: About, answers: list[Exchanged]) -> Contact:
    """A contact with answers that were kept, at the time at which they were."""
    same = ReplayingTransport(answers)
    clock = WorldClock(about.captured_at, speed=1.0)
    environment = Environment(
        mode=about.mode,
        host=Host(about.rest_url, about.stream_url),
        clock=clock,
        addresses=WeatherAddresses(**about.addresses),
        user_agent=settings.user_agent,
        key=ApiKey("replayed", Ed25519PrivateKey.generate(), clock) if about.has_key else None,
        transport=Transport(exchange=same, weather=same),
        is_synthetic=about.is_synthetic,
    )
    known = settings.model_copy(update={"cities": about.cities})
    return watched(Contact(known, environment))


async def contact_results(contact: Contact, *, orders: bool = False) -> AsyncIterator[CheckResult]:
    """What each source answered, against what the code assumes; one result per question."""
    environment = contact.environment
    ways, seen = environment.transport, SeenMarkets()
    async with AsyncExitStack() as stack:
        public = Rest(
            open_http(environment.host, transport=ways.exchange),
            ways.machine,
            ways.jitter,
            TokenBucket(ways.rate),
        )
        stack.push_async_callback(public.aclose)
        now, stations = environment.clock.now(), contact.settings.stations
        async for result in exchange_results(public, stations, now, contact.kept, seen):
            yield result
        if environment.key is not None:
            http = open_http(environment.host, auth=environment.key, transport=ways.exchange)
            signed = SignedRest(http, environment.key.clock, ways.jitter)
            stack.push_async_callback(signed.aclose)
            async for result in account_results(signed, seen.fee_rules):
                yield result
            if orders:
                async for result in order_results(signed, contact.kept, seen.farthest, now):
                    yield result
    async for result in weather_results(contact.settings, environment, contact.kept):
        yield result
