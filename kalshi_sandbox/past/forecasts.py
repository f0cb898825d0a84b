"""What every model of the world would have said of a day, each run received when it appeared.

A model that the trader's own sources know has the runs that they would have asked for; any other
has, at each instant at which there are quotes, the newest run. Whoever adds a model to the world
adds it here.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType

from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE, Product
from kalshi_edge.data.weather.sources.nws import MODEL as NWS
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import InputError
from kalshi_sandbox.world.models import (
    PointModel,
    covers,
    nominal_runs,
    point_forecast,
    seen_at,
)
from kalshi_sandbox.world.publication import RUN_HOURS, Model
from kalshi_sandbox.world.world import World

ASKED_FOR: Mapping[str, Product] = MappingProxyType(
    {product.name: product for product in (NBP, NBS_BRIDGE)}
)
"""The models of which the trader asks for certain runs only."""
LOOK_BACK_H = 24
"""How far back the newest run of a model is looked for; one that is older says nothing new."""
OFFICE_DELAY = timedelta(minutes=10)
"""From the weather office's forecast to our having it."""


def forecasts(
    world: World, station: Station, day: date, instants: Sequence[datetime]
) -> Iterator[Forecast]:
    """Every run's word on ``day`` that whoever looks at ``instants`` could go by."""
    for model in Model:
        for run_at in _runs(world, model, day, instants):
            with suppress(InputError):  # a run so near or so far says nothing of the day
                yield world.forecast(model, station, day, run_at)
    for point_model in PointModel:
        for run_at in _newest_point_runs(world, point_model, tuple(instants)):
            if covers(point_model, station, day, run_at):
                yield point_forecast(world, point_model, station, day, run_at)
    for issued_at in sorted({world.nws_issued_at(at - OFFICE_DELAY) for at in instants}):
        with suppress(InputError):
            yield Forecast(
                station=station.icao,
                climate_day=day,
                model=NWS,
                version="",
                run_at=issued_at,
                received_at=issued_at + OFFICE_DELAY,
                mean_f=float(world.nws_high_f(station, day, issued_at)),
            )


def _runs(world: World, model: Model, day: date, instants: Sequence[datetime]) -> list[datetime]:
    product = ASKED_FOR.get(model.value)
    if product is None:
        newest = (_newest_run(world, model, at) for at in instants)
        return sorted({run_at for run_at in newest if run_at is not None})
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    runs = (midnight + timedelta(hours=hour) for hour in range(-12, 24))
    return [at for at in runs if at.hour in product.hours and product.holds(at, day)]


def _newest_run(world: World, model: Model, at: datetime) -> datetime | None:
    """The newest run that is out at ``at``; ``None`` where there is none that is new."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    candidates = (hour - timedelta(hours=back) for back in range(LOOK_BACK_H))
    runs = (run_at for run_at in candidates if run_at.hour in RUN_HOURS[model])
    return next((run_at for run_at in runs if world.published_at(model, run_at) <= at), None)


@lru_cache(maxsize=64)
def _newest_point_runs(
    world: World, model: PointModel, instants: tuple[datetime, ...]
) -> tuple[datetime, ...]:
    """The newest run at each instant, each once; a day's are the same for every city."""
    return tuple(sorted({_newest_point_run(world, model, at) for at in instants}))


def _newest_point_run(world: World, model: PointModel, at: datetime) -> datetime:
    """The newest run of another model than NBM that is out at ``at``."""
    days = (at.date(), at.date() - timedelta(days=1))
    runs = (run_at for day in days for run_at in reversed(nominal_runs(model, day)))
    begun = (run_at for run_at in runs if run_at < at)
    return next(run_at for run_at in begun if seen_at(world, model, run_at) <= at)
