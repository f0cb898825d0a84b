"""The polite client on a real socket: what it sends, keeps, waits for, tries again, and refuses."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.source_status import PollOutcome, Tally
from kalshi_edge.data.weather.sources.http import Patience, PoliteClient
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.data.weather.sources.politeness import PATIENT_FAILURES, Manners
from kalshi_edge.data.weather.sources.range_requests import (
    RangeIgnored,
    Replaced,
    Wanted,
    open_whole,
    read_part,
)
from kalshi_edge.data.weather.sources.wire import ProductDocument
from kalshi_edge.errors import SettingError, SourceError
from tests.support.weather_server import Trouble, WeatherServer, weather_server

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUICK = Patience(connect_s=1, silence_s=0.3, page_s=0.6, stream_s=2, attempts=3, pause_s=0.001)


@pytest.fixture
async def office() -> AsyncIterator[WeatherServer]:
    async with weather_server() as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def tally(clock: ManualClock) -> Tally:
    return Tally("test", clock)


@pytest.fixture
async def client(clock: ManualClock) -> AsyncIterator[PoliteClient]:
    async with PoliteClient(clock, "(kalshi-edge, me@example.org)", patience=QUICK) as one:
        yield one


@pytest.fixture
def pages(client: PoliteClient, clock: ManualClock, tally: Tally) -> Pages:
    return Pages(client, clock, tally)


async def outcome_of(pages: Pages, url: str) -> str:
    with pytest.raises(SourceError) as caught:
        await pages.read(url)
    return caught.value.outcome


async def test_every_request_says_who_asks(pages, office):
    office.put("/a", "A")
    await pages.read(f"{office.base}/a")
    assert office.requests[0].headers["user-agent"] == "(kalshi-edge, me@example.org)"


@pytest.mark.parametrize("name", ["", "  ", "Zürich"])
def test_a_client_without_a_name_is_not_made(name: str, clock: ManualClock):
    with pytest.raises(SettingError, match="User-Agent"):
        PoliteClient(clock, name)


async def test_one_connection_carries_request_after_request(pages, office):
    office.put("/a", "A")
    for _ in range(5):
        await pages.read(f"{office.base}/a")
    assert (len(office.requests), office.connections) == (5, 1)


async def test_what_has_not_changed_is_not_sent_again(pages, office, tally):
    office.put("/a", "A" * 1000)
    for _ in range(2):
        assert await pages.read(f"{office.base}/a") == b"A" * 1000
    assert [request.status for request in office.requests] == [200, 304]
    assert tally.bytes_moved == 1000


async def test_last_modified_serves_where_there_is_no_tag(pages, office):
    stamp = "Sun, 22 Nov 2026 11:00:00 GMT"
    office.put("/a", "A", has_etag=False, headers={"Last-Modified": stamp})
    await pages.read(f"{office.base}/a")
    await pages.read(f"{office.base}/a")
    assert office.requests[1].headers["if-modified-since"] == stamp


async def test_a_page_is_not_asked_for_while_its_server_says_it_is_good(pages, office, clock):
    office.put("/a", "A", headers={"Cache-Control": "public, max-age=300, s-maxage=9"})
    await pages.read(f"{office.base}/a")
    clock.advance(timedelta(seconds=299))
    await pages.read(f"{office.base}/a")
    assert len(office.requests) == 1
    clock.advance(timedelta(seconds=1))
    await pages.read(f"{office.base}/a")
    assert len(office.requests) == 2


async def test_a_server_cannot_say_that_a_page_is_good_for_ever(pages, office, clock):
    office.put("/a", "A", headers={"Cache-Control": "max-age=31536000"})
    await pages.read(f"{office.base}/a")
    clock.advance(timedelta(hours=1))
    office.put("/a", "B")
    assert (await pages.read(f"{office.base}/a")) == b"B"


async def test_a_page_of_no_use_is_asked_for_whole_again(pages, office):
    office.put("/a", "A", headers={"Cache-Control": "max-age=300"})
    await pages.read(f"{office.base}/a")
    pages.forget(f"{office.base}/a")
    await pages.read(f"{office.base}/a")
    assert "if-none-match" not in office.requests[1].headers


async def test_a_document_that_makes_no_sense_is_not_kept_however_good_it_is_said_to_be(
    pages, office
):
    office.put("/a", b'{"productText":', headers={"Cache-Control": "max-age=300"})
    with pytest.raises(SourceError, match="Invalid JSON"):
        await pages.read_as(ProductDocument, f"{office.base}/a")
    office.put("/a", b'{"productText":"CLI"}')
    document = await pages.read_as(ProductDocument, f"{office.base}/a")
    assert document.product_text == "CLI"


async def test_no_store_is_not_kept(pages, office):
    office.put("/a", "A", headers={"Cache-Control": "no-store"})
    await pages.read(f"{office.base}/a")
    await pages.read(f"{office.base}/a")
    assert [request.status for request in office.requests] == [200, 200]


@pytest.mark.parametrize(
    ("trouble", "outcome", "attempts"),
    [
        (Trouble.DOWN, PollOutcome.DOWN, 3),
        (Trouble.UNREACHABLE, PollOutcome.DOWN, 3),
        (Trouble.NOT_HTTP, PollOutcome.DOWN, 3),
        (Trouble.SILENT, PollOutcome.SLOW, 3),
        (Trouble.DRIPPING, PollOutcome.SLOW, 3),
        (Trouble.TOO_LONG, PollOutcome.SLOW, 3),
        (Trouble.CUT, PollOutcome.TRUNCATED, 3),
        (Trouble.REFUSED, PollOutcome.REFUSED, 1),
    ],
)
async def test_each_trouble_has_its_name_and_only_passing_ones_are_tried_again(
    trouble, outcome, attempts, pages, office
):
    office.put("/a", "A" * 100)
    office.troubles["/a"] = trouble
    assert await outcome_of(pages, f"{office.base}/a") == outcome
    # A slow server on a slow machine uses up our whole patience before the last attempt.
    least = 2 if outcome == PollOutcome.SLOW else attempts
    assert least <= len(office.requests) <= attempts


async def test_a_page_that_is_not_there_is_missing_and_costs_one_request(pages, office):
    assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.MISSING
    assert len(office.requests) == 1


async def test_nobody_at_the_address_is_down(pages):
    assert await outcome_of(pages, "http://127.0.0.1:9/a") == PollOutcome.DOWN


async def test_trouble_that_passes_is_not_seen(pages, office):
    office.put("/a", "A")
    office.troubles["/a"] = Trouble.CUT
    office.on_request = lambda _: office.troubles.clear() if len(office.requests) == 2 else None
    assert (await pages.read(f"{office.base}/a")) == b"A"
    assert len(office.requests) == 3


async def test_nothing_to_say_is_an_empty_page(pages, office):
    office.put("/a", "", status=204)
    assert (await pages.read(f"{office.base}/a")) == b""


@pytest.mark.parametrize("status", [201, 206, 300, 304, 412])
async def test_an_answer_to_another_question_is_refused(status: int, pages, office):
    office.put("/a", "A", status=status, has_etag=False)
    outcome = PollOutcome.REFUSED if status == 412 else PollOutcome.MALFORMED
    assert await outcome_of(pages, f"{office.base}/a") == outcome


async def test_an_endless_page_is_refused(pages, office):
    office.put("/a", b"A" * 9_000_000)
    assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.MALFORMED


async def test_a_short_wait_is_sat_out_and_a_long_one_left_alone(pages, office, clock):
    office.put("/a", "A")
    office.troubles["/a"] = Trouble.DOWN
    office.retry_after = "0"
    assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.DOWN
    assert len(office.requests) == 3
    office.retry_after = "120"
    assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.DOWN
    assert len(office.requests) == 4
    office.troubles.clear()
    clock.advance(timedelta(seconds=119))
    assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.RESTING
    clock.advance(timedelta(seconds=1))
    assert (await pages.read(f"{office.base}/a")) == b"A"
    assert len(office.requests) == 5


async def test_the_wait_may_be_a_date(pages, office, clock):
    office.troubles["/a"] = Trouble.DOWN
    office.retry_after = "Sun, 22 Nov 2026 12:05:00 GMT"
    assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.DOWN
    clock.advance(timedelta(minutes=4))
    assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.RESTING


async def test_a_server_that_keeps_failing_is_left_alone_longer_and_longer(pages, office, clock):
    office.put("/a", "A")
    office.troubles["/a"] = Trouble.DOWN
    for _ in range(2):
        await outcome_of(pages, f"{office.base}/a")
    assert len(office.requests) == PATIENT_FAILURES
    for rest_s in (30, 60, 120, 240, 480, 900, 900):
        clock.advance(timedelta(seconds=rest_s - 1))
        asked = len(office.requests)
        assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.RESTING
        assert len(office.requests) == asked
        clock.advance(timedelta(seconds=1))
        await outcome_of(pages, f"{office.base}/a")
        assert len(office.requests) == asked + 1
    office.troubles.clear()
    clock.advance(timedelta(minutes=15))
    assert (await pages.read(f"{office.base}/a")) == b"A"
    office.troubles["/a"] = Trouble.DOWN
    asked = len(office.requests)
    await outcome_of(pages, f"{office.base}/a")
    assert len(office.requests) == asked + 3, "one success, and it is trusted again"


async def test_missing_pages_do_not_make_a_server_ill(pages, office):
    for _ in range(3 * PATIENT_FAILURES):
        assert await outcome_of(pages, f"{office.base}/a") == PollOutcome.MISSING


async def test_requests_keep_the_gap_that_a_server_wants(office):
    asked: list[datetime] = []

    class Sleepless(ManualClock):
        """Time that passes only where somebody waits for it."""

        def delay_s(self, until_at: datetime) -> float:
            self.set(until_at)
            return 0.0

    clock = Sleepless(NOON)
    office.put("/a", "A")
    office.on_request = lambda _: asked.append(clock.now())
    name = office.base.removeprefix("http://")
    manners = {name: Manners(gap_s=10, at_once=1)}
    async with PoliteClient(clock, "me", patience=QUICK, manners=manners) as client:
        pages = Pages(client, clock, Tally("test", clock))
        for _ in range(3):
            await pages.read(f"{office.base}/a")
    assert [at - NOON for at in asked] == [timedelta(seconds=10 * n) for n in range(3)]


# --- parts ------------------------------------------------------------------------------------


async def test_a_part_is_what_lies_between_two_places_as_far_as_the_file_goes(
    client, office, tally
):
    office.put("/f", b"0123456789")
    part = await read_part(client, Wanted(f"{office.base}/f", 7, 20), tally)
    assert part is not None
    assert (part.data, part.start, part.size) == (b"789", 7, 10)
    beyond = await read_part(client, Wanted(f"{office.base}/f", 10, 20), tally)
    assert beyond is not None
    assert (beyond.data, beyond.size) == (b"", 10)
    assert tally.bytes_moved == 3


async def test_a_file_that_is_still_the_same_sends_no_part(client, office, tally):
    etag = office.put("/f", b"0123456789").etag
    assert await read_part(client, Wanted(f"{office.base}/f", 0, 5, unless=etag), tally) is None


async def test_a_part_of_a_file_that_was_replaced_is_refused_before_it_has_come(
    client, office, tally
):
    etag = office.put("/f", b"01234").etag
    office.put("/f", b"98765")
    with pytest.raises(Replaced):
        await read_part(client, Wanted(f"{office.base}/f", 0, 5, of=etag), tally)
    assert (office.requests[0].status, tally.bytes_moved) == (412, 0)


async def test_a_server_that_knows_no_conditions_cannot_slip_in_another_file(client, office, tally):
    office.put("/f", b"98765", has_etag=False, headers={"ETag": '"new"'})
    with pytest.raises(Replaced):
        await read_part(client, Wanted(f"{office.base}/f", 0, 5, of='"old"'), tally)


async def test_a_server_without_ranges_is_told_apart_before_its_file_has_come(
    client, office, tally
):
    office.put("/f", bytes(20_000_000), has_ranges=False)
    with pytest.raises(RangeIgnored):
        await read_part(client, Wanted(f"{office.base}/f", 0, 5), tally)
    assert tally.bytes_moved == 0
    assert office.body_bytes < 10_000_000


async def test_a_part_from_another_place_than_asked_for_is_refused(client, office, tally):
    office.put("/f", b"0123456789", wrong_range=True)
    with pytest.raises(SourceError, match="says bytes 7-4/10 but sends 3 bytes from 2 on"):
        await read_part(client, Wanted(f"{office.base}/f", 2, 5), tally)


async def test_no_part_is_unchanged_since_a_file_that_we_never_had(client, office, tally):
    office.put("/f", b"", status=304, has_etag=False, has_ranges=False)
    with pytest.raises(SourceError) as caught:
        await read_part(client, Wanted(f"{office.base}/f", 0, 5), tally)
    assert caught.value.outcome == PollOutcome.MALFORMED


async def test_a_whole_file_streams_in(client, office, tally):
    office.put("/f", bytes(3_000_000))
    async with open_whole(client, f"{office.base}/f", tally) as answer:
        length = sum([len(piece) async for piece in answer.aiter_raw()])
    assert (length, tally.bytes_moved) == (3_000_000, 3_000_000)
