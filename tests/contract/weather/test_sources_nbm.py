"""NBM bulletins from servers on real sockets: what is fetched, from where, at what cost.

The figures are those of the real captures of 2026-09-28 13Z and 2026-09-29 01Z, the latter under
the time of the 07Z run too; numbered blocks around them make files of 3.6 MB.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.http import Patience, PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.model_runs import NBP, NBS_BRIDGE, Product
from kalshi_edge.data.weather.sources.nbm import NbmSource
from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.domain.weather import Forecast, Station
from tests.support.nbm_files import bulletin_file, capture_blocks, named, of_run, through_gateway
from tests.support.weather_server import Trouble, WeatherServer, weather_server

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

QUICK = Patience(connect_s=1, silence_s=0.3, page_s=0.6, stream_s=5, attempts=2, pause_s=0.001)
DAY = timedelta(days=1)
AT_07Z = datetime(2026, 9, 29, 7, tzinfo=UTC)
TODAY = date(2026, 9, 29)
FOUR = tuple(by_icao(icao) for icao in ("KLAX", "KMDW", "KMIA", "KSFO"))
FIGURES = {"KLAX": 84.0, "KMDW": 75.0, "KMIA": 86.0, "KSFO": 78.0}
"""Medians for 2026-09-29, read by eye in the capture."""
LOOKS_OF_FOUR = 15_360 + 3 * 7_680
"""Bytes: once the first station is found, half as much is enough for each of the others."""
EVERYTHING = 4 * 9
"""Stations, and the days that each block has a maximum of."""


class Post:
    """A source, its clock, and how it is asked."""

    def __init__(
        self,
        office: WeatherServer,
        at: datetime = AT_07Z + timedelta(minutes=120),
        *,
        product: Product = NBP,
        stations: tuple[Station, ...] = FOUR,
        layouts: LayoutCache | None = None,
    ) -> None:
        self.clock = ManualClock(at)
        addresses = WeatherAddresses(*(f"{office.base}/{name}" for name in ("s3", "nomads", "iem")))
        self.client = PoliteClient(self.clock, "test", addresses=addresses, patience=QUICK)
        self.source = NbmSource(product, self.client, stations, self.clock, layouts=layouts)

    async def ask(self, later: timedelta = timedelta()) -> tuple[Forecast, ...]:
        self.clock.advance(later)
        return await self.source()

    @property
    def status(self):
        return self.source.status

    @property
    def bytes(self) -> int:
        return self.source.status.last_bytes


@pytest.fixture
async def office() -> AsyncIterator[WeatherServer]:
    async with weather_server() as server:
        yield server


@pytest.fixture
async def opened(office: WeatherServer) -> AsyncIterator[Callable[..., Post]]:
    """Makes posts, and closes them in the end."""
    posts: list[Post] = []

    def make(*args: Any, **how: Any) -> Post:
        posts.append(Post(office, *args, **how))
        return posts[-1]

    yield make
    for post in posts:
        await post.client.close()


@pytest.fixture
def post(opened: Callable[..., Post]) -> Post:
    """At 09:00 UTC, when the 07Z run holds all that is wanted and is due."""
    return opened()


@pytest.fixture
def capture(shared: Path) -> dict[str, bytes]:
    return capture_blocks(shared, "nbp_v5.0_20260929_t01z.txt")


@pytest.fixture
def afternoon(shared: Path) -> dict[str, bytes]:
    return capture_blocks(shared, "nbp_v5.0_20260928_t13z.txt")


def path_of(run_at: datetime, place: str = "s3", product: str = "nbp") -> str:
    return f"/{place}/blend.{run_at:%Y%m%d/%H}/text/blend_{product}tx.t{run_at:%H}z"


def file_of(run_at: datetime, blocks: dict[str, bytes], **layout: object) -> bytes:
    return bulletin_file({n: of_run(block, run_at) for n, block in blocks.items()}, **layout)


def medians(forecasts: Iterable[Forecast], day: date = TODAY) -> dict[str, float]:
    return {f.station: f.point_f for f in forecasts if f.climate_day == day}


async def test_every_forecast_carries_the_run_of_its_header_and_its_own_receipt(
    post, office, capture
):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    forecasts = await post.ask()
    assert medians(forecasts) == FIGURES
    assert len(forecasts) == EVERYTHING
    assert {(f.model, f.version, f.run_at) for f in forecasts} == {("NBP", "5.0", AT_07Z)}
    assert {f.received_at for f in forecasts} == {post.clock.now()}
    status = post.status
    assert (status.name, status.outcome, status.cycle) == ("NBP", PollOutcome.NEW, AT_07Z)
    assert (status.is_stale, status.error, status.age) == (False, "", timedelta())


async def test_asked_again_there_is_nothing_new_and_not_a_byte(post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    assert await post.ask(timedelta(minutes=30)) == ()
    assert (post.bytes, office.requests[-1].status) == (0, 304)
    assert (post.status.outcome, post.status.age) == (PollOutcome.UNCHANGED, timedelta())
    asked = len(office.requests)
    await post.ask(timedelta(minutes=9))
    assert len(office.requests) == asked, "not even looked at"


async def test_yesterdays_offsets_cost_a_hundredth_of_the_file(post, office, capture):
    file = file_of(AT_07Z, capture)
    office.put(path_of(AT_07Z), file)
    await post.ask()
    assert post.bytes > len(file) / 2
    office.put(path_of(AT_07Z + DAY), file_of(AT_07Z + DAY, capture))
    assert len(await post.ask(DAY)) == EVERYTHING
    assert post.bytes == LOOKS_OF_FOUR
    assert [r.status for r in office.asked("0930/07")] == [206] * 4


async def test_the_stream_stops_after_the_last_wanted_station(post, office, capture):
    file = file_of(AT_07Z, capture, places=(10, 11, 40, 41))
    office.put(path_of(AT_07Z), file)
    assert len(await post.ask()) == EVERYTHING
    assert post.bytes < len(file) / 10


@pytest.mark.parametrize(
    "fillers",
    [range(1, 1000), range(-1, 1000), range(-60, 1000), range(45, 1000), range(-60, 1015)],
    ids=["one fewer", "one more", "60 more", "45 fewer", "60 more before, 15 behind"],
)
async def test_blocks_that_moved_are_found_by_their_neighbours(fillers, post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    office.put(path_of(AT_07Z + DAY), file_of(AT_07Z + DAY, capture, fillers=fillers))
    assert len(await post.ask(DAY)) == EVERYTHING
    assert post.bytes < 700_000, "behind the last station found no block is known"
    assert all("range" in r.headers for r in office.asked("0930/07")), "no need of the stream"
    office.put(path_of(AT_07Z + 2 * DAY), file_of(AT_07Z + 2 * DAY, capture, fillers=fillers))
    assert len(await post.ask(DAY)) == EVERYTHING
    assert post.bytes == LOOKS_OF_FOUR, "it has learned where they are now"


async def test_blocks_in_another_order_are_streamed_and_learned_anew(post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    for days, is_streamed in ((1, True), (2, False)):
        run_at = AT_07Z + days * DAY
        file = file_of(run_at, capture, places=(990, 500, 100, 5))
        office.put(path_of(run_at), file)
        assert len(await post.ask(DAY)) == EVERYTHING
        assert (post.bytes > len(file) / 2) == is_streamed
        assert post.bytes < len(file) + 4 * 42 * 15_360, "the search itself has an end"


async def test_a_shorter_file_of_another_hour_is_read_by_its_own_measure(post, office, capture):
    """12Z files have a fifth less in every block: everything is nearer to the beginning."""
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    short = {name: b"\n".join(block.split(b"\n")[:-9]) + b"\n" for name, block in capture.items()}
    short |= {name: block for name, block in capture.items() if name != "KMDW"}
    run_at = AT_07Z.replace(hour=1) + DAY
    file = file_of(run_at, short)
    assert len(file) < 0.85 * len(file_of(AT_07Z, capture))
    office.put(path_of(run_at), file)
    assert len(await post.ask(timedelta(hours=18))) == EVERYTHING
    assert all("range" in r.headers for r in office.asked("0930/01"))


async def test_a_server_without_ranges_is_streamed_but_only_for_what_is_new(post, office, capture):
    for days in (0, 1):
        run_at = AT_07Z + days * DAY
        office.put(path_of(run_at), file_of(run_at, capture), has_ranges=False)
        assert len(await post.ask(days * DAY)) == EVERYTHING
    assert await post.ask(timedelta(minutes=30)) == ()
    assert post.bytes == 0


async def test_a_file_replaced_between_two_parts_is_begun_again(post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    path = path_of(AT_07Z + DAY)
    better = {name: block.replace(b"TXNP5  75", b"TXNP5  76") for name, block in capture.items()}
    office.put(path, file_of(AT_07Z + DAY, capture))

    def replaced(asked: str) -> None:
        if asked == path and len(office.asked(path)) == 2:
            office.put(path, file_of(AT_07Z + DAY, better))

    office.on_request = replaced
    forecasts = await post.ask(DAY)
    assert [r.status for r in office.asked(path)] == [206, 206, 412, 206, 206, 206, 206]
    assert medians(forecasts, TODAY + DAY)["KMDW"] == 76.0
    assert len(forecasts) == EVERYTHING, "once each: nothing of the first file was used"
    assert post.status.outcome == PollOutcome.NEW


async def test_a_file_that_is_replaced_all_the_time_is_refused(post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    path = path_of(AT_07Z + DAY)
    file = file_of(AT_07Z + DAY, capture)
    office.on_request = lambda _: office.put(path, file + b" " * len(office.requests))
    assert await post.ask(DAY) == ()
    assert post.status.outcome == PollOutcome.MALFORMED


async def test_a_corrected_file_gives_only_what_it_changed(post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    better = capture | {"KMDW": capture["KMDW"].replace(b"TXNP5  75", b"TXNP5  76")}
    office.put(path_of(AT_07Z), file_of(AT_07Z, better))
    (changed,) = await post.ask(timedelta(minutes=10))
    assert (changed.station, changed.climate_day, changed.point_f) == ("KMDW", TODAY, 76.0)
    assert changed.received_at == post.clock.now()


async def test_yesterdays_file_under_todays_name_is_nobodys_forecast(post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z - DAY, capture))
    assert await post.ask() == ()
    assert (post.status.outcome, post.status.cycle) == (PollOutcome.MALFORMED, None)
    assert "asked for 2026-09-29 07 UTC, but got 'KLAX" in post.status.error


async def test_another_station_at_a_remembered_place_is_never_taken(post, office, capture):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    renamed = capture | {"KMIA": named(capture["KMIA"], "KXXX")}
    office.put(path_of(AT_07Z + DAY), file_of(AT_07Z + DAY, renamed))
    assert {f.station for f in await post.ask(DAY)} == {"KLAX", "KMDW", "KSFO"}
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.LATE, True)
    assert post.status.error.endswith("KMIA missing")


# --- where from -------------------------------------------------------------------------------


async def test_what_is_not_in_the_bucket_yet_may_be_at_nomads(post, office, capture):
    office.put(path_of(AT_07Z, "nomads"), file_of(AT_07Z, capture))
    assert medians(await post.ask()) == FIGURES
    assert [(r.path[:4], r.status) for r in office.requests] == [("/s3/", 404), ("/nom", 200)]
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.NEW, False)


async def test_what_came_before_a_break_is_kept_and_only_the_rest_asked_for_elsewhere(
    post, office, capture
):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    await post.ask()
    path = path_of(AT_07Z + DAY)
    office.put(path, file_of(AT_07Z + DAY, capture))
    office.put(path_of(AT_07Z + DAY, "nomads"), file_of(AT_07Z + DAY, capture))
    office.on_request = lambda _: office.troubles.update(
        {"/s3": Trouble.CUT} if len(office.asked("s3/blend.20260930/07")) == 2 else {}
    )
    assert len(await post.ask(DAY)) == EVERYTHING
    assert [r.status for r in office.asked("nomads")] == [206, 206]
    assert (post.status.outcome, "broke off" in post.status.error) == (PollOutcome.NEW, True)


def archive_path(station: str) -> str:
    return f"/iem/cgi-bin/afos/retrieve.py?pil=NBP{station[1:]}&fmt=text&limit=6"


async def test_the_one_station_service_is_the_last_resort(post, office, capture):
    office.troubles = {"/s3": Trouble.DOWN, "/nomads": Trouble.UNREACHABLE}
    for name, block in capture.items():
        texts = (through_gateway(of_run(block, AT_07Z - n * timedelta(hours=6))) for n in (0, 1))
        office.put(archive_path(name), "".join(texts))
    forecasts = await post.ask()
    assert medians(forecasts) == FIGURES
    assert {f.run_at for f in forecasts} == {AT_07Z}
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.NEW, False)
    assert "cannot be reached" in post.status.error, "what was made good is shown all the same"


async def test_while_a_run_is_simply_not_out_yet_the_archive_is_left_in_peace(
    opened, office, capture
):
    post = opened(AT_07Z + timedelta(minutes=80))
    at_01z = AT_07Z.replace(hour=1)
    office.put(path_of(at_01z), file_of(at_01z, capture))
    assert {f.run_at for f in await post.ask()} == {at_01z}
    assert not office.asked("/iem")
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.NEW, False)


async def test_a_file_without_a_station_is_read_in_vain_only_once(post, office, capture):
    without = {name: block for name, block in capture.items() if name != "KMIA"}
    file = file_of(AT_07Z, without)
    office.put(path_of(AT_07Z), file)
    office.put(archive_path("KMIA"), through_gateway(of_run(capture["KMIA"], AT_07Z)))
    office.troubles["/iem"] = Trouble.DOWN
    assert medians(await post.ask()).keys() == FIGURES.keys() - {"KMIA"}
    assert post.bytes >= len(file)
    office.troubles.clear()
    assert medians(await post.ask(timedelta(minutes=10))) == {"KMIA": 86.0}
    assert post.bytes < 10_000, "the archive's text, and not the file again"
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.NEW, False)
    office.put(path_of(AT_07Z + DAY), file_of(AT_07Z + DAY, capture))
    assert medians(await post.ask(DAY), TODAY + DAY).keys() == FIGURES.keys()


async def test_one_broken_block_costs_one_station(post, office, capture):
    broken = capture | {"KMIA": capture["KMIA"].replace(b"TXNP5", b"TXNP6")}
    office.put(path_of(AT_07Z), file_of(AT_07Z, broken))
    office.put(path_of(AT_07Z, "nomads"), file_of(AT_07Z, broken))
    office.put(archive_path("KMIA"), through_gateway(of_run(capture["KMIA"], AT_07Z)))
    office.troubles["/iem"] = Trouble.DOWN
    assert medians(await post.ask()).keys() == {"KLAX", "KMDW", "KSFO"}
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.MALFORMED, True)
    assert "KMIA" in post.status.error
    office.troubles.clear()
    assert medians(await post.ask(timedelta(minutes=10))) == {"KMIA": 86.0}
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.NEW, False)


# --- time -------------------------------------------------------------------------------------


async def test_a_run_half_a_day_late_is_said_to_be_late_and_taken_once_it_comes(
    opened, office, capture
):
    """2026-09-24: the runs of 00, 01 and 07Z came nine to fourteen hours late."""
    post = opened(AT_07Z + timedelta(minutes=115))
    at_01z = AT_07Z.replace(hour=1)
    office.put(path_of(at_01z), file_of(at_01z, capture))
    assert medians(await post.ask()) == FIGURES
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.LATE, True)
    assert post.status.cycle == at_01z, "what is shown is what is held"
    assert "NBP of 29 Sep 07 UTC for 29 Sep should have been there by 08:50" in post.status.error
    assert await post.ask(timedelta(hours=2)) == ()
    assert post.status.age is None, "it has never been as it should"
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    assert {f.run_at for f in await post.ask(timedelta(minutes=30))} == {AT_07Z}
    assert (post.status.outcome, post.status.is_stale) == (PollOutcome.NEW, False)
    assert post.status.cycle == AT_07Z


async def test_in_the_afternoon_today_is_from_the_morning_and_tomorrow_from_noon(
    opened, office, capture, afternoon
):
    """At 15Z the newest word on today is that of 07Z, on tomorrow that of 13Z."""
    at_13z = AT_07Z.replace(hour=13)
    post = opened(at_13z + timedelta(hours=2))
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    office.put(path_of(at_13z), file_of(at_13z, afternoon))
    forecasts = await post.ask()
    newest = {f.climate_day: f.run_at for f in sorted(forecasts, key=lambda f: f.run_at)}
    assert (newest[TODAY], newest[TODAY + DAY]) == (AT_07Z, at_13z)
    assert (post.status.outcome, post.status.cycle) == (PollOutcome.NEW, at_13z)


async def test_the_bridge_is_the_12z_nbs_for_today_alone(opened, office, shared):
    text = (shared / "data/nbm/nbs/NBS_12Z.txt").read_text()
    block = text[text.index("KDSM") :].replace("4/07/2021", "9/29/2026").replace("KDSM", "KMDW")
    at_12z = AT_07Z.replace(hour=12)
    path = path_of(at_12z, product="nbs")
    office.put(path, "1\n \n" + "".join(f" {line}\n" for line in block.splitlines()))
    midway = (by_icao("KMDW"),)
    post = opened(at_12z, product=NBS_BRIDGE, stations=midway)
    assert await post.ask() == ()
    assert not office.requests, "there is no run of today yet, and yesterday's is no bridge"
    forecasts = await post.ask(timedelta(minutes=80))
    assert {(f.model, f.run_at) for f in forecasts} == {("NBS", at_12z)}
    assert medians(forecasts) == {"KMDW": 72.0}
    assert [r.path for r in office.requests] == [path]


# --- from one run of the program to the next --------------------------------------------------


async def test_offsets_outlive_the_program(opened, office, capture, tmp_path):
    file = file_of(AT_07Z, capture)
    office.put(path_of(AT_07Z), file)
    for is_cold in (True, False):
        post = opened(layouts=LayoutCache(tmp_path / "layouts.json"))
        assert len(await post.ask()) == EVERYTHING
        assert (post.bytes > len(file) / 2) == is_cold


@pytest.mark.parametrize("damage", [b"", b"[{]", b"{}", b'[{"product": 1}]', b"\xff", b"[1]"])
async def test_a_damaged_memory_only_costs_a_stream(damage, opened, office, capture, tmp_path):
    (tmp_path / "layouts.json").write_bytes(damage)
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    post = opened(layouts=LayoutCache(tmp_path / "layouts.json"))
    assert len(await post.ask()) == EVERYTHING


async def test_a_memory_that_cannot_be_written_stops_nothing(opened, office, capture, tmp_path):
    office.put(path_of(AT_07Z), file_of(AT_07Z, capture))
    post = opened(layouts=LayoutCache(tmp_path / "no such folder" / "layouts.json"))
    assert len(await post.ask()) == EVERYTHING
    assert (post.status.outcome, "No such file" in post.status.error) == (PollOutcome.NEW, True)
