"""The account's lists are read row by row: what cannot be read is named, and costs only itself."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi.account.statement_source import StatementSource
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import CashKind, CashMovement, Event
from kalshi_edge.domain.orders import Fill, Settlement
from tests.support.builders import NOW
from tests.support.kalshi_answers import (
    UUID,
    account_client,
    balance_json,
    cutoff_json,
    deposit_json,
    fill_json,
    order_json,
    payout_json,
    position_json,
    routed,
    subaccount_transfer_json,
    transfer_json,
)

D = Decimal
GAME = "KXNBAGAME-26NOV22-X"
BEGUN = NOW - timedelta(hours=1)


class Asked:
    """A statement source, and an exchange that answers what it is told to."""

    def __init__(self, **lists: Any) -> None:
        self.clock = ManualClock(NOW)
        self.seen: list[httpx.Request] = []
        self.routes: dict[str, Any] = {
            "GET /exchange/user_data_timestamp": {"as_of_time": "2026-11-22T16:00:00Z"},
            "GET /portfolio/balance": balance_json(),
            "GET /historical/cutoff": cutoff_json(),
            f"GET /portfolio/orders/{UUID}": {"order": order_json("an-intent")},
        }
        usual = {
            "positions": "market_positions",
            "orders": "orders",
            "fills": "fills",
            "settlements": "settlements",
            "deposits": "deposits",
            "withdrawals": "withdrawals",
            "subaccounts/transfers": "transfers",
            "intra_exchange_instance_transfers": "transfers",
        }
        for name, key in usual.items():
            self.routes[f"GET /portfolio/{name}"] = {key: lists.get(name, [])}
        key = ApiKey("a key", Ed25519PrivateKey.generate(), self.clock)
        self.account = account_client(routed(self.routes, self.seen), key)
        self.source = StatementSource(self.account, self.clock, BEGUN)

    async def ask(self) -> tuple[AccountStatement, Sequence[Event]]:
        """The statement, and what was told before it."""
        *before, statement = await self.source.ask()
        assert isinstance(statement, AccountStatement), self.source.problem
        return statement, before

    def asked_for(self, name: str) -> int:
        return sum(one.url.path.endswith(name) for one in self.seen)


def of(kind: type, events: Sequence[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


ODD = {
    "positions": [position_json(ticker=GAME, market_exposure_dollars=None), position_json()],
    "orders": [order_json("theirs", order_id="o", status="hovering"), order_json("an-intent")],
    "fills": [fill_json(trade_id="t", yes_price_dollars=None), fill_json()],
    "settlements": [payout_json(ticker=GAME, market_result="scalar", value=None), payout_json()],
    "deposits": [deposit_json(id="odd", status="melted"), deposit_json()],
}


@pytest.mark.parametrize("name", ODD)
async def test_one_row_that_cannot_be_read_costs_only_itself(name: str) -> None:
    at = Asked(**{name: ODD[name]})
    statement, before = await at.ask()
    assert len(statement.unreadable) == 1
    assert not statement.is_complete
    left = {
        "positions": statement.holdings,
        "orders": statement.orders,
        "fills": of(Fill, before),
        "settlements": of(Settlement, before),
        "deposits": of(CashMovement, before),
    }
    assert {kind: len(rows) for kind, rows in left.items() if rows} == {name: 1}
    assert at.source.status.error == statement.unreadable[0]
    assert at.source.status.outcome is PollOutcome.TRUNCATED
    await at.ask()
    assert at.source.oddities.counts == {"unreadable row": 1}, "it is noted once"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("positions", f"position {GAME}: market_exposure_dollars must be"),
        ("orders", "order theirs: order o is 'hovering'"),
        ("fills", "fill t: yes_price_dollars must be"),
        ("settlements", f"payout {GAME}: {GAME}: settled 'scalar' at None cents"),
        ("deposits", "deposit odd: deposit odd is 'melted'"),
    ],
)
async def test_what_could_not_be_read_goes_by_kind_name_and_reason(name: str, sentence: str):
    statement, _ = await Asked(**{name: ODD[name]}).ask()
    assert statement.unreadable[0].startswith(sentence)


@pytest.mark.parametrize("row", [None, 7, "text", [], {}], ids=str)
async def test_a_row_that_is_nothing_at_all_is_named_too(row: Any) -> None:
    statement, _ = await Asked(orders=[row, order_json("an-intent")]).ask()
    assert [report.order_id for report in statement.orders] == [UUID]
    assert len(statement.unreadable) == 1


async def test_null_for_a_list_is_an_empty_list() -> None:
    empty = dict.fromkeys((*ODD, "withdrawals"))
    statement, before = await Asked(**empty).ask()
    assert (statement.holdings, statement.orders, list(before)) == ((), (), [])
    assert statement.is_complete


async def test_an_answer_without_its_list_is_no_empty_one() -> None:
    at = Asked()
    at.routes["GET /portfolio/orders"] = {"cursor": ""}
    assert await at.source.ask() == ()
    assert "no orders" in at.source.problem


async def test_an_error_among_the_good_keeps_its_reason() -> None:
    at = Asked()
    at.routes["GET /portfolio/orders"] = {"error": {"code": "deprecated", "message": "moved"}}
    assert await at.source.ask() == ()
    assert "HTTP 200 with an error: deprecated: moved" in at.source.problem


# --- fills in the order of execution -------------------------------------------------------------


async def test_fills_are_told_in_the_order_of_execution_though_the_newest_comes_first() -> None:
    def at_second(second: int, name: str) -> dict[str, Any]:
        return fill_json(trade_id=name, created_time=f"2026-11-22T15:55:{second:02d}Z")

    newest_first = [at_second(9, "d"), at_second(7, "a"), at_second(7, "c"), at_second(3, "b")]
    _, before = await Asked(fills=newest_first).ask()
    assert [fill.fill_id for fill in of(Fill, before)] == ["b", "c", "a", "d"]


async def test_a_fill_of_an_order_that_is_not_to_be_seen_yet_is_held_back() -> None:
    at = Asked(fills=[fill_json(created_time="2026-11-22T15:59:59Z")])
    shown = at.routes.pop(f"GET /portfolio/orders/{UUID}")
    at.routes["GET /historical/orders"] = {"orders": []}
    statement, before = await at.ask()
    assert list(before) == [], "whose it is cannot be said: it may be ours"
    assert "is not to be seen yet" in statement.unreadable[0]
    at.routes[f"GET /portfolio/orders/{UUID}"] = shown
    statement, before = await at.ask()
    assert [fill.intent_id for fill in of(Fill, before)] == ["an-intent"]
    assert statement.is_complete


async def test_an_order_that_cannot_be_read_still_names_its_fills() -> None:
    at = Asked(fills=[fill_json()])
    at.routes[f"GET /portfolio/orders/{UUID}"] = {"order": order_json("ours", status="hovering")}
    _, before = await at.ask()
    assert [fill.intent_id for fill in of(Fill, before)] == ["ours"]


# --- cash that comes and goes --------------------------------------------------------------------


async def test_what_is_final_is_told_once_and_before_the_statement() -> None:
    at = Asked(
        deposits=[deposit_json(), deposit_json(id="later", status="pending", finalized_ts=None)],
        withdrawals=[deposit_json(id="out", amount_cents=1000, fee_cents=0)],
        **{
            "subaccounts/transfers": [subaccount_transfer_json()],
            "intra_exchange_instance_transfers": [transfer_json()],
        },
    )
    _, before = await at.ask()
    told = {one.movement_id: (one.cash_kind, one.amount, one.fee) for one in before}
    assert told == {
        "a-payment": (CashKind.DEPOSIT, D(250), D(2)),
        "out": (CashKind.WITHDRAWAL, D(-10), D(0)),
        "between-accounts": (CashKind.TRANSFER, D(-40), D(0)),
        "between-shards": (CashKind.TRANSFER, D(15), D(0)),
    }
    assert before[0].valid_at == datetime(2026, 11, 22, 16, tzinfo=UTC)
    at.clock.advance(timedelta(minutes=11))
    _, again = await at.ask()
    assert list(again) == []
    assert at.asked_for("/deposits") == 2


async def test_the_lists_are_asked_for_when_the_balance_moves_and_now_and_then() -> None:
    at = Asked()
    for _ in range(5):
        await at.ask()
        at.clock.advance(timedelta(seconds=30))
    assert at.asked_for("/deposits") == 1
    at.routes["GET /portfolio/balance"] = balance_json(balance_dollars="353.2481")
    at.routes["GET /portfolio/deposits"] = {"deposits": [deposit_json()]}
    _, before = await at.ask()
    assert [one.amount for one in of(CashMovement, before)] == [D(250)]


async def test_what_became_final_after_the_balance_was_read_waits_for_the_next_statement() -> None:
    at = Asked(deposits=[deposit_json(finalized_ts=1795363205)])
    assert list((await at.ask())[1]) == []
    at.routes["GET /exchange/user_data_timestamp"] = {"as_of_time": "2026-11-22T16:00:30Z"}
    assert len((await at.ask())[1]) == 1


async def test_a_deposit_that_the_bank_takes_back_undoes_itself() -> None:
    at = Asked(deposits=[deposit_json()])
    await at.ask()
    at.routes["GET /portfolio/deposits"] = {"deposits": [deposit_json(status="returned")]}
    at.routes["GET /portfolio/balance"] = balance_json(balance_dollars="1.00")
    [back] = (await at.ask())[1]
    assert (back.amount, back.fee, back.reverses) == (D(-250), D(-2), "a-payment")


async def test_what_was_final_before_we_began_is_in_the_balance_already() -> None:
    old = int((BEGUN - timedelta(hours=1)).timestamp())
    deposits = [deposit_json(finalized_ts=old), deposit_json(id="x", status=7, finalized_ts=old)]
    statement, before = await Asked(deposits=deposits).ask()
    assert (list(before), statement.is_complete) == ([], True)


async def test_a_list_that_is_forbidden_costs_neither_the_statement_nor_the_other_lists() -> None:
    at = Asked(withdrawals=[deposit_json()])
    at.routes["GET /portfolio/deposits"] = httpx.Response(403)
    statement, before = await at.ask()
    assert [one.cash_kind for one in before] == [CashKind.WITHDRAWAL]
    assert statement.is_complete
    assert "/portfolio/deposits" in at.source.status.error


@pytest.mark.parametrize(
    "transfer",
    [
        subaccount_transfer_json(from_subaccount=2, to_subaccount=1),
        subaccount_transfer_json(exchange_index=1),
        transfer_json(status="pending"),
        transfer_json(source_exchange_shard=0),
        transfer_json(destination="margined", source_exchange_shard=1),
    ],
)
async def test_a_transfer_that_does_not_touch_our_balance_is_not_told(transfer: Any) -> None:
    name = (
        "subaccounts/transfers"
        if "to_subaccount" in transfer
        else ("intra_exchange_instance_transfers")
    )
    statement, before = await Asked(**{name: [transfer]}).ask()
    assert (list(before), statement.is_complete) == ([], True)


async def test_orders_are_asked_for_from_before_the_days_in_which_nobody_ran() -> None:
    asked = Asked()
    asked.source = StatementSource(asked.account, asked.clock, NOW - timedelta(days=3))

    statement, _ = await asked.ask()

    # One that rested three days ago may be two days older, and has ended since.
    since_at = NOW - timedelta(days=5)
    assert statement.since_at == since_at
    [request] = [one for one in asked.seen if one.url.path.endswith("/portfolio/orders")]
    assert request.url.params["min_ts"] == str(int(since_at.timestamp()))


@pytest.mark.parametrize(("hour", "ahead_h"), [(14, 2), (16, 0), (17, -1)])
async def test_a_statement_says_how_far_our_clock_is_ahead(hour: int, ahead_h: int) -> None:
    at = Asked()
    date = {"Date": f"Sun, 22 Nov 2026 {hour}:00:00 GMT"}
    at.routes["GET /portfolio/balance"] = httpx.Response(200, json=balance_json(), headers=date)
    statement, _ = await at.ask()
    wanted = timedelta(hours=ahead_h)
    assert abs(statement.clock_lead - wanted) <= timedelta(seconds=1)
    assert statement.complete_at - statement.as_of == statement.clock_lead
