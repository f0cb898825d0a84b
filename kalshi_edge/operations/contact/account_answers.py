"""What the code assumes of the account's answers, and of those to an order; pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from types import MappingProxyType

from kalshi_edge.data.kalshi.account.account_wire import (
    parse_balance,
    parse_fill,
    parse_limits,
    parse_order,
    parse_payout,
    parse_position,
)
from kalshi_edge.data.kalshi.fields import Payload, decimal_field, object_field, rows, text_field
from kalshi_edge.data.kalshi.rate_limits import BASIC_READ, BASIC_WRITE, parse_costs
from kalshi_edge.data.kalshi.transport import parse_refusal
from kalshi_edge.errors import InputError
from kalshi_edge.operations.contact.capture import Exchanged
from kalshi_edge.operations.contact.deviations import Deviation, Found, expect, readable
from kalshi_edge.units import ZERO

MOST_COST = 10
"""Tokens that an order is planned with."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def limits_deviations(payload: Payload) -> Found:
    """Of ``GET /account/limits``: at least the basic tier."""
    try:
        limits = parse_limits(payload)
    except InputError as error:
        yield Deviation(str(error), "Rate limits: the basic tier is assumed.")
        return
    for name, rate, least in (
        ("read", limits.read, BASIC_READ),
        ("write", limits.write, BASIC_WRITE),
    ):
        yield from expect(
            rate.refill_per_s >= least.refill_per_s,
            f"{name} refills {rate.refill_per_s:g} a second, under {least.refill_per_s:g}",
            "Requests would be refused while limits are not known yet.",
        )  # fmt: skip


def costs_deviations(payload: Payload) -> Found:
    """Of ``GET /account/endpoint_costs``."""
    try:
        costs = parse_costs(payload)
    except InputError as error:
        yield Deviation(str(error), "Rate limits: the default cost is assumed.")
        return
    path = "/portfolio/events/orders"
    found = (costs.of("POST", path), costs.of("DELETE", f"{path}/{{order_id}}"))
    yield from expect(
        found[0] <= MOST_COST and found[1] <= MOST_COST,
        f"an order costs {found[0]} tokens, a cancel {found[1]}",
        "How many orders go out in a burst.",
        harmless=True,
    )


def balance_deviations(payload: Payload) -> Found:
    """Of ``GET /portfolio/balance``: exact dollars, and whole cents beside them."""
    yield from readable(lambda: parse_balance(payload), "Cash: nothing would be traded.")
    cents, dollars = payload.get("balance"), payload.get("balance_dollars")
    if isinstance(cents, int) and isinstance(dollars, str):
        exact = decimal_field(payload, "balance_dollars")
        yield from expect(
            int(exact * 100) == cents,
            f"{cents} cents beside ${exact}",
            "Which of the two figures is the balance.",
        )


_PARSERS: Mapping[str, Callable[[Payload], object]] = MappingProxyType(
    {
        "orders": lambda row: parse_order(row, {}),
        "fills": lambda row: parse_fill(row, {}, EPOCH),
        "market_positions": parse_position,
        "settlements": lambda row: parse_payout(row, EPOCH),
    }
)
"""By the name of a list, what reads one of its rows."""


def list_deviations(payload: Payload, key: str) -> Found:
    """Of a list of orders, fills, positions or settlements, row by row."""
    breaks = "Reconciliation: entries stop until the books agree."
    try:
        found = rows(payload, key)
    except InputError as error:
        yield Deviation(str(error), breaks)
        return
    for row in found:
        yield from readable(partial(_PARSERS[key], row), breaks)


def created_deviations(payload: Payload) -> Found:
    """Of the answer to an order that rests."""
    breaks = "Orders: their fate would have to be asked for each time."
    yield from readable(lambda: text_field(payload, "order_id"), breaks)
    for name in ("fill_count", "remaining_count"):
        yield from readable(partial(decimal_field, payload, name), breaks)


def read_deviations(payload: Payload, ticker: str, price: Decimal) -> Found:
    """Of the order as it is read again."""
    try:
        report = parse_order(object_field(payload, "order"), {})
    except InputError as error:
        yield Deviation(str(error), "Orders that were sent could not be found again.")
        return
    yield from expect(
        (report.ticker, report.price) == (ticker, price) and report.resting > ZERO,
        f"sent {ticker} at {price}, read {report.ticker} at {report.price}, {report.resting} rest",
        "What rests in the book.",
    )


def refusal_deviations(answer: Exchanged, status: int, code: str, what: str, breaks: str) -> Found:
    """Of a definite no: its status, and the word that we know it by."""
    refusal = parse_refusal(answer.status, answer.body)
    yield from expect(
        answer.status == status,
        f"{what} is answered with HTTP {answer.status}, not {status}",
        breaks,
    )
    if code and answer.status == status:
        yield from expect(
            refusal.code == code, f"{what} is called {refusal.code!r}, not {code!r}", breaks
        )
