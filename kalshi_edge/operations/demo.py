"""The demonstration: a SYNTHETIC world on this machine, and the trader that lives in it.

Sandbox and trader are two processes that speak HTTP and WebSocket, with real signatures. Nothing
that it shows is evidence of profit.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.api.server import address_of, bound, policy_of, run_with_api
from kalshi_edge.config import Settings
from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.db.open_store import open_store
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.operations.demo_past import DemoPlan, trade_past
from kalshi_edge.operations.web_dashboard import Door, running_dashboard
from kalshi_edge.ports import Publisher
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.sandbox_process import RunningSandbox, running_sandbox
from kalshi_edge.runtime.trader import Trader

SYNTHETIC_DEMO = "synthetic demo"
"""The mode of a demonstration's store."""


@dataclass(frozen=True, slots=True)
class WebDashboard:
    """The web dashboard of a demonstration: its port, and the password that opens it."""

    port: int
    password: str = field(repr=False)


def new_password() -> str:
    """A password for one demonstration."""
    return secrets.token_urlsafe(9)


@asynccontextmanager
async def demo_trader(
    settings: Settings,
    sandbox: RunningSandbox,
    store_path: Path | str,
    publishers: Sequence[Publisher],
) -> AsyncIterator[Trader]:
    """A trader in demo mode against ``sandbox``: real requests, real signatures, made-up prices."""
    environment = await environment_of(settings, sandbox)
    settings = settings.model_copy(update={"store_path": Path(store_path)})
    async with (
        open_store(settings, environment.store_mode) as store,
        open_trader(settings, environment, store, publishers) as trader,
    ):
        yield trader


async def run_demo(
    settings: Settings,
    plan: DemoPlan,
    dashboard: Dashboard,
    write: Callable[[bytes], object] = len,
    web: WebDashboard | None = None,
) -> None:
    """Run sandbox, trader, API and web dashboard until cancelled, shown on ``dashboard`` too."""
    read_model = ReadModel()
    if web is not None:
        key = settings.api_secret_key.get_secret_value() or secrets.token_urlsafe(24)
        settings = settings.model_copy(
            update={
                "api_secret_key": SecretStr(key),
                "frontend_url": (f"http://127.0.0.1:{web.port}", f"http://localhost:{web.port}"),
            }
        )
    with (
        bound(address_of(settings)) as listener,
        TemporaryDirectory(prefix="kalshi-edge-demo-") as folder,
    ):
        store_path = Path(folder) / "demo.db"
        async with (
            _world(settings, plan, store_path, (dashboard, _Recalling(read_model))) as (
                sandbox,
                funded,
            ),
            demo_trader(funded, sandbox, store_path, (dashboard, read_model)) as trader,
            nullcontext() if web is None else _shown(web, settings, listener, dashboard),
        ):
            dashboard.follow(trader)
            policy = policy_of(settings)
            context = ApiContext(
                trader, read_model, "demo", is_synthetic=True, has_key=bool(policy.api_key)
            )
            try:
                await run_with_api(context, policy, listener, write)
            finally:
                dashboard.note(await settlement_of_accounts(trader))


@dataclass(frozen=True, slots=True)
class _Recalling:
    """A publisher of what was before: the read model has it, and counts none of its cycles."""

    read_model: ReadModel

    def publish(self, entry: JournalEntry) -> None:
        """Take in one line."""
        self.read_model.recall(entry)


@asynccontextmanager
async def _world(
    settings: Settings, plan: DemoPlan, store_path: Path, publishers: Sequence[Publisher]
) -> AsyncIterator[tuple[RunningSandbox, Settings]]:
    """The sandbox, once the days before it are in the store, and settings with what they left.

    The past is traded while the sandbox comes up: the two need nothing of each other.
    """
    past = asyncio.create_task(_past(settings, plan, store_path, publishers))
    try:
        async with running_sandbox(plan.sandbox) as sandbox:
            # The sandbox opens our account with this.
            yield sandbox, settings.model_copy(update={"starting_balance": await past})
    finally:
        past.cancel()
        await asyncio.gather(past, return_exceptions=True)


async def _past(
    settings: Settings, plan: DemoPlan, store_path: Path, publishers: Sequence[Publisher]
) -> Decimal:
    if not plan.past_days:
        return settings.starting_balance
    return await trade_past(settings, plan, SYNTHETIC_DEMO, store_path, publishers)


@asynccontextmanager
async def _shown(
    web: WebDashboard, settings: Settings, listener: socket.socket, dashboard: Dashboard
) -> AsyncIterator[None]:
    door = Door(
        port=web.port,
        api_port=listener.getsockname()[1],
        api_key=settings.api_secret_key.get_secret_value(),
        password=web.password,
    )
    async with running_dashboard(door):
        dashboard.door = f"{door.address}  password {web.password}"
        yield


async def settlement_of_accounts(trader: Trader) -> str:
    """One sentence on whether our ledger and the exchange's balance are the same, in dollars."""
    assert trader.line is not None  # demo mode has an account
    ours, theirs = trader.engine.account.tracker.cash, await trader.line.account.balance()
    verdict = "the same" if ours == theirs else f"a difference of ${theirs - ours}"
    return f"our ledger ${ours:.4f}, the exchange's balance ${theirs:.4f}: {verdict}"
