"""The made-up bulletins come by the process's clock, whatever becomes of that clock."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from kalshi_edge.data.weather.stations import station_of
from tests.simulation.forecasts import BULLETIN_EVERY, Forecasts
from tests.simulation.scenario import draw


class SetClock:
    """A machine's clock, which anybody may set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def delay_s(self, until_at: datetime) -> float:
        return max((until_at - self.at).total_seconds(), 0.0)


def forecasts(clock: SetClock) -> Forecasts:
    nature: Any = SimpleNamespace(outlook=lambda *_: SimpleNamespace(mu_f=60.0, sigma_f=2.0))
    return Forecasts(draw(0), [station_of("NYC")], nature, clock)


async def test_every_run_is_told_once_for_each_of_two_days() -> None:
    clock = SetClock(draw(0).start_at)
    told = forecasts(clock)
    assert [len(await told()) for _ in range(2)] == [2, 0]
    clock.at += BULLETIN_EVERY
    assert len(await told()) == 2


async def test_a_clock_that_is_set_back_keeps_no_run_back() -> None:
    """Else a trader would hear of nothing until its clock is where it had been before."""
    clock = SetClock(draw(0).start_at)
    told = forecasts(clock)
    for by in (timedelta(), 2 * BULLETIN_EVERY, -BULLETIN_EVERY, BULLETIN_EVERY):
        clock.at += by
        assert await told()
