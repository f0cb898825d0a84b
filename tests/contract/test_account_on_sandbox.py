"""Our account's statement, read by the real client from the sandbox, oddities and all."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kalshi_edge.data.kalshi.account.statement_source import StatementSource
from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import CashKind, CashMovement
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Fill, Settlement, Side, TimeInForce
from kalshi_edge.trading.fees import fee_check
from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.incidents import announce_fees, settle_fairly, waive_fees
from kalshi_sandbox.exchange.venue.payments import NewPayment, change_cash, pay, take_back
from tests.support.builders import intent
from tests.support.kalshi_sandbox import NYC, Member, member

D = Decimal
HOUR = timedelta(hours=1)
GTC = TimeInForce.GOOD_TILL_CANCELED


def owner(at: Member) -> Account:
    return next(a for a in at.sandbox.exchange.venue.accounts.values() if not a.is_house)


def source(at: Member) -> StatementSource:
    return StatementSource(at.account, at.sandbox.clock, at.sandbox.clock.now() - HOUR)


async def asked(of: StatementSource) -> tuple[AccountStatement, Sequence[Any]]:
    *before, statement = await of.ask()
    assert isinstance(statement, AccountStatement), of.problem
    return statement, before


async def test_what_comes_and_goes_explains_the_balance_exactly():
    async with member() as at:
        venue, us, statements = at.sandbox.exchange.venue, owner(at), source(at)
        first, _ = await asked(statements)
        assert first.cash == 1000
        for new in (
            NewPayment("deposit", D(250), D(2)),
            NewPayment("withdrawal", D("99.99")),
            NewPayment("transfer", D(-40)),
            NewPayment("deposit", D(77), final_after=HOUR),
        ):
            pay(venue, us, new)
        at.advance(timedelta(seconds=30))
        statement, moves = await asked(statements)
        assert sorted((one.cash_kind, one.net) for one in moves) == [
            (CashKind.DEPOSIT, 248),
            (CashKind.TRANSFER, -40),
            (CashKind.WITHDRAWAL, D("-99.99")),
        ]
        assert statement.cash == first.cash + sum(one.net for one in moves)
        take_back(venue, us, moves[0].movement_id)
        at.advance(2 * HOUR)
        last, later = await asked(statements)
        assert last.cash == statement.cash + sum(one.net for one in later)
        assert [one.reverses for one in later if one.reverses] == [moves[0].movement_id]


async def test_interest_is_in_the_balance_and_on_no_list():
    async with member() as at:
        statements = source(at)
        await asked(statements)
        change_cash(at.sandbox.exchange.venue, owner(at), D("1.2345"))
        statement, moves = await asked(statements)
        assert (statement.cash, list(moves)) == (D("1001.2345"), [])


async def test_rows_that_nobody_can_read_and_null_lists_cost_only_themselves():
    async with member() as at:
        at.offer(Side.SELL, "0.33", 10)
        at.sandbox.exchange.oddities.make_odd()
        await at.exchange.place(intent(at.ticker, count=4, created_at=at.sandbox.clock.now()))
        pay(at.sandbox.exchange.venue, owner(at), NewPayment("deposit", D(5)))
        statement, before = await asked(source(at))
        assert [holding.count for holding in statement.holdings] == [4]
        assert len(statement.orders) == 1
        assert {type(event) for event in before} == {Fill, CashMovement}
        assert sorted(row.split()[0] for row in statement.unreadable) == [
            "deposit",
            "fill",
            "order",
            "payout",
            "position",
            "withdrawal",
        ]
        reading = await at.public.ladders([NYC])
        assert [one.name for one in reading.refused] == ["odd-change"]
        assert len(reading.found) == 2
        at.sandbox.exchange.oddities.unreadable.clear()
        at.sandbox.exchange.oddities.null_lists = True
        statement, _ = await asked(source(at))
        assert statement.is_complete


@pytest.mark.parametrize("fractional", [True, False])
async def test_a_market_that_settles_at_a_fair_price_pays_a_fraction(fractional: bool):
    async with member() as at:
        at.sandbox.exchange.oddities.fractional_cents = fractional
        at.offer(Side.SELL, "0.33", 10)
        await at.exchange.place(intent(at.ticker, count=4, created_at=at.sandbox.clock.now()))
        settle_fairly(at.sandbox.exchange, at.ladder.event_ticker, D("0.375"))
        statements = source(at)
        await asked(statements)
        at.advance(timedelta(days=1))
        statement, before = await asked(statements)
        [paid] = [event for event in before if isinstance(event, Settlement)]
        assert statement.holdings == ()
        # Whole cents are what the specification foresees: the rest is cut off.
        assert paid.value == (D("0.375") if fractional else D("0.37"))
        [final] = (await at.public.settlements([at.ticker])).found
        assert final.value == D("0.375")


async def test_an_order_that_its_owner_enlarges_and_renames_is_still_ours():
    async with member() as at:
        now = at.sandbox.clock.now()
        wanted = intent(at.ticker, count=5, created_at=now, time_in_force=GTC)
        taken = await at.exchange.place(wanted)
        us, desk = owner(at), at.sandbox.exchange.desk
        order = us.all_resting()[0]
        desk.amend(
            us, order.order_id, price=D("0.30"), total=D(20), expires_at=None, client_order_id="app"
        )
        statement, _ = await asked(source(at))
        [report] = statement.orders
        assert (report.intent_id, report.order_id) == (wanted.intent_id, taken.order_id)
        assert (report.price, report.resting) == (D("0.30"), 20)
        at.take(Side.SELL, "0.30", 20)
        statement, before = await asked(source(at))
        [fill] = [event for event in before if isinstance(event, Fill)]
        assert (fill.intent_id, fill.count) == (wanted.intent_id, 20)


async def test_a_waived_fee_and_an_announced_one_are_what_the_ladder_says():
    async with member() as at:
        exchange = at.sandbox.exchange
        waive_fees(exchange, at.ladder.event_ticker, HOUR)
        announce_fees(exchange, "KXHIGHNY", FeeRule(multiplier=D(2)), 2 * HOUR)
        reading = await at.public.ladders([NYC])
        ladder = next(one for one in reading.found if one.event_ticker == at.ladder.event_ticker)
        for name in ("free", "as before", "twice"):
            at.offer(Side.SELL, "0.33", "7.31")
            now = at.sandbox.clock.now()
            order = intent(at.ticker, count="7.31", created_at=now, name=name)
            await at.exchange.place(order)
            at.advance(HOUR + timedelta(minutes=1))
        fills = await at.account.fills()
        assert fills.found[0].fee == 0
        for fill in fills:
            assert fee_check([fill], ladder.fee_rule_at).excess is None
        assert fee_check(fills.found[2:], lambda _: FeeRule()).excess is not None
