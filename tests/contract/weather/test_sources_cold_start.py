"""What a machine without any layout moves, with hints that are right, wrong or of another file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.layout_hints import layout_hints
from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE, Product
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.errors import BulletinError
from kalshi_sandbox.weather import nbm_files
from kalshi_sandbox.weather.nbm_layout import layout
from kalshi_sandbox.world.publication import Model
from tests.contract.weather.test_sources_sandbox import (  # noqa: F401
    FIVE,
    WORLD,
    Town,
    town,
)

LAST_WEEK = datetime(2026, 11, 14, tzinfo=UTC)


def source_of(town: Town, hints: Path | None, product: Product = NBP) -> NbmSource:  # noqa: F811
    return NbmSource(product, town.client, FIVE, town.clock, layouts=LayoutCache(None, hints))


def check(source: NbmSource, found: tuple[object, ...]) -> None:
    """Every forecast is what the world made its run say."""
    assert found
    by_icao = {station.icao: station for station in FIVE}
    for one in found:
        belief = WORLD.outlook(by_icao[one.station], one.climate_day, one.run_at)
        assert one.mean_f == pytest.approx(belief.mean_f, abs=0.51)
    assert {one.station for one in found} == set(by_icao)
    assert source.status.error == ""


def bulletin(model: Model, hour: int) -> bytes:
    file = nbm_files.nbm_file(WORLD, layout(model, LAST_WEEK + timedelta(hours=hour)))
    return file.read(0, len(file))


@pytest.fixture(scope="module")
def hints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made of last week's files, as the package's would be."""
    path = tmp_path_factory.mktemp("hints") / "layout_hints.json"
    kinds = [(Model.NBP, 7), (Model.NBP, 12), (Model.NBP, 13), (Model.NBS, 12)]
    path.write_bytes(layout_hints(bulletin(*kind) for kind in kinds))
    assert path.stat().st_size < 60_000
    return path


async def test_without_anything_both_bulletins_cost_two_megabytes_at_most(
    town: Town,  # noqa: F811
) -> None:
    moved = 0
    for product in (NBP, NBS_BRIDGE):
        source = source_of(town, None, product)
        check(source, await source())
        moved += source.status.last_bytes
    assert moved < 2_000_000, "and not 63 MB"


async def test_with_hints_they_cost_as_little_as_with_a_layout_learned(
    town: Town,  # noqa: F811
    hints: Path,
) -> None:
    for product, runs in ((NBP, 2), (NBS_BRIDGE, 1)):
        source = source_of(town, hints, product)
        check(source, await source())
        assert source.status.last_bytes < 250_000 * runs


def moved_by(step: int) -> Callable[[dict[str, int]], dict[str, int]]:
    return lambda starts: {name: start + step for name, start in starts.items()}


def swapped(starts: dict[str, int]) -> dict[str, int]:
    return dict(zip(starts, reversed(starts.values()), strict=True))


@pytest.fixture(
    params=[moved_by(9_000_000), moved_by(40_000), swapped], ids=["far", "near", "swapped"]
)
def wrong_hints(request: pytest.FixtureRequest, hints: Path, tmp_path: Path) -> Path:
    entries = orjson.loads(hints.read_bytes())
    for entry in entries:
        entry["starts"] = request.param(entry["starts"])
    path = tmp_path / "wrong.json"
    path.write_bytes(orjson.dumps(entries))
    return path


async def test_a_wrong_hint_costs_bytes_and_never_a_wrong_block(
    town: Town,  # noqa: F811
    wrong_hints: Path,
) -> None:
    source = source_of(town, wrong_hints)
    check(source, await source())
    assert source.status.last_bytes < 3_500_000


@pytest.fixture
def other_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bulletins of 6,000 stations instead of 9,580, in one stretch of names instead of five."""
    monkeypatch.setattr(nbm_files, "STATION_COUNT", 6_000)
    monkeypatch.setattr(nbm_files, "_NUMERIC_COUNT", 700)
    monkeypatch.setattr(nbm_files, "_FULL_SIZE", 21_700_000)
    nbm_files.station_names.cache_clear()
    yield
    nbm_files.station_names.cache_clear()


@pytest.mark.usefixtures("other_files")
async def test_hints_of_files_with_other_stations_are_only_guesses(
    town: Town,  # noqa: F811
    hints: Path,
) -> None:
    for known in (hints, None):
        source = source_of(town, known)
        check(source, await source())
        assert source.status.last_bytes < 2_500_000


def test_hints_are_made_only_of_bulletins() -> None:
    with pytest.raises(BulletinError, match="none of 24 stations among 0 blocks"):
        layout_hints([b"<html>"])


def test_the_packages_own_hints_are_there_and_can_be_read() -> None:
    assert LayoutCache().layout("NBP", 13, ["KNYC"]) is None, "no whole bulletin was at hand"
