"""What can be controlled, and what every request to the sandbox's own interface has in common."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from kalshi_edge.clock import WorldClock
from kalshi_sandbox.exchange.stream.socket import StreamEdge
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.weather.faults import Faults as WeatherFaults


@dataclass(frozen=True, slots=True)
class Controls:
    """What can be controlled."""

    exchange: Exchange
    streams: StreamEdge
    clock: WorldClock
    weather_faults: WeatherFaults


class Body(BaseModel):
    """Refuses a field that it does not know."""

    model_config = ConfigDict(extra="forbid")
