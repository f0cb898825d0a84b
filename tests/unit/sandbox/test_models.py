"""Other models in the sandbox: errors as stated, texts that read to the same figures."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import orjson
import pytest

from kalshi_edge.data.weather.guidance.bufkit import parse_bufkit
from kalshi_edge.data.weather.guidance.lamp import parse_lav
from kalshi_edge.data.weather.guidance.mos import parse_mav, parse_met
from kalshi_edge.data.weather.guidance.point import parse_point_run
from kalshi_edge.data.weather.stations import STATIONS, by_icao
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import InputError
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.models.files import bufkit_file, point_run
from kalshi_sandbox.weather.models.texts import station_text
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.models import (
    SKILLS,
    PointModel,
    covers,
    nominal_runs,
    point_forecast,
    seen_at,
)
from kalshi_sandbox.world.world import World

WORLD = World(seed=11)
DAYS = 1_400
FIRST = date(2021, 1, 1)
NYC = by_icao("KNYC")
TEXTS = {
    PointModel.GFSMOS: parse_mav, PointModel.NAMMOS: parse_met, PointModel.LAMP: parse_lav,
}  # fmt: skip


@pytest.fixture(scope="module")
def errors_f() -> dict[str, np.ndarray]:
    """Forecast less truth at New York, the run of 12 UTC the day before, by model."""
    found: dict[str, list[float]] = {"NBM": [], **{model: [] for model in PointModel}}
    for step in range(DAYS):
        day = FIRST + timedelta(days=step)
        run_at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=12)
        high_f = WORLD.high_f(NYC, day)
        found["NBM"].append(WORLD.outlook(NYC, day, run_at).mean_f - high_f)
        for model in PointModel:
            found[model].append(WORLD.model_outlook(model, NYC, day, run_at).mean_f - high_f)
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("model", list(PointModel))
def test_a_models_errors_are_as_wide_as_biased_and_as_near_to_the_nbms_as_stated(
    model: PointModel, errors_f: dict[str, np.ndarray]
) -> None:
    skill, own, nbm = SKILLS[model], errors_f[model], errors_f["NBM"]
    assert own.std() / nbm.std() == pytest.approx(skill.ratio, abs=0.12)
    assert np.corrcoef(own, nbm)[0, 1] == pytest.approx(skill.correlation, abs=0.07)
    assert own.mean() == pytest.approx(skill.bias_f, abs=0.5)


@pytest.mark.parametrize(
    ("pair", "recorded"),
    [(("GFSMOS", "NAMMOS"), 0.66), (("HRRR", "RAP"), 0.80), (("GFSMOS", "HRRR"), 0.31)],
)
def test_two_models_go_together_as_in_the_recorded_archive(
    pair: tuple[str, str], recorded: float, errors_f: dict[str, np.ndarray]
) -> None:
    one, other = pair
    assert np.corrcoef(errors_f[one], errors_f[other])[0, 1] == pytest.approx(recorded, abs=0.12)


def test_a_seed_has_one_world_in_whatever_order_it_is_asked() -> None:
    day, run_at = date(2027, 3, 1), datetime(2027, 2, 28, 12, tzinfo=UTC)
    ask = [(model, station, day, run_at) for model in PointModel for station in STATIONS[:3]]
    forward = [World(5).model_outlook(*one) for one in ask]
    again = World(5)
    assert [again.model_outlook(*one) for one in reversed(ask)] == forward[::-1]
    assert World(6).model_outlook(*ask[0]) != forward[0]


def test_later_runs_are_better_and_no_run_speaks_of_what_is_over() -> None:
    run_at = datetime(2027, 4, 12, tzinfo=UTC)
    with pytest.raises(InputError, match="says nothing of 2027-04-11, 0 h ahead"):
        WORLD.model_outlook(PointModel.HRRR, NYC, date(2027, 4, 11), run_at)
    with pytest.raises(InputError, match="HRRR has no run"):
        seen_at(WORLD, PointModel.HRRR, run_at + timedelta(hours=1))


def read(model: PointModel, station: Station, run_at: datetime) -> tuple[Forecast, ...]:
    received_at = seen_at(WORLD, model, run_at)
    if model in TEXTS:
        text = station_text(WORLD, model, station, run_at)
        found = TEXTS[model](text, received_at=received_at, stations={station.icao})
        assert found.faults == ()
        return found.forecasts
    if model is PointModel.GEFS:
        content = orjson.dumps(point_run(WORLD, model, station, run_at))
        return parse_point_run(content, station=station, run_at=run_at, received_at=received_at)
    content = bufkit_file(WORLD, model, station, run_at)
    return parse_bufkit(
        content, station=station, model=model, run_at=run_at, received_at=received_at
    )


@pytest.mark.parametrize("model", list(PointModel))
def test_a_run_covers_the_days_that_its_text_or_file_gives(model: PointModel) -> None:
    for station in STATIONS[::5]:
        for run_at in nominal_runs(model, date(2027, 1, 14)):
            given = {one.climate_day for one in read(model, station, run_at)}
            for day in (date(2027, 1, 13), date(2027, 1, 14), date(2027, 1, 15)):
                assert covers(model, station, day, run_at) == (day in given), (station.city, run_at)


@pytest.mark.parametrize("model", list(PointModel))
def test_what_is_served_reads_as_the_world_meant_it(model: PointModel) -> None:
    for station in STATIONS[::5]:
        for run_at in nominal_runs(model, date(2027, 1, 14)):
            for one in read(model, station, run_at):
                truth = point_forecast(WORLD, model, station, one.climate_day, run_at)
                assert one.mean_f is not None
                assert truth.mean_f is not None
                assert one.mean_f >= truth.mean_f - 0.02, "its hours may be warmer at the ends"
                if model in {PointModel.GFSMOS, PointModel.NAMMOS}:
                    assert one == truth
                else:
                    assert one.mean_f - truth.mean_f < 25


def test_the_archive_keeps_texts_of_models_for_a_week() -> None:
    newsroom, now = Newsroom(WORLD, Faults()), datetime(2027, 4, 12, 15, tzinfo=UTC)
    for kind in ("MAV", "LAV", "NBP"):
        oldest = min(one.seen_at for one in newsroom.bulletins(kind, NYC, now))
        assert timedelta(days=7) < now - oldest < timedelta(days=9)
