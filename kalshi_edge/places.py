"""Where a trader is put, by its settings: the world's own offices, or a sandbox's.

The same composition for every mode; what differs is whose exchange and whether there is a key.
"""

import httpx

from kalshi_edge.clock import SystemClock
from kalshi_edge.config import Settings, TradingMode
from kalshi_edge.data.kalshi.auth import ApiKey, parse_api_key
from kalshi_edge.data.kalshi.rest import DEMO, PRODUCTION
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.errors import SettingError
from kalshi_edge.sandbox.running import RunningSandbox, new_account, world_clock
from kalshi_edge.surroundings import Surroundings

SANDBOX_AGENT = "kalshi-edge in a sandbox"


async def surroundings_of(
    settings: Settings,
    sandbox: RunningSandbox | None = None,
    *,
    asks_weather: bool = True,
    signs: bool = True,
) -> Surroundings:
    """Where a trader of these settings lives: in ``sandbox``, or that of ``SANDBOX_URL``, if any.

    Who only looks at the exchange needs no name for the weather offices, and perhaps no key.
    Raises ``SettingError`` where a setting that this place needs is missing, and ``ExchangeDown``
    where no sandbox answers.
    """
    if sandbox is None and settings.sandbox_url:
        sandbox = RunningSandbox(settings.sandbox_url)
    if sandbox is not None:
        return await _in_sandbox(settings, sandbox, signs=signs)
    return _in_world(settings, asks_weather=asks_weather, signs=signs)


def _in_world(settings: Settings, *, asks_weather: bool, signs: bool) -> Surroundings:
    is_demo = settings.trading_mode is TradingMode.DEMO
    return Surroundings(
        mode=settings.trading_mode,
        host=DEMO if is_demo else PRODUCTION,
        clock=SystemClock(),
        addresses=WeatherAddresses(),
        user_agent=settings.user_agent if asks_weather else "",
        key=_key(settings) if signs else None,
    )


async def _in_sandbox(settings: Settings, sandbox: RunningSandbox, *, signs: bool) -> Surroundings:
    mode = settings.trading_mode
    if mode is TradingMode.LIVE:
        raise SettingError("TRADING_MODE is 'live': real money does not go to a sandbox")
    async with httpx.AsyncClient() as http:
        clock = await world_clock(sandbox, http)
        key = None
        if signs and settings.kalshi_key_id:
            key = _key(settings)
        elif signs and mode is TradingMode.DEMO:
            key = await new_account(sandbox, http, settings.starting_balance)
    return Surroundings(
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
    mode = settings.trading_mode
    if mode is TradingMode.PAPER:
        return None
    if mode is TradingMode.LIVE and settings.live_confirm != "yes":
        raise SettingError(
            "TRADING_MODE is 'live', which trades real money: it starts with LIVE_CONFIRM=yes only"
        )
    return parse_api_key(settings.kalshi_key_id, settings.private_key_pem, SystemClock())
