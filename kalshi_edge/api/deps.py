"""What routes ask for, so that their signatures read as prose."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Request, Security
from fastapi.security import APIKeyHeader
from starlette.requests import HTTPConnection

from kalshi_edge.api.commands import CommandQueue
from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.hub import Hub
from kalshi_edge.api.metrics import Metrics
from kalshi_edge.api.middleware import Policy, address_of
from kalshi_edge.api.problems import Refusal
from kalshi_edge.api.ws_tickets import Tickets
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.weather import Station

NAME = r"^[A-Za-z0-9_-]{1,64}$"


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of; one per server, nothing global."""

    context: ApiContext
    policy: Policy
    hub: Hub
    commands: CommandQueue
    tickets: Tickets
    metrics: Metrics


def _parts(connection: HTTPConnection) -> Parts:
    parts: Parts = connection.app.state.parts
    return parts


Here = Annotated[Parts, Depends(_parts)]
"""Everything of this server."""


def _context(parts: Here) -> ApiContext:
    return parts.context


Now = Annotated[ApiContext, Depends(_context)]
"""The trader as it is now."""


def _station(
    city: Annotated[str, Path(pattern=r"^[A-Z]{2,4}$", examples=["NYC"])], context: Now
) -> Station:
    stations = context.trader.engine.state.stations
    found = next((station for station in stations if station.city == city), None)
    if found is None:
        known = ", ".join(station.city for station in stations)
        raise Refusal(404, f"{city} is not traded here; {known} are")
    return found


CityStation = Annotated[Station, Depends(_station)]


def _trade(trade_id: Annotated[str, Path(pattern=NAME)], context: Now) -> Trade:
    trade = context.trader.engine.account.tracker.trades.get(trade_id)
    if trade is None:
        raise Refusal(404, f"no trade {trade_id}")
    return trade


KnownTrade = Annotated[Trade, Depends(_trade)]

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{0,64}$",
        description="Names the command: sent again, it is answered again and done once."
        " Without it every request is a command of its own.",
        examples=["3f6c2f9e-close"],
    ),
]


def _by(
    request: Request,
    acting: Annotated[
        str,
        Header(
            alias="X-Acting",
            pattern=r"^[A-Za-z0-9 @._-]{0,40}$",
            description="Who wants it, for the audit.",
        ),
    ] = "",
) -> str:
    address = address_of(request.scope)
    return f"{acting.strip()} at {address}" if acting.strip() else f"api at {address}"


By = Annotated[str, Depends(_by)]
"""Whose wish it is."""

documented_key = Security(
    APIKeyHeader(name="X-API-Key", auto_error=False, description="API_SECRET_KEY of the bot.")
)
"""For the document only: the doorway has looked at the key before any route is reached."""
