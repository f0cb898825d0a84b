"""Where blocks stood in bulletins of the past: what a new machine begins with.

``layout_hints.json`` beside this file is made of whole bulletins, of each kind the newest:
``python -m kalshi_edge.data.weather.sources.layout_hints FILE… > layout_hints.json``. For every
station of the table it has the start of its block and of eight on either side, so that a shift
shows. A hint is a guess like any other: where it is wrong it costs bytes, never a wrong block.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import orjson

from kalshi_edge.data.weather.nbm.block import block_header
from kalshi_edge.data.weather.sources.layout import whole_blocks
from kalshi_edge.data.weather.sources.layout_search import landmarks
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.errors import BulletinError

HINTS = Path(__file__).with_name("layout_hints.json")
AROUND = 8


def layout_hints(bulletins: Iterable[bytes]) -> bytes:
    """The hints in whole bulletins, as ``LayoutCache`` reads them.

    Raises ``BulletinError`` where one holds none of our stations.
    """
    ours = {station.icao for station in STATIONS}
    entries = []
    for data in bulletins:
        found = {name: (start, text) for name, start, text in whole_blocks(data, 0, len(data))}
        if not ours & found.keys():
            raise BulletinError(f"none of {len(ours)} stations among {len(found)} blocks")
        _, text = next(iter(found.values()))
        header = block_header(text.partition(b"\n")[0])
        starts = {name: start for name, (start, _) in found.items()}
        entries.append(
            {
                "product": header.product,
                "hour": header.run_at.hour,
                "version": header.version,
                "size": len(data),
                "scanned": "",
                "absent": [],
                "starts": landmarks(starts, ours, AROUND),
            }
        )
    return orjson.dumps(entries, option=orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    sys.stdout.buffer.write(layout_hints(Path(name).read_bytes() for name in sys.argv[1:]))
