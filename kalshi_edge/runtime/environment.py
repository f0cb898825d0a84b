"""A trader's environment: whose exchange, weather, clock and key. Modes differ in nothing else."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from kalshi_edge.choices import TradingMode
from kalshi_edge.clock import Clock, SystemClock, awake_or_asleep_s
from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.rate_limits import PUBLIC_RATE, Jitter
from kalshi_edge.data.kalshi.stream import Connect
from kalshi_edge.data.kalshi.transport import DEMO, PRODUCTION, Host
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.runtime.requirements import check_settings, signing_key
from kalshi_edge.runtime.sandbox_process import (
    ANSWERS_WITHIN_S,
    RunningSandbox,
    new_account,
    world_clock,
)
from kalshi_edge.token_bucket import Rate


@dataclass(frozen=True, slots=True)
class Transport:
    """How the world is reached; only a simulation has its own ways."""

    exchange: httpx.AsyncBaseTransport | None = None
    """``None`` for the network."""
    weather: httpx.AsyncBaseTransport | None = None
    """How the weather offices are reached."""
    connect: Connect | None = None
    """Opens the stream; ``None`` for the network."""
    jitter: Jitter = secrets.SystemRandom().random
    machine: Clock = field(default_factory=SystemClock)
    """What the lease runs by."""
    rate: Rate = PUBLIC_RATE
    """How fast questions without a key may be asked, by real time."""
    now_s: Callable[[], float] = awake_or_asleep_s


@dataclass(frozen=True, slots=True)
class Environment:
    """What a trader is put into."""

    mode: str
    host: Host
    clock: Clock
    addresses: WeatherAddresses
    user_agent: str
    key: ApiKey | None = None
    """Without a key orders are simulated: nothing in the process could sign one."""
    transport: Transport = field(default_factory=Transport)
    is_synthetic: bool = False
    """Whether all of it is made up."""

    @property
    def store_mode(self) -> str:
        """Whose a store is: what was made up never mixes with what was not."""
        return f"synthetic {self.mode}" if self.is_synthetic else self.mode

    def public_client(self) -> PublicClient:
        """A client for what the exchange tells everybody; the caller closes it."""
        return PublicClient(
            self.host,
            self.clock,
            self.transport.jitter,
            machine=self.transport.machine,
            rate=self.transport.rate,
            transport=self.transport.exchange,
        )

    def account_client(self) -> AccountClient | None:
        """A client that signs, ``None`` without a key; the caller closes it."""
        if self.key is None:
            return None
        return AccountClient(
            self.host,
            self.key,
            self.clock,
            self.transport.jitter,
            transport=self.transport.exchange,
        )


SANDBOX_AGENT = "kalshi-edge in a sandbox"


async def environment_of(
    settings: Settings,
    sandbox: RunningSandbox | None = None,
    *,
    asks_weather: bool = True,
    signs: bool = True,
) -> Environment:
    """Where a trader of these settings lives: in ``sandbox``, or that of ``SANDBOX_URL``, if any.

    Who does not sign needs no key; who does not ask the weather offices needs no contact.
    Raises ``SettingError`` where a setting that it needs is missing, and ``ExchangeDown``
    where no sandbox answers.
    """
    if sandbox is None and settings.sandbox_url:
        sandbox = RunningSandbox(settings.sandbox_url)
    check_settings(settings, in_sandbox=sandbox is not None, asks_weather=asks_weather, signs=signs)
    if sandbox is not None:
        return await _in_sandbox(settings, sandbox, signs=signs)
    return _in_world(settings, signs=signs)


def _in_world(settings: Settings, *, signs: bool) -> Environment:
    is_demo = settings.trading_mode is TradingMode.DEMO
    return Environment(
        mode=settings.trading_mode,
        host=DEMO if is_demo else PRODUCTION,
        clock=SystemClock(),
        addresses=WeatherAddresses(),
        user_agent=settings.user_agent,
        key=_key(settings) if signs else None,
    )


async def _in_sandbox(settings: Settings, sandbox: RunningSandbox, *, signs: bool) -> Environment:
    mode = settings.trading_mode
    async with httpx.AsyncClient(timeout=ANSWERS_WITHIN_S) as http:
        clock = await world_clock(sandbox, http)
        key = None
        if signs and settings.kalshi_key_id:
            key = _key(settings)
        elif signs and mode is TradingMode.DEMO:
            key = await new_account(sandbox, http, settings.starting_balance)
    return Environment(
        mode=mode,
        host=sandbox.host,
        clock=clock,
        addresses=sandbox.addresses,
        user_agent=SANDBOX_AGENT,
        key=key,
        is_synthetic=True,
    )


def _key(settings: Settings) -> ApiKey | None:
    """The key that signs orders; paper trading has none, so that nothing could sign one."""
    if settings.trading_mode is TradingMode.PAPER:
        return None
    return ApiKey(*signing_key(settings), SystemClock())
