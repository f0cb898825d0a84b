"""A sandbox on a loopback port, the settings that lead there, and an account with a key of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from kalshi_edge.config import Settings, load_settings
from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.server import Plan, Sandbox, new_sandbox, server
from tests.support.patience import PATIENCE_S

PLAN = Plan(cities=("NYC",), seed=1, start_at=datetime(2027, 4, 12, 16, tzinfo=UTC), speed=1.0)


@asynccontextmanager
async def served(
    tmp_path: Path, speed: float = 1.0, **changes: Any
) -> AsyncIterator[tuple[Sandbox, Settings]]:
    """The sandbox, and settings of a trader in demo mode there; ``changes`` win."""
    sandbox = new_sandbox(replace(PLAN, speed=speed))
    sandbox.exchange.keys.skew = timedelta(seconds=PATIENCE_S)  # a request may be long under way
    service = server(sandbox, port=0)
    task = asyncio.create_task(service.serve())
    while not service.started:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.05)
    port = service.servers[0].sockets[0].getsockname()[1]
    usual = {
        "trading_mode": "demo",
        "cities": "NYC",
        "sandbox_url": f"http://127.0.0.1:{port}",
        "store_path": tmp_path / "trader.db",
    }
    try:
        yield sandbox, load_settings(**usual | changes)
    finally:
        service.should_exit = True
        await task


def new_pem() -> str:
    """A new private key, as people keep it."""
    private = generate_private_key(65537, 2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def enrolled(sandbox: Sandbox, pem: str) -> tuple[Account, dict[str, str]]:
    """A new account there, and what a trader's environment says of its key."""
    public = load_pem_private_key(pem.encode(), None).public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    credential = sandbox.exchange.enroll("ours", text, Decimal(1000), tier="advanced")
    return credential.account, {
        "KALSHI_KEY_ID": credential.key_id,
        "KALSHI_PRIVATE_KEY_PEM": pem.replace("\n", "\\n"),
    }
