"""Questions to the exchange: asked again where that helps, answered whole or not at all."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec

import httpx
import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi import transport as rest
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.reading import Unreadable
from kalshi_edge.data.kalshi.trading_hours import parse_schedule
from kalshi_edge.data.kalshi.transport import DEMO, PRODUCTION, Host, parse_refusal
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin, FeeType
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.errors import ContractError, ExchangeDown, RequestRefused, SettingError
from tests.support.builders import EVENT, NOW, TICKER, levels
from tests.support.kalshi_answers import (
    HOST,
    STATUS,
    answering,
    book_json,
    event_json,
    market_json,
    markets_json,
    public_client,
    refusal_json,
    routed,
    schedule_json,
    series_json,
)

D = Decimal
NYC = station_of("NYC")
OK = httpx.Response(200, json=STATUS)
HTML = "<html><body>502 Bad Gateway</body></html>"


# --- asking again ------------------------------------------------------------------------------

PASSING = {
    "too many requests": httpx.Response(429, json={"error": "too many requests"}),
    "bad gateway": httpx.Response(502, text=HTML),
    "no answer in time": httpx.ReadTimeout("slow"),
    "no connection": httpx.ConnectError("refused"),
    "dropped": httpx.RemoteProtocolError("server disconnected"),
    "a page of HTML": httpx.Response(200, text=HTML),
    "a list": httpx.Response(200, text="[]"),
    "cut off": httpx.Response(200, text='{"exchange_active": tr'),
    "not a number": httpx.Response(200, text='{"exchange_active": NaN}'),
}


@pytest.mark.parametrize("problem", PASSING.values(), ids=PASSING)
async def test_a_question_is_asked_again_until_it_is_answered(problem):
    seen: list[httpx.Request] = []
    client = public_client(answering(problem, problem, problem, OK, seen=seen))
    assert (await client.status()).takes_orders
    assert len(seen) == 4


@pytest.mark.parametrize("problem", PASSING.values(), ids=PASSING)
async def test_a_question_is_not_asked_for_ever(problem):
    seen: list[httpx.Request] = []
    client = public_client(answering(problem, seen=seen))
    with pytest.raises(ExchangeDown, match="4 times"):
        await client.market(TICKER)
    assert len(seen) == 4


async def test_an_answer_that_trickles_in_for_ever_is_none(monkeypatch):
    monkeypatch.setattr(rest, "WHOLE_ANSWER_WITHIN_S", 0.01)

    async def trickle(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(ExchangeDown, match="no whole answer, 4 times"):
        await public_client(httpx.MockTransport(trickle)).market(TICKER)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410])
async def test_a_definite_no_is_taken_at_once(status):
    seen: list[httpx.Request] = []
    client = public_client(answering(httpx.Response(status), seen=seen))
    with pytest.raises(RequestRefused) as caught:
        await client.market(TICKER)
    assert (len(seen), caught.value.status) == (1, status)


BODIES = {
    "as the wire has it": (
        b'{"error":{"code":"invalid_order","message":"bad","details":"post only cross"}}',
        "invalid_order: bad, post only cross",
    ),
    "as the specification has it": (
        b'{"code":"invalid_order","message":"bad"}',
        "invalid_order: bad",
    ),
    "as gateways have it": (b'{"error":"too many requests"}', "HTTP 400: too many requests"),
    "nothing": (b"", "HTTP 400"),
    "HTML": (HTML.encode(), "HTTP 400"),
    "no text": (b"\xff\xfe", "HTTP 400"),
    "numbers for words": (b'{"error":{"code":7,"message":null,"details":[1]}}', "7"),
    "an error that is null": (b'{"error":null}', "HTTP 400: None"),
}


@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES)
def test_an_error_is_readable_whatever_its_body(body, text):
    assert str(parse_refusal(400, body)) == text


def test_a_long_error_is_cut():
    assert len(str(parse_refusal(400, b'{"error":"' + b"x" * 10_000 + b'"}'))) < 400


def test_an_exchanges_status_among_the_errors_is_a_pause_only_if_something_is_paused():
    def paused(exchange: str, trading: str) -> bool:
        body = f'{{"exchange_active": {exchange}, "trading_active": {trading}}}'
        return parse_refusal(503, body.encode()).is_pause

    assert paused("true", "false")
    assert paused("false", "true")
    assert not paused("true", "true")


# --- pages -------------------------------------------------------------------------------------


def page(names: list[str], cursor: str | None) -> dict[str, object]:
    settled = {"status": "finalized", "result": "no", "expiration_value": "53.00"}
    markets = [market_json(name, **settled) for name in names]
    return {"markets": markets} | ({} if cursor is None else {"cursor": cursor})


async def test_pages_are_read_to_the_end_and_what_is_on_two_of_them_counts_once():
    pages = [page(["T50", "B50.5"], "a"), page(["B50.5", "B52.5"], "b"), page(["T57"], None)]
    seen: list[httpx.Request] = []
    client = public_client(routed({"GET /markets": pages}, seen))
    tickers = [f"{EVENT}-{name}" for name in ("T50", "B50.5", "B52.5", "T57")]
    reading = await client.settlements(tickers)
    assert [settlement.ticker for settlement in reading.found] == tickers
    assert [request.url.params.get("cursor") for request in seen] == [None, "a", "b"]


async def test_a_cursor_that_leads_in_circles_ends_the_reading():
    seen: list[httpx.Request] = []
    client = public_client(routed({"GET /markets": page(["T50"], "again")}, seen))
    assert len((await client.settlements([f"{EVENT}-T50"])).found) == 1
    assert len(seen) == 2


async def test_pages_without_end_are_an_error_rather_than_a_part_of_the_truth():
    def endless(request: httpx.Request) -> dict[str, object]:
        number = int(request.url.params.get("cursor", "0")) + 1
        return {"events": [event_json(event_ticker=f"E{number}")], "cursor": str(number)}

    client = public_client(routed({"GET /events": endless, "GET /series/KXHIGHNY": series_json()}))
    with pytest.raises(ExchangeDown, match="more than 200 pages"):
        await client.ladders([NYC])


async def test_a_list_that_is_none_is_no_empty_list():
    client = public_client(routed({"GET /markets": {"cursor": ""}}))
    with pytest.raises(ExchangeDown, match="no markets"):
        await client.settlements([TICKER])


# --- what is asked -----------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [True, False], ids=["in the event", "beside the event"])
async def test_a_ladder_is_found_wherever_its_markets_are(nested):
    markets = {"markets": markets_json()}
    event = event_json(**markets) if nested else event_json()
    client = public_client(
        routed(
            {
                "GET /series/KXHIGHNY": series_json(),
                "GET /events": {"events": [event], "cursor": ""},
                f"GET /events/{EVENT}": {"event": event_json()} | markets,
            }
        )
    )
    reading = await client.ladders([NYC])
    assert reading.refused == ()
    [ladder] = reading.found
    bins = [Bin(None, 49), Bin(50, 51), Bin(52, 53), Bin(54, 55), Bin(56, 57), Bin(58, None)]
    assert [market.bin for market in ladder.markets] == bins
    assert (ladder.fee_rule.fee_type, ladder.received_at) == (FeeType.QUADRATIC, NOW)
    assert client.markets.keys() == {market.ticker for market in ladder.markets}


async def test_only_today_and_tomorrow_are_looked_at_and_a_bad_event_costs_only_itself():
    names = [f"KXHIGHNY-26NOV{day}" for day in (21, 22, 23, 24)]
    events = [event_json(event_ticker=name) for name in names]
    events[1]["markets"] = markets_json()
    events[2]["markets"] = markets_json(["B52.5"])
    client = public_client(
        routed(
            {
                "GET /series/KXHIGHNY": series_json(),
                "GET /events": {"events": events, "cursor": ""},
                "GET /series/KXHIGHCHI": httpx.Response(404),
            }
        )
    )
    reading = await client.ladders([station_of("CHI"), NYC])
    assert [ladder.event_ticker for ladder in reading.found] == [EVENT]
    assert [refused.name for refused in reading.refused] == ["KXHIGHCHI", "KXHIGHNY-26NOV23"]
    assert all(refused.reason for refused in reading.refused)


async def test_the_climate_day_decides_what_is_today():
    # At 04:59 UTC on the 21st New York's climate day is still the 20th: the 22nd is too far off.
    events = [event_json(markets=markets_json())]
    routes = {"GET /series/KXHIGHNY": series_json(), "GET /events": {"events": events}}
    for at, found in ((datetime(2026, 11, 21, 4, 59, tzinfo=UTC), 0), (NOW, 1)):
        client = PublicClient(HOST, ManualClock(at), lambda: 0.0, transport=routed(routes))
        assert len((await client.ladders([NYC])).found) == found


async def test_books_come_a_hundred_at_a_time_and_a_bad_one_costs_only_itself():
    tickers = [f"{EVENT}-B{number}.5" for number in range(150)]
    crossed, missing = tickers[3], tickers[120]
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> dict[str, object]:
        asked = request.url.params.get_list("tickers")
        offers = {crossed: [["0.7500", "1.00"]]}
        books = [book_json(t, offers=offers.get(t)) for t in asked if t != missing]
        return {"orderbooks": list(reversed(books))}

    client = public_client(routed({"GET /markets/orderbooks": answer}, seen))
    reading = await client.books(tickers)
    assert [len(request.url.params.get_list("tickers")) for request in seen] == [100, 50]
    expected = [ticker for ticker in tickers if ticker not in (crossed, missing)]
    assert [book.ticker for book in reading.found] == expected
    assert reading.found[0].bids == levels([("0.3000", "10.00"), ("0.2900", "4.00")])
    assert reading.found[0].asks == levels([("0.3300", "10.00"), ("0.3400", "8.00")])
    assert {refused.name for refused in reading.refused} == {crossed, missing}
    assert Unreadable(missing, "no order book in the answer") in reading.refused


async def test_a_result_is_found_on_either_side_of_the_historical_cut_off():
    final = {"status": "finalized", "result": "yes", "expiration_value": "53.00"}
    live = [market_json(**final), market_json("T50", status="determined", result="no")]
    old = [market_json("T57", **final | {"result": "no"}), market_json("B50.5", status="finalized")]
    seen: list[httpx.Request] = []
    routes = {"GET /markets": {"markets": live}, "GET /historical/markets": {"markets": old}}
    client = public_client(routed(routes, seen))
    reading = await client.settlements([f"{EVENT}-{n}" for n in ("B52.5", "T50", "T57", "B50.5")])
    results = {(one.ticker, one.value, one.high_f) for one in reading.found}
    assert results == {(TICKER, D(1), D("53.00")), (f"{EVENT}-T57", D(0), D("53.00"))}
    # one that is only determined is no news, one that is final and says nothing is a problem
    assert [refused.name for refused in reading.refused] == [f"{EVENT}-B50.5"]
    assert seen[1].url.params["tickers"] == f"{EVENT}-T57,{EVENT}-B50.5"


async def test_a_series_says_what_it_charges_and_what_settles_it():
    series = await public_client(routed({"GET /series/KXHIGHNY": series_json()})).series("KXHIGHNY")
    assert (series.fee_rule.multiplier, series.sources) == (D(1), ("The Weather Company",))
    odd = series_json(fee_type="by_moonlight", fee_multiplier=0.5, settlement_sources=None)
    series = await public_client(routed({"GET /series/KXHIGHNY": odd})).series("KXHIGHNY")
    assert (series.fee_rule.fee_type, series.fee_rule.multiplier) == (FeeType.UNKNOWN, D("0.5"))
    assert series.sources == ()


# --- hours and clocks --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 500, 503, 504])
async def test_the_exchange_may_tell_its_status_along_with_an_error(status):
    paused = STATUS | {
        "trading_active": False,
        "exchange_estimated_resume_time": "2026-11-26T10:00:00Z",
    }
    seen: list[httpx.Request] = []
    told = httpx.Response(status, json=paused)
    status_now = await public_client(answering(told, seen=seen)).status()
    assert (status_now.exchange_active, status_now.takes_orders) == (True, False)
    assert status_now.resumes_at == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert len(seen) == 1


async def test_an_error_is_no_status():
    error = httpx.Response(503, json=refusal_json("unavailable"))
    with pytest.raises(ExchangeDown, match="exchange_active"):
        await public_client(answering(error)).status()


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        # Thursday 03:00 to 05:00 Eastern: 08:00 to 10:00 UTC in winter, 07:00 to 09:00 in summer
        ("2026-11-26T07:59:59", True),
        ("2026-11-26T08:00:00", False),
        ("2026-11-26T09:59:59", False),
        ("2026-11-26T10:00:00", True),
        ("2026-07-16T07:00:00", False),
        ("2026-07-16T09:00:00", True),
        ("2026-11-27T04:59:59", True),
        ("2026-11-27T05:00:00", True),
        ("2026-11-24T06:00:00", False),
        ("2026-11-24T07:30:00", True),
        # no published week covers it: the usual hours, around the clock but for the Thursday pause
        ("2031-01-01T12:00:00", True),
        ("2031-01-02T08:00:00", False),
    ],
)
def test_the_weekly_pause_is_in_eastern_time(at, is_open):
    schedule = parse_schedule(schedule_json())
    hours = TradingHours(NOW, schedule.weeks, schedule.maintenance)
    assert (hours.closed(datetime.fromisoformat(at).replace(tzinfo=UTC)) == "") is is_open


async def test_hours_that_cannot_be_read_are_refused():
    odd = schedule_json(monday=[{"open_time": "soon", "close_time": "late"}])
    with pytest.raises(ContractError, match="soon"):
        await public_client(routed({"GET /exchange/schedule": odd})).schedule()


def dated(at: datetime) -> httpx.Response:
    return httpx.Response(200, json=STATUS, headers={"Date": f"{at:%a, %d %b %Y %H:%M:%S} GMT"})


@pytest.mark.parametrize("off_s", [-3, 0, 3])
async def test_a_clock_that_is_a_little_off_is_good_enough(off_s):
    client = public_client(answering(dated(NOW - timedelta(seconds=off_s))))
    assert abs(await client.check_clock() - timedelta(seconds=off_s)) <= timedelta(seconds=0.5)


@pytest.mark.parametrize(("off_s", "told"), [(-31, r"-31\.5 s"), (31, r"\+30\.5 s")])
async def test_a_clock_that_is_far_off_is_said_before_any_signature_is_refused(off_s, told):
    client = public_client(answering(dated(NOW - timedelta(seconds=off_s))))
    with pytest.raises(SettingError, match=told):
        await client.check_clock()


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 22 Nov 2026 16:00:00 -0000"])
async def test_an_answer_without_a_date_proves_no_clock_right(date):
    undated = httpx.Response(200, json=STATUS, headers={"Date": date})
    with pytest.raises(ExchangeDown, match="no date"):
        await public_client(answering(undated)).check_clock()


# --- no key ------------------------------------------------------------------------------------


async def test_public_questions_bear_no_signature_and_change_nothing():
    seen: list[httpx.Request] = []
    routes = {
        "GET /exchange/status": STATUS,
        "GET /exchange/schedule": schedule_json(),
        "GET /series/KXHIGHNY": series_json(),
        "GET /events": {"events": [event_json(markets=markets_json())]},
        f"GET /events/{EVENT}": {"event": event_json(), "markets": markets_json()},
        f"GET /markets/{TICKER}": {"market": market_json()},
        "GET /markets/orderbooks": {"orderbooks": [book_json()]},
        "GET /markets": {"markets": []},
        "GET /historical/markets": {"markets": []},
    }
    client = public_client(routed(routes, seen))
    await client.status(), await client.schedule(), await client.series("KXHIGHNY")
    await client.ladders([NYC]), await client.ladder(EVENT), await client.market(TICKER)
    await client.books([TICKER]), await client.settlements([TICKER])
    await client.aclose()
    asked = {
        f"{request.method} {request.url.path.removeprefix('/trade-api/v2')}" for request in seen
    }
    assert asked == routes.keys(), "every kind of question was asked"
    assert {request.method for request in seen} == {"GET"}
    signed = [name for request in seen for name in request.headers if "kalshi" in name.lower()]
    assert signed == []


def test_the_public_client_brings_no_means_to_sign_into_the_process():
    signing = {
        "cryptography",
        "kalshi_edge.data.kalshi.private_key",
        "kalshi_edge.data.kalshi.auth",
        "kalshi_edge.data.kalshi.account.account_client",
        "kalshi_edge.data.kalshi.order_wire",
    }
    assert all(find_spec(name) for name in signing), "a module that is not there proves nothing"
    check = (
        "import sys, kalshi_edge.data.kalshi.public_client\n"
        f"sys.exit(', '.join({signing} & sys.modules.keys()) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_only_this_machine_may_be_spoken_to_in_the_clear():
    assert {PRODUCTION.rest_url[:5], DEMO.rest_url[:5]} == {"https"}
    for clear in ("http://example.org/v2", "http://127.0.0.1.example.org/v2"):
        with pytest.raises(SettingError, match="must begin with https"):
            Host(clear, "wss://example.org/ws")
    with pytest.raises(SettingError, match="must begin with wss"):
        Host("https://example.org/v2", "ws://example.org/ws")
    Host("http://localhost:8100/v2", "ws://[::1]:8100/ws")
