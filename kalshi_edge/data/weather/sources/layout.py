"""Where the blocks of a bulletin's file stand, so that next time a few kilobytes are enough.

Remembered starts are only a guess: a block counts once its own header line has been read, with the
next header or the end of the file behind it. Every block seen corrects the guesses for the others.
"""

from bisect import bisect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from kalshi_edge.data.weather.nbm.block import blocks
from kalshi_edge.errors import BulletinError

BEFORE, BEHIND = 5_120, 10_240
"""Bytes asked for around a guess: a block is of about 3,700."""
WIDEST, LOOKS = 16, 5
"""A look that helps nothing is followed by one four times as wide, up to 16 times; five in all."""
_NO_BULLETIN = 1_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """What one file of a kind taught: its size, and where each station's block began in it."""

    size: int
    starts: Mapping[str, int]
    absent: frozenset[str] = frozenset()
    """Not in the file ``scanned``, which was read from end to end."""
    scanned: str = ""

    def guess(self, station: str, size: int, seen: Mapping[str, int]) -> int:
        """Where ``station`` should begin in a file of ``size`` bytes with these blocks ``seen``.

        As far from the nearest block seen as it was, and that distance stretched with the size, as
        the blocks of some runs hold less.

        >>> old = Layout(1000, {"KLAX": 400, "KNYC": 600})
        >>> old.guess("KNYC", 1100, {}), old.guess("KNYC", 1100, {"KLAX": 430})
        (660, 650)
        """
        start, stretch = self.starts[station], size / self.size if self.size and size else 1.0
        known = [other for other in seen if other in self.starts]
        if not known:
            return round(start * stretch)
        nearest = min(known, key=lambda other: abs(self.starts[other] - start))
        return max(seen[nearest] + round((start - self.starts[nearest]) * stretch), 0)

    def learned(self, size: int, seen: Mapping[str, int]) -> "Layout":
        """The layout of a file of ``size`` bytes in which these blocks were ``seen``.

        Every other block is taken to stand as ``guess`` would have it from the one seen before it.
        """
        stretch = size / self.size if self.size and size else 1.0
        marks = sorted((self.starts[other], other) for other in seen if other in self.starts)
        starts = dict(self.starts)
        if stretch != 1.0 or any(seen[other] != start for start, other in marks):
            for station, start in self.starts.items():
                place = max(bisect(marks, (start, "~")) - 1, 0)
                mark, there = (marks[place][0], seen[marks[place][1]]) if marks else (0, 0)
                starts[station] = max(there + round((start - mark) * stretch), 0)
        return replace(self, size=size, starts={**starts, **seen})

    def without(self, absent: Collection[str], scanned: str) -> "Layout":
        """The same after the file ``scanned`` was read from end to end and had no ``absent``."""
        starts = {name: start for name, start in self.starts.items() if name not in absent}
        return replace(self, starts=starts, absent=frozenset(absent), scanned=scanned)


def whole_blocks(data: bytes, offset: int, size: int) -> Iterator[tuple[str, int, bytes]]:
    """The blocks that lie whole in a piece of a file of ``size`` bytes: station, start, text."""
    for block in blocks(data):
        begins = block.start > 0 or offset == 0
        ends = block.end < len(data) or offset + len(data) == size
        if begins and ends:
            yield block.station, offset + block.start, data[block.start : block.end]


@dataclass(slots=True)
class Scan:
    """Blocks cut out of a file that streams in from its beginning."""

    wanted: Collection[str]
    found: dict[str, bytes] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    """Of every block passed, wanted or not."""
    _rest: bytes = b""
    _rest_start: int = 0

    @property
    def is_done(self) -> bool:
        """Whether every wanted block has been found whole."""
        return len(self.found) == len(self.wanted)

    def feed(self, piece: bytes) -> None:
        """Take the next piece; ``BulletinError`` where this is no bulletin at all."""
        data = self._rest + piece
        last = None
        for block in blocks(data):
            if last is not None:
                self._take(last.station, last.start, data[last.start : last.end])
            last = block
        cut = 0 if last is None else last.start
        self._rest, self._rest_start = data[cut:], self._rest_start + cut
        if len(self._rest) > _NO_BULLETIN:
            raise BulletinError(f"no header of a block in {len(self._rest)} bytes")

    def end(self) -> None:
        """The file is over: what is left is its last block.

        Raises ``BulletinError`` where there was no block at all.
        """
        for block in blocks(self._rest):
            self._take(block.station, block.start, self._rest[block.start : block.end])
        if not self.starts:
            raise BulletinError(f"no header of a block in {len(self._rest)} bytes")

    def _take(self, station: str, start: int, text: bytes) -> None:
        self.starts.setdefault(station, self._rest_start + start)
        if station in self.wanted:
            self.found.setdefault(station, text)
