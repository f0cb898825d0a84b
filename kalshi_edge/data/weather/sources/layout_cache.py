"""What lasts from one run of the program to the next: where blocks stand, by kind of file.

Only a saving: without the file, or with one that cannot be read, the next bulletin is read whole.
"""

from collections.abc import Collection
from pathlib import Path

import orjson

from kalshi_edge.data.weather.sources.layout import Layout
from kalshi_edge.data.weather.sources.layout_hints import HINTS


class LayoutCache:
    """The last layout of each product and hour of the day, in memory and, with a path, on disk."""

    def __init__(self, path: Path | None = None, hints: Path | None = HINTS) -> None:
        """``hints`` are layouts to begin with; what was learned goes before them."""
        self._path = path
        self._hints = _loaded(hints)
        self._layouts = _loaded(path)

    def layout(self, product: str, hour: int, stations: Collection[str]) -> Layout | None:
        """The layout most like that of the run of ``hour``; one that knows ``stations`` goes first.

        The runs of 00 and 12 UTC hold less than the others.
        """

        def likeness(layout: Layout, of_hour: int) -> tuple[int, bool, bool]:
            known = sum(station in layout.starts for station in stations)
            return known, of_hour == hour, (of_hour % 12 == 0) == (hour % 12 == 0)

        for layouts in (self._layouts, self._hints):
            kinds = [kind for kind in layouts if kind[0] == product]
            best = max(kinds, key=lambda kind: likeness(layouts[kind], kind[1]), default=None)
            if best is not None:
                return layouts[best]
        return None

    def remember(self, product: str, hour: int, layout: Layout) -> None:
        """Keep a layout. Raises ``OSError`` where it could not be written down as well."""
        if self._layouts.get((product, hour)) == layout:
            return
        self._layouts.pop((product, hour), None)
        self._layouts[product, hour] = layout
        if self._path is not None:
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(_written(self._layouts))
            fresh.replace(self._path)


def _written(layouts: dict[tuple[str, int], Layout]) -> bytes:
    return orjson.dumps(
        [
            {
                "product": product,
                "hour": hour,
                "size": layout.size,
                "scanned": layout.scanned,
                "absent": sorted(layout.absent),
                "starts": layout.starts,
            }
            for (product, hour), layout in layouts.items()
        ]
    )


def _loaded(path: Path | None) -> dict[tuple[str, int], Layout]:
    if path is None:
        return {}
    try:
        return {
            (str(one["product"]), int(one["hour"])): Layout(
                size=int(one["size"]),
                starts={str(name): int(start) for name, start in one["starts"].items()},
                absent=frozenset(map(str, one["absent"])),
                scanned=str(one["scanned"]),
            )
            for one in orjson.loads(path.read_bytes())
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
