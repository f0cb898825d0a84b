"""One polite client for all weather offices: it says who it is, waits its turn, asks only for what
is new, tries again with growing pauses, and gives every way to fail its own name.

Everything is a GET, so that trying again costs nothing but the asking. HTTP/1.1 only: NOMADS gives
wrong lengths over HTTP/2.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlsplit

import httpx
import stamina

from kalshi_edge.clock import Clock
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.sources.host import MANNERS, Host, Manners
from kalshi_edge.data.weather.sources.status import Outcome, Tally
from kalshi_edge.errors import SettingError, SourceError

LARGEST_PAGE = 8_000_000
"""Bytes; the largest true one is an office's grid of about half a million."""
LARGEST_EXCUSE = 1_000_000
"""Bytes of an answer that is not what was asked for."""
LONGEST_FRESH = timedelta(hours=1)
"""Nothing is taken for current longer than this, whatever its server says."""
KEPT_PAGES = 256

_WITH_CONTENT = {200, 204, 206}
_USABLE = _WITH_CONTENT | {304, 412, 416}
_ALIVE = {Outcome.MISSING, Outcome.MALFORMED}
_WORTH_ANOTHER_TRY = {Outcome.DOWN, Outcome.SLOW, Outcome.TRUNCATED}
_CONTENT_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<size>\d+)")
_MAX_AGE = re.compile(r"(?:^|[ ,])max-age=(?P<seconds>\d{1,9})")


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


@dataclass(frozen=True, slots=True)
class Page:
    """The body of an address, and whether it has come anew or is what we had."""

    content: bytes
    is_new: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file: its bytes from ``start`` on; none where the file ends before it."""

    start: int
    data: bytes
    size: int
    """Of the whole file."""
    etag: str


class RangeIgnored(SourceError):
    """The server gives whole files only."""


class Replaced(SourceError):
    """The file is no longer the one that we began to read."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    url: str
    start: int
    stop: int
    of: str
    unless: str


@dataclass(slots=True)
class _Kept:
    content: bytes
    etag: str
    modified: str
    fresh_until: datetime

    def conditions(self) -> dict[str, str]:
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.modified} if self.modified else {}


