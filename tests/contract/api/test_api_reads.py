"""What the API says of an account: hand-computed books, an empty desk, the store unread."""

import socket
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kalshi_edge.api.rate_limits import Rates
from kalshi_edge.api.server import Address, address_of, bound, create_app
from kalshi_edge.choices import ForecastModel, Sizing
from kalshi_edge.config import Settings, load_settings
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, Side, Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.token_bucket import Rate
from tests.simulation.learned import learned_pools
from tests.support.api_harness import EVE, KEYED, KEYLESS, TICKER, ApiHarness, client, desk
from tests.support.builders import DAY, Quote, book, forecast, ladder, quotes

pytestmark = pytest.mark.patient_time

READS = [
    path.replace("{city}", "NYC")
    for path, methods in create_app().openapi()["paths"].items()
    if "get" in methods and "{trade_id}" not in path
]

BIDS: dict[str, tuple[list[Quote], str, str]] = {
    # 8 contracts held, paid 3.20 and 0.14 of fees: they cost 3.34.
    "deep": ([("0.45", 100)], "8", "3.60"),
    "two levels": ([("0.45", 5), ("0.40", 100)], "8", "3.45"),  # 5 × 0.45 + 3 × 0.40
    "three levels": ([("0.45", 1), ("0.40", 2), ("0.01", 5)], "8", "1.30"),
    "thin": ([("0.45", 2)], "2", "0.90"),  # 6 contracts find no bid and count nothing
    "no bids": ([], "0", "0"),
}


async def holding(at: ApiHarness, side: Side = Side.BUY) -> Trade:
    trade = Trade(
        "held", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, EVE, side,
        count=Decimal(8), open_count=Decimal(8), paid=Decimal("3.20"), fees=Decimal("0.14"),
    )  # fmt: skip
    await at.tell(ladder(received_at=EVE))
    return at.trader.engine.account.tracker.keep(trade)


async def position(at: ApiHarness) -> dict[str, Any]:
    (shown,) = (await at.http.get("/api/positions/open")).json()["positions"]
    return dict(shown)


@pytest.mark.parametrize("name", BIDS)
async def test_a_position_is_worth_what_walking_the_bids_fetches(name: str) -> None:
    bids, covered, value = BIDS[name]
    async with desk() as at:
        await holding(at)
        await at.tell(book(TICKER, bids, [("0.50", 10)], EVE))
        shown = await position(at)
        assert Decimal(shown["covered_count"]) == Decimal(covered)
        assert Decimal(shown["liquidation_value"]) == Decimal(value)
        assert Decimal(shown["unrealised"]) == Decimal(value) - Decimal("3.34")
        balance = (await at.http.get("/api/balance")).json()
        assert Decimal(balance["equity"]) == Decimal(balance["cash"]) + Decimal(value)
        assert Decimal(balance["unrealised"]) == Decimal(shown["unrealised"])


async def test_no_contracts_are_bought_back_from_the_asks() -> None:
    async with desk() as at:
        await holding(at, Side.SELL)
        await at.tell(book(TICKER, [("0.30", 10)], [("0.40", 3), ("0.60", 10)], EVE))
        shown = await position(at)
        assert shown["side"] == "no"
        # 3 × (1 − 0.40) + 5 × (1 − 0.60)
        assert Decimal(shown["liquidation_value"]) == Decimal("3.80")


async def test_a_book_that_was_emptied_is_no_price_and_none_at_all_is_what_was_paid() -> None:
    async with desk() as at:
        await holding(at)
        assert Decimal((await position(at))["liquidation_value"]) == Decimal("3.20")
        await at.tell(book(TICKER, [("0.45", 100)], [("0.50", 10)], EVE))
        await at.tell(Book(TICKER, (), (), EVE, EVE))
        shown = await position(at)
        assert (shown["bid"], shown["ask"]) == (None, None)
        assert Decimal(shown["liquidation_value"]) == Decimal("3.60")


