"""A small exchange for tests: weather that stands still, and members who sign with real keys."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from kalshi_edge.clock import ManualClock, SystemClock, WorldClock
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.weather import Station
from kalshi_edge.models.distribution import Normal
from kalshi_sandbox.exchange.rest.app import PREFIX, RestEdge
from kalshi_sandbox.exchange.venue.accounts import Account, NewOrder
from kalshi_sandbox.exchange.venue.exchange import Exchange, new_exchange
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_port import FirstFinal
from kalshi_sandbox.server import Sandbox, sandbox_of, server
from kalshi_sandbox.weather.faults import Faults as WeatherFaults
from kalshi_sandbox.world.world import World

OPEN_AT = datetime(2026, 11, 22, 16, tzinfo=UTC)
"""A Sunday, eleven in New York: today's and tomorrow's ladders trade."""
TODAY = "KXHIGHNY-26NOV22"
BIN = f"{TODAY}-B52.5"
"""The bin of 52 and 53 °F: the one the still weather pays."""

_RSA = rsa.generate_private_key(65537, 2048)
"""One for all tests: making one takes a tenth of a second."""


@dataclass(slots=True)
class StillWeather:
    """The same outlook and the same maximum every day; reports when and if a test says so."""

    mu_f: float = 53.0
    sigma_f: float = 2.5
    actual_f: int = 53
    report_after: timedelta | None = timedelta(hours=2)
    """From the end of the climate day; ``None`` for no report at all."""

    def outlook(self, _station: Station, _day: date, _at: datetime) -> Normal:
        return Normal(self.mu_f, self.sigma_f)

    def high_so_far_f(self, station: Station, day: date, at: datetime) -> float | None:
        hour = (at - station.day_start(day)) / timedelta(hours=1)
        return None if hour <= 0 else self.actual_f - max(16 - hour, 0)

    def high_f(self, _station: Station, _day: date) -> int:
        return self.actual_f

    def first_final(self, station: Station, day: date) -> FirstFinal | None:
        if self.report_after is None:
            return None
        return FirstFinal(station.day_end(day) + self.report_after, self.actual_f)


def exchange(
    weather: StillWeather | None = None,
    *,
    cities: Sequence[str] = ("NYC",),
    start_at: datetime = OPEN_AT,
    seed: int = 7,
    habits: Habits | None = None,
    live_window: timedelta | None = None,
) -> Exchange:
    """An exchange where today's ladder trades, without other traders unless they have habits."""
    stations = [station_of(city) for city in cities]
    return new_exchange(
        weather or StillWeather(),
        stations,
        start_at,
        seed=seed,
        habits=habits,
        live_window=live_window,
    )


def member(on: Exchange, balance: str = "1000", name: str = "member") -> Account:
    """A member without a key."""
    return on.venue.open_account(name, Decimal(balance))


def order(
    side: str = "bid", price: str = "0.40", count: str = "10", ticker: str = BIN, **rest: Any
) -> NewOrder:
    """An order; it waits unless told otherwise."""
    return NewOrder(ticker, Side(side), Decimal(price), Decimal(count), **rest)


class Key:
    """A private key and how it signs."""

    def __init__(self, kind: str = "rsa") -> None:
        self.private = _RSA if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()

    @property
    def public_pem(self) -> bytes:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, kind)

    def sign(self, message: str, salt: int = padding.PSS.DIGEST_LENGTH) -> str:
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return base64.b64encode(self.private.sign(message.encode())).decode()
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
        return base64.b64encode(self.private.sign(message.encode(), pss, hashes.SHA256())).decode()


def signed_headers(key: Key, key_id: str, at: datetime, method: str, path: str) -> dict[str, str]:
    """The three headers of a request to ``path``, which begins at the host's root."""
    stamp = str(int(at.timestamp() * 1000))
    return {
        "KALSHI-ACCESS-KEY": key_id,
        "KALSHI-ACCESS-TIMESTAMP": stamp,
        "KALSHI-ACCESS-SIGNATURE": key.sign(stamp + method + path),
    }


@dataclass
class Client:
    """A member who speaks to an exchange through its REST edge, in this process."""

    exchange: Exchange
    key_id: str
    key: Key
    clock: ManualClock
    http: httpx.AsyncClient

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        signed: bool = True,
        **query: Any,
    ) -> httpx.Response:
        """The response to a request below ``/trade-api/v2``."""
        full = f"{PREFIX}{path}"
        headers = (
            signed_headers(self.key, self.key_id, self.clock.now(), method, full.split("?", 1)[0])
            if signed
            else {}
        )
        raw = body is None or isinstance(body, bytes)
        content = body if raw else json.dumps(body).encode()
        params = {name: value for name, value in query.items() if value is not None} or None
        return await self.http.request(
            method, full, content=content, headers=headers, params=params
        )

    async def get(self, path: str, **query: Any) -> Any:
        """The decoded answer to a GET that must work."""
        response = await self.ask("GET", path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    async def place(self, **changes: Any) -> httpx.Response:
        """The response to an order for 10 at 0.40; ``changes`` are made to its body."""
        return await self.ask("POST", "/portfolio/events/orders", order_body(**changes))

    def wait(self, seconds: float) -> None:
        """Let time pass, world time and real time alike."""
        self.clock.advance(timedelta(seconds=seconds))


def order_body(**changes: Any) -> dict[str, Any]:
    """A plain order as JSON; a change to ``None`` leaves a field out."""
    whole: Mapping[str, Any] = {
        "ticker": BIN,
        "side": "bid",
        "count": "10.00",
        "price": "0.4000",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def client(
    on: Exchange,
    *,
    balance: str = "1000",
    tier: str = "prestige",
    kind: str = "rsa",
    scopes: tuple[str, ...] = ("read", "write"),
    transport: Any = None,
    clock: ManualClock | None = None,
) -> Client:
    """A member of ``on`` with a key, on a clock that stands at the exchange's now."""
    key = Key(kind)
    credential = on.enroll("client", key.public_pem, Decimal(balance), tier=tier, scopes=scopes)
    clock = clock or ManualClock(on.venue.now)
    app = RestEdge(on, clock, clock)
    http = httpx.AsyncClient(
        transport=transport or httpx.ASGITransport(app=app), base_url="http://sandbox"
    )
    return Client(on, credential.key_id, key, clock, http)


def sandbox(on: Exchange, speed: float = 0.0) -> Sandbox:
    """The whole application around ``on``; world time stands still unless it has a speed."""
    clock = WorldClock(on.venue.now, speed=speed)
    return sandbox_of(on, World(1), WeatherFaults(), clock, SystemClock())


@asynccontextmanager
async def serving(app: Sandbox, **options: Any) -> AsyncIterator[int]:
    """``app`` behind a real socket of this machine; the port."""
    running = server(app, port=0, **options)
    task = asyncio.create_task(running.serve())
    try:
        while not running.started:
            assert not task.done(), "the server did not start"
            await asyncio.sleep(0.01)
        yield running.servers[0].sockets[0].getsockname()[1]
    finally:
        running.should_exit = True
        await task
