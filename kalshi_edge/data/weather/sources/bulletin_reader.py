"""BulletinReading a few stations' blocks out of a bulletin's file of 35 MB.

By remembered starts and Range requests, each block checked by its header line and looked for more
widely on a miss; what is not found so is read from the beginning until the last wanted station,
which also teaches every start anew. All parts must be of one file: its ETag is compared each time.
"""

from collections.abc import Collection, Mapping
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
    size: int
    etag: str = ""
    modified_at: datetime | None = None
    blocks: dict[str, bytes] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def take(self, part: ByteRange, station: str) -> bool:
        """Take what is whole in ``part``, ``station`` maybe; whether it holds any block we know."""
        self.size, self.etag = part.size, part.etag
        self.modified_at = part.modified_at or self.modified_at
        is_known = False
        for other, start, text in whole_blocks(part.data, part.start, part.size):
            self.seen[other] = start
            is_known |= other in self.layout.starts
            if other == station:
                self.blocks[station] = text
        return is_known

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
        self, url: str, stations: Collection[str], layout: Layout | None, unless: str = ""
    ) -> BulletinReading | None:
        """The blocks of ``stations`` in the file at ``url``; ``None`` where it still is ``unless``.

        Raises ``SourceError`` where nothing at all could be read; what ends it later on is the
        reading's ``fault``.
        """
        reading = await self._read(url, stations, layout, unless)
        if reading is not None and reading.layout is not None:
            self._tally.whole_bytes += reading.layout.size
        return reading

    async def _read(
        self, url: str, stations: Collection[str], layout: Layout | None, unless: str
    ) -> BulletinReading | None:
        reading: BulletinReading | None = BulletinReading({}, layout)
        known = [station for station in stations if layout and station in layout.starts]
        if layout is not None and known:
            with suppress(RangeIgnored):
                reading = await self._by_parts(url, known, layout, unless)
        if reading is None or reading.fault is not None:
            return reading
        missing = set(stations) - set(reading.blocks)
        return await self._scanned(url, missing, reading) if missing else reading

    # --- by parts -----------------------------------------------------------------------------

    async def _by_parts(
        self, url: str, stations: Collection[str], layout: Layout, unless: str
    ) -> BulletinReading | None:
        try:
            return await self._parts(url, stations, layout, unless)
        except Replaced as replaced:
            self._tally.note(replaced)
            return await self._parts(url, stations, layout, unless)

    async def _parts(
        self, url: str, stations: Collection[str], layout: Layout, unless: str
    ) -> BulletinReading | None:
        parts = _Parts(layout, layout.size)
        for station in sorted(stations, key=layout.starts.__getitem__):
            try:
                if not await self._one(url, station, parts, unless):
                    return None
            except (RangeIgnored, Replaced):
                raise
            except SourceError as fault:
                if not parts.blocks:
                    raise
                return parts.reading(fault)
        return parts.reading()

    async def _one(self, url: str, station: str, parts: _Parts, unless: str) -> bool:
        """Look for one block; ``False`` where the file is still the one of ``unless``."""
        wide, looks = 1, 0
        while wide <= WIDEST and looks < LOOKS and station not in parts.blocks:
            guess = parts.guess(station)
            start, stop = max(guess - wide * BEFORE, 0), guess + wide * BEHIND
            wanted = Wanted(url, start, stop, of=parts.etag, unless=unless)
            part = await read_part(self._client, wanted, self._tally)
            if part is None:
                return False
            looks += 1
            is_better = parts.take(part, station) and parts.guess(station) != guess
            wide = 1 if is_better else 4 * wide
        return True

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
