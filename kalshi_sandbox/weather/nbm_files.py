"""NBM's bulletins as they are served: all stations in one large file, or one station by itself.

A file holds 9,580 blocks, ours among them at places that stay, in the model's own order: numbers
first, then stretches of letters, names rising within each. Now and then stations have no
temperatures, more or fewer of them each run, so that sizes and places move by some kilobytes, as
real ones do.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache, partial

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather.byte_ranges import BulkFile, LaterPart, Part, bulk_file
from kalshi_sandbox.weather.nbm_layout import (
    BLANK_LINE,
    Layout,
    header_line,
    layout,
    line,
    time_lines,
)
from kalshi_sandbox.weather.nbm_rows import Row, filler_rows, rows_of_station
from kalshi_sandbox.world.draws import draws
from kalshi_sandbox.world.publication import Model
from kalshi_sandbox.world.world import World

STATION_COUNT = 9580
_NUMERIC_COUNT = 1800
_VARIANTS = 16
"""Different bodies among the stations that are there only to make up the number."""
_FULL_SIZE = 34_720_000
"""Bytes of a full NBP file; runs without snow and ice are shorter."""
_FEWEST_BARE, _MOST_BARE = 190, 360
_PREAMBLE = b"1\n"
_NAME_END = 9
"""Where a header line goes on behind the station's name."""
_STRETCHES = "CKPTM"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@lru_cache(maxsize=1)
def station_names() -> tuple[str, ...]:
    """All stations of a file in its order, the same in every world."""
    random = draws(0, "order of stations")
    numbers = random.choice(999_999, _NUMERIC_COUNT, replace=False).tolist()
    numeric = sorted(f"{number:06d}" for number in numbers)
    others = dict.fromkeys(station.icao for station in STATIONS)
    codes = random.integers(0, len(_LETTERS), (2 * STATION_COUNT, 5)).tolist()
    while len(others) < STATION_COUNT - _NUMERIC_COUNT:
        first, *rest = codes.pop()
        tail = "".join(_LETTERS[place] for place in rest[: 3 + first % 2])
        others.setdefault("KKKKPCTM"[first % 8] + tail)
    # Consecutive blocks in texts of the gateway rise by name [C]; over a whole file they may not.
    order = sorted(others, key=lambda name: (_STRETCHES.index(name[0]), name))
    return (*numeric, *order)


def nbm_file(world: World, columns: Layout, *, without: Collection[str] = ()) -> BulkFile:
    """The whole bulletin of a run, leaving out the stations ``without`` (ICAO)."""
    poor = _bare_places(world, columns)
    top = header_line("", columns.model, columns.run_at)[_NAME_END:] + time_lines(columns)
    shape = _shape(columns)
    length = len(_filler_body(shape, 0, True))
    ours = {s.icao: LaterPart(length, partial(_station_body, world, s, columns)) for s in STATIONS}
    turn = columns.run_at.toordinal()
    parts: list[Part] = [_PREAMBLE]
    for place, name in enumerate(station_names()):
        if name not in without:
            filler = _filler_body(shape, (place + turn) % _VARIANTS, place not in poor)
            parts += [BLANK_LINE + f" {name:<8}".encode(), top, ours.get(name, filler)]
    parts.append(BLANK_LINE)
    return bulk_file(tuple(parts))


def nbm_file_size(world: World, columns: Layout, *, without: Collection[str] = ()) -> int:
    """How many bytes ``nbm_file`` has, without making it: all bodies of a kind are as long."""
    full, bare = (len(_filler_body(_shape(columns), 0, kind)) for kind in (True, False))
    count = STATION_COUNT - len(set(without))
    poor = len(_bare_places(world, columns))
    return (
        len(_PREAMBLE) + count * (_head_size(columns) + full) - poor * (full - bare)
        + len(BLANK_LINE)
    )  # fmt: skip


def station_bulletin(world: World, station: Station, columns: Layout) -> str:
    """One station's bulletin as it comes through the weather service's gateway."""
    at = columns.run_at
    heading = {Model.NBP: "FEUS18", Model.NBS: "FOUS16"}[columns.model]
    block = (
        header_line(station.icao, columns.model, at)
        + time_lines(columns)
        + _station_body(world, station, columns)
    )
    lines = [text[1:] for text in block.decode().splitlines()]
    envelope = ["000 ", f"{heading} KWNO {at:%d%H%M}", f"{columns.model}USA"]
    return "\n".join([*envelope, *lines]) + "\n"


def _bare_places(world: World, columns: Layout) -> frozenset[int]:
    """Where in the file stations without temperatures stand; never ours."""
    full, bare = (len(_filler_body(_shape(columns), 0, kind)) for kind in (True, False))
    excess = STATION_COUNT * (_head_size(columns) + full) - _FULL_SIZE
    usual = min(max(excess // (full - bare), _FEWEST_BARE), _MOST_BARE)
    random = world.draws("file", int(columns.run_at.timestamp()), len(columns.hours))
    places = random.choice(STATION_COUNT, usual + int(random.integers(-8, 9)), replace=False)
    names, ours = station_names(), {station.icao for station in STATIONS}
    return frozenset(place for place in places.tolist() if names[place] not in ours)


def _head_size(columns: Layout) -> int:
    header = header_line("", columns.model, columns.run_at)
    return len(BLANK_LINE) + len(header) + len(time_lines(columns))


def _body(rows: Iterable[Row], columns: Layout) -> bytes:
    return b"".join(line(label, cells, columns) for label, cells in rows)


def _station_body(world: World, station: Station, columns: Layout) -> bytes:
    return _body(rows_of_station(world, station, columns), columns)


def _shape(columns: Layout) -> Layout:
    """The same columns of some other day, all that the fillers depend on."""
    return layout(columns.model, columns.run_at.replace(year=2026, month=6, day=1))


@lru_cache(maxsize=64 * _VARIANTS)
def _filler_body(shape: Layout, variant: int, has_temperatures: bool) -> bytes:
    random = draws(0, "filler", variant)
    return _body(filler_rows(random, shape, has_temperatures=has_temperatures), shape)
