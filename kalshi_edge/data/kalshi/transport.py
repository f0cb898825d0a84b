"""Questions to the exchange over HTTP: asked again, a few times and with jitter, until answered.

Nothing here can sign or change anything.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import quote, urlsplit

import httpx

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.fields import Payload, optional_text, parse_json, rows
from kalshi_edge.data.kalshi.rate_limits import Costs, Jitter, backoff_s
from kalshi_edge.errors import ContractError, ExchangeDown, RequestRefused, SettingError
from kalshi_edge.token_bucket import TokenBucket

Params: TypeAlias = Mapping[str, str | int | list[str]]

ATTEMPTS = 4
MAX_PAGES = 200
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
WHOLE_ANSWER_WITHIN_S = 20.0
NOTICEABLE = timedelta(seconds=3)
"""The exchange accepts signatures up to about 5 s off; a Date header is a second wide."""


_PAUSED = re.compile("pause|maintenance", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Host:
    """Where an exchange is. Anything but the machine itself must be encrypted."""

    rest_url: str
    stream_url: str

    def __post_init__(self) -> None:
        for url, encrypted in ((self.rest_url, "https"), (self.stream_url, "wss")):
            parts = urlsplit(url)
            if parts.scheme != encrypted and not _is_loopback(parts.hostname or ""):
                raise SettingError(f"{url} must begin with {encrypted}://")


PRODUCTION = Host(
    "https://external-api.kalshi.com/trade-api/v2",
    "wss://external-api-ws.kalshi.com/trade-api/ws/v2",
)
DEMO = Host(
    "https://external-api.demo.kalshi.co/trade-api/v2",
    "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2",
)


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The exchange's no, in its own words."""

    status: int
    code: str = ""
    text: str = ""
    is_pause: bool = False
    """Whether it says that trading, or the whole exchange, is paused."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.code or f"HTTP {self.status}", self.text) if part)


def parse_refusal(status: int, body: bytes) -> ErrorBody:
    """What an unsuccessful answer says: three shapes of JSON, a status page, HTML or nothing.

    >>> str(parse_refusal(409, b'{"error":{"code":"order_already_exists","message":"no"}}'))
    'order_already_exists: no'
    >>> str(parse_refusal(429, b'{"error":"too many requests"}'))
    'HTTP 429: too many requests'
    >>> str(parse_refusal(502, b"<html>Bad gateway</html>"))
    'HTTP 502'
    """
    try:
        payload = parse_json(body)
    except ContractError:
        return ErrorBody(status)
    if "exchange_active" in payload or "trading_active" in payload:
        active = payload.get("exchange_active") is True and payload.get("trading_active") is True
        return ErrorBody(status, text="" if active else "trading is paused", is_pause=not active)
    error = payload.get("error", payload)
    if not isinstance(error, Mapping):
        return ErrorBody(status, text=str(error)[:300])
    words = (error.get("message"), error.get("details"))
    text = ", ".join(word for word in words if isinstance(word, str) and word)
    code = str(error.get("code") or "")[:100]
    is_pause = status == httpx.codes.SERVICE_UNAVAILABLE and bool(_PAUSED.search(code))
    return ErrorBody(status, code, text[:300], is_pause)


def open_http(
    host: Host, *, auth: httpx.Auth | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """A pool of connections to ``host``; market texts come in English."""
    headers = {"User-Agent": "kalshi-edge", "Accept-Language": "en"}
    return httpx.AsyncClient(
        base_url=host.rest_url, auth=auth, transport=transport, timeout=TIMEOUT, headers=headers
    )


class Rest:
    """Questions to one host, within one budget."""

    def __init__(
        self, http: httpx.AsyncClient, machine: Clock, jitter: Jitter, bucket: TokenBucket
    ) -> None:
        self.bucket = bucket
        self.costs = Costs()
        self.clock_lead: timedelta | None = None
        """How far our clock was ahead of the exchange's at its last answer, to about 1 s."""
        self._http = http
        self._machine = machine
        self._jitter = jitter

    async def get(
        self,
        route: str,
        params: Params | None = None,
        *,
        bucket: TokenBucket | None = None,
        answers: Collection[int] = (),
        **names: str,
    ) -> Payload:
        """The answer to a question; ``names`` fill the route.

        ``bucket`` is another one than the usual; ``answers`` are statuses besides 2xx whose body
        is an answer. Raises ``RequestRefused`` for a definite no and ``ExchangeDown`` where
        several attempts brought no readable answer.
        """
        bucket, problem = bucket or self.bucket, ""
        for failures in range(ATTEMPTS):
            if failures:
                wait_s = backoff_s(failures, self._jitter, first_s=0.25, cap_s=5.0)
                await asyncio.sleep(wait_s)
            await asyncio.sleep(bucket.take(self.costs.of("GET", route), now_s()))
            try:
                return await self._ask(filled(route, names), params, bucket, answers)
            except (httpx.RequestError, ContractError, ExchangeDown) as error:
                problem = str(error) or type(error).__name__
        raise ExchangeDown(f"GET {route}: {problem}, {ATTEMPTS} times")

    async def listed(
        self, route: str, key: str, identity: Callable[[Payload], str], params: Params
    ) -> tuple[dict[str, Payload], str]:
        """The objects under ``key`` by what ``identity`` says of them, and the next page's cursor.

        One that has no identity goes by its own text. Raises ``ExchangeDown`` where there is no
        such list.
        """
        page = await self.get(route, params)
        try:
            found = {_identity(one, identity): one for one in rows(page, key)}
            return found, optional_text(page, "cursor")
        except ContractError as error:
            raise ExchangeDown(f"GET {route}: an answer that we cannot read: {error}") from error

    async def pages(
        self, route: str, key: str, identity: Callable[[Payload], str], params: Params
    ) -> dict[str, Payload]:
        """As ``listed``, of all pages; each object once.

        Raises ``ExchangeDown`` where there is no end of pages: nothing is silently left out.
        """
        found, cursor = await self.listed(route, key, identity, params)
        for _ in range(MAX_PAGES):
            if not cursor:
                return found
            fresh, cursor = await self.listed(route, key, identity, {**params, "cursor": cursor})
            # A cursor that the exchange does not know it takes for none: then we know it all.
            if fresh.keys() <= found.keys():
                return found
            found |= fresh
        raise ExchangeDown(f"GET {route}: more than {MAX_PAGES} pages")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(
        self, path: str, params: Params | None, bucket: TokenBucket, answers: Collection[int]
    ) -> Payload:
        response = await self._exchange(self._http.build_request("GET", path, params=params))
        if response.is_success:
            return answered(response)
        if response.status_code in answers:
            return parse_json(response.content)
        refusal = self._explained(parse_refusal(response.status_code, response.content))
        if refusal.status == httpx.codes.TOO_MANY_REQUESTS:
            bucket.empty(now_s())
        elif not response.is_server_error:
            raise RequestRefused(f"GET {path}: {refusal}", status=refusal.status)
        raise ExchangeDown(str(refusal))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        """Send one request and compare the two clocks."""
        sent_at = self._machine.now()
        try:
            # The client's own limits are per read: an answer could trickle in for ever.
            async with asyncio.timeout(WHOLE_ANSWER_WITHIN_S):
                response = await self._http.send(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no whole answer", request=request) from error
        self.clock_lead = clock_lead(response.headers.get("Date", ""), sent_at, self._machine.now())
        return response

    def _explained(self, refusal: ErrorBody) -> ErrorBody:
        """``refusal``, with the likely reason where a signature was refused: our clock is off."""
        lead = self.clock_lead
        if refusal.status != httpx.codes.UNAUTHORIZED or lead is None or abs(lead) < NOTICEABLE:
            return refusal
        side = "ahead of" if lead > timedelta() else "behind"
        clocks = f"our clock is {abs(lead).total_seconds():.0f} s {side} the exchange's"
        return replace(refusal, text=", ".join(filter(None, (refusal.text, clocks))))


def answered(response: httpx.Response) -> Payload:
    """The answer of a 2xx; ``ContractError`` where it is none, or an error all the same.

    >>> answered(httpx.Response(200, json={"error": {"code": "deprecated"}}))
    Traceback (most recent call last):
    ...
    kalshi_edge.errors.ContractError: HTTP 200 with an error: deprecated
    """
    payload = parse_json(response.content)
    if payload.get("error"):
        refusal = parse_refusal(response.status_code, response.content)
        raise ContractError(f"HTTP {response.status_code} with an error: {refusal}")
    return payload


def _identity(row: Payload, identity: Callable[[Payload], str]) -> str:
    try:
        return identity(row)
    except ContractError:
        return f"row {row}"


def clock_lead(date: str, sent_at: datetime, received_at: datetime) -> timedelta | None:
    """How far our clock is ahead, by a Date header written between two of our instants.

    The header names a whole second, of which the middle is taken; ``None`` where it is no date.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 22, 16, 0, 10, tzinfo=UTC)
    >>> clock_lead("Sun, 22 Nov 2026 16:00:00 GMT", at, at + timedelta(seconds=1))
    datetime.timedelta(seconds=10)
    """
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    if theirs.tzinfo is None:
        return None
    ours = sent_at + (received_at - sent_at) / 2
    return ours - theirs - timedelta(seconds=0.5)


def filled(route: str, names: Mapping[str, str]) -> str:
    """``route`` with its parameters.

    >>> filled("/markets/{ticker}", {"ticker": "../KXHIGHNY-26NOV22-B52.5"})
    '/markets/..%2FKXHIGHNY-26NOV22-B52.5'
    """
    return route.format_map({name: quote(value, safe="") for name, value in names.items()})


def now_s() -> float:
    """The event loop's time in seconds, by which budgets are kept."""
    return asyncio.get_running_loop().time()


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
