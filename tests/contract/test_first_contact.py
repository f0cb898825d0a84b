"""First contact: nothing in the sandbox deviates; what is planted in its answers is found, each."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from kalshi_edge.config import load_settings
from kalshi_edge.errors import InputError, SettingError
from kalshi_edge.operations.check_results import CheckResult, Grade
from kalshi_edge.operations.contact.capture import CapturingTransport, Exchanged, read_capture
from kalshi_edge.operations.contact.contact import (
    contact_results,
    new_contact,
    replayed_contact,
)
from kalshi_edge.operations.contact.run import run_contact
from kalshi_edge.runtime.environment import Transport
from tests.support.served import enrolled, new_pem, served

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

Change = Callable[[Any], None]
"""Changes the JSON of an answer."""


@pytest.fixture(scope="module")
def sandbox_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the answers of one contact with the sandbox are, once they were made."""
    return tmp_path_factory.mktemp("contact") / "kept"


def nothing(_: CheckResult) -> None:
    """Nobody looks at the results."""


async def kept(folder: Path) -> Path:
    """The folder of one contact, made by whichever test comes first."""
    if not folder.exists():  # noqa: ASYNC240 - a moment
        async with served(folder.parent) as (_, settings):
            found: list[CheckResult] = []
            await run_contact(settings, orders=True, folder=folder, told=found.append)
        assert [one for one in found if one.grade is not Grade.PASS] == []
        assert len(found) == 29
    return folder


async def replayed(
    folder: Path, change: Callable[[Exchanged], Exchanged]
) -> dict[str, CheckResult]:
    about, answers = read_capture(await kept(folder))
    contact = replayed_contact(
        load_settings(trading_mode="demo"), about, [change(one) for one in answers]
    )
    return {one.what: one async for one in contact_results(contact, orders=True)}


async def test_the_sandbox_is_as_the_code_assumes_and_its_answers_can_be_replayed(
    sandbox_answers: Path,
) -> None:
    again = await replayed(sandbox_answers, lambda one: one)
    assert [one for one in again.values() if one.grade is not Grade.PASS] == []
    assert {"order", "duplicate", "order read", "cancel", "unfilled order", "NBP"} <= again.keys()


def first(name: str, **changes: Any) -> Change:
    """Changes the first object of the list ``name``, wherever that is."""

    def plant(payload: Any) -> None:
        found = payload[name][0]
        target = found["markets"][0] if name == "events" else found
        target.update(changes)

    return plant


def event(**changes: Any) -> Change:
    return lambda payload: payload["events"][0].update(changes)


def series(**changes: Any) -> Change:
    return lambda payload: payload["series"].update(changes)


def top(**changes: Any) -> Change:
    return lambda payload: payload.update(changes)


def without(*names: str) -> Change:
    def plant(payload: Any) -> None:
        for name in names:
            del payload[name]

    return plant


def rules(old: str, new: str) -> Change:
    def plant(payload: Any) -> None:
        market = payload["events"][0]["markets"][0]
        market["rules_primary"] = market["rules_primary"].replace(old, new)

    return plant


def descending(payload: Any) -> None:
    for book in payload["orderbooks"]:
        for side in book["orderbook_fp"].values():
            side.reverse()


def one_bin_less(payload: Any) -> None:
    payload["events"][0]["markets"].pop(2)


OTHER_SOURCE = [{"name": "National Weather Service", "url": "https://weather.test"}]
OTHER_TICKS = [{"start": "0.0000", "end": "1.0000", "step": "0.0010"}]
LADDERS = "ladders KXHIGHNY"
EVENTS, BOOKS, SETTLED = r"/events\?", r"/markets/orderbooks", r"/markets\?.*settled"
SERIES, ORDERS = r"/series/KXHIGHNY$", r"/portfolio/events/orders$"

