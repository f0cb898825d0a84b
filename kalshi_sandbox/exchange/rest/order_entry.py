"""Writes: orders and order groups over REST."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from kalshi_sandbox.exchange.rest.requests import Answer, Call
from kalshi_sandbox.exchange.rest.wire_in import (
    AmendOrder,
    CancelItem,
    CreateOrder,
    DecreaseOrder,
    GroupLimit,
    instant_of,
    parse_body,
)
from kalshi_sandbox.exchange.rest.wire_out import contracts, unix_ms
from kalshi_sandbox.exchange.rest.wire_portfolio import amended_json, group_json, placement_json
from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.errors import Refusal, bad_request, not_found
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.order_groups import (
    create_group,
    delete_group,
    group_of,
    limit_group,
    reset_group,
)

# --- orders ---------------------------------------------------------------------------------------


def create_order(exchange: Exchange, call: Call) -> Answer:
    """One new order. 201 says that it was accepted, not that it filled."""
    return Answer(_create(exchange, call.member, call.json()), 201)


def _create(exchange: Exchange, account: Account, body: Any) -> dict[str, Any]:
    asked = parse_body(CreateOrder, body)
    _check_shard(asked.exchange_index)
    placement = exchange.desk.place(account, asked.order())
    return placement_json(placement, exchange.venue.now)


def cancel_order(exchange: Exchange, call: Call) -> Answer:
    """One order taken out; 404 for one that is over."""
    _check_shard(call.optional_number("exchange_index"))
    return Answer(_cancel(exchange, call.member, call.path_params["order_id"]))


def _cancel(exchange: Exchange, account: Account, order_id: str) -> dict[str, Any]:
    order, reduced_by = exchange.desk.cancel(account, order_id)
    named = {"client_order_id": order.client_order_id} if order.client_order_id else {}
    return {
        "order_id": order_id,
        **named,
        "reduced_by": contracts(reduced_by),
        "ts_ms": unix_ms(exchange.venue.now),
    }


def cancel_all_orders(exchange: Exchange, call: Call) -> Answer:
    """Everything taken out; told to, also what is placed soon after."""
    member, venue = call.member, exchange.venue
    exchange.desk.cancel_all(member)
    if exchange.cancel_all_echo is not None:
        again = venue.now + exchange.cancel_all_echo
        venue.schedule(again, lambda: exchange.desk.cancel_all(member))
    return Answer(None, 204)


def amend_order(exchange: Exchange, call: Call) -> Answer:
    """Another price, total count or expiry."""
    body, account = parse_body(AmendOrder, call.json()), call.member
    _check_shard(body.exchange_index)
    order = exchange.venue.orders.get(call.path_params["order_id"])
    if order is None or order.account is not account:
        raise not_found(f"order {call.path_params['order_id']} not found")
    if (body.ticker, body.side) != (order.market.ticker, order.side):
        raise bad_request(f"the order is a {order.side} in {order.market.ticker}")
    if body.client_order_id not in (None, "", order.client_order_id):
        raise bad_request(f"the order's client_order_id is {order.client_order_id!r}")
    was_remaining = order.remaining
    expires_at = order.expires_at
    if body.expiration_time is not None:
        expires_at = instant_of(body.expiration_time or None)
    placement = exchange.desk.amend(
        account,
        order.order_id,
        price=Decimal(body.price),
        total=Decimal(body.count),
        expires_at=expires_at,
        client_order_id=body.updated_client_order_id or None,
    )
    return Answer(amended_json(placement, was_remaining, exchange.venue.now))


def decrease_order(exchange: Exchange, call: Call) -> Answer:
    """A smaller order in the same place of its queue."""
    body = parse_body(DecreaseOrder, call.json())
    _check_shard(body.exchange_index)
    order = exchange.desk.decrease(
        call.member,
        call.path_params["order_id"],
        by=None if body.reduce_by is None else Decimal(body.reduce_by),
        to=None if body.reduce_to is None else Decimal(body.reduce_to),
    )
    named = {"client_order_id": order.client_order_id} if order.client_order_id else {}
    return Answer(
        {
            "order_id": order.order_id,
            **named,
            "remaining_count": contracts(order.remaining),
            "ts_ms": unix_ms(exchange.venue.now),
        }
    )


def create_batch(exchange: Exchange, call: Call) -> Answer:
    """Several new orders; 201 even where each of them is refused."""
    account = call.member
    answers = [
        _or_error(partial(_create, exchange, account, item), _client_id(item))
        for item in batch_items(call)
    ]
    return Answer({"orders": answers}, 201)


def cancel_batch(exchange: Exchange, call: Call) -> Answer:
    """Several orders taken out, each with its own answer."""
    account = call.member
    answers = []
    for item in batch_items(call):
        body = parse_body(CancelItem, item)
        failed = {"order_id": body.order_id, "reduced_by": contracts(Decimal(0))}
        answers.append(_or_error(partial(_cancel, exchange, account, body.order_id), failed))
    return Answer({"orders": answers})


def batch_items(call: Call) -> list[Any]:
    """The orders of a batch; ``Refusal`` 400 where there are none."""
    items = call.json().get("orders")
    if not isinstance(items, list) or not items:
        raise bad_request("orders must be a list with at least one order")
    return items


def _client_id(item: Any) -> dict[str, Any]:
    client_id = item.get("client_order_id") if isinstance(item, dict) else None
    return {"client_order_id": client_id} if isinstance(client_id, str) else {}


def _or_error(ask: Callable[[], dict[str, Any]], failed: dict[str, Any]) -> dict[str, Any]:
    try:
        return ask()
    except Refusal as no:
        error = {"code": no.code, "message": no.code.replace("_", " "), "details": no.details}
        return {**failed, "error": error}


def _check_shard(exchange_index: int | None) -> None:
    """Weather is on shard 0, −1 asks for routing by ticker; elsewhere nobody has an account."""
    if exchange_index not in (None, -1, 0):
        raise Refusal(404, "user_not_found", f"no account on shard {exchange_index}")


# --- order groups ---------------------------------------------------------------------------------


def post_group(exchange: Exchange, call: Call) -> Answer:
    """A new group."""
    limit = parse_body(GroupLimit, call.json()).limit()
    group = create_group(exchange.desk, call.member, limit)
    body = {"order_group_id": group.group_id, "subaccount": 0, "exchange_index": 0}
    return Answer(body, 201)


def get_groups(_exchange: Exchange, call: Call) -> Answer:
    """All groups."""
    return Answer({"order_groups": [group_json(group) for group in call.member.groups.values()]})


def get_group(_exchange: Exchange, call: Call) -> Answer:
    """One group and the orders it has in the books."""
    group = group_of(call.member, call.path_params["order_group_id"])
    orders = [
        order.order_id
        for resting in call.member.resting.values()
        for order in resting.values()
        if order.group is group
    ]
    body = group_json(group)
    del body["id"]
    return Answer({**body, "orders": orders})


def put_group_reset(exchange: Exchange, call: Call) -> Answer:
    """The group may trade again."""
    reset_group(exchange.desk, group_of(call.member, call.path_params["order_group_id"]))
    return Answer({})


def put_group_trigger(exchange: Exchange, call: Call) -> Answer:
    """The group's orders are gone and no new ones accepted."""
    exchange.desk.execution.trigger_group(group_of(call.member, call.path_params["order_group_id"]))
    return Answer({})


def put_group_limit(exchange: Exchange, call: Call) -> Answer:
    """Another limit."""
    limit = parse_body(GroupLimit, call.json()).limit()
    limit_group(exchange.desk, group_of(call.member, call.path_params["order_group_id"]), limit)
    return Answer({})


def remove_group(exchange: Exchange, call: Call) -> Answer:
    """The group and its orders are gone."""
    delete_group(exchange.desk, group_of(call.member, call.path_params["order_group_id"]))
    return Answer({})