@pytest.mark.parametrize(
    ("limit", "fills", "vwap", "proceeds", "fee"),
    [
        # 5 at 0.45 and 3 at 0.40; fees 7 % of p(1 − p) each
        ("0.40", "8", "0.43125", "3.45", "0.137025"),
        ("0.42", "5", "0.45", "2.25", "0.086625"),
        ("0.46", "0", None, "0", "0"),
    ],
)
async def test_a_preview_walks_the_bids_down_to_its_limit(
    limit: str, fills: str, vwap: str | None, proceeds: str, fee: str
) -> None:
    async with desk() as at:
        await holding(at)
        await at.tell(book(TICKER, [("0.45", 5), ("0.40", 100)], [("0.50", 10)], EVE))
        path = "/api/positions/held/preview"
        shown = (await at.http.get(path, params={"limit_price": limit})).json()
        assert Decimal(shown["fills_now"]) == Decimal(fills)
        assert Decimal(shown["proceeds_now"]) == Decimal(proceeds)
        assert (shown["vwap"] is None) == (vwap is None)
        if vwap is not None:
            assert abs(Decimal(shown["vwap"]) - Decimal(vwap)) <= Decimal("0.0001")
        assert abs(Decimal(shown["fee_now"]) - Decimal(fee)) <= Decimal("0.0005")
        # 8 contracts cost 3.34 with their fees: 0.4175 each.
        pnl = Decimal(proceeds) - Decimal(fee) - Decimal("0.4175") * Decimal(fills)
        assert abs(Decimal(shown["pnl_now"]) - pnl) <= Decimal("0.001")


async def test_the_preview_of_a_sale_is_what_the_sale_comes_to() -> None:
    async with desk() as at:
        trade = await at.buys()
        path = f"/api/positions/{trade.trade_id}"
        shown = (await at.http.get(f"{path}/preview", params={"limit_price": "0.23"})).json()
        sold = (await at.http.post(f"{path}/sell", json={"limit_price": "0.23"})).json()
        assert Decimal(shown["fills_now"]) == trade.count
        assert abs(Decimal(shown["pnl_now"]) - Decimal(sold["trades"][0]["pnl"])) < Decimal(
            "0.0001"
        )


async def test_a_ladder_shows_what_each_bin_would_come_to() -> None:
    async with desk() as at:
        trade = await at.buys()
        (day,) = (await at.http.get("/api/markets/NYC")).json()["days"]
        rows = {row["ticker"]: row for row in day["bins"]}
        cost = trade.paid + trade.fees
        assert Decimal(rows[TICKER]["pnl_if_wins"]) == trade.count - cost
        others = {Decimal(row["pnl_if_wins"]) for name, row in rows.items() if name != TICKER}
        assert others == {-cost}
        assert abs(sum(row["fair"] for row in day["bins"]) - 1) < 1e-9
        (forecast,) = (await at.http.get("/api/forecasts")).json()["cities"]
        assert day["forecast"] == forecast


async def test_the_scanner_says_why_not_with_every_gate() -> None:
    async with desk() as at:
        await at.buys()
        scanner = (await at.http.get("/api/scanner")).json()
        taken = [one for one in scanner["singles"] if one["is_approved"]]
        assert [leg["ticker"] for one in taken for leg in one["legs"]] == [TICKER]
        for one in scanner["singles"] + scanner["brackets"]:
            failed = {gate["rule"] for gate in one["gates"] if not gate["passed"]}
            assert set(one["failed"]) == failed
            assert one["is_approved"] == (not failed)


WHOLE_LADDER = {
    "T50": "0.07", "B50.5": "0.20", "B52.5": "0.33", "B54.5": "0.28", "B56.5": "0.10",
    "T57": "0.06",
}  # fmt: skip
"""Asks, 2 ¢ above the bids; the forecast of ``buys`` has it two bins warmer."""