PLANTED: list[tuple[str, str, Change, Grade, str]] = [
    (r"/exchange/status", "status", without("trading_active"), Grade.FAIL, "trading_active"),
    (r"/exchange/schedule", "schedule", without("schedule"), Grade.FAIL, "schedule"),
    (r"fee_changes", "fee changes", without("series_fee_change_arr"), Grade.FAIL, "fee_change"),
    (r"/cutoff", "cut-off", without("trades_created_ts"), Grade.FAIL, "trades_created_ts"),
    (r"/cutoff", "cut-off", top(market_settled_ts=1764500000), Grade.FAIL, "market_settled_ts"),
    (SERIES, "series KXHIGHNY", series(fee_multiplier=2), Grade.WARN, "× 2"),
    (SERIES, "series KXHIGHNY", series(fee_type="cubic"), Grade.FAIL, "unknown"),
    (SERIES, "series KXHIGHNY", series(settlement_sources=OTHER_SOURCE), Grade.WARN, "Weather S"),
    (EVENTS, LADDERS, first("events", price_ranges=OTHER_TICKS), Grade.WARN, "ticks of 0.0010"),
    (EVENTS, LADDERS, first("events", exchange_index=3), Grade.FAIL, "shard 3"),
    (EVENTS, LADDERS, first("events", close_time="2027-04-13T04:00:00Z"), Grade.FAIL, "closes at"),
    (EVENTS, LADDERS, first("events", open_time="2027-04-11T09:00:00Z"), Grade.WARN, "opened at"),
    (EVENTS, LADDERS, first("events", settlement_bounds_type="floor"), Grade.FAIL, "'floor'"),
    (EVENTS, LADDERS, first("events", yes_bid_dollars=41), Grade.FAIL, "yes_bid_dollars is 41"),
    (EVENTS, LADDERS, first("events", yes_bid=41), Grade.WARN, "has yes_bid again"),
    (EVENTS, LADDERS, first("events", status="open"), Grade.FAIL, "'open' among the open"),
    (EVENTS, LADDERS, first("events", strike_type="less_than"), Grade.FAIL, "strike type"),
    (EVENTS, LADDERS, event(mutually_exclusive=False), Grade.FAIL, "mutually exclusive"),
    (EVENTS, LADDERS, one_bin_less, Grade.FAIL, ""),
    (EVENTS, LADDERS, rules("CLINYC", "CLILGA"), Grade.FAIL, "CLILGA"),
    (EVENTS, LADDERS, rules("maximum", "minimum"), Grade.FAIL, "minimum"),
    (EVENTS, LADDERS, rules("fahrenheit", "celsius"), Grade.FAIL, "celsius"),
    (EVENTS, LADDERS, top(events=None), Grade.FAIL, "no open event"),
    (BOOKS, "books KXHIGHNY", descending, Grade.FAIL, "not in order"),
    (BOOKS, "books KXHIGHNY", first("orderbooks", orderbook_fp={"yes": []}), Grade.FAIL, "neither"),
    (SETTLED, "settled KXHIGHNY", first("markets", status="settled"), Grade.FAIL, "'settled' am"),
    (SETTLED, "settled KXHIGHNY", first("markets", expiration_value=""), Grade.WARN, "without a "),
    (r"/account/limits", "limits", top(read={"refill_rate": 20, "bucket_capacity": 20}),
     Grade.FAIL, "read refills 20"),
    (r"endpoint_costs", "costs", without("default_cost"), Grade.FAIL, "default_cost"),
    (r"/portfolio/balance", "balance", without("balance_dollars"), Grade.FAIL, "balance_dollars"),
    (r"/portfolio/balance", "balance", top(balance=10_000_000), Grade.FAIL, "cents beside"),
    (r"/portfolio/positions", "positions", top(market_positions=[{"ticker": "A", "position": 1}]),
     Grade.FAIL, "position_fp"),
    (ORDERS, "order", without("remaining_count"), Grade.FAIL, "remaining_count"),
    (r"/portfolio/orders/", "order read", lambda p: p["order"].update(yes_price_dollars="0.99"),
     Grade.FAIL, "read"),
    (r"/portfolio/orders/", "order read", lambda p: p["order"].update(status="live"),
     Grade.FAIL, "'live'"),
]  # fmt: skip


@pytest.mark.parametrize("case", PLANTED, ids=[f"{n}-{c[1]}" for n, c in enumerate(PLANTED)])
async def test_every_planted_deviation_is_found(
    sandbox_answers: Path, case: tuple[str, str, Change, Grade, str]
) -> None:
    path, what, plant, grade, text = case
    planted = 0

    def change(one: Exchanged) -> Exchanged:
        nonlocal planted
        is_it = re.search(path, one.url) and (path != ORDERS or one.status == 201)
        if not is_it or (planted and path == ORDERS):
            return one
        payload = one.payload
        plant(payload)
        planted += 1
        return replace(one, body=json.dumps(payload).encode())

    found = await replayed(sandbox_answers, change)
    assert planted
    assert found[what].grade is grade, found[what]
    assert text in found[what].figure
    assert found[what].advice, "it says what that would break"


