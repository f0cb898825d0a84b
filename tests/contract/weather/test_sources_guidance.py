"""MOS and LAMP from the sandbox's archive: each run once, known when it can be, faults by name."""

from datetime import timedelta

import pytest

from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.data.weather.sources.guidance import GuidanceSource
from kalshi_edge.domain.weather import Forecast
from kalshi_sandbox.weather.faults import Fault, FaultKind, Product
from kalshi_sandbox.world.models import PointModel, point_forecast, seen_at
from tests.contract.weather.test_sources_sandbox import (  # noqa: F401
    FIVE,
    WORLD,
    Town,
    town,
)

TWO = FIVE[:2]
MODELS = {"MAV": PointModel.GFSMOS, "MET": PointModel.NAMMOS, "LAV": PointModel.LAMP}


def source_of(town: Town, product: str) -> GuidanceSource:  # noqa: F811
    return GuidanceSource(product, town.client, TWO, town.clock)


def check(found: tuple[Forecast, ...], product: str) -> None:
    for one in found:
        station = next(station for station in TWO if station.icao == one.station)
        model = MODELS[product]
        assert one.received_at >= seen_at(WORLD, model, one.run_at)
        truth = point_forecast(WORLD, model, station, one.climate_day, one.run_at)
        assert one.model == model
        assert one.mean_f is not None
        assert truth.mean_f is not None
        assert one.mean_f >= truth.mean_f


@pytest.mark.parametrize("product", list(MODELS))
async def test_every_run_comes_once(town: Town, product: str) -> None:  # noqa: F811
    source = source_of(town, product)
    first = await source()
    check(first, product)
    assert source.status.outcome is (PollOutcome.NEW if first else PollOutcome.UNCHANGED)
    assert await source() == ()
    town.clock.step(timedelta(hours=12))
    later = await source()
    check(later, product)
    assert later
    assert source.status.cycle is not None
    assert town.clock.now() - source.status.cycle <= timedelta(hours=16)


async def test_its_faults_have_names_and_an_end(town: Town) -> None:  # noqa: F811
    source = source_of(town, "MAV")
    town.faults.add(Fault(Product.MAV, FaultKind.DOWN))
    assert await source() == ()
    assert source.status.outcome is PollOutcome.DOWN
    town.faults.clear()
    town.faults.add(Fault(Product.MAV, FaultKind.MALFORMED))
    town.clock.step(timedelta(minutes=5))
    assert await source() == ()
    assert source.status.outcome in {PollOutcome.LATE, PollOutcome.MALFORMED}
    town.faults.clear()
    town.faults.add(Fault(Product.MAV, FaultKind.MISSING))
    town.clock.step(timedelta(minutes=5))
    assert await source() == ()
    assert (source.status.outcome, source.status.is_stale) == (PollOutcome.LATE, True)
    town.faults.clear()
    town.clock.step(timedelta(minutes=5))
    assert await source()
    assert (source.status.outcome, source.status.is_stale) == (PollOutcome.NEW, False)
