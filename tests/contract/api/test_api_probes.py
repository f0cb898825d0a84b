"""Alive is one thing, ready another: a host that restarts what is not ready would restart halts."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from kalshi_edge.domain.events import CycleDue, Halt, Resume
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from tests.support.api_harness import EVE, KEYED, KEYLESS, ApiHarness, client, desk


async def reasons(at: ApiHarness) -> list[str]:
    answer = await at.http.get("/api/ready")
    found = answer.json()
    assert answer.status_code == (200 if found["is_ready"] else 503)
    assert found["is_ready"] == (not found["reasons"])
    return [str(reason) for reason in found["reasons"]]


async def ready_desk(at: ApiHarness) -> None:
    """As after a cycle with markets, forecasts and nothing wrong."""
    await at.buys()
    at.trader.markets.last_success_at = EVE


async def test_a_trader_that_knows_nothing_says_everything_that_is_missing() -> None:
    async with desk() as at:
        assert await reasons(at) == [
            "no cycle yet",
            "exchange: markets not asked",
            "forecasts: none of a run in the last 14 h for NYC",
        ]


async def test_ready_is_who_has_markets_forecasts_and_no_halt() -> None:
    async with desk() as at:
        await ready_desk(at)
        assert await reasons(at) == []


async def test_an_exchange_that_stopped_answering_is_a_reason() -> None:
    async with desk() as at:
        await ready_desk(at)
        await at.trader.markets.refresh()  # nobody listens there
        at.trader.markets._asked_at = EVE + timedelta(seconds=1)
        (reason,) = await reasons(at)
        assert reason.startswith("exchange: markets down: GET /")
        at.trader.markets.problems = ("one odd market",)
        at.trader.markets.last_success_at = EVE + timedelta(seconds=2)
        assert await reasons(at) == [], "an odd market costs itself only"


async def test_old_forecasts_and_late_cycles_are_reasons() -> None:
    async with desk() as at:
        await ready_desk(at)
        at.trader.clock.set(EVE + timedelta(hours=15))  # type: ignore[attr-defined]
        assert await reasons(at) == [
            "the last cycle was 54000 s ago",
            "forecasts: none of a run in the last 14 h for NYC",
        ]


async def test_a_halt_is_a_reason_and_its_author_stays_private() -> None:
    async with desk() as at:
        await ready_desk(at)
        await at.tell(Halt("moving house", EVE, "c1", "ann"))
        assert await reasons(at) == ["trading is halted (person)"]
        alive = await at.http.get("/api/health")
        assert alive.status_code == 200, "a halted trader is not to be restarted"
        await at.tell(Resume("moved", EVE, "c2", "ann"))
        assert await reasons(at) == []


async def test_an_account_that_was_never_reconciled_is_a_reason() -> None:
    async with desk() as at:
        await ready_desk(at)
        at.trader.engine.breakers = CircuitBreakers()
        await at.tell(CycleDue(EVE))
        assert await reasons(at) == ["reconciled: not since the start"]
        at.trader.engine.watch.clean_at = EVE
        assert await reasons(at) == []


async def test_without_a_key_health_says_only_that_the_process_is_alive() -> None:
    async with desk() as at, client(at.port, replace(KEYED, api_key="")) as stranger:
        await at.buys()
        answer = await stranger.get("/api/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
        wrong = await stranger.get("/api/health", headers={"X-API-Key": "wrong"})
        assert wrong.status_code == 401
        assert (await at.http.get("/api/health")).json()["mode"] == "paper"
    async with desk(KEYLESS) as at:
        assert (await at.http.get("/api/health")).json()["mode"] == "paper"
        rebound = await at.http.get("/api/health", headers={"Host": "evil.example"})
        assert rebound.status_code == 403


async def test_an_empty_filter_of_trades_is_no_filter() -> None:
    async with desk() as at:
        trade = await at.buys()
        for query in ("date=&city=", "date=", "city=&limit=5", f"date={trade.climate_day}&city="):
            found = (await at.http.get(f"/api/trades?{query}")).json()["trades"]
            assert [Decimal(one["count"]) for one in found] == [trade.count]
        assert (await at.http.get("/api/trades?city=LA&date=")).json()["trades"] == []
        for query in ("date=tomorrow", "city=nyc", "date=1", "date=2026-13-01"):
            assert (await at.http.get(f"/api/trades?{query}")).status_code == 422
