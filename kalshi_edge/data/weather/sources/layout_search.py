"""Finding blocks in a file of which no layout is known, by some dozens of small ranges.

Names rise within stretches of a bulletin (numbers, then letters), though perhaps not over all of
it. Probes, evenly spread, show where a name may stand; halving goes on between two of them. It is
only a saving: what is not found so is read from the whole file, and a block counts only by its own
header.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, takewhile

from kalshi_edge.data.weather.nbm.block import blocks

PROBE = 4_608
"""Bytes of a probe: a block is of about 3,700, so that at least one begins in it."""
PROBES = 64
WORTH_BYTES = 8_000_000
"""A smaller file is read whole at once."""
MOST_BYTES = 800_000
"""Of one search: then the file is read whole."""
SEARCHED_WIDEST = 4
"""How much wider than usual to look around a remembered place before names are searched."""
_TRIES = 3
"""Places between two probes in which a name is looked for."""
_CLOSE = 4 * PROBE
"""A stretch as short as this is read at once."""


class Search:
    """Which ranges to read of a file, step by step, until its blocks are found."""

    def __init__(self, seen: dict[str, int]) -> None:
        """``seen`` has where blocks begin, by name; what is found is added to it."""
        self.seen = seen
        self.size = 0
        self._moved = 0

    def take(self, data: bytes, offset: int, size: int) -> None:
        """Note what begins in ``data``, a piece from ``offset`` on of a file of ``size`` bytes."""
        self.size = size
        self._moved += len(data)
        for block in blocks(data):
            if block.start > 0 or offset == 0:
                self.seen.setdefault(block.station, offset + block.start)

    def steps(self, wanted: Collection[str], found: Collection[str]) -> Iterator[tuple[int, int]]:
        """The beginning and length of each range to read next, each taken before the next is asked.

        ``found`` grows with the blocks that are whole in what was read.
        """
        if self.size < WORTH_BYTES:
            return
        step = self.size // PROBES
        yield from ((number * step, PROBE) for number in range(1, PROBES))
        for name in wanted:
            for stretch in self.stretches(name):
                if name not in found:
                    yield from self._halving(name, stretch)

    def stretches(self, name: str) -> list["NameStretch"]:
        """Between which two starts ``name`` may stand, the likeliest first.

        >>> search = Search({"086092": 10, "KAAA": 300, "KZZZ": 500, "CAAA": 700})
        >>> search.size = 900
        >>> [(found.start, found.stop) for found in search.stretches("KNYC")]
        [(300, 500), (700, 900)]
        """
        marks = sorted((start, mark) for mark, start in self.seen.items())
        found = [
            (_likeness(name, before, after), NameStretch(start, stop, before))
            for (start, before), (stop, after) in pairwise([*marks, (self.size, "~")])
            if before <= name < after or (after < before and not after <= name < before)
        ]
        found.sort(key=lambda one: (-one[0], one[1].start))
        return [stretch for _, stretch in found[:_TRIES]]

    @property
    def _is_spent(self) -> bool:
        return self._moved >= MOST_BYTES

    def _halving(self, name: str, stretch: "NameStretch") -> Iterator[tuple[int, int]]:
        start, stop = stretch.start, stretch.stop
        while stop - start > _CLOSE and name not in self.seen and not self._is_spent:
            middle = (start + stop) // 2
            yield middle, PROBE
            inside = [(at, mark) for mark, at in self.seen.items() if middle <= at < stop]
            start, stop = stretch.narrowed(name, (start, stop), middle, sorted(inside))
        if self._is_spent:
            return
        if name in self.seen:
            start = self.seen[name]
            stop = start + PROBE
        begin = max(start - 1, 0)  # a block begins where a line does
        yield begin, stop + PROBE - begin


@dataclass(frozen=True, slots=True)
class NameStretch:
    """A part of a file, from the start of a block to that of another."""

    start: int
    stop: int
    first: str
    """The name of the block at its start. Names below it begin a new rise."""

    def narrowed(
        self, name: str, part: tuple[int, int], middle: int, inside: list[tuple[int, str]]
    ) -> tuple[int, int]:
        """The part in which ``name`` is, after a probe at its ``middle`` showed ``inside``."""
        start, stop = part
        for at, mark in inside:
            if self._order(mark) > self._order(name):
                return start, at
            start = at
        return (start, stop) if inside else (start, middle)

    def _order(self, name: str) -> tuple[bool, str]:
        return name < self.first, name


def _likeness(name: str, before: str, after: str) -> int:
    """How many letters ``name`` begins with as do the names around it."""
    return sum(
        len(list(takewhile(bool, (a == b for a, b in zip(name, other, strict=False)))))
        for other in (before, after)
    )


def landmarks(starts: Mapping[str, int], wanted: Collection[str], around: int) -> dict[str, int]:
    """Where ``wanted`` blocks stand, and the ``around`` before and behind each.

    >>> landmarks({"KAAA": 0, "KNYC": 9, "KZZZ": 18, "PXXX": 27}, ["KNYC"], 1)
    {'KAAA': 0, 'KNYC': 9, 'KZZZ': 18}
    """
    order = sorted(starts, key=starts.__getitem__)
    kept: dict[str, int] = {}
    for place, name in enumerate(order):
        if name in wanted:
            beside = order[max(place - around, 0) : place + around + 1]
            kept |= {other: starts[other] for other in beside}
    return dict(sorted(kept.items(), key=lambda pair: pair[1]))
