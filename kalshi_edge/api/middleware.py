"""Every request comes in here: its id, its key, its limits, its headers, its log line.

Pure ASGI around the application, so that nothing behind it can be reached without it.
"""

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from kalshi_edge.api.problems import Refusal, problem_response
from kalshi_edge.api.protocols import let_in
from kalshi_edge.api.rate_limits import Meter, Rates
from kalshi_edge.api.request_log import MeteredLog

LONGEST_BODY = 16_384
LONGEST_QUERY = 2_048
SLOW_S = 1.0

OPEN_PATHS = {"/api/ready", "/api/docs", "/api/openapi.json"}
"""Asked without a key: a host's health check has none, and the document holds no secret."""

LIVENESS = "/api/health"
"""Without a key it says that the process is alive, and nothing else."""

CONTROL = re.compile(
    r"GET /api/(risk/status|evidence)|POST /api/(risk/(halt|resume)|evidence/[A-Za-z0-9_-]+/stage)"
)
"""What the control socket serves."""
CONTROL_CLIENT = "the control socket"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-site",
}
STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'"

_LOOPBACK = re.compile(r"^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9_.-]{8,64}$")

Watch = Callable[[Scope, int, float], None]
"""Told of every answer: the request, its status, how many seconds it took."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may come in, and how often."""

    api_key: str = ""
    """Empty: whoever is on this machine."""
    origins: tuple[str, ...] = ()
    """Where browsers may come from."""
    rates: Rates = field(default_factory=Rates)


