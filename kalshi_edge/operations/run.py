"""Composition: from settings and files to things that run. Commands call it; it prints nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.control_socket import control_folder
from kalshi_edge.api.read_model import READ_MODEL, ReadModel
from kalshi_edge.api.server import address_of, bound, policy_of, run_with_api
from kalshi_edge.api.starting import answering_while_starting
from kalshi_edge.config import Settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.db.open_store import open_store
from kalshi_edge.errors import EdgeError
from kalshi_edge.ports import Store
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.collector import set_aside_what_stays
from kalshi_edge.runtime.cycle_log import CycleLog
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.snapshots import SnapshotSource, SnapshotWriter

QUIET = logging.getLogger(__name__)


READ_WITHIN_S = 1.0
"""The API waits for its past so long; with a snapshot that takes a moment."""


async def run_trader(
    settings: Settings, dashboard: Dashboard, write: Callable[[bytes], object]
) -> None:
    """Trade as the settings say until cancelled, shown on ``dashboard`` and served by the API.

    Each cycle, and each request of note, is a line of JSON given to ``write``.
    """
    environment = await environment_of(settings)
    dashboard.is_synthetic = environment.is_synthetic
    read_model, cycle_log = ReadModel(), CycleLog(write)
    publishers = (dashboard, cycle_log, read_model)
    with bound(address_of(settings)) as listener:
        async with (
            answering_while_starting(listener) as started,
            open_store(settings, environment.store_mode) as store,
        ):
            snapshots = SnapshotWriter(store, {READ_MODEL: SnapshotSource(read_model.snapshot)})
            async with (
                open_trader(settings, environment, store, publishers, snapshots) as trader,
                _filled(read_model, store, snapshots),
            ):
                dashboard.follow(trader)
                cycle_log.follow(trader)
                policy = policy_of(settings)
                context = ApiContext(
                    trader,
                    read_model,
                    environment.mode,
                    is_synthetic=environment.is_synthetic,
                    has_key=bool(policy.api_key),
                )
                started()
                set_aside_what_stays()
                control = control_folder(settings.store_path)
                await run_with_api(context, policy, listener, write, control)


@asynccontextmanager
async def _filled(
    read_model: ReadModel, store: Store, snapshots: SnapshotWriter
) -> AsyncIterator[None]:
    """``read_model`` is given its past: before the block where that is quick, else meanwhile.

    Nobody waits with a halt for what was months ago, and a past that cannot be shown ends nothing.
    """

    async def reading() -> None:
        try:
            await read_model.read(store)
        except EdgeError as error:
            QUIET.warning("the past is not shown: %s", error)
        else:
            snapshots.take(READ_MODEL, read_model.seq)

    task = asyncio.create_task(reading())
    try:
        await asyncio.wait({task}, timeout=READ_WITHIN_S)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