async def test_a_whole_ladder_is_one_opportunity_and_its_sides_are_told_apart() -> None:
    async with desk() as at:
        engine = at.trader.engine
        engine.playbook = replace(
            engine.playbook, model=ForecastModel.POSTERIOR, sizing=Sizing.JOINT
        )
        for record in learned_pools(Settings(model=ForecastModel.POSTERIOR, cities=("NYC",))):
            engine.state.forecasting.learned(record)
        known = {10: 51.4368, 50: 54.0, 90: 56.5632}
        books = [
            replace(one, valid_at=EVE, received_at=EVE) for one in quotes(WHOLE_LADDER).values()
        ]
        told = ladder(received_at=EVE), forecast(known, run_at=EVE, received_at=EVE)
        await at.tell(*told, *books, CycleDue(EVE), *books)
        scanner = (await at.http.get("/api/scanner")).json()
        (whole,) = scanner["ladders"]
        assert scanner["singles"] == scanner["brackets"] == []
        assert whole["is_approved"]
        assert len(whole["legs"]) == 6
        sides = {order["side"] for order in whole["orders"]}
        assert sides == {"yes", "no"}
        held = (await at.http.get("/api/positions/open")).json()["positions"]
        ordered = {(order["ticker"], order["side"], order["count"]) for order in whole["orders"]}
        assert {(one["ticker"], one["side"], one["open_count"]) for one in held} == ordered
        assert {one["strategy"] for one in held} == {"ladder"}
        for one in held:
            assert Decimal(one["cost"]) == Decimal(one["average_price"]) * Decimal(
                one["open_count"]
            )
        activity = (await at.http.get("/api/activity")).json()
        assert " NO at $" in str(activity)


@pytest.mark.parametrize("path", READS)
async def test_an_empty_store_is_no_error(path: str) -> None:
    async with desk() as at:
        answer = await at.http.get(path)
        assert answer.status_code == (503 if path == "/api/ready" else 200)


