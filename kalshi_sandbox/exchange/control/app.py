"""The sandbox's own interface, none of it Kalshi's: accounts, the clock, faults and incidents.

It asks for no key: it belongs on a loopback address.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.errors import EdgeError, InputError
from kalshi_sandbox.exchange.control.bodies import (
    ClockChange,
    Incident,
    NewAccount,
    NewFault,
)
from kalshi_sandbox.exchange.control.controls import Controls
from kalshi_sandbox.exchange.control.faults import Fault
from kalshi_sandbox.exchange.rest.rate_limits import TIERS
from kalshi_sandbox.exchange.rest.wire_out import dollars, instant
from kalshi_sandbox.exchange.venue.errors import Refusal
from kalshi_sandbox.weather.faults import Product, fault_of


def control_app(controls: Controls) -> FastAPI:
    """The ASGI application of the control interface."""
    app = FastAPI(title="Sandbox control", redoc_url=None)
    app.state.controls = controls
    app.include_router(router)
    app.add_exception_handler(EdgeError, _explained)
    app.middleware("http")(_marked)
    return app


async def _marked(request: Request, answer: Any) -> Response:
    controls: Controls = request.app.state.controls
    controls.exchange.venue.advance(controls.clock.now())
    response: Response = await answer(request)
    response.headers["X-Synthetic"] = "yes"
    return response


async def _explained(_request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, Refusal) else 400
    return JSONResponse({"error": str(error)}, status)


def _controls(request: Request) -> Controls:
    controls: Controls = request.app.state.controls
    return controls


On: TypeAlias = Annotated[Controls, Depends(_controls)]
router = APIRouter()

# Endpoints are coroutines so that they run on the loop's thread, where the exchange lives.


@router.get("/state")
async def get_state(on: On) -> dict[str, Any]:
    """Where the sandbox stands."""
    venue = on.exchange.venue
    active = sum(m.status is MarketStatus.ACTIVE for m in venue.markets.values())
    return {
        "synthetic": True,
        "now": instant(venue.now),
        "speed": on.clock.speed,
        "seed": venue.seed,
        "markets": len(venue.markets),
        "active_markets": active,
        "trades": len(venue.trades),
        "streams": len(on.streams.connections),
        "faults": len(on.exchange.faults.waiting()),
    }


@router.post("/accounts", status_code=201)
async def open_account(on: On, body: NewAccount) -> dict[str, Any]:
    """A new member; sign with the private key under the ``key_id`` given back."""
    if body.tier not in TIERS:
        raise InputError(f"tiers are {', '.join(TIERS)}, not {body.tier!r}")
    credential = on.exchange.enroll(
        body.name,
        body.public_key.encode(),
        body.balance,
        tier=body.tier,
        scopes=body.scopes,
    )
    account = credential.account
    ids = {"key_id": credential.key_id, "user_id": account.user_id}
    return {**ids, "balance_dollars": dollars(account.cash)}


@router.get("/clock")
async def get_clock(on: On) -> dict[str, Any]:
    """World time."""
    return {"now": instant(on.clock.now()), "speed": on.clock.speed}


@router.post("/clock")
async def set_clock(on: On, body: ClockChange) -> dict[str, Any]:
    """Change world time's speed, or jump; what falls due on the way happens."""
    if body.speed is not None:
        on.clock.set_speed(body.speed)
    if body.advance_s is not None:
        on.clock.step(timedelta(seconds=body.advance_s))
    on.exchange.venue.advance(on.clock.now())
    return await get_clock(on)


@router.get("/faults")
async def get_faults(on: On) -> list[dict[str, Any]]:
    """Faults that still wait."""
    return [asdict(fault) for fault in on.exchange.faults.waiting()]


@router.post("/faults", status_code=201)
async def add_fault(on: On, body: NewFault) -> dict[str, Any]:
    """Let something go wrong with requests or frames."""
    return asdict(on.exchange.faults.add(Fault(**body.model_dump())))


@router.delete("/faults")
async def lift_faults(on: On, fault_id: int | None = None) -> dict[str, int]:
    """Lift one fault, or all."""
    return {"lifted": on.exchange.faults.lift(fault_id)}


@router.get("/weather-faults")
async def get_weather_faults(on: On) -> list[dict[str, Any]]:
    """What goes wrong with the weather service."""
    return [asdict(fault) for fault in on.weather_faults.active]


@router.post("/weather-faults", status_code=201)
async def add_weather_fault(on: On, body: dict[str, Any]) -> dict[str, Any]:
    """Let something go wrong with a product: ``product``, ``kind``, ``station``, ``amount``."""
    fault = fault_of(body)
    on.weather_faults.add(fault)
    return asdict(fault)


@router.delete("/weather-faults")
async def clear_weather_faults(on: On, product: Product | None = None) -> list[dict[str, Any]]:
    """End the faults of one product, or all; what is left."""
    on.weather_faults.clear(product)
    return await get_weather_faults(on)


@router.post("/incidents", status_code=201)
async def befall(on: On, incident: Incident) -> dict[str, str]:
    """Let something happen to the exchange."""
    incident.befall(on)
    return {"at": instant(on.exchange.venue.now)}
