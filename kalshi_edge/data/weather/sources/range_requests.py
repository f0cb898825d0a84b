"""Pieces of large files by Range requests, each of which must be a piece of the same file."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from kalshi_edge.data.source_status import PollOutcome, Tally
from kalshi_edge.data.weather.sources.http import PoliteClient, body_of, host_name, malformed
from kalshi_edge.errors import SourceError

PLAIN = {"Accept-Encoding": "identity"}
"""Places in a file mean nothing once it is compressed."""

_CONTENT_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<size>\d+)")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A piece of a file: its bytes from ``start`` on; none where the file ends before it."""

    start: int
    data: bytes
    size: int
    """Of the whole file."""
    etag: str
    modified_at: datetime | None = None
    """When the file was put there, as its server says."""


class RangeIgnored(SourceError):
    """The server gives whole files only."""


class Replaced(SourceError):
    """The file is no longer the one that we began to read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bytes ``[start, stop)`` of a file; of the file with the ETag ``of``, if that is given.

    With ``unless``, an ETag, nothing is wanted where the file still is that one.
    """

    url: str
    start: int
    stop: int
    of: str = ""
    unless: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What asks for them."""
        headers = PLAIN | {"Range": f"bytes={self.start}-{self.stop - 1}"}
        if self.unless:
            headers["If-None-Match"] = self.unless
        if self.of and not self.of.startswith("W/"):  # a weak one never matches, RFC 9110 13.1.1
            headers["If-Match"] = self.of
        return headers


async def read_part(client: PoliteClient, wanted: Wanted, tally: Tally) -> ByteRange | None:
    """The part as far as the file goes; ``None`` where the file is still that of ``unless``.

    Raises ``Replaced`` where it is no longer that of ``of``, ``RangeIgnored`` where only the whole
    file is to be had, and other ``SourceError``.
    """
    return await client.again(_part, client, wanted, tally)


@asynccontextmanager
async def open_whole(client: PoliteClient, url: str, tally: Tally) -> AsyncIterator[httpx.Response]:
    """A file that is streaming in: its pieces by ``aiter_raw``. Not tried again."""
    within_s = client.patience.stream_s
    async with client.answer(url, tally, within_s=within_s, usable={200}, headers=PLAIN) as answer:
        yield answer


async def _part(client: PoliteClient, wanted: Wanted, tally: Tally) -> ByteRange | None:
    async with client.answer(
        wanted.url,
        tally,
        within_s=client.patience.page_s,
        usable={200, 206, 412, 416} | ({304} if wanted.unless else set()),
        headers=wanted.headers,
    ) as answer:
        etag = answer.headers.get("ETag", "")
        match answer.status_code:
            case httpx.codes.NOT_MODIFIED:
                return None
            case httpx.codes.PRECONDITION_FAILED:
                raise _replaced(wanted)
            case httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return ByteRange(wanted.start, b"", _size(wanted, answer), etag)
            case httpx.codes.PARTIAL_CONTENT:
                return await _checked(wanted, answer)
        if wanted.unless and etag == wanted.unless:
            return None
        why = f"{host_name(wanted.url)} gives whole files only"
        raise RangeIgnored(why, outcome=PollOutcome.MALFORMED)


async def _checked(wanted: Wanted, answer: httpx.Response) -> ByteRange:
    etag = answer.headers.get("ETag", "")
    if wanted.of and etag != wanted.of:
        raise _replaced(wanted)
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise malformed(wanted.url, "sends a part of a compressed file")
    data = await body_of(answer, wanted.stop - wanted.start)
    says = answer.headers.get("Content-Range", "no Content-Range")
    found = _CONTENT_RANGE.fullmatch(says)
    sent = (wanted.start, wanted.start + len(data) - 1)
    if found is None or (int(found["first"] or -1), int(found["last"] or -1)) != sent:
        raise malformed(
            wanted.url, f"says {says} but sends {len(data)} bytes from {wanted.start} on"
        )
    return ByteRange(wanted.start, data, int(found["size"]), etag, modified_at(answer))


def modified_at(answer: httpx.Response) -> datetime | None:
    """When a file was put there, as its server says; ``None`` where it does not."""
    try:
        at = parsedate_to_datetime(answer.headers.get("Last-Modified", ""))
    except ValueError:
        return None
    return None if at.tzinfo is None else at.astimezone(UTC)


def _replaced(wanted: Wanted) -> Replaced:
    why = f"{host_name(wanted.url)} replaced the file while it was read"
    return Replaced(why, outcome=PollOutcome.MALFORMED)


def _size(wanted: Wanted, answer: httpx.Response) -> int:
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if found is None:
        raise malformed(wanted.url, "has no such part and does not say how long the file is")
    return int(found["size"])
