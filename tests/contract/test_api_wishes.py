"""What people want goes through the one loop once, and the answer is what happened."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.orders import Intent, Order, OrderState, Side
from tests.api_desk import EVE, TICKER, Desk, desk
from tests.builders import TICKER as OTHER
from tests.builders import book, intent, ladder


async def sell(at: Desk, trade_id: str, key: str = "", **wish: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"limit_price": "0.23", **wish}
    return await at.http.post(f"/api/positions/{trade_id}/sell", json=body, headers=headers)


def sales(at: Desk) -> list[Order]:
    return [order for order in at.trader.engine.account.orders.values() if order.intent.reduces]


async def test_a_paper_sale_trades_at_once_and_is_no_statistic() -> None:
    async with desk() as at:
        trade = await at.buys()
        answer = await sell(at, trade.trade_id, reason="enough")
        outcome = answer.json()
        assert answer.status_code == 200
        assert outcome["is_settled"]
        assert not outcome["is_refused"]
        assert Decimal(outcome["sold"]) == trade.count
        (sold,) = outcome["trades"]
        assert sold["by_hand"]
        assert Decimal(sold["received"]) == trade.count * Decimal("0.23")
        today = (await at.http.get("/api/pnl/today")).json()
        assert (today["wins"], today["losses"], today["by_hand"]) == (0, 0, 1)


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


async def test_a_key_used_for_another_wish_is_a_conflict() -> None:
    async with desk() as at:
        trade = await at.buys()
        await sell(at, trade.trade_id, "mine", count="1")
        answer = await sell(at, trade.trade_id, "mine", count="2")
        assert answer.status_code == 409
        assert answer.json()["detail"] == "Idempotency-Key mine was used for another wish"
        assert len(sales(at)) == 1


async def test_more_than_is_held_is_refused_with_every_rule() -> None:
    async with desk() as at:
        trade = await at.buys()
        outcome = (await sell(at, trade.trade_id, count=str(trade.count + 1))).json()
        assert outcome["is_refused"]
        assert outcome["gates"][0]["rule"] == "held"
        assert not outcome["gates"][0]["passed"]
        assert sales(at) == []


def rests(at: Desk, order: Intent, filled: str = "0") -> None:
    """Put an order into the account, and into the exchange's book, as one that waits."""
    known = Order(order, OrderState.RESTING, "at-the-exchange")
    at.trader.engine.account.orders[order.intent_id] = known
    assert at.trader.simulated is not None


async def test_a_quick_sell_takes_a_bracket_out_of_the_book_and_leaves_no_trade() -> None:
    async with desk() as at:
        await at.tell(ladder(received_at=EVE), book(TICKER, at=EVE), book(OTHER, at=EVE))
        legs = [
            intent(ticker, Side.BUY, 5, "0.10", bracket_id="b", created_at=EVE)
            for ticker in (TICKER, OTHER)
        ]
        for leg in legs:
            await at.trader.store.add_order(Order(leg))
            rests(at, leg)
            await at.trader.store.save_order(at.trader.engine.account.orders[leg.intent_id])
        outcome = (await at.http.delete(f"/api/orders/{legs[0].intent_id}")).json()
        assert {order["ticker"] for order in outcome["orders"]} == {TICKER, OTHER}
        assert outcome["filled"] == "0"
        assert outcome["positions"] == []


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


async def test_every_wish_is_in_the_audit_with_who_and_why() -> None:
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
