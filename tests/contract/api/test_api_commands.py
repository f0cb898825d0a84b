"""What people want goes through the one loop once, and the answer is what happened."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.orders import Intent, Order, OrderStep, Side, TimeInForce
from tests.support.api_harness import EVE, TICKER, ApiHarness, desk
from tests.support.builders import TICKER as OTHER
from tests.support.builders import book, intent, ladder

pytestmark = pytest.mark.patient_time


async def sell(at: ApiHarness, trade_id: str, key: str = "", **request: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"limit_price": "0.23", **request}
    return await at.http.post(f"/api/positions/{trade_id}/sell", json=body, headers=headers)


def sales(at: ApiHarness) -> list[Order]:
    return [order for order in at.trader.engine.account.orders.values() if order.intent.reduces]


async def test_a_sale_says_what_it_sold_at_what_and_is_no_statistic() -> None:
    async with desk() as at:
        trade = await at.buys()
        answer = await sell(at, trade.trade_id, reason="enough")
        outcome = answer.json()
        assert answer.status_code == 200
        assert outcome["is_settled"]
        assert not outcome["is_refused"]
        assert Decimal(outcome["sold"]) == trade.count
        (fill,) = outcome["fills"]
        assert (fill["price"], fill["count"], outcome["waiting"]) == ("0.23", outcome["sold"], "0")
        assert f"sold {outcome['sold']} at $0.23" in outcome["text"]
        assert (fill["is_taker"], outcome["imagined_gain"]) == (True, "0")
        (sold,) = outcome["trades"]
        assert sold["by_hand"]
        assert Decimal(sold["received"]) == trade.count * Decimal("0.23")
        today = (await at.http.get("/api/pnl/today")).json()
        assert (today["wins"], today["losses"], today["by_hand"]) == (0, 0, 1)


async def test_what_nobody_pays_waits_and_a_quick_sell_takes_it_back() -> None:
    async with desk() as at:
        trade = await at.buys()
        await at.tell(book(TICKER, [("0.30", 4), ("0.23", 500)], [("0.60", 100)], EVE))
        before = (await at.http.get("/api/balance")).json()
        answer = await sell(at, trade.trade_id, limit_price="0.30")
        outcome = answer.json()
        assert (answer.status_code, outcome["sold"]) == (200, "4")
        assert Decimal(outcome["waiting"]) == trade.count - 4
        assert outcome["orders"][0]["state"] == "partial"
        after = (await at.http.get("/api/balance")).json()
        (fill,) = outcome["fills"]
        paid = 4 * Decimal("0.30") - Decimal(fill["fee"])
        assert Decimal(after["cash"]) - Decimal(before["cash"]) == paid
        assert Decimal(after["equity"]) <= Decimal(before["equity"])
        # The four are still shown by the others; they are gone for us.
        await at.tell(book(TICKER, [("0.30", 4), ("0.23", 500)], [("0.60", 100)], EVE))
        cancelled = (await at.http.delete(f"/api/orders/{sales(at)[0].intent.intent_id}")).json()
        assert (cancelled["is_settled"], cancelled["filled"]) == (True, "4")
        assert "4 had been sold" in cancelled["text"]
        (position,) = cancelled["positions"]
        assert Decimal(position["open_count"]) == trade.count - 4
        (shown,) = (await at.http.get("/api/positions/open")).json()["positions"]
        assert shown["on_sale"] == "0"


@pytest.mark.parametrize("bids", [[("0.30", 4), ("0.23", 500)], []])
async def test_an_instant_fill_shows_what_was_imagined_and_pays_what_the_book_pays(
    bids: list[tuple[str, int]],
) -> None:
    async with desk(instant_fill=True) as at:
        trade = await at.buys()
        await at.tell(book(TICKER, bids, [("0.60", 100)], EVE))
        before = (await at.http.get("/api/balance")).json()
        outcome = (await sell(at, trade.trade_id, limit_price="0.40", waits=False)).json()
        balance = (await at.http.get("/api/balance")).json()
        if not bids:
            assert (outcome["sold"], outcome["fills"], balance["cash"]) == ("0", [], before["cash"])
            return
        left = trade.count - 4
        imagined = 4 * Decimal("0.10") + left * Decimal("0.17")
        paid = 4 * Decimal("0.30") + left * Decimal("0.23")
        fees = sum(Decimal(fill["fee"]) for fill in outcome["fills"])
        assert Decimal(outcome["sold"]) == trade.count
        assert Decimal(balance["cash"]) - Decimal(before["cash"]) == paid - fees
        assert Decimal(balance["equity"]) == Decimal(before["equity"]) - fees
        today = (await at.http.get("/api/pnl/today")).json()
        figures = (outcome, outcome["trades"][0], balance, today)
        assert {Decimal(one["imagined_gain"]) for one in figures} == {imagined}
        assert "is imagined" in outcome["text"]
        assert Decimal(today["realised"]) == paid - fees - trade.paid - trade.fees
        at_risk = (await at.http.get("/api/risk/status")).json()
        assert Decimal(at_risk["bankroll"]) == Decimal(balance["equity"])


async def test_a_price_off_the_markets_grid_is_refused_and_nothing_is_sold() -> None:
    async with desk() as at:
        trade = await at.buys()
        outcome = (await sell(at, trade.trade_id, limit_price="0.225")).json()
        assert outcome["sold"] == outcome["waiting"] == "0"
        assert "price is $0.225, must be" in outcome["text"]
        assert at.trader.engine.account.pending_sales(trade.trade_id) == 0


async def test_a_double_click_a_replay_and_a_race_of_closes_are_one_order() -> None:
    async with desk() as at:
        trade = await at.buys()
        racing = await asyncio.gather(
            *(sell(at, trade.trade_id, "double-click") for _ in range(5)),
            *(sell(at, trade.trade_id) for _ in range(20)),
        )
        again = await sell(at, trade.trade_id, "double-click")
        assert len(sales(at)) == 1
        assert {answer.status_code for answer in racing} == {200}
        won = [answer.json() for answer in racing if not answer.json()["is_refused"]]
        assert {one["command_id"] for one in won} in ({"double-click"}, {won[0]["command_id"]})
        assert len({one["seq"] for one in won}) == 1
        assert again.json()["text"] in {answer.json()["text"] for answer in racing[:5]}
        assert at.trader.engine.account.tracker.trades[trade.trade_id].open_count == 0


async def test_a_replay_after_a_restart_is_no_second_order() -> None:
    store = SqliteStore(":memory:", mode="paper")
    async with desk(store=store) as at:
        trade = await at.buys()
        first = (await sell(at, trade.trade_id, "once")).json()
    async with desk(store=store) as at:
        again = (await sell(at, trade.trade_id, "once")).json()
        assert len(sales(at)) == 1
        assert (again["seq"], again["sold"]) == (first["seq"], first["sold"])
    await store.close()


async def test_a_key_used_for_another_command_is_a_conflict() -> None:
    async with desk() as at:
        trade = await at.buys()
        await sell(at, trade.trade_id, "mine", count="1")
        answer = await sell(at, trade.trade_id, "mine", count="2")
        assert answer.status_code == 409
        assert answer.json()["detail"] == "Idempotency-Key mine was used for another command"
        assert len(sales(at)) == 1


async def test_more_than_is_held_is_refused_with_every_rule() -> None:
    async with desk() as at:
        trade = await at.buys()
        outcome = (await sell(at, trade.trade_id, count=str(trade.count + 1))).json()
        assert outcome["is_refused"]
        assert outcome["gates"][0]["rule"] == "held"
        assert not outcome["gates"][0]["passed"]
        assert sales(at) == []


async def rests(at: ApiHarness, *offers: tuple[str, int]) -> list[Intent]:
    """Orders of one bracket for 5 contracts at 0.10, of which a book offers so many there."""
    legs = []
    await at.tell(ladder(received_at=EVE))
    for ticker, count in offers:
        asks = [("0.10", count)] if count else []
        await at.tell(book(ticker, [("0.05", 50)], [*asks, ("0.90", 50)], EVE))
        leg = intent(
            ticker, Side.BUY, 5, "0.10", bracket_id="b", created_at=EVE,
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        )  # fmt: skip
        await at.trader.store.add_order(Order(leg))
        at.trader.engine.account.orders[leg.intent_id] = Order(leg).step(OrderStep.SEND)
        assert at.trader.simulated is not None
        receipt = await at.trader.simulated.place(leg)
        await at.tell(
            OrderUpdate(
                leg.intent_id,
                OrderStep.ACCEPT,
                EVE,
                order_id=receipt.order_id,
                filled=receipt.filled,
            ),
        )
        legs.append(leg)
    shown = (await at.http.get("/api/orders")).json()["orders"]
    assert {order["state"] for order in shown} <= {"resting", "partial"}
    return legs


async def test_a_quick_sell_takes_a_bracket_out_of_the_book_and_leaves_no_trade() -> None:
    async with desk() as at:
        legs = await rests(at, (TICKER, 0), (OTHER, 0))
        path = f"/api/orders/{legs[0].intent_id}"
        answer = await at.http.delete(path, headers={"Idempotency-Key": "out"})
        outcome = answer.json()
        assert (answer.status_code, outcome["is_settled"]) == (200, True)
        assert {order["ticker"] for order in outcome["orders"]} == {TICKER, OTHER}
        assert {order["state"] for order in outcome["orders"]} == {"done"}
        assert (outcome["filled"], outcome["positions"]) == ("0", [])
        assert f"{TICKER}: nothing had filled, closed at P&L 0" in outcome["text"]
        assert (await at.http.get("/api/pnl/today")).json()["realised"] == "0"
        again = await at.http.delete(path, headers={"Idempotency-Key": "out"})
        assert again.json() == outcome
        # Nobody is left in the book to be sold to.
        await at.tell(book(TICKER, [("0.01", 50)], [("0.02", 50)], EVE))
        assert (await at.http.get("/api/positions/open")).json()["positions"] == []


async def test_what_had_filled_before_a_quick_sell_stays_a_position_and_is_said() -> None:
    async with desk() as at:
        (leg,) = await rests(at, (TICKER, 2))
        outcome = (await at.http.delete(f"/api/orders/{leg.intent_id}")).json()
        assert outcome["is_settled"]
        assert outcome["filled"] == "2"
        assert "2 had filled and stay a position" in outcome["text"]
        (position,) = outcome["positions"]
        assert (position["ticker"], position["open_count"]) == (TICKER, "2")
        (open_,) = (await at.http.get("/api/positions/open")).json()["positions"]
        assert open_["trade_id"] == position["trade_id"]


async def test_the_switch_is_thrown_with_its_level_and_lifted() -> None:
    async with desk() as at:
        thrown = await at.http.post("/api/risk/halt", json={"reason": "storm", "level": "reduce"})
        assert thrown.json()["switch"]["state"] == "reduce"
        status = (await at.http.get("/api/risk/status")).json()
        assert status["switch"]["holds"][0]["cause"] == "person"
        lifted = await at.http.post("/api/risk/resume", json={"reason": "over"})
        assert lifted.json()["switch"]["state"] == "run"
        kinds = [banner["kind"] for banner in (await at.http.get("/api/health")).json()["banners"]]
        assert "kill_switch" not in kinds


async def test_every_command_is_in_the_audit_with_who_and_why() -> None:
    async with desk() as at:
        headers = {"X-Acting": "ann", "Idempotency-Key": "k1"}
        await at.http.post("/api/risk/halt", json={"reason": "storm"}, headers=headers)
        (item,) = (await at.http.get("/api/audit")).json()["items"]
        assert item["by"] == "ann at 127.0.0.1"
        assert (item["reason"], item["command_id"]) == ("storm", "k1")
        assert item["outcome"] == "kill switch halt: storm"


@pytest.mark.parametrize("confirm", [False, True])
async def test_real_money_wants_a_confirmation(confirm: bool) -> None:
    async with desk(mode="live") as at:
        trade = await at.buys()
        answers = [
            await sell(at, trade.trade_id, confirm=confirm),
            await at.http.post("/api/risk/halt", json={"reason": "x", "confirm": confirm}),
            await at.http.delete("/api/orders/nothing", params={"confirm": confirm}),
        ]
        wanted = [200, 200, 404] if confirm else [409, 409, 409]
        assert [answer.status_code for answer in answers] == wanted


async def test_a_loop_that_does_not_answer_is_told_as_it_is() -> None:
    async with desk() as at:
        trade = await at.buys()
        at.trader.inbox.put = lambda *_: None  # type: ignore[method-assign]
        answer = await sell(at, trade.trade_id, "lost")
        assert answer.status_code == 202
        assert not answer.json()["is_settled"]
        assert "ask again with the same Idempotency-Key" in answer.json()["text"]
        del at.trader.inbox.put


async def test_rules_are_accepted_by_their_fingerprint_only() -> None:
    async with desk() as at:
        await at.buys()
        (terms,) = (await at.http.get("/api/terms")).json()["series"]
        path = f"/api/terms/{terms['series']}/acknowledge"
        wrong = await at.http.post(path, json={"fingerprint": "other", "reason": "read"})
        right = await at.http.post(
            path, json={"fingerprint": terms["fingerprint"], "reason": "read"}
        )
        assert (wrong.json()["is_refused"], right.json()["is_refused"]) == (True, False)
        assert right.json()["terms"]["accepted"]
