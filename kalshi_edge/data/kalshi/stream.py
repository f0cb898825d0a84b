"""News over the exchange's WebSocket: one connection, replaced by a new one whenever in doubt.

A new connection begins with ``Connected``; whatever happened before that must be asked for.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from datetime import datetime
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.fields import parse_json
from kalshi_edge.data.kalshi.rate_limits import Jitter, backoff_s
from kalshi_edge.data.kalshi.stream_session import Command, Oddities, Session, StreamEvent
from kalshi_edge.data.kalshi.transport import Host, now_s
from kalshi_edge.data.source_status import PollOutcome, SourceStatus
from kalshi_edge.errors import ContractError, ExchangeDown, RequestRefused

PING_EVERY_S = 10.0
PONG_WITHIN_S = 15.0
"""Together: a connection on which nothing was heard for 25 s is dead."""
STEADY_S = 60.0
"""A connection that lasted so long ends a row of failures."""
BUFFERED_FRAMES = 4096
CHECK_EVERY_S = 5.0

QUIET_LOG = logging.getLogger(__name__)
# At debug level the library logs the headers of the upgrade, and with them a signature.
QUIET_LOG.setLevel(logging.INFO)


class Socket(Protocol):
    """An open WebSocket; raises ``ConnectionClosed`` where it is not any more."""

    async def send(self, text: str, /) -> None:
        """Send one frame."""
        ...

    async def recv(self) -> str | bytes:
        """The next frame."""
        ...


Connect: TypeAlias = Callable[[str, Mapping[str, str]], AbstractAsyncContextManager[Socket]]
"""Opens a WebSocket to an address, with headers."""


class KalshiStream:
    """An endless iterator of news about our orders and the markets that are watched.

    Raises ``RequestRefused`` where the exchange refuses our key: more attempts would not help.
    """

    def __init__(
        self,
        host: Host,
        key: ApiKey,
        clock: Clock,
        jitter: Jitter,
        *,
        series: Collection[str],
        names: Mapping[str, str],
        connect: Connect | None = None,
    ) -> None:
        """``series`` and ``names`` as in ``Session``; ``connect`` where there is another way."""
        self.oddities = Oddities()
        self._url = host.stream_url
        self._key = key
        self._clock = clock
        self._jitter = jitter
        self._series = series
        self._names = names
        self._tickers: frozenset[str] = frozenset()
        self._connect = connect or connected
        self._live: tuple[Socket, Session] | None = None
        self._heard_at: datetime | None = None
        self._distrust = ""

    @property
    def status(self) -> SourceStatus:
        """How it is now: whether it is open, and when it last said anything."""
        now, heard_at = self._clock.now(), self._heard_at
        is_open = self._live is not None
        at, kind, text = self.oddities.latest[-1] if self.oddities.latest else (None, "", "")
        closed = PollOutcome.NOT_ASKED if heard_at is None and at is None else PollOutcome.DOWN
        return SourceStatus(
            name="stream",
            outcome=PollOutcome.UNCHANGED if is_open else closed,
            asked_at=None,
            succeeded_at=heard_at,
            age=None if heard_at is None else now - heard_at,
            is_stale=not is_open,
            cycle=heard_at,
            error=f"{kind}: {text}" if kind else "",
            error_at=at,
            bytes_moved=0,
            last_bytes=0,
        )

    def renew(self, reason: str) -> None:
        """Replace the connection by a new one, whose every book begins with a snapshot."""
        self._distrust = reason

    async def watch(self, tickers: Collection[str]) -> None:
        """Follow the books of ``tickers``, and of no others, from now on."""
        self._tickers = frozenset(tickers)
        if self._live is not None:
            socket, session = self._live
            # A connection that breaks here is replaced by one that knows the new tickers.
            with suppress(ConnectionClosed):
                await _send(socket, session.watch(self._tickers, now_s()))

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        """News, over as many connections as it takes."""
        failures = 0
        while True:
            opened_s = now_s()
            try:
                async with aclosing(self._connection()) as connection:
                    async for news in connection:
                        yield news
            except (OSError, WebSocketException, ExchangeDown) as error:
                _stop_if_refused(error)
                self.oddities.note(self._clock.now(), "disconnected", repr(error))
            failures = 1 if now_s() - opened_s > STEADY_S else failures + 1
            await asyncio.sleep(backoff_s(failures, self._jitter, first_s=0.5, cap_s=30.0))

    async def _connection(self) -> AsyncGenerator[StreamEvent, None]:
        headers = self._key.headers("GET", urlsplit(self._url).path)
        async with self._connect(self._url, headers) as socket:
            session = Session(self._series, self._names, self.oddities)
            self._live = socket, session
            try:
                await _send(socket, session.open(self._tickers, now_s()))
                while True:
                    for news in await self._received(socket, session):
                        yield news
            finally:
                self._live = None

    async def _received(self, socket: Socket, session: Session) -> list[StreamEvent]:
        """What follows from the next frame, if one comes soon."""
        session.check(now_s())
        if reason := self._distrust:
            self._distrust = ""
            raise ExchangeDown(reason)
        news: list[StreamEvent] = []
        try:
            # Not wait_for: before Python 3.12 it can swallow the cancellation of its task.
            async with asyncio.timeout(CHECK_EVERY_S):
                text = await socket.recv()
            self._heard_at = self._clock.now()
            frame = parse_json(text)
        except TimeoutError:
            return news
        except ContractError as error:
            self.oddities.note(self._clock.now(), "unreadable frame", error)
            return news
        for result in session.receive(frame, self._clock.now(), now_s()):
            if isinstance(result, dict):
                await _send(socket, [result])
            else:
                news.append(result)
        return news


class _SameHost(connect):
    """Follows no redirect: a signature is for one host."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def connected(url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
    """A WebSocket to ``url`` over the network."""
    return _SameHost(
        url,
        additional_headers=headers,
        user_agent_header="kalshi-edge",
        ping_interval=PING_EVERY_S,
        ping_timeout=PONG_WITHIN_S,
        close_timeout=2.0,
        max_queue=BUFFERED_FRAMES,
        logger=QUIET_LOG,
    )


async def _send(socket: Socket, commands: Iterable[Command]) -> None:
    for command in commands:
        await socket.send(json.dumps(command))


def _stop_if_refused(error: Exception) -> None:
    if isinstance(error, InvalidStatus) and error.response.status_code in (401, 403):
        status = error.response.status_code
        raise RequestRefused(
            f"the stream refuses our key: HTTP {status}; is our clock right?", status=status
        ) from error
