"""Our account at the exchange: everything that one key may ask and do.

A list is read row by row: one row that cannot be read costs only itself.
"""

from collections.abc import Callable, Collection, Mapping, Set
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType

import httpx

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account.account_wire import (
    AccountLimits,
    HeldPosition,
    Payout,
    parse_balance,
    parse_fill,
    parse_limits,
    parse_order,
    parse_payout,
    parse_position,
)
from kalshi_edge.data.kalshi.account.cash_wire import CashList
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.fields import (
    Payload,
    instant_field,
    object_field,
    text_field,
    unix_s,
)
from kalshi_edge.data.kalshi.order_wire import EXCHANGE_INDEX
from kalshi_edge.data.kalshi.rate_limits import BALANCE_RATE, Jitter, parse_costs
from kalshi_edge.data.kalshi.reading import Reading, read_rows
from kalshi_edge.data.kalshi.signed_rest import SignedRest
from kalshi_edge.data.kalshi.transport import ErrorBody, Host, Params, open_http
from kalshi_edge.domain.orders import Fill, OrderReport
from kalshi_edge.errors import ContractError, InputError, RequestRefused
from kalshi_edge.token_bucket import TokenBucket

SUBACCOUNT = 0
"""The primary one: left out, some answers are about it alone and others about all."""
CUTOFF_MARGIN = timedelta(days=1)
"""What lies so close to the historical cut-off may be on either side of it by now."""
SEEN_WITHIN = timedelta(minutes=2)
"""By then an order that has traded can be looked up; answers trail the matching by about 1 s."""