class ApiMiddleware:
    """What stands before the application."""

    def __init__(
        self,
        app: ASGIApp,
        policy: Policy,
        log: FilteringBoundLogger,
        metered: MeteredLog,
        watch: Watch,
    ) -> None:
        self._app = app
        self._policy = policy
        self._log = log
        self._metered = metered
        self._watch = watch
        self._reads = Meter(policy.rates.reads, time.monotonic)
        # Counted apart: a stranger at the same proxy cannot use up an operator's.
        self._open = Meter(policy.rates.reads, time.monotonic)
        self._writes = Meter(policy.rates.writes, time.monotonic)
        self._failures = Meter(policy.rates.failures, time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(scope, send)
        problem = self._problem(scope)
        try:
            if problem is not None:
                await visit.refuse(problem)
            else:
                visit.is_let_in = not self._is_open(scope, Headers(scope=scope))
                await self._app(scope, _bounded(receive), visit.send)
        except Exception as error:  # the last line of defence: nothing of it is shown
            self._metered.failed("request failed", error, request_id=visit.request_id)
            if not visit.status:
                await visit.refuse(Refusal(500, f"an error of ours, logged as {visit.request_id}"))
        finally:
            self._told(scope, visit)

    def _problem(self, scope: Scope) -> Refusal | None:
        """Why a request goes no further, if it does not."""
        headers, address = Headers(scope=scope), address_of(scope)
        if len(scope["query_string"]) > LONGEST_QUERY:
            return Refusal(414, f"a query of over {LONGEST_QUERY} characters")
        if int(headers.get("content-length", "0") or 0) > LONGEST_BODY:
            return Refusal(413, f"a body of over {LONGEST_BODY} bytes")
        if self._is_open(scope, headers) or _is_preflight(scope, headers):
            return _too_many(self._open.take(address))
        if refusal := self._no_entry(headers, address):
            return refusal
        let_in(scope)
        return self._foreign(scope, headers) or _too_many(
            (self._reads if scope["method"] == "GET" else self._writes).take(address)
        )

    def _is_open(self, scope: Scope, headers: Headers) -> bool:
        """Whether it is for everybody; with a wrong key nothing is."""
        is_probe = scope["path"] == LIVENESS and "x-api-key" not in headers
        return scope["path"] in OPEN_PATHS or (is_probe and bool(self._policy.api_key))

    def _no_entry(self, headers: Headers, address: str) -> Refusal | None:
        key = self._policy.api_key
        if not key:
            # A page elsewhere whose name was made to point here comes with that name.
            is_here = _LOOPBACK.match(headers.get("host", ""))
            return None if is_here else Refusal(403, "no API key is set: this machine only")
        if hmac.compare_digest(headers.get("x-api-key", "").encode(), key.encode()):
            return None
        wait_s = self._failures.take(address)
        return _too_many(wait_s) or Refusal(401, "X-API-Key is missing or wrong")

    def _foreign(self, scope: Scope, headers: Headers) -> Refusal | None:
        origin = headers.get("origin")
        if scope["method"] in {"GET", "HEAD"} or origin is None or self.allows(origin, headers):
            return None
        return Refusal(403, f"origin {origin[:100]} is not FRONTEND_URL")

    def allows(self, origin: str, headers: Headers) -> bool:
        """Whether a browser's page of ``origin`` may ask for things to be done."""
        return is_allowed(origin, headers, self._policy)

    def _told(self, scope: Scope, visit: "Visit") -> None:
        took_s = visit.took_s
        self._watch(scope, visit.status, took_s)
        if scope["method"] == "GET" and visit.status < 400 and took_s < SLOW_S:
            return
        details = {
            "request_id": visit.request_id,
            "method": scope["method"],
            "path": scope["path"][:200],
            "route": getattr(scope.get("route"), "path", ""),
            "status": visit.status,
            "took_ms": round(took_s * 1000, 2),
            "address": address_of(scope),
        }
        if visit.is_command:
            self._log.info("request", **details)
        else:
            self._metered.note(f"status_{visit.status}", "request", **details)


class Visit:
    """One request's answer as it goes out."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if _REQUEST_ID.match(given) else secrets.token_hex(8)
        self.status = 0
        self.is_let_in = False
        self._scope = scope
        self._send = send
        self._began_s = time.perf_counter()
        scope["request_id"] = self.request_id

    @property
    def is_command(self) -> bool:
        """Whether it asked for something to be done, and came in: that is written down always."""
        return self.is_let_in and self._scope["method"] not in {"GET", "HEAD", "OPTIONS"}

    @property
    def took_s(self) -> float:
        """Seconds since it came in."""
        return time.perf_counter() - self._began_s

    async def send(self, message: Message) -> None:
        """Pass on ``message``, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if self._scope["path"] != "/api/docs":
                headers.setdefault("Content-Security-Policy", STRICT_POLICY)
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a problem."""
        response = problem_response(
            refusal.status_code,
            str(refusal.detail),
            path=self._scope["path"],
            request_id=self.request_id,
            headers=dict(refusal.headers or {}),
        )
        await response(self._scope, _nothing, self.send)


def only_control(app: ASGIApp) -> ASGIApp:
    """``app`` as the control socket serves it: the owner's commands and what they need to know."""

    async def control(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not CONTROL.fullmatch(f"{scope['method']} {scope['path']}"):
            await Visit(scope, send).refuse(Refusal(404, "not on the control socket"))
            return
        await app({**scope, "client": (CONTROL_CLIENT, 0)}, receive, send)

    return control


def is_allowed(origin: str, headers: Headers, policy: Policy) -> bool:
    """Whether ``origin`` is the dashboard's, or the API's own docs page."""
    own = {f"{scheme}://{headers.get('host', '')}" for scheme in ("http", "https")}
    return origin in policy.origins or origin in own


def address_of(scope: Scope) -> str:
    """Where a request came from."""
    client = scope.get("client")
    return str(client[0]) if client else "?"


def _is_preflight(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "OPTIONS" and "access-control-request-method" in headers


def _too_many(wait_s: float) -> Refusal | None:
    if wait_s <= 0:
        return None
    seconds = int(wait_s) + 1
    return Refusal(429, f"too many requests: wait {seconds} s", {"Retry-After": str(seconds)})


def _bounded(receive: Receive) -> Receive:
    """``receive`` that takes no more than the longest body, whatever its header said."""
    left = LONGEST_BODY

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise Refusal(int(HTTPStatus.REQUEST_ENTITY_TOO_LARGE), f"over {LONGEST_BODY} bytes")
        return message

    return bounded


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
