"""One polite client for all weather offices: it says who it is, waits its turn, tries again with
growing pauses, and gives every way to fail its own name.

Everything is a GET, so that trying again costs nothing but the asking. HTTP/1.1 only: NOMADS gives
wrong lengths over HTTP/2.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlsplit

import httpx
import stamina

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, Tally
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.politeness import MANNERS, Manners, PoliteHost
from kalshi_edge.errors import SettingError, SourceError

LARGEST_EXCUSE = 1_000_000
"""Bytes of an answer that is not what was asked for."""

_WITH_CONTENT = {200, 204, 206}
_ALIVE = {PollOutcome.MISSING, PollOutcome.MALFORMED}
_WORTH_ANOTHER_TRY = {PollOutcome.DOWN, PollOutcome.SLOW, PollOutcome.TRUNCATED}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait for a server, in seconds of our own life, and how often we try."""

    connect_s: float = 5.0
    silence_s: float = 10.0
    """Between two pieces of an answer."""
    page_s: float = 30.0
    """For a whole page or part, however steadily it drips."""
    stream_s: float = 240.0
    """For a whole bulletin of 35 MB."""
    attempts: int = 3
    pause_s: float = 0.5
    """Before the second attempt; doubled before each further one, with as much again by chance."""
    sit_out_s: float = 10.0
    """A server that asks for no longer a wait is asked again after it; else it is left alone."""


class PoliteClient:
    """Answers of all offices, under ``addresses``; raises ``SourceError`` and nothing else."""

    def __init__(
        self,
        clock: Clock,
        user_agent: str,
        *,
        addresses: WeatherAddresses | None = None,
        patience: Patience | None = None,
        manners: Mapping[str, Manners] = MANNERS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``user_agent`` says who asks, with an address to write to: the offices require it.

        ``manners`` are by the names of ``addresses``. Raises ``SettingError`` for an empty name.
        """
        if not user_agent.strip() or not user_agent.isascii():
            raise SettingError(f"a User-Agent must say who asks, in ASCII, not {user_agent!r}")
        self.addresses = addresses or WeatherAddresses()
        self.patience = patience or Patience()
        self._clock = clock
        self._manners = manners
        self._hosts: dict[str, PoliteHost] = {}
        pause_s = self.patience.pause_s
        self.again = stamina.AsyncRetryingCaller(
            attempts=self.patience.attempts,
            timeout=None,
            wait_initial=pause_s,
            wait_max=16 * pause_s,
            wait_jitter=pause_s,
        ).on(self._another_try)
        """Awaits what it is given, several times where a failure may pass."""
        self._http = httpx.AsyncClient(
            headers={"User-Agent": user_agent},
            timeout=httpx.Timeout(self.patience.silence_s, connect=self.patience.connect_s),
            http2=False,
            follow_redirects=True,
            max_redirects=3,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    @asynccontextmanager
    async def answer(
        self,
        url: str,
        tally: Tally,
        *,
        within_s: float,
        usable: Collection[int],
        headers: Mapping[str, str],
    ) -> AsyncIterator[httpx.Response]:
        """The answer to one request, its body still to come; only with a ``usable`` status.

        The bytes of its body are counted in ``tally``. Nothing is tried again.
        """
        host = self._host_of(url)
        async with host.turn():
            try:
                async with self._named(host.name, url, headers, within_s) as answer:
                    try:
                        if answer.status_code not in _WITH_CONTENT:
                            await body_of(answer, LARGEST_EXCUSE)  # the connection is to live on
                        if answer.status_code not in usable:
                            raise _refusal(host.name, answer, self._clock)
                        yield answer
                    finally:
                        tally.bytes_moved += answer.num_bytes_downloaded
            except SourceError as error:
                if error.outcome in _ALIVE:
                    host.answered()
                else:
                    host.failed(error.reason, 0.0 if self._is_sat_out(error) else error.wait_s)
                raise
            host.answered()

    def _host_of(self, url: str) -> PoliteHost:
        """The server of an address; offices are different servers, whatever their names."""
        office, name = self.addresses.office_of(url), host_name(url)
        key = name if office == url else office
        if key not in self._hosts:
            self._hosts[key] = PoliteHost(name, self._manners.get(key, Manners()), self._clock)
        return self._hosts[key]

    def _is_sat_out(self, error: SourceError) -> bool:
        return error.wait_s is None or error.wait_s <= self.patience.sit_out_s

    def _another_try(self, error: Exception) -> bool | float:
        """Whether another attempt makes sense, and after how many seconds if the server says."""
        if not isinstance(error, SourceError) or error.outcome not in _WORTH_ANOTHER_TRY:
            return False
        if error.wait_s is None:
            return True
        return error.wait_s if self._is_sat_out(error) else False

    @asynccontextmanager
    async def _named(
        self, name: str, url: str, headers: Mapping[str, str], within_s: float
    ) -> AsyncIterator[httpx.Response]:
        """One request; whatever httpx raises before or after it began becomes a ``SourceError``."""
        began = False
        try:
            async with (
                asyncio.timeout(within_s),
                self._http.stream("GET", url, headers=dict(headers)) as answer,
            ):
                began = True
                yield answer
        except (TimeoutError, httpx.TimeoutException) as error:
            when = "broke off for too long" if began else "did not answer in time"
            raise SourceError(f"{name} {when}", outcome=PollOutcome.SLOW) from error
        except (httpx.DecodingError, httpx.TooManyRedirects, httpx.InvalidURL) as error:
            raise malformed(url, str(error)) from error
        except httpx.TransportError as error:
            outcome = PollOutcome.TRUNCATED if began else PollOutcome.DOWN
            when = "broke off" if began else "cannot be reached"
            why = str(error) or type(error).__name__
            raise SourceError(f"{name} {when}: {why}", outcome=outcome) from error


async def body_of(answer: httpx.Response, limit: int) -> bytes:
    """A whole body, decoded; ``SourceError`` where it is longer than ``limit`` bytes."""
    pieces, length = [], 0
    async for piece in answer.aiter_bytes():
        length += len(piece)
        if length > limit:
            raise malformed(str(answer.url), f"sends more than {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def host_name(url: str) -> str:
    """The server that an address names, as sentences name it."""
    return urlsplit(url).netloc


def malformed(url: str, why: str) -> SourceError:
    """The error for an answer that came, but not as it should be."""
    return SourceError(f"{host_name(url)} {why}", outcome=PollOutcome.MALFORMED)


def _refusal(name: str, answer: httpx.Response, clock: Clock) -> SourceError:
    """What a status says that was not to be expected."""
    status = answer.status_code
    says = f"{name} says {status} {answer.reason_phrase}".rstrip()
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        return SourceError(says, outcome=PollOutcome.MISSING)
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return SourceError(says, outcome=PollOutcome.DOWN, wait_s=_wait_s(answer, clock))
    is_refused = status >= httpx.codes.BAD_REQUEST
    return SourceError(says, outcome=PollOutcome.REFUSED if is_refused else PollOutcome.MALFORMED)


def _wait_s(answer: httpx.Response, clock: Clock) -> float | None:
    """The seconds in ``Retry-After``, which may also be a date."""
    text = answer.headers.get("Retry-After", "")
    if text.isdecimal() and len(text) < 7:
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
