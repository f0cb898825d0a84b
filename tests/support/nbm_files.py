"""Whole NBM files in the layout of real ones, with real blocks in them.

The captures hold four stations, one of them with all its rows; the other blocks are that one's
under numbers, as the real file begins with them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

PREAMBLE = b"1\n" + b" " * 74 + b"\n"
_STAMP = re.compile(rb"([ \d]\d)/(\d\d)/(\d{4})  (\d\d)00 UTC")


def capture_blocks(shared: Path, name: str) -> dict[str, bytes]:
    """The blocks of a capture by station, as they are in the bulk file."""
    text = (shared / "data/nbm" / name).read_bytes()
    pieces = re.split(rb"(?m)^(?= [A-Z0-9]{4} +NBM )", text)[1:]
    return {piece[1:5].decode(): piece for piece in pieces}


def of_run(block: bytes, run_at: datetime) -> bytes:
    """The same figures as of the run of ``run_at``, up to 11 hours later in the day."""
    found = _STAMP.search(block)
    assert found is not None
    later_h = run_at.hour - int(found[4])
    stamp = f"{run_at.month:2d}/{run_at.day:02d}/{run_at.year}  {run_at:%H}00 UTC"
    lines = _STAMP.sub(stamp.encode(), block, count=1).split(b"\n")
    return b"\n".join(
        re.sub(rb"\d+", lambda hour: b"%*d" % (len(hour[0]), int(hour[0]) - later_h), line)
        if line.startswith(b" FHR")
        else line
        for line in lines
    )


def named(block: bytes, station: str) -> bytes:
    """The same block under another name."""
    return b" " + f"{station:<8}".encode() + block[9:]


def bulletin_file(
    blocks: Mapping[str, bytes],
    fillers: Iterable[int] = range(1000),
    places: Sequence[int] = (200, 400, 600, 800),
) -> bytes:
    """A file of numbered blocks, and ours each before the filler of its place's number."""
    full = blocks["KMDW"]
    before = dict(zip(places, blocks.values(), strict=False))
    pieces = [PREAMBLE]
    for number in fillers:
        pieces += [before.pop(number, b""), named(full, f"{86000 + 7 * number:06d}")]
    return b"".join([*pieces, *before.values()])


def through_gateway(block: bytes) -> str:
    """A block as the one-station service has it: under a heading, without the leading blanks."""
    found = _STAMP.search(block)
    assert found is not None
    lines = [line[1:] for line in block.decode().splitlines()]
    heading = f"FEUS18 KWNO {found[2].decode()}{found[4].decode()}00"
    return "\n".join(["\x01", "000 ", heading, "NBPUSA", *lines, "\x03"])
