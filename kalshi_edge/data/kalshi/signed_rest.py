"""Questions with a signature, and writes, each sent once.

A write's answer is a payload, a definite refusal (which is data), or an error that says whether it
may have happened.
"""

import asyncio

import httpx

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.fields import Payload
from kalshi_edge.data.kalshi.rate_limits import BASIC_READ, BASIC_WRITE, Jitter
from kalshi_edge.data.kalshi.transport import (
    ErrorBody,
    Params,
    Rest,
    answered,
    filled,
    now_s,
    parse_refusal,
)
from kalshi_edge.errors import ContractError, ExchangeDown, OutcomeUnknown, TradingPaused
from kalshi_edge.token_bucket import TokenBucket

MAX_WRITE_WAIT_S = 1.0
"""An order that must wait longer for our own budget is not sent: its price would be old."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures from before the first byte of a request."""


class SignedRest(Rest):
    """Questions with a signature, and writes."""

    def __init__(self, http: httpx.AsyncClient, machine: Clock, jitter: Jitter) -> None:
        super().__init__(http, machine, jitter, TokenBucket(BASIC_READ))
        self.write_bucket = TokenBucket(BASIC_WRITE)

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
        if refusal.is_pause:
            raise TradingPaused(f"{what}: {refusal}")
        if refusal.status == httpx.codes.TOO_MANY_REQUESTS:
            self.write_bucket.empty(now_s())
            raise ExchangeDown(f"{what}: {refusal}")
        # Anything else than a client error says nothing of what became of the order.
        if not response.is_client_error or refusal.status == httpx.codes.REQUEST_TIMEOUT:
            raise OutcomeUnknown(f"{what}: {refusal}")
        return refusal


def _answer(response: httpx.Response, what: str) -> Payload:
    try:
        return answered(response)
    except ContractError as error:
        raise OutcomeUnknown(f"{what}: taken, but: {error}") from error