OTHERS: list[tuple[str, str, dict[str, Any], Grade, str]] = [
    (r"/exchange/status", "status", {"headers": {}}, Grade.FAIL, "no Date"),
    (r"/s3/.*nbptx", "bulletin files", {"headers": {}}, Grade.FAIL, "no etag header"),
    (r"/nws/", "weather service", {"headers": {"content-type": "text/html"}}, Grade.FAIL, "html"),
    (r"/nws/points", "offices", {"status": 403}, Grade.FAIL, "HTTP 403 for"),
    (r"/awc/", "observations", {"body": b"<html>"}, Grade.FAIL, ""),
    (r"/json/cli|/nws/products", "climate reports", {"status": 500}, Grade.FAIL, ""),
    (ORDERS, "duplicate", {"status": 201}, Grade.FAIL, "HTTP 201, not 409"),
    (r"/events/orders/", "cancel", {"status": 400}, Grade.FAIL, "HTTP 400, not 404"),
]  # fmt: skip


@pytest.mark.parametrize("case", OTHERS, ids=[case[1] for case in OTHERS])
async def test_headers_statuses_and_texts_that_deviate_are_found(
    sandbox_answers: Path, case: tuple[str, str, dict[str, Any], Grade, str]
) -> None:
    path, what, changes, grade, text = case

    def change(one: Exchanged) -> Exchanged:
        only = {"duplicate": 409, "cancel": 404}.get(what, one.status)
        return replace(one, **changes) if re.search(path, one.url) and one.status == only else one

    found = await replayed(sandbox_answers, change)
    assert found[what].grade is grade, found[what]
    assert text in found[what].figure


async def test_another_model_version_is_named(
    sandbox_answers: Path,
) -> None:
    def change(one: Exchanged) -> Exchanged:
        return replace(one, body=one.body.replace(b"NBM V5.0", b"NBM V6.1"))

    found = await replayed(sandbox_answers, change)
    assert "NBM version 6.1, not 5.0" in found["bulletin files"].figure
    assert found["bulletin files"].grade is Grade.WARN


class Planting(httpx.AsyncBaseTransport):
    """The network, in whose answers one thing is changed."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if not request.url.path.endswith("/series/KXHIGHNY"):
            return answer
        payload = json.loads(await answer.aread())
        payload["series"]["fee_multiplier"] = 3
        return httpx.Response(200, json=payload)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_a_deviation_is_found_as_it_comes_over_the_wire(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, settings):
        contact = await new_contact(settings)
        ways = Transport(
            exchange=CapturingTransport(Planting(), contact.kept),
            weather=contact.environment.transport.weather,
        )
        contact.environment = replace(contact.environment, transport=ways)
        found = {one.what: one async for one in contact_results(contact)}
    assert [what for what, one in found.items() if one.grade is not Grade.PASS] == [
        "series KXHIGHNY"
    ]
    assert "quadratic × 3, not quadratic × 1" in found["series KXHIGHNY"].figure


async def test_what_is_kept_says_nothing_of_whose_account_it_is(tmp_path: Path) -> None:
    async with served(tmp_path) as (sandbox, settings):
        pem = new_pem()
        _, ours = enrolled(sandbox, pem)
        (tmp_path / "key.pem").write_text(pem)
        named = settings.model_copy(
            update={
                "kalshi_key_id": ours["KALSHI_KEY_ID"],
                "kalshi_private_key_path": tmp_path / "key.pem",
                "contact": "ann@weather.test",
            }
        )
        await run_contact(named, orders=True, folder=tmp_path / "kept", told=nothing)
        with pytest.raises(InputError, match="is there already"):
            await run_contact(named, folder=tmp_path / "kept", told=nothing)
    texts = "".join(path.read_text() for path in (tmp_path / "kept").iterdir())
    for secret in (ours["KALSHI_KEY_ID"], "ann@weather.test", "SIGNATURE", "PRIVATE KEY"):
        assert secret not in texts
    assert not re.search(r'"user_id": "(?!redacted)', texts)


async def test_orders_are_tried_in_demo_only_and_a_folder_of_something_else_is_refused(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, trading_mode="paper") as (_, settings):
        with pytest.raises(SettingError, match="orders are tried in demo only"):
            await new_contact(settings, orders=True)
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(InputError, match="holds no kept answers"):
        await run_contact(settings, replay=tmp_path, told=nothing)
