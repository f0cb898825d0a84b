"""HTTP as the real servers speak it: ranges, conditions, and what goes wrong on the way."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import md5

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kalshi_sandbox.weather.byte_ranges import BulkFile, bulk_file
from kalshi_sandbox.weather.faults import FaultKind, Faults, Product

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_UNREADABLE = bytes.maketrans(b"0123456789", b"?" * 10)


@dataclass(frozen=True, slots=True)
class Document:
    """What there is at an address."""

    body: BulkFile
    media_type: str
    etag: str
    modified_at: datetime | None = None
    max_age_s: int | None = None


def document(
    text: str | bytes,
    media_type: str,
    modified_at: datetime | None = None,
    max_age_s: int | None = None,
) -> Document:
    """A document of one piece."""
    body = text.encode() if isinstance(text, str) else text
    return Document(bulk_file((body,)), media_type, entity_tag(body), modified_at, max_age_s)


def entity_tag(content: bytes) -> str:
    """A tag that is another for any other content.

    >>> entity_tag(b"")
    '"d41d8cd98f00b204e9800998ecf8427e"'
    """
    return f'"{md5(content, usedforsecurity=False).hexdigest()}"'


async def answer(
    request: Request,
    found: Document,
    faults: Faults,
    product: Product,
    station: str | None = None,
    *,
    has_ranges: bool = False,
) -> Response:
    """The response to a GET or HEAD of ``found``, with the faults of its way."""
    if refusal := await hindrance(faults, product, station):
        return refusal
    found = _damaged(found, faults, product, station)
    body = found.body
    headers = {"ETag": found.etag}
    if found.modified_at is not None:
        headers["Last-Modified"] = format_datetime(found.modified_at.astimezone(UTC), usegmt=True)
    if found.max_age_s is not None:
        headers["Cache-Control"] = f"public, max-age={found.max_age_s}"
    if has_ranges:
        headers["Accept-Ranges"] = "bytes"
    if status := _condition(request, found):
        return Response(status_code=status, headers=headers)
    start, stop, status = 0, len(body), 200
    if has_ranges and (asked := _asked_range(request, len(body))):
        start, stop = asked
        status = 206 if start < stop else 416
        shown = f"{start}-{stop - 1}" if status == 206 else "*"
        headers["Content-Range"] = f"bytes {shown}/{len(body)}"
    extra = faults.find(product, FaultKind.WRONG_LENGTH, station)
    headers["Content-Length"] = str(stop - start + (0 if extra is None else int(extra.size)))
    headers["Content-Type"] = found.media_type
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_chunks(body, start, stop), status_code=status, headers=headers)


async def hindrance(faults: Faults, product: Product, station: str | None) -> Response | None:
    """The server's refusal where it is down; otherwise nothing, after as long as it is slow."""
    if slow := faults.find(product, FaultKind.SLOW, station):
        await asyncio.sleep(slow.size)
    if faults.find(product, FaultKind.DOWN, station):
        return Response("Service Unavailable", 503, {"Retry-After": "5"})
    return None


async def _chunks(body: BulkFile, start: int, stop: int) -> AsyncIterator[bytes]:
    for chunk in body.chunks(start, stop):
        yield chunk


def _damaged(found: Document, faults: Faults, product: Product, station: str | None) -> Document:
    body, damage = found.body, ""
    if cut := faults.find(product, FaultKind.TRUNCATED, station):
        body = bulk_file((body.read(0, int(cut.size * len(body))),))
        damage = f"first {len(body)}"
    if faults.find(product, FaultKind.MALFORMED, station):
        body = bulk_file(tuple(bytes(part).translate(_UNREADABLE) for part in body.parts))
        damage += "unreadable"
    if not damage:
        return found
    return replace(found, body=body, etag=entity_tag(f"{found.etag} {damage}".encode()))


def _condition(request: Request, found: Document) -> int | None:
    """304 or 412 where the request's conditions say so (RFC 9110, 13.2.2)."""
    headers = request.headers
    if (expected := headers.get("if-match")) is not None:
        return None if _lists(expected, found.etag) else 412
    if (known := headers.get("if-none-match")) is not None:
        return 304 if _lists(known, found.etag) else None
    since = headers.get("if-modified-since")
    if since is None or found.modified_at is None:
        return None
    try:
        is_known = found.modified_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return None
    return 304 if is_known else None


def _lists(header: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag in tags


def _asked_range(request: Request, size: int) -> tuple[int, int] | None:
    """The one byte range asked for, half open; empty where it cannot be given (RFC 9110, 14)."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        return max(0, size - int(found[2])), size
    start = int(found[1])
    stop = size if found[2] == "" else min(int(found[2]) + 1, size)
    if found[2] and int(found[2]) < start:
        return None
    return (start, stop) if start < size else (size, size)
