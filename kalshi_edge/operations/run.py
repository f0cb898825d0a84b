"""Composition: from settings and files to things that run. Commands call it; it prints nothing."""

from collections.abc import Callable

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.api.server import address_of, bound, policy_of, run_with_api
from kalshi_edge.config import Settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.db.open_store import open_store
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.cycle_log import CycleLog
from kalshi_edge.runtime.environment import environment_of


async def run_trader(
    settings: Settings, dashboard: Dashboard, write: Callable[[bytes], object]
) -> None:
    """Trade as the settings say until cancelled, shown on ``dashboard`` and served by the API.

    Each cycle, and each request of note, is a line of JSON given to ``write``.
    """
    environment = await environment_of(settings)
    dashboard.is_synthetic = environment.is_synthetic
    read_model = ReadModel()
    with bound(address_of(settings)) as listener:
        async with (
            open_store(settings, environment.store_mode) as store,
            open_trader(
                settings, environment, store, (dashboard, CycleLog(write), read_model)
            ) as trader,
        ):
            dashboard.follow(trader)
            await read_model.read(store)
            policy = policy_of(settings)
            context = ApiContext(
                trader,
                read_model,
                environment.mode,
                is_synthetic=environment.is_synthetic,
                has_key=bool(policy.api_key),
            )
            await run_with_api(context, policy, listener, write)
