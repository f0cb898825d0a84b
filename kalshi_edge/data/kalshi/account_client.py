"""Our account at the exchange: everything that is signed, questions and orders alike.

A write is sent once. Its answer is a payload, a definite refusal (which is data), or an error that
says whether it may have happened.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Set
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

import httpx

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account_wire import (
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
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.fields import (
    Payload,
    instant_field,
    object_field,
    parse_json,
    text_field,
    unix_s,
)
from kalshi_edge.data.kalshi.order_wire import EXCHANGE_INDEX
from kalshi_edge.data.kalshi.rate_limits import (
    BALANCE_RATE,
    BASIC_READ,
    BASIC_WRITE,
    Bucket,
    Jitter,
    parse_costs,
)
from kalshi_edge.data.kalshi.reading import Reading, read_rows
from kalshi_edge.data.kalshi.transport import (
    ErrorBody,
    Host,
    Params,
    Rest,
    filled,
    now_s,
    open_http,
    parse_refusal,
)
from kalshi_edge.domain.orders import Fill, OrderReport
from kalshi_edge.errors import ContractError, ExchangeDown, OutcomeUnknown, RequestRefused

SUBACCOUNT = 0
"""The primary one: left out, some answers are about it alone and others about all."""
MAX_WRITE_WAIT_S = 1.0
"""An order that must wait longer for our own budget is not sent: its price would be old."""
CUTOFF_MARGIN = timedelta(days=1)
"""What lies so close to the historical cut-off may be on either side of it by now."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures from before the first byte of a request."""


