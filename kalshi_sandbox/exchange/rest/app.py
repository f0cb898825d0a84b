"""The edge that REST requests pass: faults, signature, limits, pause; then the exchange itself.

One ASGI application. World time is moved to now before each request, so an answer is never stale.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import orjson

from kalshi_edge.clock import Clock
from kalshi_sandbox.exchange.control.faults import Fault, FaultKind
from kalshi_sandbox.exchange.rest.auth import KEY_HEADER, SIGNATURE_HEADER, Credential
from kalshi_sandbox.exchange.rest.exchange_state import status_json
from kalshi_sandbox.exchange.rest.requests import Answer, Call
from kalshi_sandbox.exchange.rest.routes import Access, Route, route_of
from kalshi_sandbox.exchange.venue.errors import Refusal
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.incidents import outrun

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/trade-api/v2"
SYNTHETIC = (b"x-synthetic", b"yes")
ABORT = "kalshi_edge.abort"
"""The extension by which the server lets the application cut a connection."""

_WRITE_SCOPES = frozenset({"write", "write::trade"})
_READ_SCOPES = {
    Access.READ: frozenset({"read"}),
    Access.BALANCE: frozenset({"read", "read::portfolio_balance"}),
}


class ConnectionCut(ConnectionResetError):
    """The connection is cut on purpose, where there is no server to do it."""


@dataclass(frozen=True, slots=True)
class RestEdge:
    """The ASGI application of the REST interface."""

    exchange: Exchange
    clock: Clock
    """World time."""
    wall: Clock
    """Real time: by it clients sign and buckets fill."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = await _read_call(scope, receive)
        struck = self.exchange.faults.request(call.method, call.path)
        if FaultKind.DROP_BEFORE in struck:
            cut(scope)
            return
        if FaultKind.REFUSE in struck:
            answer = fault_answer(struck[FaultKind.REFUSE])
        else:
            headers = {key.decode(): value.decode("latin-1") for key, value in scope["headers"]}
            answer = self.answer(call, headers, struck.get(FaultKind.PARTIAL_FILL))
        if FaultKind.LATENCY in struck:
            await asyncio.sleep(struck[FaultKind.LATENCY].delay_s)
        if FaultKind.DROP_AFTER in struck:
            cut(scope)
        elif FaultKind.HANG in struck:
            await _hang(receive)
        elif FaultKind.LOSE in struck:
            await _send(send, fault_answer(struck[FaultKind.LOSE]))
        else:
            await _send(send, answer)

    def answer(
        self, call: Call, headers: dict[str, str], partial_fill: Fault | None = None
    ) -> Answer:
        """What the exchange says to a call, refusals included."""
        exchange = self.exchange
        try:
            route, names = route_of(call.method, call.path)
            call = replace(call, path_params=names)
            call = self._admitted(route, call, headers)
            exchange.venue.advance(self.clock.now())
            pause = exchange.venue.paused
            if pause is not None and pause.is_whole_exchange and not route.works_while_down:
                return Answer(status_json(exchange), 503)
            if partial_fill is not None:
                outrun(exchange, call.body, partial_fill.share)
            return exchange.oddities.applied(call, route.endpoint(exchange, call))
        except Refusal as no:
            return refused(no, flat=exchange.flat_errors)

    def _admitted(self, route: Route, call: Call, headers: dict[str, str]) -> Call:
        signed = KEY_HEADER in headers or SIGNATURE_HEADER in headers
        if route.access is Access.PUBLIC and not signed:
            return call
        clocks = (self.wall.now(), self.clock.now())
        path = f"{PREFIX}{call.path}"
        credential = self.exchange.keys.signer(headers, call.method, path, clocks)
        _check_scope(route, credential)
        account = credential.account
        kind = Access.READ if route.access is Access.PUBLIC else route.access
        now_s = self.wall.now().timestamp()
        cost = route.cost(call)
        if not self.exchange.limits.allows(account.user_id, account.tier, kind, cost, now_s):
            raise Refusal(429, "too_many_requests")
        return replace(call, account=account)


def _check_scope(route: Route, credential: Credential) -> None:
    if route.access is Access.PUBLIC:
        return
    allowed = _READ_SCOPES.get(route.access, _WRITE_SCOPES)
    if not allowed & set(credential.scopes):
        raise Refusal(403, "insufficient_scope", f"this key lacks {' or '.join(sorted(allowed))}")


def refused(no: Refusal, *, flat: bool = False) -> Answer:
    """A refusal as the wire has it; ``flat`` as the specification has it instead."""
    if no.status == 429:
        return Answer({"error": "too many requests"}, 429)
    error = {"code": no.code, "message": no.code.replace("_", " "), "details": no.details}
    return Answer(error if flat else {"error": error}, no.status)


def fault_answer(fault: Fault) -> Answer:
    """What a fault answers with; a gateway's errors come as a page, not as JSON."""
    if fault.status in (502, 504):
        return Answer(b"<html><body><h1>Bad gateway</h1></body></html>", fault.status)
    code = {429: "too_many_requests", 503: "service_unavailable"}.get(
        fault.status, "internal_error"
    )
    return refused(Refusal(fault.status, code, "a fault on demand"))


def cut(scope: Scope) -> None:
    """Cut the connection; raises ``ConnectionCut`` where the server does not offer to."""
    abort = (scope.get("extensions") or {}).get(ABORT)
    if abort is None:
        raise ConnectionCut("cut on demand")
    abort()


async def _read_call(scope: Scope, receive: Receive) -> Call:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return Call(
        method=scope["method"],
        path=scope["path"].removeprefix(PREFIX),
        query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        body=body,
    )


async def _hang(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, answer: Answer) -> None:
    is_page = isinstance(answer.body, bytes)
    body = answer.body if is_page else b"" if answer.body is None else orjson.dumps(answer.body)
    kind = b"text/html" if is_page else b"application/json"
    headers = [SYNTHETIC, (b"content-length", str(len(body)).encode())]
    if answer.body is not None:
        headers.append((b"content-type", kind))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