class PoliteClient:
    """GETs of pages, parts and whole files. Every method raises ``SourceError``, nothing else."""

    def __init__(
        self,
        clock: Clock,
        user_agent: str,
        *,
        addresses: WeatherAddresses | None = None,
        patience: Patience | None = None,
        manners: Mapping[str, Manners] = MANNERS,
    ) -> None:
        """``user_agent`` says who asks, with an address to write to: the offices require it.

        ``manners`` are by the names of ``addresses``.

        Raises ``SettingError`` where it is empty.
        """
        if not user_agent.strip() or not user_agent.isascii():
            raise SettingError(f"a User-Agent must say who asks, in ASCII, not {user_agent!r}")
        self.addresses = addresses or WeatherAddresses()
        self._clock = clock
        self._patience = patience or Patience()
        self._manners = manners
        self._hosts: dict[str, Host] = {}
        self._kept: dict[str, _Kept] = {}
        pause_s = self._patience.pause_s
        self._again = stamina.AsyncRetryingCaller(
            attempts=self._patience.attempts,
            timeout=None,
            wait_initial=pause_s,
            wait_max=16 * pause_s,
            wait_jitter=pause_s,
        ).on(self._another_try)
        self._http = httpx.AsyncClient(
            headers={"User-Agent": user_agent},
            timeout=httpx.Timeout(self._patience.silence_s, connect=self._patience.connect_s),
            http2=False,
            follow_redirects=True,
            max_redirects=3,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    # --- pages --------------------------------------------------------------------------------

    async def page(self, url: str, tally: Tally) -> Page:
        """A small document; what we have where the server says that it is still good."""
        kept = self._kept.get(url)
        if kept is not None and self._clock.now() < kept.fresh_until:
            return Page(kept.content, is_new=False)
        return await self._again(self._page, url, kept, tally)

    def forget(self, url: str) -> None:
        """Ask for the whole of a page next time: what came was of no use."""
        self._kept.pop(url, None)

    async def _page(self, url: str, kept: _Kept | None, tally: Tally) -> Page:
        headers = {} if kept is None else kept.conditions()
        async with self._answer(url, headers, tally, self._patience.page_s) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                if kept is None:
                    raise _malformed(url, "says that nothing has changed since never")
                kept.fresh_until = self._fresh_until(answer)
                return Page(kept.content, is_new=False)
            content = await _body(answer, LARGEST_PAGE)
        self._keep(url, content, answer)
        return Page(content, is_new=True)

    def _keep(self, url: str, content: bytes, answer: httpx.Response) -> None:
        self._kept.pop(url, None)
        if "no-store" in answer.headers.get("Cache-Control", ""):
            return
        if len(self._kept) >= KEPT_PAGES:
            del self._kept[next(iter(self._kept))]
        etag, modified = (answer.headers.get(name, "") for name in ("ETag", "Last-Modified"))
        self._kept[url] = _Kept(content, etag, modified, self._fresh_until(answer))

    def _fresh_until(self, answer: httpx.Response) -> datetime:
        control = answer.headers.get("Cache-Control", "")
        found = None if "no-cache" in control else _MAX_AGE.search(control)
        fresh = timedelta(seconds=int(found["seconds"])) if found else timedelta()
        return self._clock.now() + min(fresh, LONGEST_FRESH)

    # --- parts and whole files ----------------------------------------------------------------

    async def part(
        self, url: str, start: int, stop: int, tally: Tally, *, of: str = "", unless: str = ""
    ) -> Part | None:
        """The bytes ``[start, stop)`` of a file, as far as it goes.

        With ``unless``, an ETag, ``None`` where the file is still that one. With ``of``, an ETag,
        ``Replaced`` where it no longer is. ``RangeIgnored`` where only the whole file is to be had.
        """
        headers = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        if unless:
            headers["If-None-Match"] = unless
        if of and not of.startswith("W/"):  # a weak one never matches here, by RFC 9110 13.1.1
            headers["If-Match"] = of
        wanted = _Wanted(url, start, stop, of, unless)
        return await self._again(self._part, wanted, headers, tally)

    async def _part(self, wanted: _Wanted, headers: Mapping[str, str], tally: Tally) -> Part | None:
        seconds = self._patience.page_s
        async with self._answer(wanted.url, headers, tally, seconds) as answer:
            etag = answer.headers.get("ETag", "")
            match answer.status_code:
                case httpx.codes.NOT_MODIFIED:
                    return None
                case httpx.codes.PRECONDITION_FAILED:
                    raise _replaced(wanted.url)
                case httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    return Part(wanted.start, b"", _size(wanted.url, answer), etag)
                case httpx.codes.PARTIAL_CONTENT:
                    return await _checked_part(wanted, answer)
            if wanted.unless and etag == wanted.unless:
                return None
            why = f"{_host(wanted.url)} gives whole files only"
            raise RangeIgnored(why, outcome=Outcome.MALFORMED)

    @asynccontextmanager
    async def whole(self, url: str, tally: Tally) -> AsyncIterator[httpx.Response]:
        """A file that is streaming in: its pieces by ``aiter_raw``. Not tried again."""
        headers = {"Accept-Encoding": "identity"}
        async with self._answer(url, headers, tally, self._patience.stream_s) as answer:
            if answer.status_code != httpx.codes.OK:
                raise _malformed(url, f"answers {answer.status_code} to a plain request")
            yield answer

    # --- one request --------------------------------------------------------------------------

    @asynccontextmanager
    async def _answer(
        self, url: str, headers: Mapping[str, str], tally: Tally, seconds: float
    ) -> AsyncIterator[httpx.Response]:
        host = self._host_of(url)
        async with host.turn():
            try:
                async with self._named(host.name, url, headers, seconds) as answer:
                    try:
                        if answer.status_code not in _WITH_CONTENT:
                            await _body(answer, LARGEST_EXCUSE)  # so that the connection lives on
                        _refuse_errors(host.name, answer, self._clock)
                        yield answer
                    finally:
                        tally.bytes_moved += answer.num_bytes_downloaded
            except SourceError as error:
                if error.outcome in _ALIVE:
                    host.answered()
                else:
                    wait_s = error.wait_s or 0.0
                    host.failed(error.reason, wait_s if wait_s > self._patience.sit_out_s else 0.0)
                raise
            host.answered()

    def _host_of(self, url: str) -> Host:
        """The server of an address; offices are different servers, whatever their names."""
        office = self.addresses.office_of(url)
        name = _host(url)
        key = name if office == url else office
        if key not in self._hosts:
            self._hosts[key] = Host(name, self._manners.get(key, Manners()), self._clock)
        return self._hosts[key]

    def _another_try(self, error: Exception) -> bool | float:
        """Whether another attempt makes sense, and after how many seconds if the server says."""
        if not isinstance(error, SourceError) or error.outcome not in _WORTH_ANOTHER_TRY:
            return False
        if error.wait_s is None:
            return True
        return error.wait_s if error.wait_s <= self._patience.sit_out_s else False

    @asynccontextmanager
    async def _named(
        self, name: str, url: str, headers: Mapping[str, str], seconds: float
    ) -> AsyncIterator[httpx.Response]:
        """The answer to one request; whatever httpx raises becomes a ``SourceError``."""
        began = False
        try:
            async with (
                asyncio.timeout(seconds),
                self._http.stream("GET", url, headers=dict(headers)) as answer,
            ):
                began = True
                yield answer
        except (TimeoutError, httpx.TimeoutException) as error:
            when = "broke off for too long" if began else "did not answer in time"
            raise SourceError(f"{name} {when}", outcome=Outcome.SLOW) from error
        except (httpx.DecodingError, httpx.TooManyRedirects, httpx.InvalidURL) as error:
            raise SourceError(f"{name}: {error}", outcome=Outcome.MALFORMED) from error
        except httpx.TransportError as error:
            outcome = Outcome.TRUNCATED if began else Outcome.DOWN
            when = "broke off" if began else "cannot be reached"
            why = str(error) or type(error).__name__
            raise SourceError(f"{name} {when}: {why}", outcome=outcome) from error


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _malformed(url: str, why: str) -> SourceError:
    return SourceError(f"{_host(url)} {why}", outcome=Outcome.MALFORMED)


def _replaced(url: str) -> Replaced:
    why = f"{_host(url)} replaced the file while it was read"
    return Replaced(why, outcome=Outcome.MALFORMED)


def _refuse_errors(name: str, answer: httpx.Response, clock: Clock) -> None:
    """Raise ``SourceError`` where the status says that this is not what was asked for."""
    status = answer.status_code
    if status in _USABLE:
        return
    says = f"{name} says {status} {answer.reason_phrase}".rstrip()
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        raise SourceError(says, outcome=Outcome.MISSING)
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise SourceError(says, outcome=Outcome.DOWN, wait_s=_wait_s(answer, clock))
    raise SourceError(says, outcome=Outcome.REFUSED)


def _wait_s(answer: httpx.Response, clock: Clock) -> float | None:
    """The seconds in ``Retry-After``, which may also be a date."""
    text = answer.headers.get("Retry-After", "")
    if text.isdecimal() and len(text) < 7:
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


async def _body(answer: httpx.Response, limit: int) -> bytes:
    """A whole body, decoded; ``SourceError`` where it is longer than ``limit`` bytes."""
    pieces, length = [], 0
    async for piece in answer.aiter_bytes():
        length += len(piece)
        if length > limit:
            raise _malformed(str(answer.url), f"sends more than {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def _checked_part(wanted: _Wanted, answer: httpx.Response) -> Part:
    url, start = wanted.url, wanted.start
    etag = answer.headers.get("ETag", "")
    if wanted.of and etag != wanted.of:
        raise _replaced(url)
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise _malformed(url, "sends a part of a compressed file")
    data = await _body(answer, wanted.stop - start)
    says = answer.headers.get("Content-Range", "no Content-Range")
    found = _CONTENT_RANGE.fullmatch(says)
    sent = (start, start + len(data) - 1)
    if found is None or (int(found["first"] or -1), int(found["last"] or -1)) != sent:
        raise _malformed(url, f"says {says} but sends {len(data)} bytes from {start} on")
    return Part(start, data, int(found["size"]), etag)


def _size(url: str, answer: httpx.Response) -> int:
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if found is None:
        raise _malformed(url, "has no such part and does not say how long the file is")
    return int(found["size"])
