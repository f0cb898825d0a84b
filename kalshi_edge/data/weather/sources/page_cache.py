"""Small documents, asked for only as often as their server says, and sent only where they changed.

Not one of the HTTP caches there are: how long a page is good goes by our clock, which may be a
sandbox's, and one that makes no sense must not stay.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import Tally
from kalshi_edge.data.weather.sources.http import PoliteClient, body_of
from kalshi_edge.data.weather.sources.wire import Document, parse_document
from kalshi_edge.errors import SourceError

LARGEST_PAGE = 8_000_000
"""Bytes; the largest true one is an office's grid of about half a million."""
LONGEST_FRESH = timedelta(hours=1)
"""Nothing is taken for current longer than this, whatever its server says."""
KEPT_PAGES = 128

_MAX_AGE = re.compile(r"(?:^|[ ,])max-age=(?P<seconds>\d{1,9})")


@dataclass(slots=True)
class _Kept:
    content: bytes
    etag: str
    modified: str
    fresh_until: datetime

    @property
    def conditions(self) -> dict[str, str]:
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.modified} if self.modified else {}


class Pages:
    """The pages that one source reads; all methods raise ``SourceError``."""

    def __init__(self, client: PoliteClient, clock: Clock, tally: Tally) -> None:
        self._client = client
        self._clock = clock
        self._tally = tally
        self._kept: dict[str, _Kept] = {}

    async def read(self, url: str) -> bytes:
        """The body of a page: what we have where its server says that it is still good."""
        kept = self._kept.get(url)
        if kept is not None and self._clock.now() < kept.fresh_until:
            return kept.content
        return await self._client.again(self._asked, url, kept)

    async def read_as(self, kind: type[Document], url: str) -> Document:
        """The document that a page is; one that makes no sense is not kept."""
        content = await self.read(url)
        try:
            return parse_document(kind, content, url)
        except SourceError:
            self.forget(url)
            raise

    def forget(self, url: str) -> None:
        """Ask for the whole of a page next time: what came was of no use."""
        self._kept.pop(url, None)

    async def _asked(self, url: str, kept: _Kept | None) -> bytes:
        headers = {} if kept is None else kept.conditions
        async with self._client.answer(
            url,
            self._tally,
            within_s=self._client.patience.page_s,
            usable={200, 204, 304} if headers else {200, 204},
            headers=headers,
        ) as answer:
            if kept is not None and answer.status_code == httpx.codes.NOT_MODIFIED:
                kept.fresh_until = self._fresh_until(answer)
                return kept.content
            content = await body_of(answer, LARGEST_PAGE)
        self._keep(url, content, answer)
        return content

    def _keep(self, url: str, content: bytes, answer: httpx.Response) -> None:
        self.forget(url)
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
