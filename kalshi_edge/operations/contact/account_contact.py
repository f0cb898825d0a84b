"""The account's answers, asked for one by one; and, in demo, those to an order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial

import httpx

from kalshi_edge.data.kalshi.account.account_client import SUBACCOUNT
from kalshi_edge.data.kalshi.account.account_wire import parse_fill
from kalshi_edge.data.kalshi.exchange import DUPLICATE
from kalshi_edge.data.kalshi.fields import Payload, decimal_field, rows, text_field
from kalshi_edge.data.kalshi.order_wire import EXCHANGE_INDEX, order_body
from kalshi_edge.data.kalshi.signed_rest import SignedRest
from kalshi_edge.data.kalshi.transport import ErrorBody, Params
from kalshi_edge.domain.market import FeeRule, Market
from kalshi_edge.domain.orders import TimeInForce
from kalshi_edge.errors import EdgeError
from kalshi_edge.operations.api_round_trip import far_order
from kalshi_edge.operations.check_results import CheckResult, Grade
from kalshi_edge.operations.contact import account_answers as assumed
from kalshi_edge.operations.contact.capture import Exchanged
from kalshi_edge.operations.contact.deviations import Deviation, Found, expect, result_of
from kalshi_edge.operations.contact.questions import question
from kalshi_edge.trading.fees import most_taker_fee
from kalshi_edge.units import ZERO

ORDERS = "/portfolio/events/orders"
NEWEST = 100
"""Fills whose fees are computed again."""


async def account_results(
    rest: SignedRest, fee_rules: Mapping[str, FeeRule]
) -> AsyncIterator[CheckResult]:
    """Everything that a key may read."""
    asking = rest.get("/account/limits")
    yield await question("limits", asking, assumed.limits_deviations, "basic tier or better")
    asking = rest.get("/account/endpoint_costs")
    yield await question("costs", asking, assumed.costs_deviations, "as planned with")
    params: Params = {"subaccount": SUBACCOUNT, "exchange_index": EXCHANGE_INDEX}
    asking = rest.get("/portfolio/balance", params)
    yield await question("balance", asking, assumed.balance_deviations, "exact dollars")

    def of_fills(answer: Payload) -> Found:
        yield from assumed.list_deviations(answer, "fills")
        yield from _fees(answer, fee_rules)

    lists: tuple[tuple[str, str, str], ...] = (
        ("positions", "/portfolio/positions", "market_positions"),
        ("orders", "/portfolio/orders", "orders"),
        ("settlements", "/portfolio/settlements", "settlements"),
    )
    for what, route, key in lists:
        asking = rest.get(route, {"limit": NEWEST})
        deviations = lambda answer, key=key: assumed.list_deviations(answer, key)
        yield await question(what, asking, deviations, "every row can be read")
    asking = rest.get("/portfolio/fills", {"limit": NEWEST})
    yield await question("fills", asking, of_fills, "every row can be read, fees as computed")


def _fees(answer: Payload, fee_rules: Mapping[str, FeeRule]) -> Found:
    """No fill is charged more than our formula gives for it alone, with its rounding."""
    for row in rows(answer, "fills"):
        rule = fee_rules.get(text_field(row, "market_ticker").partition("-")[0])
        if rule is None or rule.multiplier == ZERO:
            continue
        fill = parse_fill(row, {}, assumed.EPOCH)
        most = most_taker_fee(fill.price, fill.count, rule, fill.valid_at)
        yield from expect(
            fill.fee <= (most if fill.is_taker else ZERO),
            f"fill {fill.fill_id}: {fill.count} at ${fill.price} was charged ${fill.fee},"
            f" at most ${most if fill.is_taker else ZERO} was computed",
            "Every figure with a fee in it: the formula, its coefficient or its rounding.",
        )


async def order_results(
    rest: SignedRest, kept: Sequence[Exchanged], market: Market | None, now: datetime
) -> AsyncIterator[CheckResult]:
    """An order far from the market: placed, sent again, read, taken back, taken back again."""
    if market is None:
        yield CheckResult("order", Grade.WARN, "no market has an ask", "Try when there is trading.")
        return
    trip = _OrderTrip(rest, kept, market, order_body(far_order(market, now)))
    try:
        for step in (trip.placed, trip.sent_again, trip.read):
            if (result := await _step(step)) is not None:
                yield result
            if not trip.resting:
                return
    finally:
        left = [order_id for order_id in trip.resting if not await _is_cancelled(rest, order_id)]
        if left:
            advice = "Take it out by hand: it is one contract at one cent."
            yield CheckResult("cancel", Grade.FAIL, f"may still rest: {', '.join(left)}", advice)
    for step in (trip.cancelled_again, partial(trip.unfilled, now)):
        if (result := await _step(step)) is not None:
            yield result


async def _step(step: Callable[[], Awaitable[CheckResult]]) -> CheckResult | None:
    """A step's result; an answer that says nothing is one too."""
    try:
        return await step()
    except EdgeError as error:
        return CheckResult("order", Grade.FAIL, str(error), "Orders.")


