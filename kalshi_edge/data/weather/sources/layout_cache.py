"""What lasts from one run of the program to the next: where blocks stand, by kind of file.

Only a saving: without the file, or with one that cannot be read, the next bulletin is read whole.
"""

from collections.abc import Collection
from pathlib import Path

import orjson

from kalshi_edge.data.weather.sources.layout import Layout


class LayoutCache:
    """The last layout of each product and hour of the day, in memory and, with a path, on disk."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._layouts = _loaded(path)

    def layout(self, product: str, hour: int, stations: Collection[str]) -> Layout | None:
        """The layout most like that of the run of ``hour``; one that knows ``stations`` goes first.

        The runs of 00 and 12 UTC hold less than the others.
        """

        def likeness(kind: tuple[str, int]) -> tuple[int, bool, bool]:
            known = sum(station in self._layouts[kind].starts for station in stations)
            return known, kind[1] == hour, (kind[1] % 12 == 0) == (hour % 12 == 0)

        kinds = [kind for kind in self._layouts if kind[0] == product]
        return self._layouts[max(kinds, key=likeness)] if kinds else None

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