class SignedRest(Rest):
    """Questions with a signature, and writes."""

    def __init__(self, http: httpx.AsyncClient, machine: Clock, jitter: Jitter) -> None:
        super().__init__(http, machine, jitter, Bucket(BASIC_READ))
        self.write_bucket = Bucket(BASIC_WRITE)

    async def send(
        self,
        method: str,
        route: str,
        *,
        body: Payload | None = None,
        params: Params | None = None,
        **names: str,
    ) -> Payload | ErrorBody:
        """Send a write, once; its answer, or the exchange's definite no.

        Raises ``ExchangeDown`` where nothing was taken and ``OutcomeUnknown`` where it may have
        been.
        """
        what = f"{method} {route}"
        await asyncio.sleep(self._spend(what, self.costs.of(method, route)))
        request = self._http.build_request(method, filled(route, names), params=params, json=body)
        try:
            response = await self._exchange(request)
        except NOT_SENT as error:
            raise ExchangeDown(f"{what}: not sent: {error!r}") from error
        except httpx.RequestError as error:
            raise OutcomeUnknown(f"{what}: {error!r}") from error
        if response.is_success:
            return _answer(response, what)
        return self._refused(response, what)

    def _spend(self, what: str, cost: int) -> float:
        wait_s = self.write_bucket.wait_s(cost, now_s())
        if wait_s > MAX_WRITE_WAIT_S:
            raise ExchangeDown(f"{what}: not sent: our write budget is spent for {wait_s:.1f} s")
        return self.write_bucket.take(cost, now_s())

    def _refused(self, response: httpx.Response, what: str) -> ErrorBody:
        refusal = self._explained(parse_refusal(response.status_code, response.content))
        if refusal.status == httpx.codes.TOO_MANY_REQUESTS or refusal.is_pause:
            self.write_bucket.empty(now_s())
            raise ExchangeDown(f"{what}: {refusal}")
        # Anything else than a client error says nothing of what became of the order.
        if not response.is_client_error or refusal.status == httpx.codes.REQUEST_TIMEOUT:
            raise OutcomeUnknown(f"{what}: {refusal}")
        return refusal


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
        self._clock = clock
        self._balance_bucket = Bucket(BALANCE_RATE)
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

    async def drop_group(self, group_id: str) -> None:
        """Remove a group of orders; those that rest in it are cancelled."""
        route = "/portfolio/order_groups/{order_group_id}"
        await self._rest.send("DELETE", route, order_group_id=group_id)

    async def order(self, order_id: str) -> OrderReport:
        """One order; ``RequestRefused`` with status 404 where it is not known (any more)."""
        answer = await self._rest.get("/portfolio/orders/{order_id}", order_id=order_id)
        return self._met(parse_order(object_field(answer, "order")))

    async def orders(
        self, since_at: datetime | None = None, *, ticker: str | None = None
    ) -> Reading[OrderReport]:
        """Our orders from ``since_at`` on, archived ones included.

        One that cannot be read goes by our intent's id, or by the exchange's.
        """
        params = _since(since_at) | ({} if ticker is None else {"ticker": ticker})
        found = await self._both_sides("orders", "order_id", params, since_at, "orders_updated_ts")
        reports = read_rows(found, parse_order, "client_order_id", "order_id")
        for report in reports:
            self._met(report)
        return reports

    # --- money --------------------------------------------------------------------------------

    async def fills(self, since_at: datetime | None = None) -> tuple[Fill, ...]:
        """Our fills from ``since_at`` on, archived ones included, each with its intent's id."""
        found = await self._both_sides(
            "fills", "trade_id", _since(since_at), since_at, "trades_created_ts"
        )
        received_at = self._clock.now()
        await self.learn_names({text_field(payload, "order_id") for payload in found})
        return tuple(parse_fill(payload, self._names, received_at) for payload in found)

    async def learn_names(self, order_ids: Set[str]) -> None:
        """Find out which of our intents stand behind ``order_ids``."""
        archived = False
        for order_id in order_ids - self._names.keys():
            try:
                await self.order(order_id)
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

    async def positions(self) -> tuple[HeldPosition, ...]:
        """What we hold of markets that are not settled yet."""
        params: Params = {"subaccount": SUBACCOUNT, "limit": 1000, "count_filter": "position"}
        found = await self._rest.pages(
            "/portfolio/positions", "market_positions", _field("ticker"), params
        )
        return tuple(parse_position(payload) for payload in found.values())

    async def payouts(self, since_at: datetime | None = None) -> tuple[Payout, ...]:
        """What settlements paid us from ``since_at`` on; the archived ones are not to be had."""
        found = await self._rest.pages(
            "/portfolio/settlements", "settlements", _field("ticker"), _since(since_at)
        )
        received_at = self._clock.now()
        return tuple(parse_payout(payload, received_at) for payload in found.values())

    # --- the account itself -------------------------------------------------------------------

    async def learn_limits(self) -> AccountLimits:
        """Ask how fast this account may go and what endpoints cost, and keep to it from now on."""
        limits = parse_limits(await self._rest.get("/account/limits"))
        costs = parse_costs(await self._rest.get("/account/endpoint_costs"))
        self._rest.bucket, self._rest.write_bucket = Bucket(limits.read), Bucket(limits.write)
        self._rest.costs = costs
        return limits

    async def data_as_of(self) -> datetime:
        """Up to when the answers about orders, fills and positions are complete, about."""
        return instant_field(await self._rest.get("/exchange/user_data_timestamp"), "as_of_time")

    def _met(self, report: OrderReport) -> OrderReport:
        self._names[report.order_id] = report.intent_id
        return report

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


def _answer(response: httpx.Response, what: str) -> Payload:
    try:
        return parse_json(response.content)
    except ContractError as error:
        raise OutcomeUnknown(f"{what}: taken, but the answer cannot be read: {error}") from error


def _since(since_at: datetime | None) -> dict[str, str | int | list[str]]:
    params: dict[str, str | int | list[str]] = {"subaccount": SUBACCOUNT, "limit": 1000}
    return params if since_at is None else params | {"min_ts": unix_s(since_at)}


def _field(name: str) -> Callable[[Payload], str]:
    return lambda payload: text_field(payload, name)
