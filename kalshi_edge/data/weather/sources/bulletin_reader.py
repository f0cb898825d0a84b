"""Reading a few stations' blocks out of a bulletin's file of 35 MB.

By remembered starts and Range requests, each block checked by its header line and looked for more
widely on a miss; then by the order of names (``layout_search.py``); what is not found so is read
from the beginning until the last wanted station, which also teaches every start anew. All parts
must be of one file: its ETag is compared each time.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from kalshi_edge.data.source_status import PollOutcome, Tally
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout import (
    BEFORE,
    BEHIND,
    LOOKS,
    WIDEST,
    Layout,
    Scan,
    whole_blocks,
)
from kalshi_edge.data.weather.sources.layout_search import (
    PROBE,
    SEARCHED_WIDEST,
    WORTH_BYTES,
    Search,
)
from kalshi_edge.data.weather.sources.range_requests import (
    ByteRange,
    RangeIgnored,
    Replaced,
    Wanted,
    modified_at,
    open_whole,
    read_part,
)
from kalshi_edge.errors import BulletinError, SourceError


@dataclass(frozen=True, slots=True)
class BulletinReading:
    """What was read of a file, as far as it went."""

    blocks: Mapping[str, bytes]
    layout: Layout | None
    etag: str = ""
    fault: SourceError | None = None
    """What ended it early."""
    modified_at: datetime | None = None
    """When the file was put there, as its server says."""


@dataclass(slots=True)
class _Parts:
    """What the parts of one file have shown so far."""

    layout: Layout
    wanted: Collection[str]
    size: int
    etag: str = ""
    modified_at: datetime | None = None
    blocks: dict[str, bytes] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def take(self, part: ByteRange) -> bool:
        """Take what is whole in ``part`` and wanted; whether it holds any block that we know."""
        self.size, self.etag = part.size, part.etag
        self.modified_at = part.modified_at or self.modified_at
        is_known = False
        for other, start, text in whole_blocks(part.data, part.start, part.size):
            self.seen[other] = start
            is_known |= other in self.layout.starts
            if other in self.wanted:
                self.blocks[other] = text
        return is_known

    @property
    def missing(self) -> list[str]:
        return sorted(set(self.wanted) - set(self.blocks))

    def guess(self, station: str) -> int:
        return self.layout.guess(station, self.size, self.seen)

    def reading(self, fault: SourceError | None = None) -> BulletinReading:
        layout = self.layout.learned(self.size, self.seen)
        return BulletinReading(self.blocks, layout, self.etag, fault, self.modified_at)


class FileReader:
    """Reads blocks of files that all look much alike."""

    def __init__(self, client: PoliteClient, tally: Tally) -> None:
        self._client = client
        self._tally = tally

    async def read(
        self,
        url: str,
        stations: Collection[str],
        layout: Layout | None,
        unless: str = "",
        *,
        searches: bool = False,
    ) -> BulletinReading | None:
        """The blocks of ``stations`` in the file at ``url``; ``None`` where it still is ``unless``.

        ``searches`` is for servers that may be asked a hundred times in a row. Raises
        ``SourceError`` where nothing at all could be read; what ends it later on is the reading's
        ``fault``.
        """
        reading = await self._read(url, stations, layout, unless, searches=searches)
        if reading is not None and reading.layout is not None:
            self._tally.whole_bytes += reading.layout.size
        return reading

    async def _read(
        self,
        url: str,
        stations: Collection[str],
        layout: Layout | None,
        unless: str,
        *,
        searches: bool,
    ) -> BulletinReading | None:
        reading: BulletinReading | None = BulletinReading({}, layout)
        is_known = layout is not None and any(station in layout.starts for station in stations)
        if is_known or searches:
            with suppress(RangeIgnored):
                before = layout or Layout(0, {})
                reading = await self._by_parts(url, stations, before, unless, searches=searches)
        if reading is None or reading.fault is not None:
            return reading
        missing = set(stations) - set(reading.blocks)
        return await self._scanned(url, missing, reading) if missing else reading

    # --- by parts -----------------------------------------------------------------------------

    async def _by_parts(
        self,
        url: str,
        stations: Collection[str],
        layout: Layout,
        unless: str,
        *,
        searches: bool,
    ) -> BulletinReading | None:
        try:
            return await self._parts(url, stations, layout, unless, searches=searches)
        except Replaced as replaced:
            self._tally.note(replaced)
            return await self._parts(url, stations, layout, unless, searches=searches)

    async def _parts(
        self,
        url: str,
        stations: Collection[str],
        layout: Layout,
        unless: str,
        *,
        searches: bool,
    ) -> BulletinReading | None:
        parts = _Parts(layout, stations, layout.size)

        async def part_of(at: int, length: int) -> ByteRange | None:
            condition = "" if parts.etag else unless
            wanted = Wanted(url, at, at + length, of=parts.etag, unless=condition)
            return await read_part(self._client, wanted, self._tally)

        try:
            is_searched = searches and layout.size >= WORTH_BYTES
            widest = SEARCHED_WIDEST if is_searched else WIDEST
            is_new = await _by_layout(parts, part_of, widest)
            if (
                is_new
                and searches
                and parts.missing
                and not layout.absent.issuperset(parts.missing)
            ):
                is_new = await _by_names(parts, part_of)
        except (RangeIgnored, Replaced):
            raise
        except SourceError as fault:
            if not parts.blocks:
                raise
            return parts.reading(fault)
        return parts.reading() if is_new else None

    # --- from the beginning -------------------------------------------------------------------

    async def _scanned(
        self, url: str, missing: Collection[str], before: BulletinReading
    ) -> BulletinReading:
        layout, scan = before.layout, Scan(missing)
        size, tag, etag, fault = 0, "", before.etag, None
        at = before.modified_at
        try:
            async with open_whole(self._client, url, self._tally) as answer:
                size, tag = int(answer.headers.get("Content-Length", "0")), _tag(answer)
                etag, at = answer.headers.get("ETag", ""), modified_at(answer)
                if layout and layout.scanned == tag and layout.absent.issuperset(missing):
                    return before  # this very file has been read in vain
                await _fill(scan, answer)
        except SourceError as error:
            if not scan.found and not before.blocks:
                raise
            fault = error
        layout = (layout or Layout(size, {})).learned(size, scan.starts)
        if fault is None:
            layout = layout.without(set(missing) - set(scan.found), tag)
        return BulletinReading({**before.blocks, **scan.found}, layout, etag, fault, at)


HALF = 0.5
PartOf = Callable[[int, int], Awaitable[ByteRange | None]]
"""Reads a part by its beginning and length; ``None`` where the file is the one we had."""


async def _by_layout(parts: _Parts, part_of: PartOf, widest: int) -> bool:
    """Look for blocks where they stood; ``False`` where the file is the one we had."""
    starts, is_calm = parts.layout.starts, False
    for station in sorted((s for s in parts.wanted if s in starts), key=starts.__getitem__):
        # Where the others were found at the first look, half of one is enough.
        wide = least = HALF if is_calm else 1.0
        looks = 0
        while wide <= widest and looks < LOOKS and station not in parts.blocks:
            guess = parts.guess(station)
            start, stop = max(guess - int(wide * BEFORE), 0), guess + int(wide * BEHIND)
            part = await part_of(start, stop - start)
            if part is None:
                return False
            looks += 1
            is_better = parts.take(part) and parts.guess(station) != guess
            wide = least if is_better else wide * (2 if wide < 1 else 4)
        is_calm = looks <= 1
    return True


async def _by_names(parts: _Parts, part_of: PartOf) -> bool:
    """Look for blocks by the order of names; ``False`` where the file is the one we had."""
    search = Search(parts.seen)

    async def read(at: int, length: int) -> bool:
        part = await part_of(at, length)
        if part is not None:
            parts.take(part)
            search.take(part.data, part.start, part.size)
        return part is not None

    if not await read(0, PROBE):
        return False
    for at, length in search.steps(parts.missing, parts.blocks):
        await read(at, length)
    return True


async def _fill(scan: Scan, answer: httpx.Response) -> None:
    """Feed ``scan`` until it has found everything, or all of the file; raises ``SourceError``."""
    try:
        async for piece in answer.aiter_raw():
            scan.feed(piece)
            if scan.is_done:
                return
        scan.end()
    except BulletinError as error:
        raise SourceError(f"{answer.url}: {error}", outcome=PollOutcome.MALFORMED) from error


def _tag(answer: httpx.Response) -> str:
    """What tells one state of a file from the next."""
    names = ("ETag", "Last-Modified", "Content-Length")
    return next((tag for name in names if (tag := answer.headers.get(name))), "")