@dataclass(slots=True)
class _OrderTrip:
    """One order far from the market, and what is answered to each step with it."""

    rest: SignedRest
    kept: Sequence[Exchanged]
    market: Market
    body: Mapping[str, str | int | bool]
    resting: list[str] = field(default_factory=list)
    """Orders of ours that are in the book as far as we know."""

    async def placed(self) -> CheckResult:
        taken = await self.rest.send("POST", ORDERS, body=self.body)
        if isinstance(taken, ErrorBody):
            return CheckResult("order", Grade.FAIL, f"refused: {taken}", "Orders.")
        self.resting.append(text_field(taken, "order_id"))
        return result_of("order", list(assumed.created_deviations(taken)), "taken, and rests")

    async def sent_again(self) -> CheckResult:
        with suppress(EdgeError):  # its status says what it says
            again = await self.rest.send("POST", ORDERS, body=self.body)
            if not isinstance(again, ErrorBody):
                self.resting.append(text_field(again, "order_id"))
        breaks = "An order that is sent again after a lost answer could buy twice."
        found = assumed.refusal_deviations(
            self.kept[-1], 409, DUPLICATE, "the same order again", breaks
        )
        return result_of("duplicate", list(found), "refused with 409")

    async def read(self) -> CheckResult:
        price = Decimal(str(self.body["price"]))
        return await question(
            "order read",
            self.rest.get("/portfolio/orders/{order_id}", order_id=self.resting[0]),
            lambda answer: assumed.read_deviations(answer, self.market.ticker, price),
            "rests as it was sent",
        )

    async def cancelled_again(self) -> CheckResult:
        with suppress(EdgeError):  # its status says what it says
            await _is_cancelled(self.rest, self.resting[0])
        breaks = "Cancels: an order that is over could be taken for one that rests."
        found = assumed.refusal_deviations(
            self.kept[-1], 404, "", "a cancel of what is over", breaks
        )
        return result_of("cancel", list(found), "taken out; a second cancel is 404")

    async def unfilled(self, now: datetime) -> CheckResult:
        intent = replace(
            far_order(self.market, now),
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            post_only=False,
        )
        answer = await self.rest.send("POST", ORDERS, body=order_body(intent))
        figure = "201, nothing filled, nothing rests"
        return result_of("unfilled order", list(_unfilled(answer)), figure)


def _unfilled(answer: Payload | ErrorBody) -> Found:
    breaks = "Entries that find nothing at their price."
    if isinstance(answer, ErrorBody):
        yield Deviation(f"refused: {answer}", breaks, is_harmless=True)
        return
    figures = [decimal_field(answer, name) for name in ("fill_count", "remaining_count")]
    yield from expect(figures == [ZERO, ZERO], f"filled {figures[0]}, {figures[1]} rest", breaks)


async def _is_cancelled(rest: SignedRest, order_id: str) -> bool:
    """Whether the exchange says that the order is out of the book."""
    params: Params = {"exchange_index": EXCHANGE_INDEX}
    try:
        answer = await rest.send(
            "DELETE", f"{ORDERS}/{{order_id}}", params=params, order_id=order_id
        )
    except EdgeError:
        return False
    return not isinstance(answer, ErrorBody) or answer.status == httpx.codes.NOT_FOUND