class AccountClient:
    """Everything that one key may ask and do."""

    def __init__(
        self,
        host: Host,
        key: ApiKey,
        clock: Clock,
        jitter: Jitter,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        http = open_http(host, auth=key, transport=transport)
        self._rest = SignedRest(http, key.clock, jitter)
        self._key = key
        self._clock = clock
        self._balance_bucket = TokenBucket(BALANCE_RATE)
        self._names: dict[str, str] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """Our intents' ids by the exchange's order ids, as far as we have met them.

        An order that was placed by hand goes by its own id.
        """
        return MappingProxyType(self._names)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._rest.aclose()

    @property
    def clock_lead(self) -> timedelta:
        """How far our clock was ahead of the exchange's at its last answer; 0 within seconds."""
        return self._key.lead

    # --- orders -------------------------------------------------------------------------------

    async def create_order(self, body: Payload) -> Payload | ErrorBody:
        """Send an order, once. Raises as ``SignedRest.send`` does."""
        answer = await self._rest.send("POST", "/portfolio/events/orders", body=body)
        if not isinstance(answer, ErrorBody) and isinstance(answer.get("order_id"), str):
            self._names[answer["order_id"]] = str(body["client_order_id"])
        return answer

    async def cancel_order(self, order_id: str) -> Payload | ErrorBody:
        """Take an order out of the book. Raises as ``SignedRest.send`` does."""
        params: Params = {"exchange_index": EXCHANGE_INDEX}
        route = "/portfolio/events/orders/{order_id}"
        return await self._rest.send("DELETE", route, params=params, order_id=order_id)

    async def open_group(self, contracts_limit: int) -> str:
        """A new group of orders, all cancelled by the exchange where more than so many contracts
        trade within 15 seconds; its name.

        Raises ``RequestRefused`` for a definite no, and as ``SignedRest.send`` does.
        """
        body = {"contracts_limit": contracts_limit, "exchange_index": EXCHANGE_INDEX}
        answer = await self._rest.send("POST", "/portfolio/order_groups/create", body=body)
        if isinstance(answer, ErrorBody):
            raise RequestRefused(f"no order group: {answer}", status=answer.status)
        return text_field(answer, "order_group_id")

    async def limit_group(self, group_id: str, contracts_limit: int) -> bool:
        """Change a group's limit; ``False`` where there is no such group."""
        route = "/portfolio/order_groups/{order_group_id}/limit"
        body = {"contracts_limit": contracts_limit}
        return not is_gone(await self._rest.send("PUT", route, body=body, order_group_id=group_id))

    async def reset_group(self, group_id: str) -> bool:
        """Let a triggered group take orders again; ``False`` where there is no such group."""
        route = "/portfolio/order_groups/{order_group_id}/reset"
        return not is_gone(await self._rest.send("PUT", route, body={}, order_group_id=group_id))

    async def drop_group(self, group_id: str) -> None:
        """Remove a group of orders; those that rest in it are cancelled."""
        route = "/portfolio/order_groups/{order_group_id}"
        await self._rest.send("DELETE", route, order_group_id=group_id)

    async def order(self, order_id: str) -> OrderReport:
        """One order; ``RequestRefused`` with status 404 where it is not known (any more)."""
        answer = await self._rest.get("/portfolio/orders/{order_id}", order_id=order_id)
        return parse_order(self._met(object_field(answer, "order")), self._names)

    async def orders(
        self, since_at: datetime | None = None, *, ticker: str | None = None
    ) -> Reading[OrderReport]:
        """Our orders from ``since_at`` on, archived ones included.

        One that cannot be read goes by our intent's id, or by the exchange's.
        """
        params = _since(since_at) | ({} if ticker is None else {"ticker": ticker})
        found = await self._both_sides("orders", "order_id", params, since_at, "orders_updated_ts")
        parse = partial(parse_order, names=self._names)
        return read_rows(map(self._met, found), parse, "client_order_id", "order_id")

    # --- money --------------------------------------------------------------------------------

    async def fills(self, since_at: datetime | None = None) -> Reading[Fill]:
        """Our fills from ``since_at`` on in the order of trading, archived ones included.

        Each has its intent's id. One of an order that is not to be seen yet is held back, and
        among those that cannot be read: whose it is shows a little later.
        """
        found = await self._both_sides(
            "fills", "trade_id", _since(since_at), since_at, "trades_created_ts"
        )
        received_at = self._clock.now()
        await self.learn_names(
            {row["order_id"] for row in found if isinstance(row.get("order_id"), str)}
        )

        def named(row: Payload) -> Fill:
            fill = parse_fill(row, self._names, received_at)
            if fill.valid_at > received_at - SEEN_WITHIN and row["order_id"] not in self._names:
                raise ContractError(f"order {row['order_id']} is not to be seen yet")
            return fill

        # The newest comes first; those of one instant are in the reverse order of trading, too.
        fills = read_rows(reversed(list(found)), named, "trade_id")
        in_order = sorted(fills, key=lambda fill: fill.valid_at)
        return Reading(tuple(in_order), fills.refused)

    async def learn_names(self, order_ids: Set[str]) -> None:
        """Find out which of our intents stand behind ``order_ids``."""
        archived = False
        for order_id in order_ids - self._names.keys():
            try:
                await self.order(order_id)
            except InputError:
                pass  # its name, if it has one, was learned all the same
            except RequestRefused as error:
                if error.status != httpx.codes.NOT_FOUND:
                    raise
                archived = True
        if archived:
            await self.orders()

    async def balance(self) -> Decimal:
        """Dollars to spend on our shard. May be asked once a second; it changes with fills."""
        params: Params = {"subaccount": SUBACCOUNT, "exchange_index": EXCHANGE_INDEX}
        bucket = self._balance_bucket
        return parse_balance(await self._rest.get("/portfolio/balance", params, bucket=bucket))

    async def positions(self) -> Reading[HeldPosition]:
        """What we hold of markets that are not settled yet."""
        params: Params = {"subaccount": SUBACCOUNT, "limit": 1000, "count_filter": "position"}
        found = await self._rest.pages(
            "/portfolio/positions", "market_positions", _field("ticker"), params
        )
        return read_rows(found.values(), parse_position, "ticker")

    async def payouts(self, since_at: datetime | None = None) -> Reading[Payout]:
        """What settlements paid us from ``since_at`` on; the archived ones are not to be had."""
        found = await self._rest.pages(
            "/portfolio/settlements", "settlements", _field("ticker"), _since(since_at)
        )
        received_at = self._clock.now()
        parse = partial(parse_payout, received_at=received_at)
        return read_rows(found.values(), parse, "ticker")

    async def movements(self, of: CashList) -> Collection[Payload]:
        """The rows of one list of cash that came or went without a trade, as they are."""
        params: Params = {"limit": 500}
        return (await self._rest.pages(of.route, of.key, _field(of.identity), params)).values()

    # --- the account itself -------------------------------------------------------------------

    async def learn_limits(self) -> AccountLimits:
        """Ask how fast this account may go and what endpoints cost, and keep to it from now on."""
        limits = parse_limits(await self._rest.get("/account/limits"))
        costs = parse_costs(await self._rest.get("/account/endpoint_costs"))
        self._rest.bucket, self._rest.write_bucket = (
            TokenBucket(limits.read),
            TokenBucket(limits.write),
        )
        self._rest.costs = costs
        return limits

    async def data_as_of(self) -> datetime:
        """Up to when the answers about orders, fills and positions are complete, about."""
        return instant_field(await self._rest.get("/exchange/user_data_timestamp"), "as_of_time")

    def _met(self, order: Payload) -> Payload:
        """Note whose ``order`` is, whatever else it says."""
        order_id, ours = order.get("order_id"), order.get("client_order_id") or ""
        if isinstance(order_id, str) and isinstance(ours, str):
            # The first name holds: an owner who amends our order may give it another.
            self._names.setdefault(order_id, ours or order_id)
        return order

    async def _both_sides(
        self, kind: str, identity: str, params: Params, since_at: datetime | None, cutoff: str
    ) -> Collection[Payload]:
        """Live and archived objects, merged by identity.

        The live side is asked first: what moves over meanwhile is then seen twice, not never.
        """
        border_at = instant_field(await self._rest.get("/historical/cutoff"), cutoff)
        found = await self._rest.pages(f"/portfolio/{kind}", kind, _field(identity), params)
        if since_at is None or since_at < border_at + CUTOFF_MARGIN:
            old = await self._rest.pages(f"/historical/{kind}", kind, _field(identity), params)
            found = old | found
        return found.values()


def _since(since_at: datetime | None) -> dict[str, str | int | list[str]]:
    params: dict[str, str | int | list[str]] = {"subaccount": SUBACCOUNT, "limit": 1000}
    return params if since_at is None else params | {"min_ts": unix_s(since_at)}


def _field(name: str) -> Callable[[Payload], str]:
    return lambda payload: text_field(payload, name)


def is_gone(answer: object) -> bool:
    """Whether there is no such group; raises ``RequestRefused`` for any other no."""
    if not isinstance(answer, ErrorBody):
        return False
    if answer.status == httpx.codes.NOT_FOUND:
        return True
    raise RequestRefused(f"order group: {answer}", status=answer.status)