class CountingStore(SqliteStore):
    """A store that counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        super().__init__(":memory:", mode="paper")

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name != "asked":
            self.asked[name] += 1
        return super().__getattribute__(name)


async def test_no_request_reads_the_store() -> None:
    store = CountingStore()
    async with desk(store=store) as at:
        trade = await at.buys()
        before = Counter(store.asked)
        for _ in range(3):
            for path in (*READS, f"/api/positions/{trade.trade_id}/preview?limit_price=0.2"):
                assert (await at.http.get(path)).status_code in {200, 503}
        assert store.asked - before == Counter()
        await at.http.post("/api/risk/halt", json={"reason": "to see that counting works"})
        assert (store.asked - before)["append"] == 1
    await store.close()


async def test_a_restart_remembers_days_equity_news_and_audit() -> None:
    paths = (
        "/api/equity",
        "/api/activity",
        "/api/audit",
        "/api/scanner",
        "/api/trades",
        "/api/orders",
    )
    store = SqliteStore(":memory:", mode="paper")
    async with desk(store=store) as at:
        await at.buys()
        await at.http.post("/api/risk/halt", json={"reason": "storm"})
        before = [(await at.http.get(path)).json() for path in paths]
    async with desk(store=store) as at:
        assert [(await at.http.get(path)).json() for path in paths] == before
    await store.close()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"headers": {"X-API-Key": "wrong"}}, 401),
        ({"headers": {"X-API-Key": ""}}, 401),
        ({"params": {"x": "y" * 3000}}, 414),
    ],
)
async def test_the_door_lets_in_who_has_the_key(change: dict[str, Any], status: int) -> None:
    async with desk() as at:
        answer = await at.http.get("/api/balance", **change)
        assert answer.status_code == status
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        if status != 200:
            problem = answer.json()
            assert problem["status"] == status
            assert problem["request_id"] == answer.headers["X-Request-Id"]
            assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_body_too_long_is_refused_however_it_comes() -> None:
    async with desk() as at:

        async def endless() -> Any:
            for _ in range(100):
                yield b'{"reason": "' + b"x" * 1000

        for body in (b"x" * 20_000, endless()):
            headers = {"Content-Type": "application/json"}
            answer = await at.http.post("/api/risk/halt", content=body, headers=headers)
            assert answer.status_code == 413


async def test_another_page_may_ask_for_nothing_to_be_done() -> None:
    async with desk() as at:
        request = {"reason": "x"}
        foreign = {"Origin": "https://evil.example"}
        own = {"Origin": KEYED.origins[0]}
        refused = await at.http.post("/api/risk/halt", json=request, headers=foreign)
        assert refused.status_code == 403
        allowed = await at.http.post("/api/risk/halt", json=request, headers=own)
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == KEYED.origins[0]
        assert "Access-Control-Allow-Origin" not in refused.headers
        asked = {"Access-Control-Request-Method": "POST"}
        before = await at.http.options("/api/risk/halt", headers={**own, **asked})
        assert before.headers["Access-Control-Allow-Origin"] == KEYED.origins[0]
        before = await at.http.options("/api/risk/halt", headers={**foreign, **asked})
        assert "Access-Control-Allow-Origin" not in before.headers


@pytest.mark.parametrize(
    ("host", "key", "listens"),
    [
        ("0.0.0.0", "", "127.0.0.1"),  # noqa: S104
        ("::", "", "127.0.0.1"),
        ("localhost", "", "localhost"),
        ("192.0.2.7", "a-key-of-enough-letters", "192.0.2.7"),
    ],
)
def test_without_a_key_it_listens_on_this_machine_only(host: str, key: str, listens: str) -> None:
    settings = load_settings(api_host=host, api_secret_key=key)
    assert address_of(settings).host == listens


async def test_without_a_key_a_foreign_name_for_this_machine_is_not_served() -> None:
    async with desk(KEYLESS) as at:
        assert (await at.http.get("/api/balance")).status_code == 200
        rebound = await at.http.get("/api/balance", headers={"Host": "evil.example"})
        assert rebound.status_code == 403
        banners = (await at.http.get("/api/health")).json()["banners"]
        assert "no_key" in {banner["kind"] for banner in banners}


async def test_who_asks_too_much_waits() -> None:
    few = replace(KEYED, rates=Rates(Rate(1, 5), Rate(1, 2), Rate(1, 3)))
    async with desk(few) as at, client(at.port, replace(KEYED, api_key="wrong")) as stranger:
        looks = [(await stranger.get("/api/ready")).status_code for _ in range(6)]
        reads = [(await at.http.get("/api/balance")).status_code for _ in range(6)]
        writes = [
            (await at.http.post("/api/risk/resume", json={"reason": "x"})).status_code
            for _ in range(3)
        ]
        guesses = [(await stranger.get("/api/balance")) for _ in range(4)]
        assert looks == [503] * 5 + [429]
        assert reads == [200] * 5 + [429]
        assert writes == [200, 200, 429]
        assert [guess.status_code for guess in guesses] == [401, 401, 401, 429]
        assert int(guesses[-1].headers["Retry-After"]) >= 1


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_headers() -> None:
    with (
        bound(Address("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_figures_for_prometheus_say_how_it_is() -> None:
    async with desk() as at:
        await at.buys()
        await at.http.get("/api/balance")
        lines = (await at.http.get("/metrics")).text.splitlines()
        assert "kalshi_edge_open_positions 1.0" in lines
        assert 'kalshi_edge_orders{state="done"} 1.0' in lines
        counted = (
            'kalshi_edge_request_seconds_count{method="GET",route="/api/balance",status="200"}'
        )
        assert f"{counted} 1.0" in lines
        assert "kalshi_edge_cycle_seconds_count 1.0" in lines
        assert "kalshi_edge_live_clients 0.0" in lines
        assert "kalshi_edge_switch_level 0.0" in lines
        assert f"kalshi_edge_journal_seq {await at.trader.store.last_seq()}.0" in lines


async def test_a_fill_that_is_told_again_is_news_once() -> None:
    async with desk() as at:
        await at.buys()

        async def fills() -> list[str]:
            items = (await at.http.get("/api/activity")).json()["items"]
            return [item["text"] for item in items if item["kind"] == "fill"]

        first = await fills()
        assert first == ["bought 100 at $0.25, fee $1.3125"]
        lines = await at.trader.store.journal(0, 100)
        (told,) = [event for line in lines for event in line.events if isinstance(event, Fill)]
        await at.tell(told, replace(told, received_at=told.received_at + timedelta(seconds=3)))
        await at.tell(told, CycleDue(EVE))  # a line is written when something follows
        assert await fills() == first
